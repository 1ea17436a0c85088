"""The command line: options are checked first, then the work; errors are printed here, once."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

from mnistcls import __version__
from mnistcls.errors import MnistclsError, OutputError
from mnistcls.results import Prediction, Status, Tally
from mnistcls.sources import MAX_PIXELS, ImagePaths

# Commands import what they need when they run: --help and --version load neither numpy nor onnxruntime.

app = typer.Typer(
    help="Reads handwritten digits out of folders of images.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

EXIT_UNREADABLE, EXIT_ERROR = 1, 2


class Format(StrEnum):
    """How results are written."""

    CSV = "csv"
    TABLE = "table"


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
        _fail(str(error), EXIT_ERROR)
    except Stopped as stopped:
        _fail("; ".join([str(stopped), *getattr(stopped, "__notes__", [])]), stopped.exit_code)
    sys.exit(0)


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"Error: {message}", err=True)
    sys.exit(code)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
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


@app.command(no_args_is_help=True)
def classify(  # noqa: PLR0913 - its options
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Image files, and folders of them.")],
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Write to this file; its suffix names the format (.csv)."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the output file if it exists.")] = False,
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="Default: by -o's suffix, else a table on a terminal and CSV in a pipe."),
    ] = None,
    model: Annotated[Path | None, typer.Option(help="An exported .onnx file. Default: the bundled model.")] = None,
    min_confidence: Annotated[
        float | None, typer.Option(min=0, max=1, help="Under this it is uncertain. Default: the model's own.")
    ] = None,
    top_k: Annotated[int, typer.Option(min=1, max=10, help="Give this many digits an image, likeliest first.")] = 1,
    probabilities: Annotated[bool, typer.Option("--probabilities", help="Give all ten, as p0 to p9.")] = False,
    scores: Annotated[bool, typer.Option("--scores", help="Give how surely there is a digit at all.")] = False,
    recursive: Annotated[bool, typer.Option(help="Enter subfolders.")] = True,
    max_pixels: Annotated[int, typer.Option(min=1, help="Larger images are unreadable.")] = MAX_PIXELS,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Results and errors only.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Also say which model is at work.")] = False,
) -> None:
    """Read the digit in each image: a table on a terminal, CSV in a pipe or with -o.

    Exit codes: 0 all classified, 1 some unreadable, 2 error or no image found, 130/143 interrupted/terminated.
    """
    from rich.console import Console  # noqa: PLC0415

    from mnistcls import tables, writers  # noqa: PLC0415
    from mnistcls.classifier import Classifier  # noqa: PLC0415

    chosen = _format(format_, output)
    columns = writers.Columns(top_k, probabilities, scores)
    stderr = Console(stderr=True, quiet=quiet, highlight=False, soft_wrap=True)
    images, tally, started = ImagePaths(paths, recursive=recursive), Tally(), time.perf_counter()
    classifier = Classifier(model, min_confidence=min_confidence, max_pixels=max_pixels)
    if verbose:
        stderr.print(f"Model {classifier.model.describe()}")
    rows = _at_least_one(tally.count(classifier.classify(images)), images)
    destination = writers.output_file(output, overwrite=overwrite) if output else writers.standard_output()
    with destination as stream, tables.progress(rows, images, stderr) as followed:
        if chosen is Format.TABLE:
            tables.print_table(followed, columns, stream)
        else:
            writers.write_csv(followed, columns, stream)
    stderr.print(tables.summary(tally, images.skipped, time.perf_counter() - started))
    raise typer.Exit(EXIT_UNREADABLE if tally.statuses[Status.UNREADABLE] else 0)


@app.command()
def export(
    checkpoint: Annotated[
        Path | None, typer.Argument(help="A run's best.safetensors. Default: that of the newest finished run.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Default: model.onnx beside the checkpoint.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="The MNIST files. Default: $MNIST_DIR, or else data.")] = None,
) -> None:
    """Make a model file of a trained checkpoint, with its model card; written only if it agrees with PyTorch.

    Needs the train extra: pip install "mnistcls[train]".
    """
    try:
        from train.export import export_run  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise MnistclsError(f'export needs {error.name}; pip install "mnistcls[train]"') from None
    exported = export_run(checkpoint, output, data_dir)
    typer.echo(exported.describe(), err=True)


def _at_least_one(rows: Iterator[Prediction], images: ImagePaths) -> Iterator[Prediction]:
    """The same rows; an error before any output is opened if there are none."""
    first = next(rows, None)
    if first is None:
        passed = f" ({images.skipped} files of other kinds)" if images.skipped else ""
        raise MnistclsError(f"no image found{passed}; name image files or folders that hold some")
    return chain([first], rows)


def _format(chosen: Format | None, output: Path | None) -> Format:
    if chosen is not None:
        return chosen
    if output is None:
        return Format.TABLE if sys.stdout.isatty() else Format.CSV
    suffix = output.suffix.lower().removeprefix(".")
    if suffix != Format.CSV:
        raise OutputError(f"{output}: its suffix names no known format; use .csv, or --format csv")
    return Format.CSV
