"""What histograms of 256 levels tell: thresholds and quantiles, of each image of a stack at once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.intp]
"""(N, 256), how often each value from 0 to 255 is in each of N images."""

LEVELS = np.arange(256)


def histogram(images: Iterable[NDArray[np.uint8]]) -> Counts:
    """Of each image, of any shape."""
    return np.array([_counts(image) for image in images])


def _counts(image: NDArray[np.uint8]) -> NDArray[np.intp]:
    """(256,). Where most pixels are 0, the others alone are counted: a run of the same one is slow to count."""
    others = image != 0
    count = np.count_nonzero(others)
    if 2 * count > image.size:
        return np.bincount(image.ravel(), minlength=256)
    counts = np.bincount(image[others], minlength=256)
    counts[0] = image.size - count
    return counts


def quantile(counts: Counts, share: float) -> NDArray[np.intp]:
    """The lowest level that at least this share of all pixels, 0 to 1, do not exceed: (N,)."""
    below = counts.cumsum(axis=1)
    level: NDArray[np.intp] = (below >= share * below[:, -1:]).argmax(axis=1)
    return level


def strongest(counts: Counts) -> NDArray[np.intp]:
    """The highest level that `few` pixels reach, so that no single one decides: (N,)."""
    above = counts[:, ::-1].cumsum(axis=1)
    level: NDArray[np.intp] = 255 - (above >= few(above[:, -1:])).argmax(axis=1)
    return level


def few(count: NDArray[np.intp] | int) -> NDArray[np.intp]:
    """How many of this many pixels tell something together: a 1,500th, and at least 4."""
    return np.maximum(4, count // 1500)


def otsu(counts: Counts) -> NDArray[np.float64]:
    """Threshold between two kinds of values, by N. Otsu (1979).

    Returns:
        (N,), each between the two kinds; in the middle if there is a gap between them, 255 if all are the same.
    """
    below, mass = counts.cumsum(axis=1).astype(np.float64), (counts * LEVELS).cumsum(axis=1)
    total = below[:, -1:]
    split = np.maximum(below * (total - below), 0.5)  # 0 if all are on one side, where the numerator is 0 as well
    between = (mass[:, -1:] * below - total * mass) ** 2 / split
    best = between.max(axis=1)
    most = between >= best[:, None] * (1 - 1e-9)
    first, last = most.argmax(axis=1), 255 - most[:, ::-1].argmax(axis=1)
    return np.where(best > 0, (first + last) / 2 + 0.5, 255.0)
