from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

import train.export
from mnistcls import canonical, cli
from mnistcls.errors import CheckpointError, DataError, ParityError, TrainingError
from mnistcls.model import CONTRACT, METADATA_KEY, Model, ModelMetadata
from train.calibrate import DIGIT_ODDS_FACTOR, Calibration
from train.checkpoints import Checkpoint, load_weights, prefixed
from train.data import load_test
from train.export import PARITY_TOLERANCE, Deployed, Exported, build, check_parity, export, export_run
from train.infer import logits_of
from train.networks import reference
from train.recipes import FULL
from train.runs import Run, RunSettings

CHECKOUT = Path(train.export.__file__).parent.parent

CALIBRATION = Calibration(temperature=1.7, confidence_threshold=0.8125, digit_score_threshold=0.5)
PROVENANCE = {"commit": "0123abcd", "seed": "0", "data_sha256": "feed" * 16, "torch": "2.9.0"}
SCORES = ("accuracy", "accuracy_low", "accuracy_high", "nll", "images", "calibration_error", "no_digit")
METRICS = {f"test_{name}": 0.5 for name in (*SCORES, "ok", "ok_accuracy", "ok_accuracy_low", "ok_accuracy_high")}
SETTINGS = RunSettings(FULL["reference"], 0, PROVENANCE)

Cli = Callable[..., tuple[int, str, str]]


def write_checkpoint(path: Path, calibration: Calibration = CALIBRATION) -> Path:
    """The checkpoint of an untrained network with large weights, as a run leaves it."""
    torch.manual_seed(0)
    header = asdict(SETTINGS) | {"calibration": asdict(calibration), "metrics": METRICS}
    weights = {name: 1.5 * weight for name, weight in reference().state_dict().items()}
    Checkpoint(header, prefixed("network", weights)).save(path)
    return path


def parts_of(checkpoint: Path) -> tuple[Deployed, ModelMetadata]:
    return train.export._load(Checkpoint.load(checkpoint), checkpoint)


@pytest.fixture(scope="module")
def images(tiny_mnist: Path) -> NDArray[np.uint8]:
    return load_test(tiny_mnist).images


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("run") / "best.safetensors")


@pytest.fixture(scope="module")
def exported(checkpoint: Path, images: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Exported:
    return export(checkpoint, tmp_path_factory.mktemp("exported") / "new" / "reference.onnx", images)


@pytest.fixture(scope="module")
def proto(exported: Exported) -> onnx.ModelProto:
    return onnx.load(exported.path)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are compared one by one, which is slow: let that be done on few images."""
    monkeypatch.setattr(train.export, "PARITY_IMAGES", 20)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch, exported: Exported, few: None) -> None:  # noqa: ARG001 - few for its effect
    """Exporting is slow: let `export` take the bytes that it gave once."""
    monkeypatch.setattr(train.export, "build", lambda *_: exported.path.read_bytes())


@pytest.fixture
def run_cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Run `mnistcls export` in this process and in `tmp_path`: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["mnistcls", "export", *map(str, arguments)])
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        assert isinstance(stopped.value.code, int)
        return stopped.value.code, *capsys.readouterr()

    return run


def perturbed(proto: onnx.ModelProto) -> bytes:
    """The same model with one weight of its last layer changed a little."""
    changed = onnx.ModelProto()
    changed.CopyFrom(proto)
    tensor = next(t for t in changed.graph.initializer if list(t.dims) in ([30, 10], [10, 30]))
    values = numpy_helper.to_array(tensor).copy()
    values[0, 0] += 0.01
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return bytes(changed.SerializeToString())


def outputs(path: Path, images: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    return list(ort.InferenceSession(path).run(["probabilities", "digit_score"], {"images": images}))


# --- what the file says


def test_file_says_what_the_network_says(exported: Exported, checkpoint: Path, images: NDArray[np.uint8]) -> None:
    network = reference()
    load_weights(network, Checkpoint.load(checkpoint).under("network"))
    logits = logits_of(network, images, torch.device("cpu")).astype(np.float64)
    powers = np.exp(logits / CALIBRATION.temperature)
    odds = DIGIT_ODDS_FACTOR * np.exp(logits).sum(axis=1, keepdims=True)
    score = odds / (odds + 1)
    said = Model(exported.path).run(images)
    shares = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(said.probabilities, score * shares + (1 - score) / 10, atol=2e-5)
    np.testing.assert_allclose(said.digit_scores, score[:, 0], atol=2e-5)
    assert len(np.unique(said.probabilities.argmax(axis=1))) > 1  # of a network that tells images apart
    assert odds.max() > 1.1 * odds.min()


def test_what_is_exported_is_described(exported: Exported, tmp_path: Path) -> None:
    assert exported.bytes == exported.path.stat().st_size
    assert 0 <= exported.largest_difference <= PARITY_TOLERANCE
    assert Exported(tmp_path / "m.onnx", 57_578, 2.54e-6).describe() == (
        f"Exported {tmp_path / 'm.onnx'} (57,578 bytes, within 2.5e-06 of PyTorch)"
    )


def test_any_number_of_images_gives_the_same_answers(exported: Exported, images: NDArray[np.uint8]) -> None:
    expected = outputs(exported.path, images[:64])
    for count in (1, 3, 64):
        probabilities, scores = outputs(exported.path, images[:count])
        assert probabilities.shape == (count, 10)
        assert scores.shape == (count,)
        np.testing.assert_allclose(probabilities, expected[0][:count], atol=1e-5)
        np.testing.assert_allclose(scores, expected[1][:count], atol=1e-5)


def test_images_of_another_type_or_size_are_refused(exported: Exported, images: NDArray[np.uint8]) -> None:
    session = ort.InferenceSession(exported.path, _quiet())
    for wrong in (images[:1].astype(np.float32), images[:1, :27], images[0]):
        with pytest.raises(Exception, match=r"INVALID_ARGUMENT|[Ii]nvalid"):
            session.run(None, {"images": wrong})


def _quiet() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.log_severity_level = 4
    return options


def test_same_checkpoint_gives_the_same_bytes(exported: Exported, checkpoint: Path) -> None:
    assert build(*parts_of(checkpoint)) == exported.path.read_bytes()


# --- the graph


def test_graph_is_the_reference_network_with_softmax_and_without_dropout(proto: onnx.ModelProto) -> None:
    kinds = [node.op_type for node in proto.graph.node]
    assert [kind for kind in kinds if kind in {"Conv", "Relu", "MaxPool", "Dropout", "Gemm", "MatMul", "Tanh"}] == [
        *("Conv", "Relu", "Conv", "Relu", "MaxPool"),
        *("Conv", "Relu", "Conv", "Relu", "MaxPool"),
        *("Gemm", "Tanh", "Gemm"),
    ]
    assert kinds.count("Softmax") == 1


def test_graph_holds_all_weights_of_the_reference_network(proto: onnx.ModelProto) -> None:
    sizes = sorted(int(np.prod(tensor.dims)) for tensor in proto.graph.initializer if len(tensor.dims) in (2, 4))
    assert sizes == sorted([20 * 36, 20 * 20 * 9, 10 * 20 * 36, 10 * 10 * 9, 10 * 30, 30 * 10])


def test_inputs_and_outputs_are_those_of_the_contract(proto: onnx.ModelProto) -> None:
    def signature(value: onnx.ValueInfoProto) -> tuple[str, int, list[int]]:
        dims = value.type.tensor_type.shape.dim
        assert dims[0].dim_param  # the batch is dynamic
        return value.name, value.type.tensor_type.elem_type, [dim.dim_value for dim in dims[1:]]

    assert [signature(value) for value in proto.graph.input] == [("images", onnx.TensorProto.UINT8, [28, 28])]
    assert [signature(value) for value in proto.graph.output] == [
        ("probabilities", onnx.TensorProto.FLOAT, [10]),
        ("digit_score", onnx.TensorProto.FLOAT, []),
    ]
    values = (*proto.graph.input, *proto.graph.output)
    assert len({value.type.tensor_type.shape.dim[0].dim_param for value in values}) == 1


def test_file_is_valid_and_of_a_version_that_the_oldest_runtime_reads(proto: onnx.ModelProto) -> None:
    onnx.checker.check_model(proto, full_check=True)
    assert proto.ir_version <= 10  # of onnxruntime 1.20, the oldest that pyproject.toml admits
    assert [(opset.domain, opset.version <= 21) for opset in proto.opset_import] == [("", True)]


def test_file_is_one_without_external_data(exported: Exported, proto: onnx.ModelProto) -> None:
    assert {file.name for file in exported.path.parent.iterdir()} == {"reference.onnx", "reference.md"}
    assert all(t.data_location == onnx.TensorProto.DEFAULT and not t.external_data for t in proto.graph.initializer)


def test_file_knows_nothing_of_the_machine_that_made_it(exported: Exported) -> None:
    content = exported.path.read_bytes()
    for trace in (str(CHECKOUT), str(Path.home()), sys.prefix, str(exported.path.parent), "site-packages", ".py"):
        if len(trace) > 1:
            assert trace.encode() not in content, trace


# --- metadata and card


def test_metadata_is_the_checkpoints(exported: Exported, proto: onnx.ModelProto) -> None:
    expected = ModelMetadata(
        contract=CONTRACT,
        name="reference",
        version=FULL["reference"].version,
        preprocessing=canonical.VERSION,
        confidence_threshold=0.8125,
        digit_score_threshold=0.5,
        provenance=PROVENANCE | {"recipe": json.dumps(asdict(FULL["reference"]), sort_keys=True)},
        metrics=METRICS,
    )
    assert Model(exported.path).metadata == expected
    assert [prop.key for prop in proto.metadata_props] == [METADATA_KEY]


def test_card_stands_beside_the_file(exported: Exported) -> None:
    card = exported.path.with_suffix(".md").read_text(encoding="utf-8")
    assert card.startswith("# reference.onnx\n")
    assert "0.8125" in card
    assert "feed" * 16 in card


# --- evaluation mode


def test_deployed_network_never_drops_out(images: NDArray[np.uint8]) -> None:
    deployed = Deployed(reference().train(), CALIBRATION)
    assert not any(module.training for module in deployed.modules())
    with torch.inference_mode():
        first, second = (deployed(torch.from_numpy(images[:5]))[0] for _ in range(2))
    assert torch.equal(first, second)


# --- disagreement


@pytest.mark.usefixtures("few")
def test_one_changed_weight_is_noticed(proto: onnx.ModelProto, checkpoint: Path, images: NDArray[np.uint8]) -> None:
    deployed, _ = parts_of(checkpoint)
    assert check_parity(bytes(proto.SerializeToString()), deployed, images) <= PARITY_TOLERANCE
    with pytest.raises(ParityError, match=r"onnxruntime and PyTorch differ by up to .+; nothing was written; try the"):
        check_parity(perturbed(proto), deployed, images)


class Doubtful(Calibration):
    """Finds every image a little less of a digit."""

    def apply(self, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        probabilities, digit_scores = super().apply(logits)
        return probabilities, digit_scores * 0.999


@pytest.mark.usefixtures("few")
def test_another_digit_score_is_noticed(proto: onnx.ModelProto, checkpoint: Path, images: NDArray[np.uint8]) -> None:
    deployed, _ = parts_of(checkpoint)
    deployed.calibration = Doubtful(**vars(CALIBRATION))
    with pytest.raises(ParityError):
        check_parity(bytes(proto.SerializeToString()), deployed, images)


@pytest.mark.usefixtures("few")
def test_answers_that_hang_on_the_batch_are_noticed(
    monkeypatch: pytest.MonkeyPatch, proto: onnx.ModelProto, checkpoint: Path, images: NDArray[np.uint8]
) -> None:
    class Moody(ort.InferenceSession):  # type: ignore[misc] # onnxruntime has no types
        def run(self, names: list[str], feed: dict[str, NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
            got: list[NDArray[np.float32]] = super().run(names, feed)
            return got if len(feed["images"]) > 1 else [got[0] + np.float32(1e-3), got[1]]

    monkeypatch.setattr(ort, "InferenceSession", Moody)
    with pytest.raises(ParityError):
        check_parity(bytes(proto.SerializeToString()), parts_of(checkpoint)[0], images)


@pytest.mark.usefixtures("few")
def test_digit_score_that_is_no_number_is_noticed(
    monkeypatch: pytest.MonkeyPatch, proto: onnx.ModelProto, checkpoint: Path, images: NDArray[np.uint8]
) -> None:
    class Broken(ort.InferenceSession):  # type: ignore[misc] # onnxruntime has no types
        def run(self, names: list[str], feed: dict[str, NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
            probabilities, scores = super().run(names, feed)
            return [probabilities, np.full_like(scores, np.nan)]

    monkeypatch.setattr(ort, "InferenceSession", Broken)
    with pytest.raises(ParityError):
        check_parity(bytes(proto.SerializeToString()), parts_of(checkpoint)[0], images)


@pytest.fixture
def disagreeing(monkeypatch: pytest.MonkeyPatch, proto: onnx.ModelProto, few: None) -> None:  # noqa: ARG001 - as above
    """Let the exporter make a file that says something else than the network."""
    monkeypatch.setattr(train.export, "build", lambda *_: perturbed(proto))


@pytest.mark.usefixtures("disagreeing")
def test_file_that_disagrees_is_not_written(tmp_path: Path, checkpoint: Path, images: NDArray[np.uint8]) -> None:
    with pytest.raises(ParityError):
        export(checkpoint, tmp_path / "m.onnx", images)
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("disagreeing")
def test_file_that_disagrees_replaces_nothing(tmp_path: Path, checkpoint: Path, images: NDArray[np.uint8]) -> None:
    (tmp_path / "m.onnx").write_bytes(b"old model")
    (tmp_path / "m.md").write_bytes(b"old card")
    with pytest.raises(ParityError):
        export(checkpoint, tmp_path / "m.onnx", images)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        "m.onnx": b"old model",
        "m.md": b"old card",
    }


def test_too_few_images_to_check_on_are_refused(
    proto: onnx.ModelProto, checkpoint: Path, images: NDArray[np.uint8]
) -> None:
    with pytest.raises(ParityError, match="999 images are too few to check the export on; at least 1,000"):
        check_parity(bytes(proto.SerializeToString()), parts_of(checkpoint)[0], images[:999])


# --- checkpoints that cannot be exported


def changed_header(checkpoint: Path, output: Path, **changes: object) -> Path:
    whole = Checkpoint.load(checkpoint)
    Checkpoint(dict(whole.header) | changes, whole.tensors).save(output)
    return output


@pytest.mark.parametrize(
    "changes",
    [
        {"calibration": {"temperature": 1.0}},
        {"calibration": None},
        {"recipe": {"network": "unknown", "version": "1"}},
        {"recipe": {"version": "1"}},
    ],
)
def test_checkpoint_without_what_the_file_needs_is_refused(
    tmp_path: Path, checkpoint: Path, images: NDArray[np.uint8], changes: dict[str, object]
) -> None:
    changed = changed_header(checkpoint, tmp_path / "changed.safetensors", **changes)
    with pytest.raises(CheckpointError, match=r"changed\.safetensors: no checkpoint to export .*best\.safetensors"):
        export(changed, tmp_path / "m.onnx", images)
    assert not (tmp_path / "m.onnx").exists()


def test_weights_of_another_network_are_refused(tmp_path: Path, checkpoint: Path, images: NDArray[np.uint8]) -> None:
    header = Checkpoint.load(checkpoint).header
    Checkpoint(header, {"network.0.weight": torch.ones(20, 1, 5, 5)}).save(tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="of another network"):
        export(tmp_path / "other.safetensors", tmp_path / "m.onnx", images)
    assert not (tmp_path / "m.onnx").exists()


# --- where it is written


@pytest.mark.usefixtures("built")
def test_existing_file_is_replaced(tmp_path: Path, checkpoint: Path, images: NDArray[np.uint8]) -> None:
    (tmp_path / "m.onnx").write_bytes(b"old model")
    (tmp_path / "m.md").write_bytes(b"old card")
    export(checkpoint, tmp_path / "m.onnx", images)
    assert Model(tmp_path / "m.onnx").metadata.name == "reference"
    assert (tmp_path / "m.md").read_text().startswith("# m.onnx")
    assert {file.name for file in tmp_path.iterdir()} == {"m.onnx", "m.md"}


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("place", "reason"), [("folder.onnx", "Is a directory"), ("file/m.onnx", "(File exists|Not a dir)")]
)
def test_place_that_cannot_be_written_to_is_an_error(
    tmp_path: Path, checkpoint: Path, images: NDArray[np.uint8], place: str, reason: str
) -> None:
    (tmp_path / "folder.onnx").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match=rf"^cannot write .*{place}: {reason}.*; choose another -o$"):
        export(checkpoint, tmp_path / place, images)
    assert {file.name for file in tmp_path.rglob("*")} == {"folder.onnx", "file"}


@pytest.mark.usefixtures("built")
def test_existing_output_or_card_is_replaced_only_if_told(tmp_path: Path, checkpoint: Path, mnist_dir: Path) -> None:
    card = tmp_path / "notes.md"
    card.write_text("precious\n")
    with pytest.raises(TrainingError, match=r"notes\.md exists; use --overwrite"):
        export_run(checkpoint, tmp_path / "notes.onnx", mnist_dir)
    assert card.read_text() == "precious\n"
    assert not (tmp_path / "notes.onnx").exists()
    export_run(checkpoint, tmp_path / "notes.onnx", mnist_dir, overwrite=True)
    assert card.read_text().startswith("# notes.onnx")


@pytest.mark.usefixtures("built")
def test_model_is_not_lost_under_its_own_card(tmp_path: Path, checkpoint: Path, images: NDArray[np.uint8]) -> None:
    with pytest.raises(TrainingError):
        export(checkpoint, tmp_path / "model.md", images)


# --- mnistcls export


@pytest.mark.usefixtures("built")
def test_default_is_the_newest_finished_run(run_cli: Cli, tiny_mnist: Path) -> None:
    run, unfinished = Run.start(SETTINGS, Path("runs/finished")), Run.start(SETTINGS, Path("runs/newer"))
    write_checkpoint(run.best)
    run.model.write_bytes(b"old model")
    refusal = "Error: runs/finished/model.onnx exists; use --overwrite, or another -o\n"
    assert run_cli("--data-dir", tiny_mnist) == (2, "", refusal)
    assert run.model.read_bytes() == b"old model"
    code, out, err = run_cli("--data-dir", tiny_mnist, "--overwrite")
    assert (code, out) == (0, "")
    assert err.startswith("Exported runs/finished/model.onnx (")
    assert Model(run.model).metadata.name == "reference"
    assert [file.name for file in unfinished.folder.iterdir()] == ["run.json"]


@pytest.mark.usefixtures("built")
def test_checkpoint_and_output_are_chosen(tmp_path: Path, checkpoint: Path, run_cli: Cli, tiny_mnist: Path) -> None:
    code, _, err = run_cli(checkpoint, "-o", tmp_path / "new" / "my.onnx", "--data-dir", tiny_mnist)
    assert code == 0
    assert f"Exported {tmp_path / 'new' / 'my.onnx'} (" in err
    assert {file.name for file in (tmp_path / "new").iterdir()} == {"my.onnx", "my.md"}
    assert not checkpoint.with_name("model.onnx").exists()


@pytest.mark.usefixtures("built")
def test_data_are_found_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_mnist: Path) -> None:
    monkeypatch.setenv("MNIST_DIR", str(tiny_mnist))
    checkpoint = write_checkpoint(tmp_path / "best.safetensors")
    assert export_run(checkpoint, None, None).path == tmp_path / "model.onnx"


def test_missing_data_are_an_error(tmp_path: Path, checkpoint: Path) -> None:
    with pytest.raises(DataError, match=r"is missing; get it with `python -m train\.data"):
        export_run(checkpoint, tmp_path / "m.onnx", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], r"no finished run in runs/; `python -m train` starts one"),
        (["."], r"\. is a folder; name a checkpoint in it, such as best\.safetensors"),
        (["s3://b/x.safetensors"], "s3://b/x.safetensors: CHECKPOINT reads only local files; download it .+"),
        (["-o", "s3://b/x.onnx"], "s3://b/x.onnx: -o writes only local files; name a local path .+"),
        (["run"], r"run is a folder; name a checkpoint in it, such as best\.safetensors"),
        (["missing.safetensors"], r"missing\.safetensors: no such checkpoint; `python -m train` makes one"),
        (["broken.safetensors"], r"broken\.safetensors: not a checkpoint of this project \(.+\); train again"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(
    run_cli: Cli, tiny_mnist: Path, arguments: list[str], message: str
) -> None:
    Path("broken.safetensors").write_bytes(b"broken")
    Path("run").mkdir()
    code, out, err = run_cli(*arguments, "--data-dir", tiny_mnist)
    assert (code, out) == (2, "")
    assert re.fullmatch(f"Error: {message}\n", err)


@pytest.mark.parametrize("missing", ["torch", "onnx", "onnxscript"])
def test_without_the_train_extra_one_line_says_how_to_install_it(
    tmp_path: Path, missing: str, checkpoint: Path, tiny_mnist: Path
) -> None:
    script = (
        f"import sys; sys.modules[{missing!r}] = None; sys.argv = ['mnistcls', 'export', '-o', 'm.onnx', sys.argv[1]]; "
        "from mnistcls.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(checkpoint)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "MNIST_DIR": str(tiny_mnist)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f'Error: export needs {missing}; pip install "mnistcls[train]"\n'
