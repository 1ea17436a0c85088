"""What an actor does: chunks of files in, a part of the results for each, and receipts out."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from mnistcls.engine.pool import Pool
from mnistcls.engine.worker import collect_warnings
from mnistcls.errors import MnistclsError
from mnistcls.outputs.columns import Columns
from mnistcls.outputs.formats import Format, open_writer
from mnistcls.ray_engine.chunk import Chunk, Receipt
from mnistcls.ray_engine.folder import PART, Record, ResultFolder
from mnistcls.results import Tally
from mnistcls.sources import Source, Sources

if TYPE_CHECKING:
    from mnistcls.classifier import Classifier


@dataclass(frozen=True)
class Work:
    """What is to be done with each file."""

    classifier: Classifier
    timeout: float
    """Seconds that an image may take; 0 for any."""
    folder: ResultFolder
    """Where parts go."""
    format: Format
    columns: Columns
    run: str
    """Part of the names of the parts."""
    directory: str
    """Where the user stands: paths are relative to it."""


class Stage:
    """Answers chunks, as a callable that Ray Data makes actors of.

    The images are read and classified in a process of its own: one that crashes it or takes too long is a row.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._pool = self._new_pool()
        self._warnings = collect_warnings()
        with suppress(OSError):  # a node that has no such folder may see absolute paths and URLs all the same
            os.chdir(work.directory)

    def __call__(self, table: Any) -> Any:
        """The receipts for a `pyarrow.Table` of chunks."""
        return pa.Table.from_pylist([self._receipt(chunk).to_row() for chunk in Chunk.from_table(table)])

    def _new_pool(self) -> Pool:
        return Pool(self._work.classifier.answer, 1, self._work.timeout)

    def _receipt(self, chunk: Chunk) -> Receipt:
        tally, error = Tally(), chunk.error
        try:
            if chunk.files:
                self._answer(chunk, tally)
        except MnistclsError as failure:
            error = str(failure)
            self._pool.close()
            self._pool = self._new_pool()  # the old one still has some of this chunk, and would answer that next
        tally.skipped += chunk.skipped
        warnings = [*chunk.warnings, *self._warnings.taken()]
        return Receipt(chunk.number, len(chunk.files), tally, warnings, chunk.end, error)

    def _answer(self, chunk: Chunk, tally: Tally) -> None:
        """Write the chunk's part."""
        work, rows = self._work, BytesIO()
        work.folder.check_seen(platform.node())
        writer = open_writer(work.format, work.columns, rows)
        for batch in tally.count(self._pool.run(tally.drawn(_sources(chunk, tally)))):
            writer.write(batch)
        writer.close()
        record = Record(tally, [file.path for file in chunk.files])
        work.folder.write_part(f"{PART}{work.run}-{chunk.number:06}.{work.format}", rows.getvalue(), record)


def _sources(chunk: Chunk, tally: Tally) -> Iterator[Source]:
    """What the files hold; what is passed over in archives is counted."""
    for file in chunk.files:
        if isinstance(file, Source):
            yield file
        else:
            reader = Sources(())
            yield from reader.contents(file)
            tally.skipped += reader.skipped
