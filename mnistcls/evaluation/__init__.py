"""Measures how often the answers are right: figures from predictions and their labels."""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistcls.evaluation.label_files import NO_DIGIT
from mnistcls.evaluation.metrics import (
    Bin,
    ClassScores,
    Proportion,
    class_scores,
    expected_calibration_error,
    macro_average,
    negative_log_likelihood,
    reliability,
)
from mnistcls.results import STATUS_INDEX, Prediction, Status

UNREADABLE_COLUMN = 11
"""Column of the confusion matrix for unreadable images, after the one for the answer `NO_DIGIT`."""

WORST = 10
"""Most mistakes that are listed."""


@dataclass(frozen=True)
class Mistake:
    """A wrong digit."""

    path: str
    label: int
    """0-9, or `NO_DIGIT`."""
    digit: int
    confidence: float


@dataclass(frozen=True)
class Evaluation:
    """Predictions compared with their labels; an unreadable image counts as wrong."""

    confusion: NDArray[np.intp]
    """(11, 12), images by label (rows: 0-9, `NO_DIGIT`) and answer (columns: 0-9, `NO_DIGIT`, `UNREADABLE_COLUMN`)."""
    statuses: Mapping[Status, Proportion]
    """For each status, right answers among the images with it."""
    bins: tuple[Bin, ...]
    """Answered digits by their confidence."""
    log_loss: float
    """Mean negative log-likelihood of the labels 0-9 where a digit was answered, in nats; NaN without any."""
    worst: tuple[Mistake, ...]
    """The most confident wrong digits, at most `WORST`."""
    unreadable: tuple[Prediction, ...]

    @property
    def accuracy(self) -> Proportion:
        """Right answers among all images."""
        return Proportion(int(self.confusion.trace()), int(self.confusion.sum()))

    @property
    def accuracy_of_ok(self) -> Proportion:
        """Right answers among the images with the status `ok`."""
        return self.statuses[Status.OK]

    @property
    def coverage(self) -> Proportion:
        """Images with the status `ok` among all images."""
        return Proportion(self.accuracy_of_ok.total, self.accuracy.total)

    @property
    def calibration_error(self) -> float:
        """Calibration error of the answered digits; see `expected_calibration_error`."""
        return expected_calibration_error(self.bins)

    @property
    def answered_images(self) -> int:
        """Number of images whose answer is a digit."""
        return sum(b.right.total for b in self.bins)

    @property
    def log_loss_images(self) -> int:
        """Number of images with a label 0-9 whose answer is a digit; `log_loss` is the mean over them."""
        return int(self.confusion[:NO_DIGIT, :NO_DIGIT].sum())

    @property
    def scores(self) -> Mapping[int, ClassScores]:
        """Scores of each label that has images."""
        return class_scores(self.confusion)

    @property
    def macro(self) -> ClassScores:
        """Plain means over those labels."""
        return macro_average(self.scores)


class _Accumulator:
    """The data for the figures: a few bytes per image, so that a million fit."""

    def __init__(self) -> None:
        self.counts = np.zeros((len(Status), NO_DIGIT + 1, UNREADABLE_COLUMN + 1), np.intp)
        self.confidence, self.right, self.likelihood = array("d"), array("b"), array("d")
        self.worst: list[Mistake] = []
        self.unreadable: list[Prediction] = []

    def add(self, label: int, prediction: Prediction) -> None:
        self.counts[STATUS_INDEX[prediction.status], label, answer(prediction)] += 1
        if prediction.status is Status.UNREADABLE:
            self.unreadable.append(prediction)
        if prediction.digit is None or prediction.confidence is None:
            return
        self.confidence.append(prediction.confidence)
        self.right.append(prediction.digit == label)
        if label != NO_DIGIT and prediction.probabilities:
            self.likelihood.append(prediction.probabilities[label])
        if prediction.digit != label:
            mistake = Mistake(prediction.path, label, prediction.digit, prediction.confidence)
            self.worst = heapq.nlargest(WORST, [*self.worst, mistake], key=lambda m: m.confidence)

    def evaluation(self) -> Evaluation:
        return Evaluation(
            confusion=self.counts.sum(axis=0),
            statuses={
                status: Proportion(int(counts.trace()), int(counts.sum()))
                for status, counts in zip(Status, self.counts, strict=True)
            },
            bins=reliability(self.confidence, self.right),
            log_loss=negative_log_likelihood(self.likelihood),
            worst=tuple(self.worst),
            unreadable=tuple(self.unreadable),
        )


def evaluate(labelled: Iterable[tuple[int, Prediction]]) -> Evaluation:
    """Compare predictions with labels.

    Args:
        labelled: (label 0-9 or `NO_DIGIT`, prediction) of each image; iterated once, so a stream will do.
    """
    accumulator = _Accumulator()
    for label, prediction in labelled:
        accumulator.add(label, prediction)
    return accumulator.evaluation()


def answer(prediction: Prediction) -> int:
    """The column of the confusion matrix: the digit, `NO_DIGIT` or `UNREADABLE_COLUMN`."""
    if prediction.digit is not None:
        return prediction.digit
    return UNREADABLE_COLUMN if prediction.status is Status.UNREADABLE else NO_DIGIT
