"""The columns of the rows, by name and in order, and the text of their cells."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mnistcls.results import STATUS_INDEX, STATUSES, Status

if TYPE_CHECKING:
    from mnistcls.batch import Batch

FIRST_COLUMNS = ("path", "digit", "confidence", "status", "error")
TEXT_COLUMNS = frozenset({"path", "status", "error"})
"""The others hold numbers."""

_STATUSES = [status.value for status in STATUSES]
_DIGITS = [*"0123456789", ""]  # the last one is that of -1: no digit


@dataclass(frozen=True)
class Columns:
    """Which optional columns follow the first five."""

    top_k: int = 1
    """Number of digits in a row; 2 and more add `digit_2`, `confidence_2` and so on."""
    probabilities: bool = False
    """Adds `p0` to `p9`."""
    scores: bool = False
    """Adds `digit_score`."""

    def names(self) -> list[str]:
        """Names of all columns, in order."""
        names = list(FIRST_COLUMNS)
        for rank in range(2, self.top_k + 1):
            names += [f"digit_{rank}", f"confidence_{rank}"]
        names += [f"p{digit}" for digit in range(10)] if self.probabilities else []
        return names + (["digit_score"] if self.scores else [])

    def cells(self, batch: Batch) -> list[Sequence[str]]:
        """The columns of a batch as text, each with a cell for every image; empty where there is no value."""
        digits, statuses = batch.digits.tolist(), batch.statuses.tolist()
        columns: list[Sequence[str]] = [
            batch.paths,
            [_DIGITS[digit] for digit in digits],
            _numbers(batch.confidences.tolist(), digits),
            [_STATUSES[status] for status in statuses],
            [batch.errors.get(i, "") for i in range(len(batch))] if batch.errors else [""] * len(batch),
        ]
        if self.top_k > 1:
            ranked, probabilities = (each.T.tolist() for each in batch.ranked(self.top_k))
            for next_digits, confidences in zip(ranked[1:], probabilities[1:], strict=True):
                columns.append([_DIGITS[i] if first >= 0 else "" for i, first in zip(next_digits, digits, strict=True)])
                columns.append(_numbers(confidences, digits))
        if self.probabilities:
            columns += [_numbers(column, digits) for column in batch.probabilities.T.tolist()]
        if self.scores:
            is_read = [-(status == STATUS_INDEX[Status.UNREADABLE]) for status in statuses]
            columns.append(_numbers(batch.digit_scores.tolist(), is_read))
        return columns


def _numbers(values: Iterable[float], present: Iterable[int]) -> list[str]:
    """Cells of numbers, with 6 decimals; empty where `present` is negative."""
    return [f"{value:.6f}" if shown >= 0 else "" for value, shown in zip(values, present, strict=True)]
