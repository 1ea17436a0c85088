"""Enlarges whole stacks of small images; the result is bit for bit what Pillow makes of each image alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

WEIGHT_BITS = 22
"""Fractional bits of Pillow's fixed-point weights."""

PIXELS_AT_ONCE = 1 << 16
"""Pixels of the result that are computed at a time, so that the sums stay in the cache."""

_Stack = NDArray[np.uint8]
_Floats = NDArray[np.float64]
Kernel = Callable[[_Floats], _Floats]


def bilinear(distance: _Floats) -> _Floats:
    """Weights of pixels at these distances, 0 or more."""
    return np.maximum(1 - distance, 0)


def bicubic(distance: _Floats) -> _Floats:
    """Weights of pixels at these distances, 0 or more (R. Keys, 1981)."""
    near = (1.5 * distance - 2.5) * distance * distance + 1
    far = (((distance - 5) * distance + 8) * distance - 4) * -0.5
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))


REACH: dict[Kernel, int] = {bilinear: 1, bicubic: 2}
"""Distance in pixels from which on all weights are 0."""


def enlarged(stack: _Stack, shape: tuple[int, int], kernel: Kernel) -> _Stack:
    """Enlarge images (N, h, w) to `shape`, (H, W), in which neither side is shorter: (N, H, W)."""
    if stack.shape[1:] == shape:
        return stack
    count, (height, width) = len(stack), shape
    large = np.empty((count, height, width), np.uint8)
    at_once = max(1, PIXELS_AT_ONCE // (height * width))
    for part in (slice(start, start + at_once) for start in range(0, count, at_once)):
        wide = _longer(stack[part].swapaxes(1, 2), width, kernel)  # rows are contiguous in memory, columns are not
        large[part] = _longer(wide.swapaxes(1, 2), height, kernel)
    return large


def _longer(stack: NDArray[np.integer], length: int, kernel: Kernel) -> NDArray[np.int32]:
    """Stretch images (N, h, w) to `length` rows: (N, length, w), 0 to 255."""
    values = stack.astype(np.int32, order="C")
    total = np.full((len(stack), length, stack.shape[2]), 1 << (WEIGHT_BITS - 1), np.int32)
    for rows, weights in zip(*_taps(stack.shape[1], length, kernel), strict=True):
        part = values.take(rows, axis=1)
        part *= weights[:, None]
        total += part
    total >>= WEIGHT_BITS
    return total.clip(0, 255, out=total)


@lru_cache(maxsize=256)
def _taps(size: int, length: int, kernel: Kernel) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Which of `size` pixels make each of `length` new ones, and their fixed-point weights: both (taps, length)."""
    centre = (np.arange(length) + 0.5) * (size / length)
    first = np.floor(centre - REACH[kernel] + 0.5)
    pixels = first + np.arange(2 * REACH[kernel])[:, None]
    weights = np.where((pixels >= 0) & (pixels < size), kernel(np.abs(pixels + 0.5 - centre)), 0)
    weights /= sum(weights)
    whole = weights * (1 << WEIGHT_BITS)
    whole += np.copysign(0.5, whole)  # halves away from 0
    return pixels.clip(0, size - 1).astype(np.intp), whole.astype(np.int32)
