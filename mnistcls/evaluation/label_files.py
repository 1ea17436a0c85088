"""Reads files of labels: CSV with the columns `path` and `digit`, or MNIST's IDX; either may be gzipped.

Commas or semicolons separate the columns of CSV.
"""

from __future__ import annotations

import csv
import gzip
import io
import logging
import zlib
from dataclasses import dataclass
from pathlib import Path

from mnistcls.errors import LabelError
from mnistcls.sources.signatures import GZIP_MAGIC
from mnistcls.text import plural, printable

DIGITS = tuple("0123456789")

NO_DIGIT = 10
"""Label of an image that shows no digit; empty in a CSV file."""

MAX_BYTES = 1 << 30
"""Largest file, unpacked: some ten million labels; a damaged or hostile gzip file may hold any number."""

_logger = logging.getLogger("mnistcls")
_COLUMNS = ("path", "digit")
_IDX_BYTES = b"\0\0\x08"  # two zeros and the code of unsigned bytes; the number of dimensions follows
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class CsvRow:
    """A label in a file."""

    line: int
    """Line in the file, from 1; the last if the row has several."""
    path: str
    label: int
    """0-9, or `NO_DIGIT`."""

    def error(self, file: Path, message: str) -> LabelError:
        """An error in this row."""
        return _error(file, self.line, message)


def read_label_file(file: Path) -> list[CsvRow] | bytes:
    """Read labels: the rows of a CSV file, or one byte per image, 0-9, of an IDX file.

    The content decides which, not the name.

    Raises:
        LabelError: the file cannot be read or is damaged; the message names the line.
    """
    try:
        content = _read_unpacked(file)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise LabelError(f"{file}: its gzip data is cut short or damaged; copy or download it again") from None
    except OSError as error:
        fix = "check its permissions" if isinstance(error, PermissionError) else "name the file of labels"
        raise LabelError(f"{file}: {error.strerror}; {fix}") from None
    if len(content) > MAX_BYTES:
        raise LabelError(f"{file}: more than {MAX_BYTES >> 20} MB of labels; split it")
    return _idx_labels(file, content) if content.startswith(b"\0\0") else _csv_rows(file, content)


def _read_unpacked(file: Path) -> bytes:
    with file.open("rb") as raw:  # read once: it may be a pipe
        content = raw.read(MAX_BYTES + 1)
    if not content.startswith(GZIP_MAGIC):
        return content
    with gzip.open(io.BytesIO(content)) as unpacked:
        return unpacked.read(MAX_BYTES + 1)


def _idx_labels(file: Path, content: bytes) -> bytes:
    """The format is described at http://yann.lecun.com/exdb/mnist/."""
    if not content.startswith(_IDX_BYTES) or content[3:4] != b"\x01":
        kind = "IDX, but not of labels" if content.startswith(_IDX_BYTES) else "neither CSV nor IDX"
        raise LabelError(f"{file}: {kind}; expected a file like t10k-labels-idx1-ubyte")
    announced, labels = int.from_bytes(content[4:8]), content[8:]
    if len(content) < 8 or len(labels) != announced:
        counts = f"announces {plural(announced, 'label')} and has {len(labels):,}"
        raise LabelError(f"{file}: {counts}; copy or download it again")
    wrong = next((i for i, label in enumerate(labels) if label > 9), None)
    if wrong is not None:
        raise LabelError(f"{file}: the label of image {wrong} is {labels[wrong]}, not 0 to 9; name labels of digits")
    return labels


def _csv_rows(file: Path, content: bytes) -> list[CsvRow]:
    if content.startswith(_UTF16) or b"\0" in content:
        raise LabelError(f"{file}: not UTF-8 text; save it as CSV in UTF-8")
    text = content.decode("utf-8-sig", "surrogateescape")  # file names may contain other bytes, which results keep
    separator = max(",;", key=text.partition("\n")[0].count)  # spreadsheets write semicolons in much of Europe
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    try:
        columns = _columns(file, next(reader, []))
        return [_row(file, reader.line_num, cells, columns) for cells in reader if cells]
    except csv.Error as error:
        raise _error(file, reader.line_num, f"not CSV ({error}); check its quotes") from None


def _columns(file: Path, header: list[str]) -> tuple[int, int]:
    """Indices of `path` and `digit`; other columns are ignored."""
    names = [name.strip() for name in header]
    if any(names.count(name) != 1 for name in _COLUMNS):
        found = printable(",".join(header)) or "nothing"
        expected = "expected the columns path,digit, separated by a comma or semicolon"
        raise _error(file, 1, f"the header is {found}; {expected}")
    if "status" in names:
        _logger.warning("%s has answers of mnistcls; those that nobody corrected count as right", file)
    return names.index("path"), names.index("digit")


def _row(file: Path, line: int, cells: list[str], columns: tuple[int, int]) -> CsvRow:
    if len(cells) <= max(columns):
        raise _error(file, line, f"ends after {len(cells)} of its columns; write path,digit")
    path, digit = cells[columns[0]], cells[columns[1]].strip()
    if not path:
        raise _error(file, line, "no path; write path,digit")
    if digit and digit not in DIGITS:
        raise _error(file, line, f"the digit is {printable(digit)!r}; write 0 to 9, or nothing if there is no digit")
    return CsvRow(line, path, int(digit) if digit else NO_DIGIT)


def _error(file: Path, line: int, message: str) -> LabelError:
    return LabelError(f"{file}: line {line}: {message}")
