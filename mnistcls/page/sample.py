"""Selects the images that a page shows if there are too many, and counts all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from mnistcls.results import STATUS_INDEX, Prediction, Status

LIMIT = 10_000
"""Most images on one page."""

HISTOGRAM_BINS = 20
"""Number of bins of equal width for confidences from 0 to 1."""


class Group(IntEnum):
    """Groups of images, in the order in which a page shows them and fills up with them."""

    UNCERTAIN = 0
    WRONG = 1
    """Status `ok`, but not the label's digit."""
    NO_DIGIT = 2
    UNREADABLE = 3
    OK = 4


@dataclass(frozen=True, slots=True)
class Row:
    """An image on the page."""

    prediction: Prediction
    label: int | None = None
    """0-9 or `label_files.NO_DIGIT`; None if unknown."""
    number: int = 0
    """Its index in the run."""

    @property
    def confidence(self) -> float:
        """The confidence as in the results, with 6 decimals; 0 if there is no digit."""
        return round(self.prediction.confidence or 0, 6)

    @property
    def group(self) -> Group:
        """The group of this image."""
        status, digit = self.prediction.status, self.prediction.digit
        if status is Status.OK and self.label not in {None, digit}:
            return Group.WRONG
        return Group[status.name]


class Sample:
    """The rows of a batch that a page shows, and counts of the whole batch.

    Args:
        limit: most rows to show. Up to ten times as many are held, whatever the size of the batch.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._groups = {group: _Thinned(limit) for group in Group}
        self.statuses: Counter[Status] = Counter()
        self.digits: Counter[int] = Counter()
        self.groups: Counter[Group] = Counter()
        self.confidences = np.zeros((len(Status), HISTOGRAM_BINS), np.intp)
        """Images by status (by `STATUS_INDEX`) and bin of their confidence."""

    def add(self, prediction: Prediction, label: int | None = None) -> None:
        """Count a prediction and its label, if known, and keep them while there is room."""
        row = Row(prediction, label, self.statuses.total())
        self.statuses[prediction.status] += 1
        if prediction.digit is not None:
            self.digits[prediction.digit] += 1
        self.groups[row.group] += 1
        self._groups[row.group].add(row)
        if prediction.confidence is not None:
            index = min(int(row.confidence * HISTOGRAM_BINS), HISTOGRAM_BINS - 1)
            self.confidences[STATUS_INDEX[prediction.status], index] += 1

    def rows(self) -> list[Row]:
        """The rows to show, by group, the least confident first.

        Among answers known to be wrong the most confident come first: the worst mistakes.
        """
        chosen: list[Row] = []
        for group in Group:
            chosen += sorted(self._groups[group].take(self._limit - len(chosen)), key=_rank)
        return chosen


def _rank(row: Row) -> float:
    return -row.confidence if row.group is Group.WRONG else row.confidence


class _Thinned:
    """Evenly spread rows of a stream: all up to twice the limit, and never fewer than the limit if there are more."""

    def __init__(self, limit: int) -> None:
        self._limit, self._rows = limit, list[Row]()
        self._seen, self._stride = 0, 1

    def add(self, row: Row) -> None:
        if self._seen % self._stride == 0:
            self._rows.append(row)
        self._seen += 1
        if len(self._rows) > 2 * self._limit:
            self._rows, self._stride = self._rows[::2], 2 * self._stride

    def take(self, count: int) -> list[Row]:
        """At most `count` rows, evenly spread."""
        kept = len(self._rows)
        count = min(count, kept)
        return [self._rows[i * kept // count] for i in range(count)]
