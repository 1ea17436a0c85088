"""Smooths images, closes them morphologically, and measures how much edge they have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.numerics.stacks import joined

_Images = NDArray[np.uint8]
_Int16 = NDArray[np.int16]


def variation(stack: _Int16) -> NDArray[np.intp]:
    """Total variation of each image of a stack (..., H, W), which is a measure of how much edge it has: (...)."""
    rows, columns = np.abs(stack[..., 1:, :] - stack[..., :-1, :]), np.abs(stack[..., 1:] - stack[..., :-1])
    total: NDArray[np.intp] = rows.sum(axis=(-2, -1)) + columns.sum(axis=(-2, -1))
    return total


def smooth(values: _Images) -> _Images:
    """Smooth images (N, H, W) by a binomial filter, 3x3: twice the mean of two neighbours, along each axis."""
    count, height, width = values.shape
    padded = np.empty((count, height + 2, width + 2), np.uint16)
    padded[:, 1:-1, 1:-1] = values
    padded[:, 0], padded[:, -1] = padded[:, 1], padded[:, -2]
    padded[:, :, 0], padded[:, :, -1] = padded[:, :, 1], padded[:, :, -2]
    rows = padded[:, 1:] + padded[:, :-1]
    rows = rows[:, 1:] + rows[:, :-1]
    both = rows[:, :, 1:] + rows[:, :, :-1]
    both = both[:, :, 1:] + both[:, :, :-1]
    rounded: _Images = ((both + 8) >> 4).astype(np.uint8)
    return rounded


def closed(stack: _Int16, share: float) -> _Int16:
    """Morphological closing of each image (..., H, W) by a square window, as wide as this share of the longer side."""
    half = int(max(stack.shape[-2:]) * share / 2)
    for extreme in (np.maximum, np.minimum):
        for axis in (-2, -1):
            stack = _running(stack.swapaxes(0, axis), half, extreme).swapaxes(0, axis)
    return stack


def _running(rows: _Int16, half: int, extreme: np.ufunc) -> _Int16:
    """Take the maximum or minimum of each row (H, ...) and `half` on each side; the slope goes on beyond the border."""
    half = min(half, len(rows) - 1)
    if half == 0:
        return rows
    rows = np.concatenate([2 * rows[:1] - rows[half:0:-1], rows, 2 * rows[-1:] - rows[-2 : -half - 2 : -1]])
    return joined(rows, 2 * half + 1, extreme)
