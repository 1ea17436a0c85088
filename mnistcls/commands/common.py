"""What the commands have in common: the console, the classifier, the page, exit codes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from mnistcls.errors import MnistclsError
from mnistcls.results import Status, Tally
from mnistcls.text import plural, printable

if TYPE_CHECKING:
    from rich.console import Console

    from mnistcls.batch import Batch
    from mnistcls.classifier import Classifier
    from mnistcls.commands.settings import ClassifyOptions, EvaluateOptions
    from mnistcls.evaluation import Evaluation
    from mnistcls.page import Page
    from mnistcls.sources import Sources

EXIT_UNREADABLE = 1


class _Warnings(logging.Handler):
    """Shows the library's warnings on the console, above any progress bar."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.print(f"Warning: {printable(record.getMessage())}")


class Silent:
    """Standard error with --quiet: prints nothing. Loading Rich would add a tenth to the time of a few images."""

    def print(self, *_: object) -> None:
        """Print nothing."""


def stderr_console(*, quiet: bool) -> Console | Silent:
    """Standard error, for all but results; brackets in file names are not markup."""
    if quiet:
        logging.getLogger("mnistcls").handlers = [logging.NullHandler()]
        return Silent()
    from mnistcls.console import MessagesConsole

    console = MessagesConsole()
    logging.getLogger("mnistcls").handlers = [_Warnings(console)]
    return console


def make_classifier(
    model: Path | None, min_confidence: float | None, max_pixels: int, verbose_on: Console | Silent | None
) -> Classifier:
    """The classifier that the options ask for; prints which model it uses on the console, if one is given."""
    from mnistcls.classifier import Classifier
    from mnistcls.decode import messages

    messages.silence()
    classifier = Classifier(model, min_confidence=min_confidence, max_pixels=max_pixels)
    if verbose_on:
        verbose_on.print(f"Model {classifier.model.describe()}")
    return classifier


def load_classifier(options: ClassifyOptions | EvaluateOptions, stderr: Console | Silent) -> Classifier:
    """The classifier that the options of a run ask for; see `make_classifier`."""
    verbose_on = stderr if options.verbose else None
    return make_classifier(options.model, options.min_confidence, options.max_pixels, verbose_on)


def make_page(path: Path | None, *, overwrite: bool, resume: bool = False) -> Page | None:
    """The page that --report asks for, if any."""
    if path is None:
        return None
    from mnistcls.page import Page

    return Page(path, overwrite=overwrite, resume=resume)


def write_page(
    page: Page, classifier: Classifier, stderr: Console | Silent, skipped: int, evaluation: Evaluation | None = None
) -> None:
    """Write the page with a progress bar, and print its path."""
    from mnistcls.commands.progress import bar_over

    page.write(classifier, bar_over("Drawing the report", stderr), skipped=skipped, evaluation=evaluation)
    stderr.print(f"Report: {printable(str(page.path))}")


def exit_code(tally: Tally) -> int:
    """0, or 1 if some input was unreadable."""
    return EXIT_UNREADABLE if tally.statuses[Status.UNREADABLE] else 0


def nothing_found(sources: Sources, folder: str = "") -> MnistclsError:
    """The error for a run without images; it names the folder, if there is only one."""
    problem = f"no image found in {printable(folder)}" if folder else "no image found"
    if sources.skipped:
        files = plural(sources.skipped, "file")
        return MnistclsError(f"{problem}, but {files} without an image's suffix, such as .png; give them one")
    return MnistclsError(f"{problem}; name image files or folders that hold some")


def at_least_one(batches: Iterator[Batch], sources: Sources, tally: Tally, folder: str = "") -> Iterator[Batch]:
    """Pass the batches on; raises, before any output is opened, if there are none and no rows of an earlier run.

    Args:
        batches: the answers that are still to come.
        sources: of the run.
        tally: has the rows of an earlier run.
        folder: the only one that is read, for the error.

    Raises:
        MnistclsError: there is no image.
    """
    first = next(batches, None)
    if first is None and not tally.total:
        raise nothing_found(sources, folder)
    return chain([first] if first is not None else [], batches)
