"""Where the rows of a run go: standard output, or a file with its manifest, new or resumed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from io import StringIO
from itertools import chain
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from mnistcls import outputs
from mnistcls.errors import OutputError
from mnistcls.files import is_url
from mnistcls.outputs.columns import Columns
from mnistcls.outputs.formats import FILE_FORMATS, RESUMABLE, Format, Stream, Writer, open_writer
from mnistcls.outputs.manifest import Manifest
from mnistcls.outputs.part_file import discard_part, output_file
from mnistcls.outputs.paths import (
    check_free,
    check_length,
    check_unchanged,
    fingerprint,
    is_taken,
    manifest_of,
    part_of,
    resolve_link,
)
from mnistcls.outputs.resume import find_resumable, read_rows
from mnistcls.results import Prediction, Tally
from mnistcls.sources import Source
from mnistcls.text import name_bytes

if TYPE_CHECKING:
    from mnistcls.batch import Batch

Write = Callable[[Iterable["Batch"]], None]
"""Takes batches and writes each as it comes."""


def target(
    output: str | None, chosen: Format | None, columns: Columns, *, overwrite: bool, resume: bool
) -> StandardOutput | ResultFile:
    """The target that the options ask for.

    Args:
        output: the file, or a URL; standard output if None.
        chosen: the format; by the file's suffix if None, on standard output a table for people and CSV for programs.
        columns: of a row.
        overwrite: see `ResultFile`.
        resume: see `ResultFile`.

    Raises:
        OutputError: the options conflict, or another file is in the way.
    """
    if output is not None and is_url(output):
        if resume:
            raise OutputError("--resume continues a file on disk, not an object; name a file with -o")
        from mnistcls.remote.uploads import UploadedFile  # noqa: PLC0415 - for those who name a URL

        return UploadedFile(output, _by_suffix(output, chosen), columns, overwrite=overwrite)
    if output is not None:
        return ResultFile(Path(output), _by_suffix(output, chosen), columns, overwrite=overwrite, resume=resume)
    if resume:
        raise OutputError("--resume continues a file; name it with -o")
    if chosen is Format.PARQUET:
        raise OutputError("Parquet needs a file; name one with -o")
    terminal = bool(sys.stdout and sys.stdout.isatty())
    return StandardOutput(chosen or (Format.TABLE if terminal else Format.CSV), columns)


def _by_suffix(output: str, chosen: Format | None) -> Format:
    suffix = PurePath(output).suffix.lower().removeprefix(".")
    if chosen is None and suffix not in FILE_FORMATS:
        known = ", ".join(f".{name}" for name in FILE_FORMATS)
        raise OutputError(f"{output}: its suffix names no known format; use {known}, or --format csv")
    return chosen or Format(suffix)


class StandardOutput:
    """Writes rows to standard output: as a table, or as lines in a pipe."""

    def __init__(self, chosen: Format, columns: Columns) -> None:
        self.format, self._columns = chosen, columns

    @property
    def scrolls(self) -> bool:
        """Whether rows come line by line on a terminal, where a progress bar would stand among them."""
        return self.format is not Format.TABLE and sys.stdout.isatty()

    def remaining(self, sources: Iterable[Source], tally: Tally, _manifest: Manifest) -> Iterator[Source]:
        """All sources, each counted."""
        return tally.count_inputs(sources)

    @contextmanager
    def open(self, _tally: Tally, _manifest: Manifest) -> Iterator[Write]:
        """A function that writes the rows.

        Raises:
            OutputError: standard output cannot be written.
        """
        with outputs.standard_output() as text:
            if self.format is Format.TABLE:
                from mnistcls.tables import print_table  # noqa: PLC0415 - slow to load

                yield lambda batches: print_table(chain.from_iterable(batches), self._columns, text)
            else:
                stream = outputs.UnbufferedBytes(text.buffer)  # a reader that has gone already shows with the header
                yield lambda batches: _write_lines(open_writer(self.format, self._columns, stream), batches)

    def rows(self) -> Iterator[Prediction]:
        """No rows: standard output cannot be read again."""
        return iter(())


class ResultFile:
    """A file of rows, with its manifest beside it.

    Args:
        path: the file.
        chosen: its format.
        columns: of a row.
        overwrite: whether the output of an earlier run may be replaced.
        resume: whether to resume that run; not with `overwrite`.

    Raises:
        OutputError: another file is in the way, or output in this format cannot be resumed.
    """

    scrolls = False

    def __init__(self, path: Path, chosen: Format, columns: Columns, *, overwrite: bool, resume: bool) -> None:
        self.format, self._columns, self._resume = chosen, columns, resume
        self._start = 0
        self.advice = "; resume with --resume" if chosen in RESUMABLE else ""
        self._begun, self._clock = datetime.now(UTC), time.perf_counter()
        ways = "--resume, --overwrite" if chosen in RESUMABLE else "--overwrite"
        check_free(path, overwrite=overwrite or resume, ways=ways)
        check_length(part_of(manifest_of(path)), path)
        self.path = resolve_link(path)
        self._was = fingerprint(self.path)
        if chosen is Format.PARQUET and not find_spec("pyarrow"):
            raise OutputError('Parquet needs pyarrow; pip install "mnistcls[parquet]"')
        if resume and chosen not in RESUMABLE:
            raise OutputError(f"--resume needs CSV or JSON Lines, but the format of {path} is {chosen}")
        if not (overwrite or resume) and not Manifest.is_replaceable(self.path):
            raise is_taken(str(manifest_of(path)))

    def remaining(self, sources: Iterable[Source], tally: Tally, manifest: Manifest) -> Iterator[Source] | None:
        """The sources that have no row yet; None if the file is complete, and has the rows of all of them.

        Args:
            sources: all of the run.
            tally: counts the sources as they are taken, and the rows that the file has already.
            manifest: of this run.

        Raises:
            OutputError: the file was not made by such a run.
        """
        pending, part = tally.count_inputs(sources), part_of(self.path)
        if not self._resume or not (os.path.exists(self.path) or os.path.exists(part)):
            return pending
        earlier = Manifest.read(self.path)
        if earlier is None:
            fix = "use --overwrite to start afresh"
            raise OutputError(f"{self.path} has no manifest, so nothing shows what made it; {fix}")
        manifest.check_same(earlier, self.path)
        if os.path.exists(part):
            resumable = find_resumable(part, self.format, pending, tally)
            self._start = resumable.size
            return resumable.sources
        if not earlier.finished:  # it was to replace an older output, and stopped before its first row
            return pending
        resumable = find_resumable(self.path, self.format, pending, tally, complete=True)
        if more := next(resumable.sources, None):
            problem = f"{self.path} is complete but has no row for {more.path}"
            raise OutputError(f"{problem}: the images have changed; use --overwrite to start afresh")
        return None

    @contextmanager
    def open(self, tally: Tally, manifest: Manifest) -> Iterator[Write]:
        """A function that writes the rows; the file gets its name if the block ends well.

        Args:
            tally: its counts at the end go into the manifest.
            manifest: of this run.

        Raises:
            OutputError: the file or its manifest cannot be written.
        """
        if not self._start:
            check_unchanged(self.path, self._was, "start this run again")
            discard_part(self.path)  # before the new manifest is written, which is not of that file
            manifest.write(self.path)
        with output_file(self.path, self._start, self.advice, self._was) as stream:
            yield partial(self._write, stream)
            check_unchanged(self.path, self._was)  # a file that stays keeps its manifest, too
            seconds = round(time.perf_counter() - self._clock, 3)
            manifest.finish(tally, self._begun, seconds).write(self.path)

    def rows(self) -> Iterator[Prediction]:
        """The rows of the complete file, with those of earlier runs; see `read_rows`.

        Raises:
            OutputError: it cannot be read.
        """
        return read_rows(self.path, self.format)

    def _write(self, stream: Stream, batches: Iterable[Batch]) -> None:
        if self.format is not Format.TABLE:
            writer = open_writer(self.format, self._columns, stream, header=not self._start)
            _write_lines(writer, batches)
            return
        from mnistcls.tables import print_table  # noqa: PLC0415 - as above

        text = StringIO()
        try:
            print_table(chain.from_iterable(batches), self._columns, text)
        finally:
            stream.write(name_bytes(text.getvalue()))


def _write_lines(writer: Writer, batches: Iterable[Batch]) -> None:
    try:
        for batch in batches:
            writer.write(batch)
    finally:  # interrupted: what is finished can be read
        writer.close()
