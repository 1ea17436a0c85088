"""The charts of a page as numbers: heights, shades and positions; the template draws them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mnistcls.evaluation import UNREADABLE_COLUMN, Evaluation
from mnistcls.evaluation.label_files import DIGITS, NO_DIGIT
from mnistcls.evaluation.metrics import Proportion
from mnistcls.evaluation.names import ANSWER_NAMES, label_name
from mnistcls.page.sample import HISTOGRAM_BINS, Sample
from mnistcls.results import STATUS_INDEX, Status

SHADES = 8
"""Levels of a confusion matrix's cells, besides 0 for none."""

_STATUSES = {ANSWER_NAMES[NO_DIGIT]: Status.NO_DIGIT, ANSWER_NAMES[UNREADABLE_COLUMN]: Status.UNREADABLE}


@dataclass(frozen=True)
class Bar:
    """A bar; a click on it shows only the images that it counts."""

    name: str
    count: int
    height: float
    """Height in percent of the chart's."""
    uncertain: float = 0
    """The `uncertain` part of `height`, in the same unit."""
    low: int = 0
    """Least confidence that it counts, in percent."""
    high: int = 100


@dataclass(frozen=True)
class Cell:
    """A cell of the confusion matrix."""

    label: str
    """0-9, or "none"."""
    answer: str
    """0-9, "none" or "unreadable"."""
    count: int
    shade: int
    """0 to `SHADES`, by its share of the label's images."""

    @property
    def right(self) -> bool:
        """Whether it lies on the diagonal."""
        return self.answer == self.label

    @property
    def digit(self) -> str:
        """The digit to filter the images by; empty if the answer is none."""
        return self.answer if self.answer in DIGITS else ""

    @property
    def status(self) -> str:
        """The status to filter the images by; empty if the answer is a digit."""
        return _STATUSES.get(self.answer, "")


@dataclass(frozen=True)
class Point:
    """Answers with about the same confidence, 0 to 1."""

    confidence: float
    """Mean confidence of the answers."""
    right: Proportion
    radius: float
    """Radius in percent of the chart's side; the point's area grows with the number of answers."""


def digit_bars(sample: Sample) -> list[Bar]:
    """How often each digit was read."""
    highest = max(sample.digits.values(), default=0) or 1
    counts = [(str(digit), sample.digits[digit]) for digit in range(10)]
    return [Bar(name, count, 100 * count / highest) for name, count in counts]


def confidence_bars(sample: Sample) -> list[Bar]:
    """Histogram of the confidences; heights are square roots, as nearly all answers are confident."""
    counts = sample.confidences.sum(axis=0)
    uncertain = sample.confidences[STATUS_INDEX[Status.UNCERTAIN]]
    heights = 100 * np.sqrt(counts / max(counts.max(), 1))
    parts = heights * uncertain / np.maximum(counts, 1)
    width = 100 // HISTOGRAM_BINS
    return [
        Bar(f"{width * i} to {width * (i + 1)}%", int(counts[i]), heights[i], parts[i], width * i, width * (i + 1))
        for i in range(HISTOGRAM_BINS)
    ]


def answers(evaluation: Evaluation) -> list[str]:
    """Columns of the confusion matrix; "unreadable" only if some images are."""
    return list(ANSWER_NAMES[: UNREADABLE_COLUMN + bool(evaluation.unreadable)])


def confusion_rows(evaluation: Evaluation) -> list[list[Cell]]:
    """The confusion matrix, a row for each label that has images."""
    return [_confusion_row(evaluation, label) for label in evaluation.scores]


def _confusion_row(evaluation: Evaluation, label: int) -> list[Cell]:
    counts: list[int] = evaluation.confusion[label].tolist()
    shades = [math.ceil(SHADES * count / sum(counts)) for count in counts]
    cells = zip(answers(evaluation), counts, shades, strict=False)
    return [Cell(label_name(label), *cell) for cell in cells]


def reliability(evaluation: Evaluation) -> list[Point]:
    """The reliability diagram (DeGroot, Fienberg 1983): share of right answers by confidence."""
    filled = [b for b in evaluation.bins if b.right.total]
    most = max((b.right.total for b in filled), default=1)
    return [Point(b.confidence, b.right, 1 + 3 * math.sqrt(b.right.total / most)) for b in filled]
