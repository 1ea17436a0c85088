"""The command `mnistcls evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnistcls.commands.common import stderr_console
from mnistcls.commands.options import (
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
    named,
    read_here,
    written_here,
)
from mnistcls.commands.settings import EvaluateOptions
from mnistcls.limits import MAX_PIXELS, TIMEOUT


def evaluate(  # noqa: PLR0913 - its options, which `EvaluateOptions` takes by name
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            parser=named("PATH"),
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
    options = EvaluateOptions(**locals())
    from mnistcls.commands.scoring import evaluate as run

    stderr = stderr_console(quiet=options.quiet)
    raise typer.Exit(run(options, stderr))
