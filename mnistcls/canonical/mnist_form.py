"""Recognises images that are in MNIST's form already, whole batches at once: these must stay as they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.numerics.stacks import border, spans
from mnistcls.canonical.paper import MIN_CONTRAST
from mnistcls.canonical.placement import BOX, SIZE

MIN_BRIGHT_LEVEL = 128
"""Level, of 255, from which a pixel of ink is bright."""

MIN_BRIGHT_PIXELS = 8
"""Number of bright pixels in any image of MNIST: with fewer, an image is brightened until this many are full ink."""

_Mask = NDArray[np.bool_]


def as_mnist(images: NDArray[np.uint8]) -> tuple[_Mask, NDArray[np.uint8]]:
    """Tell which images are in MNIST's form, with ink either way round, and bring these to bright ink.

    Args:
        images: (N, 28, 28).

    Returns:
        Whether the ink of each image fits into 20x20 pixels with its centre of mass within a pixel of the middle,
        (N,); and the images with bright ink, dim ones brightened, (N, 28, 28). MNIST's own images stay as they are.
    """
    light_paper = border(images).mean(axis=1) > 127
    ink = np.where(light_paper[:, None, None], ~images, images)
    values, ones = ink.astype(np.float32), np.ones(SIZE, np.float32)  # sums of 28 bytes are exact in float32
    rows, columns = values @ ones, ones @ values
    longest = np.maximum(_extent(rows > 0), _extent(columns > 0))
    off = np.maximum(_off_centre(rows), _off_centre(columns))
    dim = np.count_nonzero(ink >= MIN_BRIGHT_LEVEL, axis=(1, 2)) < MIN_BRIGHT_PIXELS
    for i in np.flatnonzero(dim & (longest > 0)):
        level = max(int(np.partition(ink[i], -MIN_BRIGHT_PIXELS, axis=None)[-MIN_BRIGHT_PIXELS]), 1)
        ink[i] = np.minimum(np.rint(ink[i] * (255 / level)), 255)
        longest[i] = SIZE if level < MIN_CONTRAST else longest[i]
    fits: _Mask = (longest > 0) & (longest <= BOX) & (off <= 1)
    return fits, ink


def _extent(occupied: _Mask) -> NDArray[np.intp]:
    """Length from the first to the last True of each row (N, 28); 0 for a row without any: (N,)."""
    first, last = spans(occupied)
    return np.where(occupied.any(axis=1), last - first, 0)


def _off_centre(mass: NDArray[np.float32]) -> NDArray[np.float64]:
    """Distance in pixels from the middle to the centre of mass of each row (N, 28): (N,)."""
    distance = np.arange(SIZE) + 0.5 - SIZE / 2
    off: NDArray[np.float64] = np.abs(mass.astype(np.float64) @ distance) / np.maximum(mass.sum(axis=1), 1)
    return off
