"""What an unfinished run has left: its whole rows, and the sources that they answer for."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from mnistcls.errors import OutputError
from mnistcls.formats import Format, safe_path
from mnistcls.results import Status, Tally
from mnistcls.sources import Source

_AFRESH = "use --overwrite to start afresh"


@dataclass(frozen=True)
class Row:
    """A row of an unfinished output."""

    path: str
    """As it is written there."""
    digit: int | None
    status: Status
    end: int
    """Bytes of the file up to its end."""


@dataclass(frozen=True)
class Kept:
    """What of an unfinished output stays, and what is to follow."""

    size: int
    """Bytes of the file that stay."""
    sources: Iterator[Source]
    """Those that have no row yet."""


def keep(part: Path, chosen: Format, sources: Iterator[Source], tally: Tally) -> Kept:
    """Find how far an unfinished output got.

    A torn last row goes. So do the rows of a source that has several, if they are the last: more may be missing.

    Args:
        part: CSV or JSON Lines.
        chosen: which of them.
        sources: all sources of the run, from the first.
        tally: the rows that stay are counted in it.

    Raises:
        OutputError: the rows are not those of the sources, or the file cannot be read.
    """
    try:
        with part.open("rb") as file:
            if chosen is Format.JSONL:
                return _keep(_Rows(_jsonl_rows(file)), str, sources, tally, 0)
            header = file.readline()
            if not header.endswith(b"\n"):
                return Kept(0, sources)
            return _keep(_Rows(_csv_rows(file, len(header))), safe_path, sources, tally, len(header))
    except OSError as error:
        raise OutputError(f"cannot read {part}: {error.strerror}; {_AFRESH}") from None
    except (ValueError, LookupError, TypeError, csv.Error):
        raise OutputError(f"{part} is damaged; {_AFRESH}") from None
    except _OtherImagesError as error:
        raise OutputError(f"{part} has a row of {error}: the images have changed; {_AFRESH}") from None


class _OtherImagesError(Exception):
    """A row is not that of the source whose turn it is."""


class _Rows:
    """Rows, with a look at the next one."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self.next = next(rows, None)

    def take(self) -> Row:
        row = self.next
        if row is None:
            raise LookupError
        self.next = next(self._rows, None)
        return row


def _keep(rows: _Rows, shown: Callable[[str], str], sources: Iterator[Source], tally: Tally, size: int) -> Kept:
    for source in sources:
        path = shown(source.path)
        answered = _rows_of(path, rows)
        if rows.next is None and not (answered and answered[0].path == path):
            return Kept(size, chain([source], sources))
        if not answered:
            raise _OtherImagesError(f"{rows.next and rows.next.path}, but now {path} comes there")
        for row in answered:
            tally.add(row.status, row.digit)
        size = answered[-1].end
    if rows.next:
        raise _OtherImagesError(f"{rows.next.path}, but now no image comes there")
    return Kept(size, iter(()))


def _rows_of(path: str, rows: _Rows) -> list[Row]:
    """The next rows, as far as they are one source's: one of its name, or its pages in order."""
    if rows.next and rows.next.path == path:
        return [rows.take()]
    pages: list[Row] = []
    while rows.next and rows.next.path == f"{path}#{len(pages) + 1}":
        pages.append(rows.take())
    return pages


def _csv_rows(file: BinaryIO, end: int) -> Iterator[Row]:
    """Whole rows: a newline ends one where it is not in quotes."""
    record = b""
    for line in file:
        record += line
        if line.endswith(b"\n") and record.count(b'"') % 2 == 0:
            end += len(record)
            path, digit, _, status, *_ = next(csv.reader([record.decode("utf-8", "surrogateescape")]))
            yield _row(path, digit, status, end)
            record = b""


def _jsonl_rows(file: BinaryIO) -> Iterator[Row]:
    end = 0
    for line in file:
        if line.endswith(b"\n"):
            end += len(line)
            cells = json.loads(line)
            yield _row(cells["path"], cells["digit"], cells["status"], end)


def _row(path: str, digit: str | int | None, status: str, end: int) -> Row:
    return Row(path, None if digit in {"", None} else int(digit), Status(status), end)
