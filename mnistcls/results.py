"""What the tool says of one image, and the running count of a batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from mnistcls.errors import ImageError


class Status(StrEnum):
    """The `status` column."""

    OK = "ok"
    UNCERTAIN = "uncertain"
    NO_DIGIT = "no_digit"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Prediction:
    """The answer for one image."""

    path: str
    """As the user would type it, `/` between parts; empty for an image that came as an array."""
    status: Status
    digit: int | None = None
    """0-9; None where the status is `no_digit` or `unreadable`."""
    confidence: float | None = None
    """Calibrated probability of `digit`, 0 to 1; None where there is no digit."""
    digit_score: float | None = None
    """How surely the image shows one digit, 0 to 1; None for an unreadable image."""
    probabilities: tuple[float, ...] | None = None
    """Calibrated, of 0 to 9; None where the network did not look (blank or unreadable)."""
    error: str | None = None
    """`code: sentence` of an unreadable image."""

    @classmethod
    def unreadable(cls, path: str, error: ImageError) -> Prediction:
        """The row of an image that could not be read."""
        return cls(path, Status.UNREADABLE, error=str(error))

    def ranked(self) -> list[tuple[int, float]]:
        """Digits with their probabilities, the likeliest first; empty where there is no digit."""
        if self.digit is None or self.probabilities is None:
            return []
        return sorted(enumerate(self.probabilities), key=lambda pair: (-pair[1], pair[0]))


class Tally:
    """Counts the predictions that pass through it."""

    def __init__(self) -> None:
        self.statuses: Counter[Status] = Counter()
        self.digits: Counter[int] = Counter()

    @property
    def total(self) -> int:
        """Predictions so far."""
        return self.statuses.total()

    def count(self, predictions: Iterable[Prediction]) -> Iterator[Prediction]:
        """Pass the predictions on, counting each as it goes by."""
        for prediction in predictions:
            self.statuses[prediction.status] += 1
            if prediction.digit is not None:
                self.digits[prediction.digit] += 1
            yield prediction


def printable(path: str) -> str:
    r"""A file name that cannot move the cursor or colour the terminal; bytes that are not UTF-8 as `\xNN`."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
