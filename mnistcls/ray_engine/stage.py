"""The work of an actor: chunks of files in, a part of the results written for each, receipts out."""

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
    """The work to do with each file."""

    classifier: Classifier
    timeout: float
    """Longest time for one image, in seconds; 0 for no limit."""
    folder: ResultFolder
    """Where the parts go."""
    format: Format
    columns: Columns
    run: str
    """The run's ID, in the names of its parts."""
    directory: str
    """The user's working directory: paths are relative to it."""


class Stage:
    """Answers chunks; a callable class of which Ray Data makes actors.

    A process of its own reads and classifies the images: one that crashes it or takes too long becomes a row.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._pool = self._new_pool()
        self._warnings = collect_warnings()
        with suppress(OSError):  # without this folder, a node may still see absolute paths and URLs
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
            self._pool = self._new_pool()  # the old one would first answer the rest of this chunk
        tally.skipped += chunk.skipped
        warnings = [*chunk.warnings, *self._warnings.taken()]
        return Receipt(chunk.number, len(chunk.files), tally, warnings, chunk.end, error)

    def _answer(self, chunk: Chunk, tally: Tally) -> None:
        """Write the chunk's part."""
        work, rows = self._work, BytesIO()
        work.folder.check_seen(platform.node())
        writer = open_writer(work.format, work.columns, rows)
        for batch in tally.count(self._pool.run(tally.count_inputs(_sources(chunk, tally)))):
            writer.write(batch)
        writer.close()
        record = Record(tally, [file.path for file in chunk.files])
        work.folder.write_part(f"{PART}{work.run}-{chunk.number:06}.{work.format}", rows.getvalue(), record)


def _sources(chunk: Chunk, tally: Tally) -> Iterator[Source]:
    """The sources in the files; counts files skipped in archives."""
    for file in chunk.files:
        if isinstance(file, Source):
            yield file
        else:
            reader = Sources(())
            yield from reader.contents(file)
            tally.skipped += reader.skipped
