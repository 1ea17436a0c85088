"""Metrics, with their uncertainty."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Z_95 = 1.959964
"""Standard deviations on each side of the mean that contain 95 % of a normal distribution."""

BINS = 15
"""Number of bins of equal width for confidences from 0 to 1, as in Guo et al."""

LEAST_PROBABILITY = float(np.finfo(np.float32).eps)
"""Smaller probabilities count as this: float32 cannot tell 1 - p from 1 there, and one 0 would make a mean infinite."""


@dataclass(frozen=True)
class Proportion:
    """A count out of a total."""

    count: int
    total: int

    @property
    def share(self) -> float:
        """0 to 1; NaN if the total is 0."""
        return self.count / self.total if self.total else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval; see `wilson_interval`."""
        return wilson_interval(self.count, self.total)


@dataclass(frozen=True)
class ClassScores:
    """How well one class is told from the others; scores are 0 to 1."""

    precision: float | None
    """Right answers among the answers that name the class; None if there are none."""
    recall: float
    """Right answers among the images of the class."""
    f1: float
    """Harmonic mean of both; 0 if no answer is right."""
    support: int
    """Number of images of the class."""


@dataclass(frozen=True)
class Bin:
    """Answers with about the same confidence."""

    low: float
    """Confidences are above this, and at most `high`."""
    high: float
    right: Proportion
    confidence: float
    """Mean confidence; NaN if there are no answers."""


def wilson_interval(correct: int, total: int) -> tuple[float, float]:
    """95 % interval of a proportion, by E. B. Wilson (1927); unlike the plain one, valid for proportions near 1.

    Args:
        correct: successes, 0 to `total`.
        total: trials; for 0 the interval is (0, 1).
    """
    if total == 0:
        return 0.0, 1.0
    p, z2 = correct / total, Z_95**2
    centre = (p + z2 / (2 * total)) / (1 + z2 / total)
    half = Z_95 * math.sqrt(p * (1 - p) / total + z2 / (4 * total**2)) / (1 + z2 / total)
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    return low if correct else 0.0, high if correct < total else 1.0  # exact, whatever the rounding


def class_scores(confusion: NDArray[np.intp]) -> dict[int, ClassScores]:
    """Scores of each class that has images.

    Args:
        confusion: (L, A), images by class (rows) and answer (columns), A >= L; answers past the Lth name no class.
    """
    right, support, answers = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    return {
        label: ClassScores(
            precision=float(right[label] / answers[label]) if answers[label] else None,
            recall=float(right[label] / support[label]),
            f1=float(2 * right[label] / (support[label] + answers[label])),
            support=int(support[label]),
        )
        for label in np.flatnonzero(support).tolist()
    }


def macro_average(scores: Mapping[int, ClassScores]) -> ClassScores:
    """Plain means over the classes, with a precision of None as 0; NaN without classes."""
    rows = [(s.precision or 0.0, s.recall, s.f1) for s in scores.values()] or [(math.nan,) * 3]
    precision, recall, f1 = np.mean(rows, axis=0).tolist()
    return ClassScores(precision, recall, f1, sum(s.support for s in scores.values()))


def reliability(confidence: ArrayLike, right: ArrayLike) -> tuple[Bin, ...]:
    """Answers by their confidence, in `BINS` bins.

    Args:
        confidence: (N,), 0 to 1.
        right: (N,), whether the answer is right.
    """
    p, hit = np.asarray(confidence, np.float64), np.asarray(right, np.int64)
    edges = np.linspace(0, 1, BINS + 1)
    index = np.searchsorted(edges[1:-1], p)  # a value on an edge goes to the bin below
    totals = np.bincount(index, minlength=BINS)
    hits = np.bincount(index[hit == 1], minlength=BINS)
    sums = np.bincount(index, p, minlength=BINS)
    return tuple(
        Bin(float(low), float(high), Proportion(int(n_right), int(n)), float(total / n) if n else math.nan)
        for low, high, n_right, n, total in zip(edges[:-1], edges[1:], hits, totals, sums, strict=True)
    )


def expected_calibration_error(bins: tuple[Bin, ...]) -> float:
    """How far confidence and accuracy are apart, weighted by answers; 0 to 1, NaN without answers.

    C. Guo et al., "On Calibration of Modern Neural Networks" (2017).
    """
    filled = [b for b in bins if b.right.total]
    answers = sum(b.right.total for b in filled)
    return sum(b.right.total * abs(b.right.share - b.confidence) for b in filled) / answers if filled else math.nan


def negative_log_likelihood(probabilities: ArrayLike) -> float:
    """Mean of -log(p), in nats; NaN without any.

    Args:
        probabilities: (N,), of the true class; 0 to 1, those below `LEAST_PROBABILITY` count as that.
    """
    p = np.clip(np.asarray(probabilities, np.float64), LEAST_PROBABILITY, 1)
    return float(-np.log(p).mean()) if p.size else math.nan
