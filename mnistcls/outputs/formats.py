"""Batches of answers as bytes: CSV, JSON Lines, Parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from mnistcls.outputs.columns import TEXT_COLUMNS, Columns
from mnistcls.text import name_bytes

if TYPE_CHECKING:
    from mnistcls.batch import Batch

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_QUOTED = frozenset('",\r\n')


class Format(StrEnum):
    """How results are written."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    TABLE = "table"


FILE_FORMATS = (Format.CSV, Format.JSONL, Format.PARQUET)
RESUMABLE = (Format.CSV, Format.JSONL)
"""Formats of rows that can be added to."""


class Stream(Protocol):
    """A stream that rows are written to."""

    def write(self, data: bytes, /) -> object:
        """Write all of it."""


class Writer(Protocol):
    """Writes batches to a stream."""

    def write(self, batch: Batch) -> None:
        """Write the rows of a batch."""

    def close(self) -> None:
        """Write what a format needs at its end; the stream stays open."""


def open_writer(chosen: Format, columns: Columns, stream: Stream, *, header: bool = True) -> Writer:
    """A writer of batches in one of `FILE_FORMATS`.

    Args:
        chosen: the format.
        columns: which columns a row has.
        stream: where to.
        header: whether the rows are the first of the file, and so need a header.
    """
    if chosen is Format.PARQUET:
        from mnistcls.outputs.parquet import ParquetWriter  # noqa: PLC0415 - an extra, and slow to load

        return ParquetWriter(columns, stream)
    return LineWriter(chosen, columns, stream, header=header)


class LineWriter:
    """Writes CSV (UTF-8, a header, rows that end in a newline) or JSON Lines."""

    def __init__(self, chosen: Format, columns: Columns, stream: Stream, *, header: bool) -> None:
        self._columns, self._stream = columns, stream
        self._rows = csv_rows if chosen is Format.CSV else jsonl_rows
        if header and chosen is Format.CSV:
            stream.write((",".join(columns.names()) + "\n").encode())

    def write(self, batch: Batch) -> None:
        """Write the rows of a batch, all at once."""
        self._stream.write(self._rows(batch, self._columns))

    def close(self) -> None:
        """Nothing is left to write."""


def csv_rows(batch: Batch, columns: Columns) -> bytes:
    r"""Rows of CSV as in RFC 4180, but with `\n`; bytes of a name that are not UTF-8 are written as they are."""
    paths, digits, confidences, statuses, errors, *others = columns.cells(batch)
    cells = [csv_texts(map(safe_path, paths)), digits, confidences, statuses, csv_texts(errors), *others]
    lines = map(",".join, zip(*cells, strict=True))
    return name_bytes("".join(f"{line}\n" for line in lines))


def csv_texts(texts: Iterable[str]) -> Sequence[str]:
    """Cells of CSV, in quotes where they need them."""
    texts = list(texts)
    if _QUOTED.isdisjoint("".join(texts)):
        return texts
    return [text if _QUOTED.isdisjoint(text) else '"' + text.replace('"', '""') + '"' for text in texts]


def safe_path(path: str) -> str:
    """A path to the same file that no spreadsheet runs as a formula."""
    return f"./{path}" if path.startswith(_FORMULA_STARTS) else path


def path_of(text: str) -> str:
    """The path of which `safe_path` made the text, or the path itself."""
    return text[2:] if text.startswith("./") and text[2:].startswith(_FORMULA_STARTS) else text


def jsonl_rows(batch: Batch, columns: Columns) -> bytes:
    r"""One JSON object a line, null for an empty cell; a byte of a name that is not UTF-8 is `\udcNN`, as in Python."""
    names = columns.names()
    paths, *others = columns.cells(batch)
    cells = [[json.dumps(path, ensure_ascii=False) for path in paths]]
    for name, column in zip(names[1:], others, strict=True):
        is_text = name in TEXT_COLUMNS
        cells.append([_json_text(cell) if is_text else cell or "null" for cell in column])
    row = "{{" + ", ".join(f'"{name}": {{}}' for name in names) + "}}\n"
    return "".join(map(row.format, *cells)).encode("utf-8", "backslashreplace")


def _json_text(cell: str) -> str:
    return json.dumps(cell, ensure_ascii=False) if cell else "null"
