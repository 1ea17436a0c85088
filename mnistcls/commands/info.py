"""The command `mnistcls info`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnistcls.commands.options import FigureFormat, Figures, read_here
from mnistcls.errors import ModelError


def info(
    model: Annotated[
        Path | None,
        typer.Argument(
            metavar="[MODEL]",
            parser=read_here("MODEL"),
            help="An exported .onnx file. Default: the bundled model.",
        ),
    ] = None,
    *,
    format_: Figures = None,
) -> None:
    """Describe a model file and the environment: what a bug report needs.

    Exit codes: 0, or 2 if the model cannot be used; the environment is described either way.
    """
    from mnistcls import outputs
    from mnistcls.inspection import info_tables
    from mnistcls.inspection.info import environment, model_info

    described, around = model_info(model), environment()
    with outputs.standard_output("redirect it to a file") as stream:
        if format_ is FigureFormat.JSON:
            outputs.write_json(info_tables.as_dict(described, around), stream)
        else:
            info_tables.print_info(described, around, stream)
    if described.error:
        raise ModelError(described.error)
