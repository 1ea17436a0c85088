"""The answers for some images, by column: how they cross from a worker process, and what outputs are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistcls.errors import ImageError
from mnistcls.results import STATUSES, Prediction, Status

_UNREADABLE = STATUSES.index(Status.UNREADABLE)


@dataclass(frozen=True, eq=False)
class Batch:
    """The answers for N images, in order; iterating gives each as a `Prediction`."""

    paths: Sequence[str]
    """N, as the user would type them."""
    errors: Mapping[int, str]
    """`code: sentence` of each unreadable image, by its place."""
    statuses: NDArray[np.uint8]
    """(N,), places in `STATUSES`."""
    digits: NDArray[np.int8]
    """(N,), 0-9, or -1 where there is no digit."""
    probabilities: NDArray[np.float32]
    """(N, 10), calibrated; undefined where there is no digit."""
    digit_scores: NDArray[np.float32]
    """(N,), 0 to 1; undefined for an unreadable image."""

    @classmethod
    def of(cls, paths: Sequence[str], errors: Mapping[int, str], *readable: NDArray[Any]) -> Batch:
        """Of all paths, and the other columns for those that have no error."""
        if not errors:
            return cls(paths, errors, *readable)
        places = [i for i in range(len(paths)) if i not in errors]
        columns = []
        for values, missing in zip(readable, (_UNREADABLE, -1, 0, 0), strict=True):
            column = np.full((len(paths), *values.shape[1:]), missing, values.dtype)
            column[places] = values
            columns.append(column)
        return cls(paths, errors, *columns)

    @classmethod
    def unreadable(cls, path: str, error: ImageError) -> Batch:
        """The answer for one image that could not be read."""
        nothing = np.zeros(0, np.uint8), np.zeros(0, np.int8), np.zeros((0, 10), np.float32), np.zeros(0, np.float32)
        return cls.of([path], {0: str(error)}, *nothing)

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[Prediction]:
        columns = (self.statuses, self.digits, self.digit_scores, self.probabilities)
        rows = zip(self.paths, *(column.tolist() for column in columns), strict=True)
        for i, (path, status, digit, score, probabilities) in enumerate(rows):
            if status == _UNREADABLE:
                yield Prediction(path, Status.UNREADABLE, error=self.errors[i])
            elif digit < 0:
                yield Prediction(path, STATUSES[status], digit_score=score)
            else:
                yield Prediction(path, STATUSES[status], digit, probabilities[digit], score, tuple(probabilities))

    @property
    def confidences(self) -> NDArray[np.float32]:
        """(N,), the probability of each digit; undefined where there is none."""
        return self.probabilities[np.arange(len(self)), self.digits]

    def ranked(self, rank: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """The digit in each image's place `rank`, from 1, by probability, and that probability: both (N,)."""
        digits = np.argsort(-self.probabilities, axis=1, kind="stable")[:, rank - 1]
        return digits, self.probabilities[np.arange(len(self)), digits]
