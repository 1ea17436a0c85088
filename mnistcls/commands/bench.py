"""The command `mnistcls bench`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from mnistcls.commands.common import make_classifier, stderr_console
from mnistcls.commands.options import FigureFormat, Figures, ModelFile, Quiet, finite, named
from mnistcls.limits import MAX_PIXELS


def bench(
    folder: Annotated[
        str | None,
        typer.Argument(
            metavar="[FOLDER]",
            parser=named("FOLDER"),
            help="Images to measure with. Default: digits drawn for the purpose.",
        ),
    ] = None,
    *,
    seconds: Annotated[
        float,
        typer.Option(min=0.1, max=3600, callback=finite, metavar="SECONDS", help="About how long to measure."),
    ] = 10,
    format_: Figures = None,
    model: ModelFile = None,
    quiet: Quiet = False,
) -> None:
    """Measure how many images per second each step handles on one thread, and which is the bottleneck.

    Files come from the system's cache, as after a first run. Exit codes: 0, or 2 on an error.
    """
    from tempfile import TemporaryDirectory

    from mnistcls import outputs
    from mnistcls.commands.progress import share_bar
    from mnistcls.inspection import bench_table
    from mnistcls.inspection.bench import benchmark, draw_images, sample

    stderr = stderr_console(quiet=quiet)
    logging.getLogger("mnistcls").setLevel(logging.ERROR)  # the images are read repeatedly, and would warn each time
    classifier = make_classifier(model, None, MAX_PIXELS, None)
    with TemporaryDirectory() as temporary:
        paths = draw_images(Path(temporary)) if folder is None else sample(folder)
        with share_bar("Measuring", stderr) as progress:
            result = benchmark(paths, classifier, seconds, progress)
    with outputs.standard_output("redirect it to a file") as stream:
        if format_ is FigureFormat.JSON:
            outputs.write_json(bench_table.as_dict(result), stream)
        else:
            bench_table.print_benchmark(result, stream)
