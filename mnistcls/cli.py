"""The command line: options are checked first, then the work; errors are printed here, once."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from mnistcls import __version__
from mnistcls.commands.classify import classify
from mnistcls.commands.common import EXIT_ERROR
from mnistcls.commands.evaluate import evaluate
from mnistcls.commands.info import bench, info
from mnistcls.errors import MnistclsError

# Commands import what they need when they run: --help and --version load neither numpy nor onnxruntime.

app = typer.Typer(
    help="Reads handwritten digits out of folders of images.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Stopped(BaseException):
    """SIGINT or SIGTERM came in; unwinds the stack so that finished rows reach the disk."""

    def __init__(self, signal_number: int) -> None:
        super().__init__("interrupted" if signal_number == signal.SIGINT else "terminated")
        self.exit_code = 128 + signal_number


def main() -> NoReturn:
    """Run the command line; the only place of this package that prints errors and exits."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        app()
    except MnistclsError as error:
        _fail(error, EXIT_ERROR)
    except Stopped as stopped:
        _fail(stopped, stopped.exit_code)
    sys.exit(0)


def _fail(error: BaseException, code: int) -> NoReturn:
    typer.echo(f"Error: {'; '.join([str(error), *getattr(error, '__notes__', [])])}", err=True)
    sys.exit(code)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    for again in (signal.SIGINT, signal.SIGTERM):  # one is enough: the way out must not be interrupted in turn
        signal.signal(again, signal.SIG_IGN)
    raise Stopped(number)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"mnistcls {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Reads handwritten digits out of folders of images."""


app.command(no_args_is_help=True, short_help="Read the digit in each image.")(classify)
app.command(no_args_is_help=True, short_help="Measure how often the answers are right.")(evaluate)
app.command(short_help="Describe a model file and the environment.")(info)
app.command(short_help="Measure how fast each step is, and which one limits.")(bench)


@app.command(short_help="Make a model file of a trained checkpoint.")
def export(
    checkpoint: Annotated[
        Path | None, typer.Argument(help="A run's best.safetensors. Default: that of the newest finished run.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Default: model.onnx beside the checkpoint.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the output and its card.")] = False,
    data_dir: Annotated[Path | None, typer.Option(help="The MNIST files. Default: $MNIST_DIR, or else data.")] = None,
) -> None:
    """Make a model file of a trained checkpoint, with its model card; written only if it agrees with PyTorch.

    Needs the train extra: pip install "mnistcls[train]".
    """
    try:
        from train.export import export_run  # noqa: PLC0415

        exported = export_run(checkpoint, output, data_dir, overwrite=overwrite)
    except ModuleNotFoundError as error:  # the exporter imports some of what it needs only when it runs
        raise MnistclsError(f'export needs {error.name}; pip install "mnistcls[train]"') from None
    typer.echo(exported.describe(), err=True)
