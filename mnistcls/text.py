"""Text for people: confidences, errors, and file names that are safe to print."""

from __future__ import annotations

import math


def parts_of(probability: float, parts: int) -> int:
    """A probability in units of 1/`parts`, rounded down and at most `parts` - 1: nothing is certain.

    It is first rounded to six decimals, as in the results, so that every view shows the same.
    """
    return min(math.floor(round(probability, 6) * parts + 1e-6), parts - 1)


def confidence_text(confidence: float, decimals: int = 1) -> str:
    """A confidence in percent, for people; at most 99.9 %."""
    return f"{parts_of(confidence, 100 * 10**decimals) / 10**decimals:.{decimals}f}%"


def plural(count: int, noun: str) -> str:
    """A count with its noun: `1 image`, `2,000 images`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def without_code(error: str) -> str:
    """The sentence of an image's error; the code before it is for programs."""
    return error.partition(": ")[2]


def printable(path: str) -> str:
    r"""A file name that cannot move the cursor or colour the terminal; non-UTF-8 bytes as `\xNN`."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
