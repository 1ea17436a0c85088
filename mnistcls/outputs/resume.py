"""Reads what an unfinished run has written: its whole rows, and the sources that they answer for."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from mnistcls.errors import OutputError
from mnistcls.outputs.columns import FIRST_COLUMNS
from mnistcls.outputs.formats import Format, path_of
from mnistcls.results import Prediction, Status, Tally
from mnistcls.sources import Source
from mnistcls.text import name_text

_AFRESH = "use --overwrite to start afresh"


@dataclass(frozen=True)
class Row:
    """A row of an output."""

    prediction: Prediction
    """The values of the first five columns."""
    end: int
    """Length of the file up to the end of this row, in bytes."""


@dataclass(frozen=True)
class Resumable:
    """Which part of an output stays, and which sources still need rows."""

    size: int
    """Length of the part of the file that stays, in bytes."""
    sources: Iterator[Source]
    """The sources that have no row yet."""


def find_resumable(
    output: Path, chosen: Format, sources: Iterator[Source], tally: Tally, *, complete: bool = False
) -> Resumable:
    """Find how far an output got.

    A torn last row goes. So do the rows of a source that has several, if they are the last, as more may be missing,
    unless the output is complete.

    Args:
        output: CSV or JSON Lines.
        chosen: which of them.
        sources: all sources of the run, from the first.
        tally: the rows that stay are counted in it.
        complete: whether it was written to its end.

    Raises:
        OutputError: the rows are not those of the sources, or the file cannot be read.
    """
    try:
        with _reading(output), output.open("rb") as file:
            header = b"" if chosen is Format.JSONL else file.readline()
            if chosen is not Format.JSONL and not header.endswith(b"\n"):
                return Resumable(0, sources)
            return _find_resumable(_Rows(_rows(file, chosen, len(header))), sources, tally, len(header), complete)
    except _OtherImagesError as error:
        raise OutputError(f"{output} has a row for {error}: the images have changed; {_AFRESH}") from None


def read_rows(output: Path, chosen: Format) -> Iterator[Prediction]:
    """The rows of a complete output, CSV or JSON Lines, as far as the first five columns have them.

    Raises:
        OutputError: it is damaged or cannot be read.
    """
    with _reading(output), output.open("rb") as file:
        if chosen is Format.CSV:
            file.readline()
        for row in _rows(file, chosen, 0):
            yield row.prediction


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot read {path}: {error.strerror}; {_AFRESH}") from None
    except (ValueError, LookupError, TypeError, csv.Error):
        raise OutputError(f"{path} is damaged; {_AFRESH}") from None


class _OtherImagesError(Exception):
    """A row is not that of the source whose turn it is."""


class _Rows:
    """An iterator of rows that can look at the next one without taking it."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self.next = next(rows, None)

    def take(self) -> Row:
        row = self.next
        if row is None:
            raise LookupError
        self.next = next(self._rows, None)
        return row

    def next_is(self, path: str) -> bool:
        return self.next is not None and self.next.prediction.path == path


def _find_resumable(rows: _Rows, sources: Iterator[Source], tally: Tally, size: int, complete: bool) -> Resumable:
    for source in sources:
        path = path_of(source.path)
        answered = _rows_of(path, rows)
        has_all = answered and (complete or answered[0].prediction.path == path)
        if rows.next is None and not has_all:
            return Resumable(size, chain([source], sources))
        if rows.next and not answered:
            raise _OtherImagesError(f"{rows.next.prediction.path}, where the image is now {path}")
        for row in answered:
            tally.add(row.prediction)
        tally.answered += 1
        size = answered[-1].end
    if rows.next:
        raise _OtherImagesError(f"{rows.next.prediction.path}, where there is now no image")
    return Resumable(size, iter(()))


def _rows_of(path: str, rows: _Rows) -> list[Row]:
    """Take the next rows that belong to one source: one row of its name, or its pages in order."""
    if rows.next_is(path):
        return [rows.take()]
    pages: list[Row] = []
    while rows.next_is(f"{path}#{len(pages) + 1}"):
        pages.append(rows.take())
    return pages


def _rows(file: BinaryIO, chosen: Format, end: int) -> Iterator[Row]:
    """Whole rows, the first of which begins after this many bytes."""
    return _jsonl_rows(file) if chosen is Format.JSONL else _csv_rows(file, end)


def _csv_rows(file: BinaryIO, end: int) -> Iterator[Row]:
    """The rows of a CSV file; a newline ends a row unless it is inside quotes."""
    record = b""
    for line in file:
        record += line
        if line.endswith(b"\n") and record.count(b'"') % 2 == 0:
            end += len(record)
            path, digit, confidence, status, error, *_ = next(csv.reader([name_text(record)]))
            yield Row(_prediction(path, digit, confidence, status, error), end)
            record = b""


def _jsonl_rows(file: BinaryIO) -> Iterator[Row]:
    end = 0
    for line in file:
        if line.endswith(b"\n"):
            end += len(line)
            cells = json.loads(line)
            yield Row(_prediction(*(cells[name] for name in FIRST_COLUMNS)), end)


def _prediction(path: str, digit: Any, confidence: Any, status: str, error: str | None) -> Prediction:
    return Prediction(
        path_of(path),
        Status(status),
        None if digit in {"", None} else int(digit),
        None if confidence in {"", None} else float(confidence),
        error=error or None,
    )
