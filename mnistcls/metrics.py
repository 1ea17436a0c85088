"""Figures with their uncertainty."""

from __future__ import annotations

import math

Z_95 = 1.959964
"""Standard deviations to each side that hold 95 % of a normal distribution."""


def wilson_interval(correct: int, total: int) -> tuple[float, float]:
    """95 % interval of a proportion, by E. B. Wilson (1927); fit for proportions near 1, unlike the plain one.

    Args:
        correct: successes, 0 to `total`.
        total: trials; of 0 trials the interval is (0, 1).
    """
    if total == 0:
        return 0.0, 1.0
    p, z2 = correct / total, Z_95**2
    centre = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 * math.sqrt(p * (1 - p) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    return max(0.0, centre - half), min(1.0, centre + half)
