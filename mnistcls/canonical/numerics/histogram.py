"""Counts the 256 levels of images, and finds quantiles and thresholds in the counts of a whole stack at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.numerics.stacks import areas

Counts = NDArray[np.intp]
"""(N, 256), how often each level from 0 to 255 occurs in each of N images."""

LEVELS = np.arange(256)


def histogram(images: NDArray[np.uint8], masks: NDArray[np.bool_] | None = None) -> Counts:
    """Count how often each level occurs in each image: (N, 256).

    Args:
        images: (N, ...).
        masks: of the same shape, True where pixels are counted; None if all are.
    """
    if masks is not None:
        return _counts(images[masks], areas(masks).tolist())
    others = images != 0  # where most pixels are 0, only the others are counted: a run of equal ones is slow to count
    if 2 * np.count_nonzero(others) > images.size:
        return _counts(images.ravel(), [images[0].size] * len(images))
    counts = histogram(images, others)
    counts[:, 0] = images[0].size - counts.sum(axis=1)
    return counts


def _counts(levels: NDArray[np.uint8], sizes: list[int]) -> Counts:
    """Count the levels of images that follow each other, with this many pixels each: (N, 256)."""
    if len(sizes) == 1:
        return np.bincount(levels, minlength=256)[None]
    first = np.arange(0, 256 * len(sizes), 256).repeat(sizes)
    return np.bincount(first + levels, minlength=256 * len(sizes)).reshape(-1, 256)


def quantile(counts: Counts, share: float) -> NDArray[np.intp]:
    """Lowest level that at least this share, 0 to 1, of an image's pixels do not exceed: (N,)."""
    below = counts.cumsum(axis=1)
    level: NDArray[np.intp] = (below >= share * below[:, -1:]).argmax(axis=1)
    return level


def strongest(counts: Counts) -> NDArray[np.intp]:
    """Highest level that at least `few` pixels of an image reach, so that no single pixel decides: (N,)."""
    above = counts[:, ::-1].cumsum(axis=1)
    level: NDArray[np.intp] = 255 - (above >= few(above[:, -1:])).argmax(axis=1)
    return level


def few(count: NDArray[np.intp] | int) -> NDArray[np.intp]:
    """Least number of pixels, out of this many, that is no accident: a 1,500th, and at least 4."""
    return np.maximum(4, count // 1500)


def otsu(counts: Counts) -> NDArray[np.float64]:
    """Threshold between the two classes of an image's levels (N. Otsu, 1979).

    Returns:
        (N,), each between the two classes, in the middle if there is a gap; 255 if all pixels are the same.
    """
    below, mass = counts.cumsum(axis=1).astype(np.float64), (counts * LEVELS).cumsum(axis=1)
    total = below[:, -1:]
    split = np.maximum(below * (total - below), 0.5)  # 0 if all are on one side, where the numerator is 0 as well
    between = (mass[:, -1:] * below - total * mass) ** 2 / split
    best = between.max(axis=1)
    most = between >= best[:, None] * (1 - 1e-9)
    first, last = most.argmax(axis=1), 255 - most[:, ::-1].argmax(axis=1)
    return np.where(best > 0, (first + last) / 2 + 0.5, 255.0)
