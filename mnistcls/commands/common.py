"""What the commands have in common: options, the console, the classifier, exit codes."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnistcls.errors import MnistclsError, OutputError
from mnistcls.files import is_url
from mnistcls.results import Status, Tally, printable

if TYPE_CHECKING:
    from rich.console import Console

    from mnistcls.batch import Batch
    from mnistcls.classifier import Classifier
    from mnistcls.evaluation import Evaluation
    from mnistcls.page import Page
    from mnistcls.sources import Sources

EXIT_UNREADABLE = 1


def read_here(option: str) -> Callable[[str], Path]:
    """The parser of an option that reads a local file."""
    return _parser(f"{option} reads only local files; download it and name the copy")


def written_here(option: str) -> Callable[[str], Path]:
    """The parser of an option that writes a local file or folder."""
    return _parser(f"{option} writes only local files; name a local path and upload it when it is complete")


def _parser(refusal: str) -> Callable[[str], Path]:
    def path(text: str) -> Path:
        if is_url(text):
            raise MnistclsError(f"{printable(text)}: {refusal}")
        return Path(text)

    return path


ModelFile = Annotated[
    Path | None,
    typer.Option(
        "--model",
        metavar="FILE",
        parser=read_here("--model"),
        help="An exported .onnx file. Default: the bundled model.",
    ),
]
MinConfidence = Annotated[
    float | None,
    typer.Option(
        "--min-confidence",
        min=0,
        max=1,
        metavar="SHARE",
        help="Below this confidence the status is uncertain. Default: the model's own (see info).",
    ),
]
MaxPixels = Annotated[
    int,
    typer.Option(
        "--max-pixels", min=1, metavar="N", help="Images with more pixels are unreadable.", show_default="40 million"
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "-j",
        "--workers",
        min=0,
        metavar="N",
        help="Worker processes; 0: none. Default: one per CPU, none for few images.",
    ),
]


def finite(seconds: float) -> float:
    """The callback of an option in seconds: refuse `inf` and `nan`, which are floats, too."""
    if not math.isfinite(seconds):
        raise typer.BadParameter("must be a finite number of seconds")
    return seconds


Timeout = Annotated[
    float,
    typer.Option(
        min=0,
        callback=finite,
        metavar="SECONDS",
        help="Longest time for one image, in seconds; 0 for no limit.",
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE",
        parser=written_here("--report"),
        help="Also write an HTML page for viewing the images and correcting their digits.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what an earlier run wrote.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print only results and errors.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Also print which model is used.")]


class Engine(StrEnum):
    """What does the work."""

    LOCAL = "local"
    RAY = "ray"


EngineName = Annotated[
    Engine, typer.Option("--engine", help="ray: run on a cluster and write a folder of parts; see the README.")
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="Address of a running Ray cluster; auto finds it. Default: start one on this machine."
    ),
]


def asks_for_ray(engine: Engine, address: str | None) -> bool:
    """Whether to use a cluster.

    Raises:
        MnistclsError: an address is given for the local engine.
    """
    if engine is Engine.LOCAL and address is not None:
        raise MnistclsError("--address needs --engine ray")
    return engine is Engine.RAY


class FigureFormat(StrEnum):
    """How figures are written."""

    TABLE = "table"
    JSON = "json"


Figures = Annotated[FigureFormat | None, typer.Option("--format", help="A table for people, JSON for programs.")]


class _Warnings(logging.Handler):
    """Shows the library's warnings on the console, above any progress bar."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.print(f"Warning: {printable(record.getMessage())}")


class Silent:
    """Standard error with --quiet: prints nothing. Loading Rich would add a tenth to the time of a few images."""

    is_terminal = is_dumb_terminal = False

    def print(self, *_: object) -> None:
        """Print nothing."""


def stderr_console(*, quiet: bool) -> Console | Silent:
    """Standard error, for all but results; brackets in file names are not markup."""
    if quiet:
        logging.getLogger("mnistcls").handlers = [logging.NullHandler()]
        return Silent()
    from mnistcls.console import MessagesConsole  # noqa: PLC0415

    console = MessagesConsole()
    logging.getLogger("mnistcls").handlers = [_Warnings(console)]
    return console


def make_classifier(
    model: Path | None, min_confidence: float | None, max_pixels: int, verbose_on: Console | Silent | None
) -> Classifier:
    """The classifier that the options ask for; prints which model it uses on the console, if one is given."""
    from mnistcls.classifier import Classifier  # noqa: PLC0415

    classifier = Classifier(model, min_confidence=min_confidence, max_pixels=max_pixels)
    if verbose_on:
        verbose_on.print(f"Model {classifier.model.describe()}")
    return classifier


def make_page(path: Path | None, *, overwrite: bool, resume: bool = False) -> Page | None:
    """The page that --report asks for, if any."""
    if path is None:
        return None
    from mnistcls.page import Page  # noqa: PLC0415

    return Page(path, overwrite=overwrite, resume=resume)


def write_page(
    page: Page, classifier: Classifier, stderr: Console | Silent, skipped: int, evaluation: Evaluation | None = None
) -> None:
    """Write the page with a progress bar, and print its path."""
    from mnistcls.commands.progress import bar_over  # noqa: PLC0415

    page.write(classifier, bar_over("Drawing the report", stderr), skipped=skipped, evaluation=evaluation)
    stderr.print(f"Report: {printable(str(page.path))}")


def exit_code(tally: Tally) -> int:
    """0, or 1 if some input was unreadable."""
    return EXIT_UNREADABLE if tally.statuses[Status.UNREADABLE] else 0


def nothing_found(sources: Sources) -> MnistclsError:
    """The error for a run without images."""
    if sources.skipped:
        files = f"{sources.skipped:,} file{'s' if sources.skipped > 1 else ''}"
        return MnistclsError(f"no image found, but {files} without an image's suffix, such as .png; give them one")
    return MnistclsError("no image found; name image files or folders that hold some")


def at_least_one(batches: Iterator[Batch], sources: Sources, tally: Tally) -> Iterator[Batch]:
    """Pass the batches on; raises, before any output is opened, if there are none and no rows of an earlier run."""
    first = next(batches, None)
    if first is None and not tally.total:
        raise nothing_found(sources)
    return chain([first] if first is not None else [], batches)


def figure_format(chosen: FigureFormat | None, output: Path | None) -> FigureFormat:
    """The format that the options ask for: by name, else by the output's suffix."""
    if chosen is not None:
        return chosen
    if output is None:
        return FigureFormat.TABLE
    suffixes = {".json": FigureFormat.JSON, ".txt": FigureFormat.TABLE}
    if output.suffix.lower() not in suffixes:
        raise OutputError(f"{output}: its suffix names no known format; use .json or .txt, or --format")
    return suffixes[output.suffix.lower()]
