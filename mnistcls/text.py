"""Text for people: confidences, errors, and file names that are safe to print; and file names as bytes."""

from __future__ import annotations

import codecs
import math
import sys

NAME_ERRORS = "mnistcls.names"
"""The error handler with which UTF-8 encodes any name of a file: bytes that are not UTF-8 pass as they are, as with
`surrogateescape`, and so does half a pair of surrogates, which names may contain on Windows, as with `surrogatepass`.
"""


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
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in valid_utf8(path))


def valid_utf8(name: str) -> str:
    r"""A file name that UTF-8 can encode: bytes that are not UTF-8 as `\xNN`."""
    return name_bytes(name).decode("utf-8", "backslashreplace")


def name_bytes(name: str) -> bytes:
    """Encode a file name, or text that contains some: see `NAME_ERRORS`."""
    return name.encode("utf-8", NAME_ERRORS)


def name_text(data: bytes) -> str:
    """Decode what `name_bytes` has encoded, to the same names as the system's."""
    try:
        return data.decode("utf-8", sys.getfilesystemencodeerrors())
    except UnicodeDecodeError:  # on Windows, a name from an archive made elsewhere
        return data.decode("utf-8", "surrogateescape")


def _encode_surrogates(error: UnicodeError) -> tuple[bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    surrogates = error.object[error.start : error.end]
    return b"".join(
        surrogate.encode("utf-8", "surrogateescape" if "\udc80" <= surrogate <= "\udcff" else "surrogatepass")
        for surrogate in surrogates
    ), error.end


codecs.register_error(NAME_ERRORS, _encode_surrogates)
