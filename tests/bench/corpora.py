"""The files that are measured on, made once; and the network, until one ships that is small enough."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from toy_model import METADATA, write_toy_model

from mnistcls.model import DIGIT_SCORE, INPUT, PROBABILITIES
from train.data import load_test, load_train, resolve_data_dir

PNGS, PHOTOS, LINES = 70_000, 1_000, 5_000_000
PHOTO_SIDE = 1280


@dataclass(frozen=True)
class Corpora:
    """Files in a folder; each kind is made when it is asked for the first time."""

    folder: Path

    def pngs(self) -> Path:
        """All 70,000 images of MNIST, in a folder for each digit."""
        folder = self.folder / "png"
        if not (folder / "done").exists():
            data = resolve_data_dir(None)
            number = 0
            for digits in (load_train(data), load_test(data)):
                for image, label in zip(digits.images, digits.labels.tolist(), strict=True):
                    (folder / str(label)).mkdir(parents=True, exist_ok=True)
                    Image.fromarray(image).save(folder / str(label) / f"{number:05}.png")
                    number += 1
            (folder / "done").touch()
        return folder

    def shards(self) -> list[Path]:
        """The same images in ten tar archives."""
        folder = self.folder / "tar"
        if not (folder / "done").exists():
            folder.mkdir(parents=True, exist_ok=True)
            for digit in sorted(self.pngs().glob("?")):
                with tarfile.open(folder / f"{digit.name}.tar", "w") as archive:
                    archive.add(digit, digit.name)
            (folder / "done").touch()
        return sorted(folder.glob("*.tar"))

    def photos(self) -> Path:
        """1,000 photos of a digit: light that falls off, grain, and a JPEG's usual quality."""
        folder = self.folder / "jpeg"
        if not (folder / "done").exists():
            folder.mkdir(parents=True, exist_ok=True)
            images = load_test(resolve_data_dir(None)).images
            random = np.random.default_rng(0)
            light = np.linspace(230, 150, PHOTO_SIDE)[:, None] * np.linspace(1, 0.8, PHOTO_SIDE)
            for number in range(PHOTOS):
                digit = np.asarray(Image.fromarray(images[number]).resize((560, 560), Image.Resampling.BICUBIC))
                page = light + random.normal(0, 4, light.shape)
                page[360:920, 360:920] *= 1 - digit / 300
                rgb = np.clip(page[..., None] * (1, 0.98, 0.93), 0, 255).astype(np.uint8)
                Image.fromarray(rgb).save(folder / f"{number:04}.jpg", quality=85)
            (folder / "done").touch()
        return folder

    def small(self, side: int) -> list[NDArray[np.uint8]]:
        """64 grey images of this size: dark digits on white, or bright ones on black, half with no margin at all."""
        images = load_test(resolve_data_dir(None)).images[:64].copy()
        images[::2] = ~images[::2]
        cropped = (image[4:24, 4:24] if number % 4 < 2 else image for number, image in enumerate(images))
        return [np.asarray(Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)) for image in cropped]

    def long_list(self) -> Path:
        """5 million lines, each one of the PNG files."""
        path = self.folder / "list.txt"
        if not path.exists():
            names = "".join(f"{name}\n" for name in sorted(self.pngs().glob("?/*.png")))
            path.write_text(names * (LINES // PNGS + 1))
        return path

    def model(self) -> Path:
        """The default network if it ships, otherwise one of its size that has learned nothing."""
        shipped = Path(__file__).parents[2] / "exported" / "default.onnx"
        return shipped if shipped.exists() else write_toy_model(self.folder / "untrained.onnx", _untrained())


def _untrained() -> onnx.ModelProto:
    """1.1 million multiply-adds an image: three convolutions, the mean of their maps, and ten logits."""
    random = np.random.default_rng(0)
    shapes = {"w1": (16, 1, 5, 5), "w2": (32, 16, 3, 3), "w3": (32, 32, 3, 3), "w4": (32, 10)}
    weights = {name: (0.1 * random.standard_normal(shape)).astype(np.float32) for name, shape in shapes.items()}
    nodes = [
        helper.make_node("Cast", [INPUT], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["pixels", "channel"], ["planes"]),
        helper.make_node("Conv", ["planes", "w1"], ["c1"], strides=[2, 2], pads=[2] * 4),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2"], ["c2"], pads=[1] * 4),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("Conv", ["r2", "w3"], ["c3"], strides=[2, 2], pads=[1] * 4),
        helper.make_node("GlobalAveragePool", ["c3"], ["means"]),
        helper.make_node("Flatten", ["means"], ["features"]),
        helper.make_node("MatMul", ["features", "w4"], ["logits"]),
        helper.make_node("Softmax", ["logits"], [PROBABILITIES], axis=1),
        helper.make_node("ReduceMax", [PROBABILITIES, "rows"], [DIGIT_SCORE], keepdims=0),
    ]
    constants = {"channel": np.array([1], np.int64), "rows": np.array([1], np.int64), **weights}
    graph = helper.make_graph(
        nodes,
        METADATA.name,
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["N", 28, 28])],
        [
            helper.make_tensor_value_info(PROBABILITIES, TensorProto.FLOAT, ["N", 10]),
            helper.make_tensor_value_info(DIGIT_SCORE, TensorProto.FLOAT, ["N"]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
