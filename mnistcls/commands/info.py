"""The commands that look at the tool itself: `mnistcls info` and `mnistcls bench`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from mnistcls.commands.common import FigureFormat, Figures, ModelFile, Quiet, finite, make_classifier, stderr_console
from mnistcls.errors import ModelError
from mnistcls.limits import MAX_PIXELS


def info(
    model: Annotated[
        Path | None, typer.Argument(metavar="[MODEL]", help="An exported .onnx file. Default: the bundled model.")
    ] = None,
    *,
    format_: Figures = None,
) -> None:
    """Describe a model file and the environment: what a bug report needs.

    Exit codes: 0, or 2 if the model cannot be used; the environment is described all the same.
    """
    from mnistcls import outputs  # noqa: PLC0415
    from mnistcls.inspection import info_tables  # noqa: PLC0415
    from mnistcls.inspection.info import environment, model_info  # noqa: PLC0415

    described, around = model_info(model), environment()
    with outputs.standard_output() as stream:
        if format_ is FigureFormat.JSON:
            outputs.write_json(info_tables.as_dict(described, around), stream)
        else:
            info_tables.print_info(described, around, stream)
    if described.error:
        raise ModelError(described.error)


def bench(
    folder: Annotated[
        str | None,
        typer.Argument(metavar="[FOLDER]", help="Images to measure with. Default: drawn digits, made for the purpose."),
    ] = None,
    *,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=3600, callback=finite, help="How long to measure, about.")
    ] = 10,
    format_: Figures = None,
    model: ModelFile = None,
    quiet: Quiet = False,
) -> None:
    """Measure how many images a second each step takes on one thread, and which one limits.

    Files are read from the system's memory, as after a first run. Exit codes: 0, or 2 on an error.
    """
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    from mnistcls import outputs  # noqa: PLC0415
    from mnistcls.commands.progress import share_bar  # noqa: PLC0415
    from mnistcls.inspection import bench_table  # noqa: PLC0415
    from mnistcls.inspection.bench import benchmark, draw_images, sample  # noqa: PLC0415

    stderr = stderr_console(quiet=quiet)
    logging.getLogger("mnistcls").setLevel(logging.ERROR)  # images are read again and again, and are not its matter
    classifier = make_classifier(model, None, MAX_PIXELS, None)
    with TemporaryDirectory() as drawn:
        paths = draw_images(Path(drawn)) if folder is None else sample(folder)
        with share_bar("Measuring", stderr) as progress:
            result = benchmark(paths, classifier, seconds, progress)
    with outputs.standard_output() as stream:
        if format_ is FigureFormat.JSON:
            outputs.write_json(bench_table.as_dict(result), stream)
        else:
            bench_table.print_benchmark(result, stream)
