"""`mnistcls classify` on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistcls.commands.common import Silent, at_least_one, make_page, write_page
from mnistcls.commands.progress import progress
from mnistcls.engine import answers, prepare
from mnistcls.errors import OutputError
from mnistcls.outputs.columns import Columns
from mnistcls.outputs.formats import Format
from mnistcls.outputs.overwrite_guard import OverwriteGuard
from mnistcls.outputs.targets import ResultFile, StandardOutput, target
from mnistcls.results import Tally, printable
from mnistcls.sources import Sources

if TYPE_CHECKING:
    from rich.console import Console

    from mnistcls.batch import Batch
    from mnistcls.classifier import Classifier

Recorder = Callable[[Iterator["Batch"]], AbstractContextManager[Iterable["Batch"]]]
"""Passes the batches on, and may record what the network saw of them."""


@dataclass(frozen=True, kw_only=True)
class LocalRun:
    """What the options ask of this machine."""

    sources: Sources
    paths: Sequence[str]
    """The paths to classify, as the user named them."""
    also_read: Sequence[str | Path | None]
    """Other files that are read: the list of paths and the model."""
    output: str | None
    """Value of -o."""
    format: Format | None
    columns: Columns
    workers: int | None
    timeout: float
    max_pixels: int
    debug_dir: Path | None
    report: Path | None
    overwrite: bool
    resume: bool
    console: Console | Silent
    """Standard error."""

    def classify(self, load: Callable[[], Classifier], inputs: Mapping[str, Any]) -> Tally:
        """Classify, write the results, and print a summary.

        Args:
            load: makes the classifier; called after all checks of the options.
            inputs: the inputs as the user named them, for the manifest.

        Raises:
            MnistclsError: the options conflict, or the model, an input or the output cannot be used.
        """
        guard = OverwriteGuard({"-o": self.output, "--report": self.report}, self.debug_dir)
        guard.check(*self.paths, *self.also_read)
        rows = target(self.output, self.format, self.columns, overwrite=self.overwrite, resume=self.resume)
        recorder = self._recorder()
        page = make_page(self.report, overwrite=self.overwrite, resume=self.resume)
        tally, started = Tally(), time.perf_counter()
        pending, workers = prepare(guard.follow(self.sources), self.workers)  # workers start while the model is loaded
        classifier = load()
        remaining = rows.remaining(pending, tally, classifier, inputs, {"timeout": self.timeout})
        done = tally.total
        if remaining is None:
            self.console.print(f"{printable(str(self.output))} is complete: nothing left to classify")
            tally.skipped = self.sources.skipped
        else:
            batches = answers(remaining, classifier.answer, workers=workers, timeout=self.timeout)
            batches = at_least_one(tally.count(batches), self.sources, tally)
            batches = page.follow(batches) if page and not self.resume else batches
            with recorder(batches) as followed:
                self._write(followed, rows, tally, done)
            self._summarize(tally, time.perf_counter() - started, done)
        if page:
            page.add(rows.rows() if self.resume else ())
            write_page(page, classifier, self.console, tally.skipped)
        return tally

    def _write(self, batches: Iterable[Batch], rows: StandardOutput | ResultFile, tally: Tally, done: int) -> None:
        """Write the rows as they come, with a progress bar that begins at those that are done."""
        complete = False
        with (
            rows.open(tally) as write,
            progress(batches, self.sources, Silent() if rows.scrolls else self.console, done) as followed,
        ):
            write(followed)
            tally.skipped = self.sources.skipped
            complete = True
        if not complete:
            self.console.print("Standard output was closed before all rows were written")

    def _summarize(self, tally: Tally, seconds: float, done: int) -> None:
        if isinstance(self.console, Silent):
            return
        from mnistcls.commands.summary import summary, unreadable  # noqa: PLC0415 - loads Rich

        self.console.print(summary(tally, seconds, done))
        if self.output and tally.first_error:  # which is in a file that nobody has opened yet
            self.console.print(unreadable(*tally.first_error))

    def _recorder(self) -> Recorder:
        """The function that fills the debug folder while batches pass; without one, batches pass unchanged."""
        if self.debug_dir is None:
            return nullcontext
        if self.resume:
            raise OutputError("--debug-dir shows all images of a run, --resume only classifies the rest; use only one")
        from mnistcls.inspection import debug  # noqa: PLC0415

        others = [str(file) for file in (self.output, self.report) if file]
        debug.check_folder(self.debug_dir, [*self.paths, *others], overwrite=self.overwrite)
        return partial(debug.recorded, folder=self.debug_dir, max_pixels=self.max_pixels)
