"""A small model that fulfils the contract, and pictures whose digit it knows: seven-segment glyphs."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from mnistcls.canonical import SIZE, VERSION, canonicalize_all
from mnistcls.model import CONTRACT, DIGIT_SCORE, INPUT, METADATA_KEY, PROBABILITIES, ModelMetadata

SHARPNESS = 100.0
"""Logits are cosines times this, so that a clean glyph is certain."""

METADATA = ModelMetadata(
    contract=CONTRACT,
    name="toy",
    version="1",
    preprocessing=VERSION,
    confidence_threshold=0.8,
    digit_score_threshold=0.7,
    provenance={"commit": "none"},
    metrics={},
)

# Strokes as (row, column, height, width) in a 20x12 box: top, two right, bottom, two left, middle.
_SEGMENTS = ((0, 0, 3, 12), (0, 9, 11, 3), (9, 9, 11, 3), (17, 0, 3, 12), (9, 0, 11, 3), (0, 0, 11, 3), (9, 0, 3, 12))
_LIT = ("012345", "12", "01346", "01236", "1256", "02356", "023456", "012", "0123456", "012356")


def glyph(digit: int, scale: int = 1) -> NDArray[np.uint8]:
    """A seven-segment digit, dark (0) on paper (255): uint8 (28 * scale, 20 * scale)."""
    box = np.full((20, 12), 255, np.uint8)
    for segment in _LIT[digit]:
        row, column, height, width = _SEGMENTS[int(segment)]
        box[row : row + height, column : column + width] = 0
    return np.pad(box, 4, constant_values=255).repeat(scale, axis=0).repeat(scale, axis=1)


def canonical_glyphs() -> NDArray[np.uint8]:
    """All ten as the model sees them: uint8 (10, 28, 28)."""
    return canonicalize_all([glyph(digit) for digit in range(10)])


@cache
def doubtful() -> NDArray[np.uint8]:
    """Of pictures halfway between two digits, the one that the toy model is least sure of."""
    pairs = [(glyph(a), glyph(b)) for a, b in combinations(range(10), 2)]
    fading = [np.rint(a * (1 - share) + b * share) for a, b in pairs for share in (0.3, 0.4, 0.5, 0.6, 0.7)]
    joined = [np.where(np.arange(20) < column, a, b) for a, b in pairs for column in (7, 10, 13)]
    pictures: list[NDArray[np.uint8]] = [picture.astype(np.uint8) for picture in (*fading, *joined)]
    cosines = np.sort(_unit(canonicalize_all(pictures)) @ _unit(canonical_glyphs()).T, axis=1)
    clear = cosines[:, -1] > METADATA.digit_score_threshold + 0.05  # it has to pass for a digit
    return pictures[int(np.argmin(np.where(clear, cosines[:, -1] - cosines[:, -2], np.inf)))]


def checkerboard() -> NDArray[np.uint8]:
    """A picture with ink, and no digit in it."""
    rows, columns = np.indices((40, 40))
    return np.where((rows + columns) // 2 % 2, 255, 0).astype(np.uint8)


def save(path: Path, digit: int, **options: Any) -> Path:
    """Write the glyph of a digit; the suffix names the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(glyph(digit)).save(path, **options)
    return path


def _unit(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, 784), each of length 1."""
    flat = images.reshape(len(images), -1).astype(np.float32)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1), np.float32)


def toy_proto(batch: str | int = "N") -> onnx.ModelProto:
    """Nearest glyph by cosine; no metadata yet."""
    constants = {
        "templates": _unit(canonical_glyphs()).T,
        "sharpness": np.float32(SHARPNESS),
        "tiny": np.float32(1e-6),
        "rows": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Flatten", [INPUT], ["flat"]),
        helper.make_node("Cast", ["flat"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceL2", ["pixels", "rows"], ["length"], keepdims=1),
        helper.make_node("Add", ["length", "tiny"], ["norm"]),
        helper.make_node("MatMul", ["pixels", "templates"], ["products"]),
        helper.make_node("Div", ["products", "norm"], ["cosines"]),
        helper.make_node("Mul", ["cosines", "sharpness"], ["logits"]),
        helper.make_node("Softmax", ["logits"], [PROBABILITIES], axis=1),
        helper.make_node("ReduceMax", ["cosines", "rows"], [DIGIT_SCORE], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, [batch, SIZE, SIZE])],
        [
            helper.make_tensor_value_info(PROBABILITIES, TensorProto.FLOAT, [batch, 10]),
            helper.make_tensor_value_info(DIGIT_SCORE, TensorProto.FLOAT, [batch]),
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def write_toy_model(path: Path, proto: onnx.ModelProto | None = None, metadata: str | None = None) -> Path:
    """Write the toy model, or another graph with its metadata, or the toy graph with another text for metadata."""
    proto = toy_proto() if proto is None else proto
    helper.set_model_props(proto, {METADATA_KEY: METADATA.to_json() if metadata is None else metadata})
    path.write_bytes(proto.SerializeToString())
    return path
