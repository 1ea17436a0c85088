"""The command `mnistcls evaluate`."""

from __future__ import annotations

import time
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from mnistcls.commands.common import (
    EXIT_UNREADABLE,
    FigureFormat,
    Figures,
    MaxPixels,
    MinConfidence,
    ModelFile,
    Overwrite,
    Quiet,
    Report,
    Timeout,
    Verbose,
    Workers,
    at_least_one,
    exit_code,
    figure_format,
    make_classifier,
    make_page,
    read_here,
    stderr_console,
    write_page,
    written_here,
)
from mnistcls.limits import MAX_PIXELS, TIMEOUT
from mnistcls.results import Tally


def evaluate(  # noqa: PLR0913 - its options
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            help="A folder of folders named 0 to 9, each with its images; with --labels, any images.",
        ),
    ],
    *,
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            parser=read_here("--labels"),
            help="CSV with the columns path,digit, or MNIST's own file of labels (IDX).",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="FILE", parser=written_here("-o"), help="Write to this file: .json, or .txt."
        ),
    ] = None,
    overwrite: Overwrite = False,
    format_: Figures = None,
    workers: Workers = None,
    timeout: Timeout = TIMEOUT,
    model: ModelFile = None,
    min_confidence: MinConfidence = None,
    max_pixels: MaxPixels = MAX_PIXELS,
    report: Report = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Measure how often the answers are right, on images whose digits are known.

    An unreadable image counts as wrong. Exit codes: 0 all classified, 1 some unreadable, 2 error or no image found,
    129/130/143 stopped by a signal.
    """
    from mnistcls import engine, evaluation, outputs  # noqa: PLC0415
    from mnistcls.commands.progress import progress  # noqa: PLC0415
    from mnistcls.commands.summary import summary  # noqa: PLC0415
    from mnistcls.evaluation import json_file as evaluation_json  # noqa: PLC0415
    from mnistcls.evaluation.labels import find_labels  # noqa: PLC0415
    from mnistcls.evaluation.report import print_evaluation  # noqa: PLC0415
    from mnistcls.outputs import paths  # noqa: PLC0415
    from mnistcls.outputs.overwrite_guard import OverwriteGuard  # noqa: PLC0415
    from mnistcls.sources import Sources  # noqa: PLC0415

    chosen = figure_format(format_, output)
    guard = OverwriteGuard({"-o": output, "--report": report})
    guard.check(path, labels, model)
    if output:
        paths.check_free(output, overwrite=overwrite)
        paths.check_writable(output)
    was = paths.fingerprint(output) if output else None
    page = make_page(report, overwrite=overwrite)
    stderr = stderr_console(quiet=quiet)
    truth = find_labels(path, labels)
    sources, tally, started = Sources(truth.inputs), Tally(), time.perf_counter()
    pending, workers = engine.prepare(guard.follow(sources), workers)
    classifier = make_classifier(model, min_confidence, max_pixels, stderr if verbose else None)
    batches = tally.count(
        engine.answers(tally.count_inputs(pending), classifier.answer, workers=workers, timeout=timeout)
    )
    with progress(at_least_one(batches, sources, tally), sources, stderr) as followed:
        labelled = truth.pair(chain.from_iterable(followed))
        figures = evaluation.evaluate(page.follow_labelled(labelled) if page else labelled)
    with outputs.whole_file(output, was=was) if output else outputs.standard_output() as stream:
        if chosen is FigureFormat.JSON:
            outputs.write_json(evaluation_json.as_dict(figures, unlabelled=truth.unlabelled), stream)
        else:
            print_evaluation(figures, stream)
    if truth.unlabelled:
        stderr.print(f"Warning: images without a label are not scored: {truth.unlabelled:,}")
    tally.skipped = sources.skipped
    stderr.print(summary(tally, time.perf_counter() - started))
    if page:
        write_page(page, classifier, stderr, tally.skipped, figures)
    raise typer.Exit(EXIT_UNREADABLE if figures.unreadable else exit_code(tally))  # labelled or not
