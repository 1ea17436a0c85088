"""The answers for some images, by column: what worker processes send back and outputs write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mnistcls.errors import ImageError
from mnistcls.results import STATUS_INDEX, STATUSES, Prediction, Status

_OK, _UNCERTAIN, _NO_DIGIT, _UNREADABLE = (
    STATUS_INDEX[status] for status in (Status.OK, Status.UNCERTAIN, Status.NO_DIGIT, Status.UNREADABLE)
)


_Number = TypeVar("_Number", np.uint8, np.int8, np.float32)


@dataclass(frozen=True, eq=False)
class Batch:
    """The answers for N images, in order; iterating gives each as a `Prediction`."""

    paths: Sequence[str]
    """The N paths, as the user would type them."""
    errors: Mapping[int, str]
    """`code: sentence` for each unreadable image, by its index."""
    statuses: NDArray[np.uint8]
    """(N,), indices into `STATUSES`."""
    digits: NDArray[np.int8]
    """(N,), 0-9, or -1 for no digit."""
    probabilities: NDArray[np.float32]
    """(N, 10), calibrated; undefined if there is no digit."""
    digit_scores: NDArray[np.float32]
    """(N,), 0 to 1; undefined for an unreadable image."""
    sources: int = 0
    """Number of sources whose images these are: fewer than N if one is a TIFF file of several pages; 0 if unknown."""

    @classmethod
    def of(  # noqa: PLR0913 - its columns
        cls,
        paths: Sequence[str],
        errors: Mapping[int, str],
        *,
        statuses: NDArray[np.uint8],
        digits: NDArray[np.int8],
        probabilities: NDArray[np.float32],
        digit_scores: NDArray[np.float32],
    ) -> Batch:
        """Combine N paths, the errors of some of them, and the columns of the M others."""
        if not errors:
            return cls(paths, errors, statuses, digits, probabilities, digit_scores)
        readable = [i for i in range(len(paths)) if i not in errors]
        return cls(
            paths,
            errors,
            _spaced(statuses, readable, len(paths), _UNREADABLE),
            _spaced(digits, readable, len(paths), -1),
            _spaced(probabilities, readable, len(paths), 0),
            _spaced(digit_scores, readable, len(paths), 0),
        )

    @classmethod
    def unreadable(cls, path: str, error: ImageError) -> Batch:
        """The answer for one image that could not be read."""
        answered = cls.of(
            [path],
            {0: str(error)},
            statuses=np.zeros(0, np.uint8),
            digits=np.zeros(0, np.int8),
            probabilities=np.zeros((0, 10), np.float32),
            digit_scores=np.zeros(0, np.float32),
        )
        return replace(answered, sources=1)

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
        """(N,), the probability of each image's digit; undefined if it has none."""
        return self.probabilities[np.arange(len(self)), self.digits]

    def ranked(self, count: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """The likeliest digits of each image, likeliest first, and their probabilities: both (N, count)."""
        digits = np.argsort(-self.probabilities, axis=1, kind="stable")[:, :count]
        return digits, np.take_along_axis(self.probabilities, digits, axis=1)


def statuses_of(
    confidences: NDArray[np.float32], digit_scores: NDArray[np.float32], least_confidence: float, least_score: float
) -> NDArray[np.uint8]:
    """The status of each readable image, (N,), as indices into `STATUSES`.

    Args:
        confidences: (N,), the probability of the likeliest digit.
        digit_scores: (N,).
        least_confidence: an image with less is `uncertain`.
        least_score: an image with less is `no_digit`; a score of 0 is `no_digit` at any threshold.
    """
    is_digit = (digit_scores > 0) & (digit_scores >= least_score)
    sure = np.where(confidences.astype(np.float64) >= least_confidence, _OK, _UNCERTAIN)  # users name it exactly
    return np.where(is_digit, sure, _NO_DIGIT).astype(np.uint8)


def _spaced(values: NDArray[_Number], indices: Sequence[int], count: int, missing: int) -> NDArray[_Number]:
    """A column of `count` rows with these values at these indices, and `missing` in all others."""
    column = np.full((count, *values.shape[1:]), missing, values.dtype)
    column[indices] = values
    return column
