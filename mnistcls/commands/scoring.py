"""The work of `mnistcls evaluate`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Self

from mnistcls import evaluation, outputs
from mnistcls.commands.common import (
    EXIT_UNREADABLE,
    Silent,
    at_least_one,
    exit_code,
    load_classifier,
    make_page,
    write_page,
)
from mnistcls.commands.options import FigureFormat, figure_format
from mnistcls.commands.progress import progress
from mnistcls.commands.settings import EvaluateOptions
from mnistcls.commands.summary import summary
from mnistcls.engine import answers, prepare
from mnistcls.evaluation import Evaluation, json_file
from mnistcls.evaluation.labels import Labels, find_labels
from mnistcls.evaluation.report import print_evaluation
from mnistcls.outputs import paths
from mnistcls.outputs.overwrite_guard import OverwriteGuard
from mnistcls.outputs.paths import Fingerprint
from mnistcls.results import Prediction, Tally
from mnistcls.sources import Sources

if TYPE_CHECKING:
    from rich.console import Console

    from mnistcls.page import Page


def evaluate(options: EvaluateOptions, stderr: Console | Silent) -> int:
    """Classify the labelled images, write the figures, and print a summary.

    Args:
        options: what the user asks for.
        stderr: for the summary and other messages.

    Returns:
        The exit code.

    Raises:
        MnistclsError: the options conflict, or the model, the labels, an input or the output cannot be used.
    """
    run, labels = _Run.checked(options, stderr), find_labels(options.path, options.labels)
    sources, tally, started = Sources(labels.inputs), Tally(), time.perf_counter()
    pending, workers = prepare(run.guard.follow(sources), options.workers)  # they start while the model loads
    classifier = load_classifier(options, stderr)
    batches = answers(tally.count_inputs(pending), classifier.answer, workers=workers, timeout=options.timeout)
    batches = at_least_one(tally.count(batches), sources, tally, options.path)
    with progress(batches, sources, stderr, tally) as shown:
        figures = run.compare(labels, chain.from_iterable(shown))
    run.write(figures, labels.unlabelled)
    tally.skipped = sources.skipped
    run.summarize(tally, time.perf_counter() - started, labels.unlabelled)
    if run.page:
        write_page(run.page, classifier, stderr, tally.skipped, figures)
    # an unreadable image counts even if it has no label
    return EXIT_UNREADABLE if figures.unreadable else exit_code(tally)


@dataclass(frozen=True)
class _Run:
    """The outputs of a run, which have been checked."""

    options: EvaluateOptions
    stderr: Console | Silent
    format: FigureFormat
    guard: OverwriteGuard
    was: Fingerprint | None
    """The fingerprint of the output file before the work; None for standard output."""
    page: Page | None

    @classmethod
    def checked(cls, options: EvaluateOptions, stderr: Console | Silent) -> Self:
        """Check, before the work starts, that the outputs can be written.

        Raises:
            OutputError: they cannot.
        """
        format_ = figure_format(options.format_, options.output)
        guard = OverwriteGuard({"-o": options.output, "--report": options.report})
        guard.check(options.path, options.labels, options.model)
        if options.output:
            paths.check_free(options.output, overwrite=options.overwrite)
            paths.check_writable(options.output)
        was = paths.fingerprint(options.output) if options.output else None
        return cls(options, stderr, format_, guard, was, make_page(options.report, overwrite=options.overwrite))

    def compare(self, labels: Labels, predictions: Iterator[Prediction]) -> Evaluation:
        """Compare the predictions with their labels, and keep what the page shows."""
        labelled = labels.pair(predictions)
        return evaluation.evaluate(self.page.follow_labelled(labelled) if self.page else labelled)

    def write(self, figures: Evaluation, unlabelled: int) -> None:
        """Write the figures to the output file or standard output.

        Raises:
            OutputError: it cannot be written.
        """
        output = self.options.output
        with outputs.whole_file(output, was=self.was) if output else outputs.standard_output() as stream:
            if self.format is FigureFormat.JSON:
                outputs.write_json(json_file.as_dict(figures, unlabelled=unlabelled), stream)
            else:
                print_evaluation(figures, stream)

    def summarize(self, tally: Tally, seconds: float, unlabelled: int) -> None:
        """Print a summary, and how many images have no label."""
        if unlabelled:
            self.stderr.print(f"Warning: images without a label are not scored: {unlabelled:,}")
        self.stderr.print(summary(tally, seconds))
