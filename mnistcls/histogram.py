"""What a histogram of 256 levels tells: thresholds and quantiles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.intp]
"""(256,), how often each value from 0 to 255 is there."""

_LEVELS = np.arange(256)


def histogram(values: NDArray[np.uint8]) -> Counts:
    """Of an array of any shape."""
    return np.bincount(values.ravel(), minlength=256)


def quantile(counts: Counts, share: float) -> int:
    """The least level that this share of all, 0 to 1, is not over."""
    below = counts.cumsum()
    return int(below.searchsorted(share * below[-1]))


def strongest(counts: Counts) -> int:
    """Level that no more than a 1,500th of all, or 3, are over, so that no single one decides."""
    above = counts[::-1].cumsum()
    return 255 - int(above.searchsorted(max(4, int(above[-1]) // 1500)))


def otsu(counts: Counts) -> float:
    """Threshold between two kinds of values, by N. Otsu (1979).

    Returns:
        A value between the two kinds; in the middle if there is a gap between them, 255 if all are the same.
    """
    below, mass = counts.cumsum().astype(np.float64), (counts * _LEVELS).cumsum()
    split = np.maximum(below * (below[-1] - below), 0.5)  # 0 if all are on one side, where the numerator is 0 as well
    between = (mass[-1] * below - below[-1] * mass) ** 2 / split
    best = between.max()
    if best <= 0:
        return 255.0
    most = np.flatnonzero(between >= best * (1 - 1e-9))
    return float(most[0] + most[-1]) / 2 + 0.5
