"""`mnistcls classify` on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Self

from mnistcls.commands.common import Silent, at_least_one, load_classifier, make_page, write_page
from mnistcls.commands.progress import progress
from mnistcls.commands.settings import ClassifyOptions
from mnistcls.engine import answers, prepare
from mnistcls.outputs.manifest import Manifest
from mnistcls.outputs.overwrite_guard import OverwriteGuard
from mnistcls.outputs.targets import ResultFile, StandardOutput, target
from mnistcls.results import Tally
from mnistcls.sources import Sources
from mnistcls.text import printable

if TYPE_CHECKING:
    from rich.console import Console

    from mnistcls.batch import Batch
    from mnistcls.classifier import Classifier
    from mnistcls.page import Page

Recorder = Callable[[Iterator["Batch"]], AbstractContextManager[Iterable["Batch"]]]
"""Passes the batches on, and may record what the network saw of them."""


def classify(options: ClassifyOptions, stderr: Console | Silent) -> Tally:
    """Classify, write the results, and print a summary.

    Args:
        options: what the user asks for.
        stderr: for the summary and other messages.

    Raises:
        MnistclsError: the options conflict, or the model, an input or the output cannot be used.
    """
    run, tally = _Run.checked(options, stderr), Tally()
    started = time.perf_counter()
    pending, workers = prepare(run.guard.follow(run.sources), options.workers)  # they start while the model loads
    classifier = load_classifier(options, stderr)
    manifest = options.manifest(classifier, run.rows.format)
    remaining = run.rows.remaining(pending, tally, manifest)
    done = tally.total
    if remaining is None:
        complete = True
        run.report_complete(tally)
    else:
        batches = tally.count(answers(remaining, classifier.answer, workers=workers, timeout=options.timeout))
        complete = run.write(at_least_one(batches, run.sources, tally), manifest, tally)
        run.summarize(tally, time.perf_counter() - started, done)
    if complete:  # of a part of the rows, a page would pass for one of all
        run.write_page(classifier, tally.skipped)
    return tally


@dataclass(frozen=True)
class _Run:
    """The inputs and outputs of a run, which have been checked."""

    options: ClassifyOptions
    stderr: Console | Silent
    sources: Sources
    guard: OverwriteGuard
    rows: StandardOutput | ResultFile
    record: Recorder
    page: Page | None

    @classmethod
    def checked(cls, options: ClassifyOptions, stderr: Console | Silent) -> Self:
        """Check, before the work starts, that the options fit together and that the outputs can be written.

        Raises:
            MnistclsError: they do not, or cannot.
        """
        guard = OverwriteGuard({"-o": options.output, "--report": options.report}, options.debug_dir)
        guard.check(*options.inputs, *(options.files_from or ()), options.model)
        overwrite, resume = options.overwrite, options.resume
        rows = target(options.output, options.format_, options.columns, overwrite=overwrite, resume=resume)
        record = _recorder(options)
        page = make_page(options.report, overwrite=overwrite, resume=resume)
        return cls(options, stderr, options.sources(), guard, rows, record, page)

    def write(self, batches: Iterator[Batch], manifest: Manifest, tally: Tally) -> bool:
        """Write the rows as they come, with a progress bar that begins at what is done.

        Returns:
            Whether all were written: standard output may be closed before the end.
        """
        complete = False
        if self.page and not self.options.resume:
            batches = self.page.follow(batches)
        with (
            self.record(batches) as recorded,
            self.rows.open(tally, manifest) as write,
            progress(recorded, self.sources, Silent() if self.rows.scrolls else self.stderr, tally) as shown,
        ):
            write(shown)
            tally.skipped = self.sources.skipped
            complete = True
        if not complete:
            tally.inputs = tally.answered  # those taken ahead have no rows
            page = f", so {printable(str(self.options.report))} is not" if self.page else ""
            self.stderr.print(f"Standard output was closed before all rows were written{page}")
        return complete

    def report_complete(self, tally: Tally) -> None:
        """Print that the output had all rows already."""
        self.stderr.print(f"{printable(str(self.options.output))} is complete: nothing left to classify")
        tally.skipped = self.sources.skipped

    def summarize(self, tally: Tally, seconds: float, done: int) -> None:
        """Print a summary, and the first error if it is only in the output file."""
        if isinstance(self.stderr, Silent):
            return
        from mnistcls.commands.summary import summary, unreadable

        self.stderr.print(summary(tally, seconds, done))
        if self.options.output and tally.first_error:  # which is in a file that nobody has opened yet
            self.stderr.print(unreadable(*tally.first_error))

    def write_page(self, classifier: Classifier, skipped: int) -> None:
        """Write the page, if one is wanted; of a resumed run, it shows the rows of the earlier one as well."""
        if self.page:
            self.page.add(self.rows.rows() if self.options.resume else ())
            write_page(self.page, classifier, self.stderr, skipped)


def _recorder(options: ClassifyOptions) -> Recorder:
    """The function that fills the debug folder while batches pass; without one, batches pass unchanged."""
    if options.debug_dir is None:
        return nullcontext
    from mnistcls.inspection import debug

    others = [str(file) for file in (options.output, options.report) if file]
    debug.check_folder(options.debug_dir, [*options.inputs, *others], overwrite=options.overwrite)
    return partial(debug.recorded, folder=options.debug_dir, max_pixels=options.max_pixels)
