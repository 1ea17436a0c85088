"""The command line: options are checked first, then the work; errors are printed here, once."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from functools import partial
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from mnistcls import __version__
from mnistcls.errors import MnistclsError, OutputError
from mnistcls.results import Prediction, Status, Tally, printable
from mnistcls.sources import MAX_PIXELS, ImagePaths

if TYPE_CHECKING:
    from rich.console import Console

    from mnistcls.classifier import Classifier
    from mnistcls.page import Page

# Commands import what they need when they run: --help and --version load neither numpy nor onnxruntime.

app = typer.Typer(
    help="Reads handwritten digits out of folders of images.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

EXIT_UNREADABLE, EXIT_ERROR = 1, 2

_Model = Annotated[
    Path | None, typer.Option("--model", metavar="FILE", help="An exported .onnx file. Default: the bundled model.")
]
_MinConfidence = Annotated[
    float | None,
    typer.Option(
        "--min-confidence",
        min=0,
        max=1,
        metavar="SHARE",
        help="Below this confidence the status is uncertain. Default: the model's own.",
    ),
]
_MaxPixels = Annotated[
    int,
    typer.Option(
        "--max-pixels", min=1, metavar="N", help="Images with more pixels are unreadable.", show_default="40 million"
    ),
]
_Report = Annotated[
    Path | None,
    typer.Option(
        "--report", metavar="FILE", help="Also write an HTML page to look at the images and correct their digits."
    ),
]
_Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what an earlier run has written.")]
_Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Results and errors only.")]
_Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Also say which model is at work.")]


class _Warnings(logging.Handler):
    """Shows the library's warnings on the console, above a progress bar if there is one."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.print(f"Warning: {printable(record.getMessage())}")


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


@app.command(no_args_is_help=True, short_help="Read the digit in each image.")
def classify(  # noqa: PLR0913 - its options
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Image files, and folders of them.")],
    *,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Write to this file; its suffix names the format (.csv)."),
    ] = None,
    overwrite: _Overwrite = False,
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="Default: by -o's suffix, else a table on a terminal and CSV in a pipe."),
    ] = None,
    model: _Model = None,
    min_confidence: _MinConfidence = None,
    top_k: Annotated[
        int,
        typer.Option(
            min=1, max=10, metavar="K", help="Add the next likeliest digits, K in all, with their confidence."
        ),
    ] = 1,
    probabilities: Annotated[
        bool, typer.Option("--probabilities", help="Add the probabilities of all ten digits: p0 to p9.")
    ] = False,
    scores: Annotated[
        bool, typer.Option("--scores", help="Add digit_score: how surely the image shows one digit at all.")
    ] = False,
    recursive: Annotated[bool, typer.Option(help="Enter subfolders.")] = True,
    max_pixels: _MaxPixels = MAX_PIXELS,
    debug_dir: Annotated[
        Path | None, typer.Option(help="Show here what the network saw: images, contact sheets, steps.csv.")
    ] = None,
    report: _Report = None,
    quiet: _Quiet = False,
    verbose: _Verbose = False,
) -> None:
    """Read the digit in each image: a table on a terminal, CSV in a pipe or with -o.

    Exit codes: 0 all classified, 1 some unreadable, 2 error or no image found, 130/143 interrupted/terminated.
    """
    from mnistcls import tables, writers  # noqa: PLC0415

    chosen = _format(format_, output)
    if output:
        writers.check_free(output, overwrite=overwrite)
    columns = writers.Columns(top_k, probabilities, scores)
    recorded = _recorder(debug_dir, paths, max_pixels, overwrite=overwrite)
    page = _page(report, overwrite=overwrite)
    stderr = _console(quiet=quiet)
    images, tally, started = ImagePaths(paths, recursive=recursive), Tally(), time.perf_counter()
    classifier = _classifier(model, min_confidence, max_pixels, stderr if verbose else None)
    rows = _at_least_one(tally.count(classifier.classify(images)), images)
    rows = page.follow(rows) if page else rows
    destination = writers.output_file(output, overwrite=overwrite) if output else writers.standard_output()
    with destination as stream, recorded(rows) as passing, tables.progress(passing, images, stderr) as followed:
        if chosen is Format.TABLE:
            tables.print_table(followed, columns, stream)
        else:
            writers.write_csv(followed, columns, stream)
    stderr.print(tables.summary(tally, images.skipped, time.perf_counter() - started))
    if page:
        page.write(classifier, stderr, skipped=images.skipped)
    raise typer.Exit(_exit_code(tally))


@app.command(no_args_is_help=True, short_help="Measure how often the answers are right.")
def evaluate(  # noqa: PLR0913 - its options
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="Holds folders named 0 to 9, each with its images.")],
    *,
    model: _Model = None,
    min_confidence: _MinConfidence = None,
    max_pixels: _MaxPixels = MAX_PIXELS,
    report: _Report = None,
    overwrite: _Overwrite = False,
    quiet: _Quiet = False,
    verbose: _Verbose = False,
) -> None:
    """Measure how often the answers are right, on images sorted into folders by their digit.

    An image without an answer counts as wrong. Exit codes: 0 all classified, 1 some unreadable, 2 error or no image
    found, 130/143 interrupted/terminated.
    """
    from mnistcls import evaluation, tables, writers  # noqa: PLC0415
    from mnistcls.report import print_evaluation  # noqa: PLC0415

    labelled, stderr = evaluation.labelled_folder(folder), _console(quiet=quiet)
    page = _page(report, overwrite=overwrite)
    if labelled.unlabelled:
        stderr.print(f"Warning: images outside the digits' folders have no label; skipped {labelled.unlabelled:,}")
    images, tally, started = ImagePaths(labelled.digit_folders), Tally(), time.perf_counter()
    classifier = _classifier(model, min_confidence, max_pixels, stderr if verbose else None)
    rows = _at_least_one(tally.count(classifier.classify(images)), images)
    with writers.standard_output() as stream:
        with tables.progress(rows, images, stderr) as followed:
            pairs = ((labelled.label(row.path), row) for row in followed)
            figures = evaluation.evaluate(page.follow_labelled(pairs) if page else pairs)
        print_evaluation(figures, stream)
    stderr.print(tables.summary(tally, images.skipped, time.perf_counter() - started))
    if page:
        page.write(classifier, stderr, skipped=images.skipped, evaluation=figures)
    raise typer.Exit(_exit_code(tally))


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


def _console(*, quiet: bool) -> Console:
    """Standard error, for what is no result; brackets in file names are no markup."""
    from rich.console import Console  # noqa: PLC0415

    console = Console(stderr=True, quiet=quiet, highlight=False, markup=False, soft_wrap=True)
    logging.getLogger("mnistcls").handlers = [_Warnings(console)]
    return console


def _classifier(
    model: Path | None, min_confidence: float | None, max_pixels: int, verbose_on: Console | None
) -> Classifier:
    """The classifier that the options ask for; says which model is at work on the console, if there is one."""
    from mnistcls.classifier import Classifier  # noqa: PLC0415

    classifier = Classifier(model, min_confidence=min_confidence, max_pixels=max_pixels)
    if verbose_on:
        verbose_on.print(f"Model {classifier.model.describe()}")
    return classifier


def _exit_code(tally: Tally) -> int:
    return EXIT_UNREADABLE if tally.statuses[Status.UNREADABLE] else 0


def _recorder(
    folder: Path | None, inputs: list[str], max_pixels: int, *, overwrite: bool
) -> Callable[[Iterator[Prediction]], AbstractContextManager[Iterable[Prediction]]]:
    """What fills the debug folder while predictions pass; where none is asked for, they just pass."""
    if folder is None:
        return nullcontext
    from mnistcls import debug  # noqa: PLC0415

    debug.check_folder(folder, inputs, overwrite=overwrite)
    return partial(debug.recorded, folder=folder, max_pixels=max_pixels)


def _page(path: Path | None, *, overwrite: bool) -> Page | None:
    """The page that --report asks for."""
    if path is None:
        return None
    from mnistcls.page import Page  # noqa: PLC0415

    return Page(path, overwrite=overwrite)


def _at_least_one(rows: Iterator[Prediction], images: ImagePaths) -> Iterator[Prediction]:
    """The same rows; an error before any output is opened if there are none."""
    first = next(rows, None)
    if first is None:
        passed = f" (skipped of other kinds: {images.skipped:,})" if images.skipped else ""
        raise MnistclsError(f"no image found{passed}; name image files or folders that hold some")
    return chain([first], rows)


def _format(chosen: Format | None, output: Path | None) -> Format:
    if chosen is not None:
        return chosen
    if output is None:
        return Format.TABLE if sys.stdout and sys.stdout.isatty() else Format.CSV
    suffix = output.suffix.lower().removeprefix(".")
    if suffix != Format.CSV:
        raise OutputError(f"{output}: its suffix names no known format; use .csv, or --format csv")
    return Format.CSV
