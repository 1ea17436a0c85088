"""The command `mnistcls evaluate`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from mnistcls.cli_common import (
    MaxPixels,
    MinConfidence,
    ModelFile,
    Quiet,
    Verbose,
    at_least_one,
    exit_code,
    make_classifier,
    stderr_console,
)
from mnistcls.results import Tally
from mnistcls.sources import MAX_PIXELS, ImagePaths


def evaluate(  # noqa: PLR0913 - its options
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="Holds folders named 0 to 9, each with its images.")],
    *,
    model: ModelFile = None,
    min_confidence: MinConfidence = None,
    max_pixels: MaxPixels = MAX_PIXELS,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Measure how often the answers are right, on images sorted into folders by their digit.

    An image without an answer counts as wrong. Exit codes: 0 all classified, 1 some unreadable, 2 error or no image
    found, 130/143 interrupted/terminated.
    """
    from mnistcls import evaluation, report, tables, writers  # noqa: PLC0415

    labelled, stderr = evaluation.labelled_folder(folder), stderr_console(quiet=quiet)
    if labelled.unlabelled:
        stderr.print(f"Warning: images outside the digits' folders have no label; skipped {labelled.unlabelled:,}")
    images, tally, started = ImagePaths(labelled.digit_folders), Tally(), time.perf_counter()
    classifier = make_classifier(model, min_confidence, max_pixels, stderr if verbose else None)
    rows = at_least_one(tally.count(classifier.classify(images)), images)
    with writers.standard_output() as stream:
        with tables.progress(rows, images, stderr) as followed:
            figures = evaluation.evaluate((labelled.label(row.path), row) for row in followed)
        report.print_evaluation(figures, stream)
    stderr.print(tables.summary(tally, images.skipped, time.perf_counter() - started))
    raise typer.Exit(exit_code(tally))
