"""The command `mnistcls export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnistcls.commands.options import read_here, written_here
from mnistcls.errors import MnistclsError


def export(
    checkpoint: Annotated[
        Path | None,
        typer.Argument(
            metavar="[CHECKPOINT]",
            parser=read_here("CHECKPOINT"),
            help="A run's best.safetensors. Default: the newest finished run's.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            parser=written_here("-o"),
            help="Default: model.onnx beside the checkpoint.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the output and its card.")] = False,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            parser=read_here("--data-dir"),
            help="The MNIST files. Default: $MNIST_DIR, else data.",
        ),
    ] = None,
) -> None:
    """Make a model file and its model card from a trained checkpoint; written only if it agrees with PyTorch.

    Needs the train extra: pip install "mnistcls[train]".
    """
    try:
        from train.export import export_run

        exported = export_run(checkpoint, output, data_dir, overwrite=overwrite)
    except ModuleNotFoundError as error:  # the exporter imports some packages only when it runs
        raise MnistclsError(f'export needs {error.name}; pip install "mnistcls[train]"') from None
    typer.echo(exported.describe(), err=True)
