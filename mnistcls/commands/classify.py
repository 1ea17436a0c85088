"""The command `mnistcls classify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnistcls.commands.common import exit_code, stderr_console
from mnistcls.commands.options import (
    Address,
    Engine,
    EngineName,
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
    written_here,
)
from mnistcls.commands.settings import ClassifyOptions
from mnistcls.limits import MAX_PIXELS, TIMEOUT
from mnistcls.outputs.formats import Format


def classify(  # noqa: PLR0913 - its options, which `ClassifyOptions` takes by name
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH...",
            help="Image files, folders, ZIP and tar archives, IDX files, patterns in quotes; s3:// and other URLs.",
        ),
    ] = None,
    *,
    files_from: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE",
            parser=named("--files-from"),
            help="Also read paths from this list, one per line; - is stdin. May be repeated.",
        ),
    ] = None,
    nul: Annotated[
        bool, typer.Option("-0", "--null", help="NUL separates the paths in lists, as find -print0 writes them.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Write to this file or URL; the suffix sets the format: .csv, .jsonl, .parquet.",
        ),
    ] = None,
    overwrite: Overwrite = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Resume an interrupted run: continue the file given with -o.")
    ] = False,
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="Default: by -o's suffix, else a table on a terminal and CSV in a pipe."),
    ] = None,
    engine: EngineName = Engine.LOCAL,
    address: Address = None,
    workers: Workers = None,
    timeout: Timeout = TIMEOUT,
    model: ModelFile = None,
    min_confidence: MinConfidence = None,
    top_k: Annotated[
        int,
        typer.Option(
            min=1, max=10, metavar="K", help="Add the next likeliest digits, K in all, and their confidences."
        ),
    ] = 1,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Add the probabilities of all ten digits: p0 to p9.")
    ] = False,
    scores: Annotated[
        bool, typer.Option("--scores", help="Add digit_score: how surely the image shows one digit at all.")
    ] = False,
    recursive: Annotated[bool, typer.Option(help="Enter subfolders.")] = True,
    max_pixels: MaxPixels = MAX_PIXELS,
    debug_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            parser=written_here("--debug-dir"),
            help="Write what the network saw to this folder: images, contact sheets, steps.csv.",
        ),
    ] = None,
    report: Report = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Read the digit in each image: a table on a terminal, CSV in a pipe or with -o.

    Exit codes: 0 all classified, 1 some unreadable, 2 error or no image found, 129/130/143 stopped by a signal.
    """
    options = ClassifyOptions(**locals())
    options.check()
    stderr = stderr_console(quiet=options.quiet)
    if options.engine is Engine.RAY:
        from mnistcls.commands.ray import classify as run
    else:
        from mnistcls.commands.local import classify as run
    raise typer.Exit(exit_code(run(options, stderr)))
