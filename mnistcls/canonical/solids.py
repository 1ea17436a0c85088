"""Rejects full shapes, which have no strokes: discs, blank sheets of paper, blots."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.marks import Marks
from mnistcls.canonical.numerics.shapes import axis_ratio, filled, solidity

MIN_EXTENT = 32
"""Pixels of the longer side of a full shape: the strokes of a smaller digit may run into each other."""

MIN_BOX_SHARE = 0.45
"""Share of its box that a full shape fills, however it is turned: hardly any digit does."""

MIN_SOLIDITY = 0.92
"""Share of its convex hull that a full shape fills: of 70,000 digits of MNIST the fattest fills 0.9."""

MIN_AXIS_RATIO = 0.55
"""Ratio of the axes, shorter to longer, of a full shape: a longer one may be a 1."""


def are_full_shapes(marks: Marks) -> NDArray[np.bool_]:
    """Whether each mark is one full area, and no strokes: (N,)."""
    boxes = (marks.boxes[:, 2:] - marks.boxes[:, :2]).prod(axis=1)
    likely = (marks.extents >= MIN_EXTENT) & (marks.areas >= MIN_BOX_SHARE * boxes)
    pairs = zip(likely.tolist(), marks.masks, strict=True)
    return np.array([is_likely and _is_full(mask) for is_likely, mask in pairs], np.bool_)


def _is_full(mask: NDArray[np.bool_]) -> bool:
    """Whether a mask (H, W) has no hole, is convex, and is not long."""
    if axis_ratio(mask) < MIN_AXIS_RATIO or solidity(mask) < MIN_SOLIDITY:
        return False
    return bool(np.array_equal(filled(mask), mask))
