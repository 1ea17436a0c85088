"""Makes the model file: graph, calibration and metadata in one ONNX file, checked against PyTorch before it is kept."""

from __future__ import annotations

import json
import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mnistcls.canonical import SIZE
from mnistcls.canonical import VERSION as PREPROCESSING
from mnistcls.errors import CheckpointError, ParityError, TrainingError
from mnistcls.model import CONTRACT, DIGIT_SCORE, INPUT, METADATA_KEY, PROBABILITIES, ModelMetadata
from train.calibrate import Calibration
from train.card import TrainingRecord, model_card
from train.checkpoints import Checkpoint, load_weights
from train.data import load_test, resolve_data_dir
from train.files import write_whole
from train.networks import NETWORKS, folded, with_products
from train.runs import newest_run

logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it warns of operators that these networks do not have

PARITY_IMAGES = 1_000
"""Images that the model file and the network are compared on; onnxruntime reads them one by one, too."""

PARITY_TOLERANCE = 1e-5
"""Largest absolute difference of a probability or a digit score between onnxruntime and PyTorch."""


@dataclass(frozen=True)
class Exported:
    """What was written, and how closely it agrees with PyTorch."""

    path: Path
    bytes: int
    largest_difference: float

    def describe(self) -> str:
        """The line that tells the user."""
        return f"Exported {self.path} ({self.bytes:,} bytes, within {self.largest_difference:.1e} of PyTorch)"


class Deployed(nn.Module):
    """The network as it ships: uint8 images in, calibrated probabilities and digit score out."""

    def __init__(self, network: nn.Sequential, calibration: Calibration) -> None:
        super().__init__()
        self.network = with_products(folded(network))
        self.calibration = calibration
        self.eval()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 (N, 28, 28) to float32 (N, 10) and (N,); scaled as by `to_input`, whose memory format no file keeps."""
        return self.calibration.apply(self.network(images.unsqueeze(1).float() / 255))


def export_run(
    checkpoint: Path | None, output: Path | None, data_dir: Path | None, *, overwrite: bool = False
) -> Exported:
    """Export with the defaults of the command line.

    Args:
        checkpoint: a `best.safetensors`; that of the newest finished run if None.
        output: the ONNX file to write; `model.onnx` beside the checkpoint if None.
        data_dir: where the MNIST files are; see `resolve_data_dir`.
        overwrite: whether a model file that exists, or its card, may be replaced.

    Raises:
        TrainingError: as `export`, or there is no finished run or no MNIST, or the model file or its card exists.
    """
    chosen = checkpoint or newest_run(finished=True).best
    output = output or chosen.parent / "model.onnx"
    _check_suffix(output)
    for file in () if overwrite else (output, output.with_suffix(".md")):
        if file.exists():
            raise TrainingError(f"{file} exists; use --overwrite, or another -o")
    return export(chosen, output, load_test(resolve_data_dir(data_dir)).images)


def export(checkpoint: Path, output: Path, images: NDArray[np.uint8]) -> Exported:
    """Export a run's best checkpoint to `output`, and its model card beside it as `.md`.

    Args:
        checkpoint: a `best.safetensors`.
        output: the ONNX file to write; replaced if it exists.
        images: uint8 (N, 28, 28), canonical, at least 1,000, on which the two must agree.

    Raises:
        CheckpointError: `checkpoint` is not one that can be exported.
        ParityError: the file and the network give different answers; nothing is written.
        TrainingError: `output` does not name a model, or cannot be written.
    """
    _check_suffix(output)
    loaded = Checkpoint.load(checkpoint)
    deployed, metadata = _load(loaded, checkpoint)
    model = build(deployed, metadata)
    difference = check_parity(model, deployed, images)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_whole(output, model)
        write_whole(output.with_suffix(".md"), model_card(metadata, output.name, TrainingRecord.of(loaded.header)))
    except OSError as error:
        raise TrainingError(f"cannot write {output}: {error.strerror}; choose another -o") from None
    return Exported(output, len(model), difference)


def _check_suffix(output: Path) -> None:
    if output.suffix != ".onnx":
        raise TrainingError(
            f"{output} is no name for a model; name a .onnx file with -o, its card goes beside it as .md"
        )


def build(deployed: Deployed, metadata: ModelMetadata) -> bytes:
    """Build the bytes of the ONNX file, with a dynamic batch, the weights inside and no trace of this machine."""
    example = torch.zeros(2, SIZE, SIZE, dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter's own deprecations
        program = torch.onnx.export(
            deployed,
            (example,),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            input_names=[INPUT],
            output_names=[PROBABILITIES, DIGIT_SCORE],
            verbose=False,
        )
    assert program is not None  # noqa: S101 - for the type checker: the new exporter always returns a program
    model = program.model_proto
    _strip(model)
    onnx.helper.set_model_props(model, {METADATA_KEY: metadata.to_json()})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def check_parity(model: bytes, deployed: Deployed, images: NDArray[np.uint8]) -> float:
    """Compare the model file with the network, on images one by one and all together.

    Returns:
        The largest absolute difference of a probability or a digit score.

    Raises:
        ParityError: the difference is above the tolerance, a digit differs, or there are too few images.
    """
    if len(images) < PARITY_IMAGES:
        raise ParityError(f"{len(images)} images are too few to check the export on; at least {PARITY_IMAGES:,}")
    images = images[:PARITY_IMAGES]
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        expected = [output.numpy() for output in deployed(torch.from_numpy(images))]
    together = session.run([PROBABILITIES, DIGIT_SCORE], {INPUT: images})
    singly = [session.run([PROBABILITIES, DIGIT_SCORE], {INPUT: image[None]}) for image in images]
    alone = [np.concatenate(parts) for parts in zip(*singly, strict=True)]
    worst = float(
        np.max([np.abs(a - b).max() for got in (together, alone) for a, b in zip(got, expected, strict=True)])
    )
    differing = max(int((got[0].argmax(1) != expected[0].argmax(1)).sum()) for got in (together, alone))
    if differing or not worst <= PARITY_TOLERANCE:
        raise ParityError(
            f"onnxruntime and PyTorch differ by up to {worst:.1e}, and in {differing} of {len(images)} digits; nothing "
            f"was written; try the versions in constraints.txt"
        )
    return worst


def _load(checkpoint: Checkpoint, path: Path) -> tuple[Deployed, ModelMetadata]:
    """The network of a checkpoint as it ships, and the metadata for its file."""
    header = checkpoint.header
    try:
        recipe, calibration = header["recipe"], Calibration(**header["calibration"])
        network = NETWORKS[recipe["network"]]()
        metadata = ModelMetadata(
            contract=CONTRACT,
            name=recipe["network"],
            version=recipe["version"],
            preprocessing=PREPROCESSING,
            confidence_threshold=calibration.confidence_threshold,
            digit_score_threshold=calibration.digit_score_threshold,
            provenance={**header["provenance"], "recipe": json.dumps(recipe, sort_keys=True)},
            metrics=header["metrics"],
        )
    except (KeyError, TypeError) as error:
        raise CheckpointError(f"{path}: no checkpoint to export ({error!r}); name a run's best.safetensors") from None
    load_weights(network, checkpoint.under("network"))
    return Deployed(network, calibration), metadata


def _strip(model: onnx.ModelProto) -> None:
    """Remove what the exporter notes about the source files that the graph came from."""
    model.doc_string = ""
    model.graph.doc_string = ""
    del model.graph.metadata_props[:]
    for part in (*model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output):
        part.doc_string = ""
        del part.metadata_props[:]
    for tensor in model.graph.initializer:
        tensor.doc_string = ""
        del tensor.metadata_props[:]
