"""The result for one image, and the running count of a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from mnistcls.errors import ImageError, MnistclsError

if TYPE_CHECKING:
    from mnistcls.batch import Batch
    from mnistcls.sources import Source


class Status(StrEnum):
    """The `status` column."""

    OK = "ok"
    UNCERTAIN = "uncertain"
    NO_DIGIT = "no_digit"
    UNREADABLE = "unreadable"


STATUSES = tuple(Status)
"""All statuses, in the order of their numbers in a `Batch`."""

STATUS_INDEX = {status: index for index, status in enumerate(STATUSES)}
"""The number of each status in a `Batch`."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one image."""

    path: str
    """The path as the user would type it, `/` between parts; empty for an image that came as an array."""
    status: Status
    digit: int | None = None
    """0-9; None if the status is `no_digit` or `unreadable`."""
    confidence: float | None = None
    """Calibrated probability of `digit`, 0 to 1; None if there is no digit."""
    digit_score: float | None = None
    """How surely the image shows one digit, 0 to 1; None for an unreadable image."""
    probabilities: tuple[float, ...] | None = None
    """Calibrated probabilities of 0 to 9; None if the image is `no_digit` or unreadable."""
    error: str | None = None
    """`code: sentence` for an unreadable image."""

    @classmethod
    def unreadable(cls, path: str, error: ImageError) -> Prediction:
        """The row of an image that could not be read."""
        return cls(path, Status.UNREADABLE, error=str(error))

    def ranked(self) -> list[tuple[int, float]]:
        """Digits with their probabilities, the likeliest first; empty if there is no digit."""
        if self.digit is None or self.probabilities is None:
            return []
        return sorted(enumerate(self.probabilities), key=lambda pair: (-pair[1], pair[0]))


class Tally:
    """Counts the inputs and results of a run."""

    def __init__(self) -> None:
        self.inputs = 0
        """Sources taken so far; each has a row per image, and at least one."""
        self.answered = 0
        """Sources whose rows are counted."""
        self.statuses: Counter[Status] = Counter()
        self.digits: Counter[int] = Counter()
        self.skipped = 0
        """Files skipped because their suffix is not an image's; known at the end."""
        self.first_error: tuple[str, str] | None = None
        """Path and error of the first unreadable image counted, for the summary."""

    @property
    def total(self) -> int:
        """Rows so far."""
        return self.statuses.total()

    def count_inputs(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Pass the sources on, counting each."""
        for source in sources:
            self.inputs += 1
            yield source

    def count(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Pass the batches on, counting the rows of each.

        Raises:
            MnistclsError: at the end, if rows are missing.
        """
        for batch in batches:
            self.answered += batch.sources
            for status, count in Counter(batch.statuses.tolist()).items():
                self.statuses[STATUSES[status]] += count
            self.digits.update(digit for digit in batch.digits.tolist() if digit >= 0)
            if batch.errors:
                first = min(batch.errors)
                self._unreadable(batch.paths[first], batch.errors[first])
            yield batch
        if self.total < self.inputs:
            raise MnistclsError(f"{self.inputs:,} inputs, but only {self.total:,} rows; please report this")

    def counts(self) -> dict[str, int]:
        """All counts by name, as manifests and records store them."""
        counts = {"inputs": self.inputs, "rows": self.total, "skipped": self.skipped}
        counts |= {f"status {status}": count for status, count in self.statuses.items()}
        return counts | {f"digit {digit}": count for digit, count in sorted(self.digits.items())}

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Self:
        """The tally with these counts.

        Raises:
            KeyError: some are missing.
            TypeError: they are no numbers at all.
            ValueError: they are text that is no number.
        """
        counts = {name: int(count) for name, count in counts.items()}
        tally = cls()
        tally.inputs, tally.skipped = counts["inputs"], counts["skipped"]
        tally.statuses.update({s: counts[f"status {s}"] for s in Status if f"status {s}" in counts})
        tally.digits.update({digit: counts[f"digit {digit}"] for digit in range(10) if f"digit {digit}" in counts})
        return tally

    def merge(self, other: Tally) -> None:
        """Add the counts of another tally."""
        self.inputs += other.inputs
        self.statuses += other.statuses
        self.digits += other.digits
        self.skipped += other.skipped

    def add(self, row: Prediction) -> None:
        """Count a row of an earlier run."""
        self.statuses[row.status] += 1
        if row.digit is not None:
            self.digits[row.digit] += 1
        if row.error:
            self._unreadable(row.path, row.error)

    def _unreadable(self, path: str, error: str) -> None:
        self.first_error = self.first_error or (path, error)
