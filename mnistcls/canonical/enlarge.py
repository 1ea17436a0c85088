"""Makes whole stacks of small images larger, to the last bit as Pillow would one by one."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

PRECISION = 22
"""Bits after the point of Pillow's weights."""

AT_ONCE = 1 << 16
"""Pixels that are made at a time, so that the sums stay in the cache."""

_Stack = NDArray[np.uint8]
_Floats = NDArray[np.float64]
Kernel = Callable[[_Floats], _Floats]


def bilinear(distance: _Floats) -> _Floats:
    """Weights of pixels so far off, from 0 on."""
    return np.maximum(1 - distance, 0)


def bicubic(distance: _Floats) -> _Floats:
    """Weights of pixels so far off, from 0 on (R. Keys, 1981)."""
    near = (1.5 * distance - 2.5) * distance * distance + 1
    far = (((distance - 5) * distance + 8) * distance - 4) * -0.5
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))


REACH: dict[Kernel, int] = {bilinear: 1, bicubic: 2}
"""Pixels from which on the weights are 0."""


def enlarged(stack: _Stack, shape: tuple[int, int], kernel: Kernel) -> _Stack:
    """Images (N, h, w) as large as `shape`, (H, W), neither side of which is shorter: (N, H, W)."""
    if stack.shape[1:] == shape:
        return stack
    count, (height, width) = len(stack), shape
    large = np.empty((count, height, width), np.uint8)
    some = max(1, AT_ONCE // (height * width))
    for few in (slice(start, start + some) for start in range(0, count, some)):
        wide = _longer(stack[few].swapaxes(1, 2), width, kernel)  # rows are taken in one piece, columns would not be
        large[few] = _longer(wide.swapaxes(1, 2), height, kernel)
    return large


def _longer(stack: NDArray[np.integer], length: int, kernel: Kernel) -> NDArray[np.int32]:
    """Images (N, h, w) stretched to so many rows: (N, length, w), 0 to 255."""
    values = stack.astype(np.int32, order="C")
    total = np.full((len(stack), length, stack.shape[2]), 1 << (PRECISION - 1), np.int32)
    for rows, weights in zip(*_taps(stack.shape[1], length, kernel), strict=True):
        part = values.take(rows, axis=1)
        part *= weights[:, None]
        total += part
    total >>= PRECISION
    return total.clip(0, 255, out=total)


@lru_cache(maxsize=256)
def _taps(size: int, length: int, kernel: Kernel) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Which pixels of `size` make each one of `length`, and their weights, as whole numbers: two (taps, length)."""
    centre = (np.arange(length) + 0.5) * (size / length)
    first = np.floor(centre - REACH[kernel] + 0.5)
    pixels = first + np.arange(2 * REACH[kernel])[:, None]
    weights = np.where((pixels >= 0) & (pixels < size), kernel(np.abs(pixels + 0.5 - centre)), 0)
    weights /= sum(weights)
    whole = weights * (1 << PRECISION)
    whole += np.copysign(0.5, whole)  # halves away from 0
    return pixels.clip(0, size - 1).astype(np.intp), whole.astype(np.int32)
