"""What the commands have in common: the classifier, the page, exit codes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from mnistcls.errors import MnistclsError, OutputError
from mnistcls.options import FigureFormat
from mnistcls.results import Status, Tally
from mnistcls.sources import Sources

if TYPE_CHECKING:
    from rich.console import Console

    from mnistcls.batch import Batch
    from mnistcls.classifier import Classifier
    from mnistcls.page import Page

EXIT_UNREADABLE, EXIT_ERROR = 1, 2


def make_classifier(
    model: Path | None, min_confidence: float | None, max_pixels: int, verbose_on: Console | None
) -> Classifier:
    """The classifier that the options ask for; says which model is at work on the console, if there is one."""
    from mnistcls.classifier import Classifier  # noqa: PLC0415

    classifier = Classifier(model, min_confidence=min_confidence, max_pixels=max_pixels)
    if verbose_on:
        verbose_on.print(f"Model {classifier.model.describe()}")
    return classifier


def make_page(path: Path | None, *, overwrite: bool, resume: bool = False) -> Page | None:
    """The page that --report asks for."""
    if path is None:
        return None
    from mnistcls.page import Page  # noqa: PLC0415

    return Page(path, overwrite=overwrite, resume=resume)


def exit_code(tally: Tally) -> int:
    """0, or 1 if some input was unreadable."""
    return EXIT_UNREADABLE if tally.statuses[Status.UNREADABLE] else 0


def at_least_one(batches: Iterator[Batch], sources: Sources, tally: Tally) -> Iterator[Batch]:
    """The same batches; an error before any output is opened if there are none, nor rows of an earlier run."""
    first = next(batches, None)
    if first is None and not tally.total:
        passed = f" (skipped of other kinds: {sources.skipped:,})" if sources.skipped else ""
        raise MnistclsError(f"no image found{passed}; name image files or folders that hold some")
    return chain([first] if first is not None else [], batches)


def figure_format(chosen: FigureFormat | None, output: Path | None) -> FigureFormat:
    """The format that the options ask for: by name, or else by the output's suffix."""
    if chosen is not None:
        return chosen
    if output is None:
        return FigureFormat.TABLE
    suffixes = {".json": FigureFormat.JSON, ".txt": FigureFormat.TABLE}
    if output.suffix.lower() not in suffixes:
        raise OutputError(f"{output}: its suffix names no known format; use .json or .txt, or --format")
    return suffixes[output.suffix.lower()]
