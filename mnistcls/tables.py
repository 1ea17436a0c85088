"""Results as a person reads them: a table, a summary, a progress bar."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TextIO

from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from mnistcls.results import Prediction, Status, Tally
from mnistcls.sources import ImagePaths
from mnistcls.writers import Columns

MAX_ROWS = 100
"""A table with more rows than this shows its beginning, then only the rows that need a look."""

FIRST_ROWS = 20
"""Rows of such a table's beginning."""

BAR_WIDTH = 10
PATH_SHARE = 0.45
"""Of the terminal's width, at most, for the path."""

_STYLES = {
    Status.OK: "green",
    Status.UNCERTAIN: "yellow",
    Status.NO_DIGIT: "magenta",
    Status.UNREADABLE: "red",
}


def print_table(predictions: Iterable[Prediction], columns: Columns, stream: TextIO) -> None:
    """Print the predictions as a table; a long batch shows its beginning and the rows that need a look."""
    shown, doubtful, total = _select(predictions)
    console = Console(file=stream, highlight=False)
    console.print(_table(shown, columns, console.width))
    if doubtful:
        console.print(_table(doubtful, columns, console.width, title="To look at"))
    hidden = total - len(shown) - len(doubtful)
    if hidden:
        console.print(Text(f"{hidden:,} more rows not shown; -o results.csv keeps all.", style="dim"))


def summary(tally: Tally, skipped: int, seconds: float) -> Text:
    """What a batch came to: images and rate, each status, each digit."""
    rate = tally.total / max(seconds, 1e-9)
    text = Text(f"{_plural(tally.total, 'image')} in {seconds:.1f} s ({rate:,.0f} images/s): ")
    counts = [(status, tally.statuses[status]) for status in Status if tally.statuses[status]]
    text.append_text(Text(", ").join(Text(f"{n:,} {status}", style=_STYLES[status]) for status, n in counts))
    if skipped:
        text.append(f"; skipped {_plural(skipped, 'other file')}", style="dim")
    if tally.digits:
        text.append("\nDigits: " + "  ".join(f"{digit}×{tally.digits[digit]:,}" for digit in sorted(tally.digits)))
    return text


@contextmanager
def progress(predictions: Iterable[Prediction], images: ImagePaths, console: Console) -> Iterator[Iterable[Prediction]]:
    """The same predictions, with a progress bar on the console while they pass; none if it is no terminal.

    The images are counted beside the work, so that it starts at once: until then the bar has no end.
    """
    if not console.is_terminal or console.is_dumb_terminal:
        yield predictions
        return
    layout = (TextColumn("Classifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*layout, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        Thread(target=lambda: bar.update(task, total=images.count()), daemon=True).start()
        yield bar.track(predictions, task_id=task)


def printable(path: str) -> str:
    """A file name that cannot move the cursor or colour the terminal; bytes that are not UTF-8 as `\\xNN`."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shorten(text: str, width: int) -> str:
    """At most `width` characters, the middle left out: both the folder and the file's end tell images apart."""
    if len(text) <= width:
        return text
    tail = (width - 1) * 2 // 3
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"


def _select(predictions: Iterable[Prediction]) -> tuple[list[Prediction], list[Prediction], int]:
    """Rows to show, doubtful rows to show after them, and how many rows there are in all."""
    first: list[Prediction] = []
    doubtful: list[Prediction] = []
    total = 0
    for prediction in predictions:
        total += 1
        if len(first) < MAX_ROWS:
            first.append(prediction)
        elif prediction.status is not Status.OK and len(doubtful) < MAX_ROWS:
            doubtful.append(prediction)
    if total <= MAX_ROWS:
        return first, [], total
    rest = [prediction for prediction in first[FIRST_ROWS:] if prediction.status is not Status.OK]
    return first[:FIRST_ROWS], (rest + doubtful)[: MAX_ROWS - FIRST_ROWS], total


def _table(predictions: list[Prediction], columns: Columns, width: int, title: str | None = None) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
    table.add_column("Image", no_wrap=True)
    table.add_column("Digit", justify="center")
    table.add_column("Confidence", no_wrap=True)
    for rank in range(2, columns.top_k + 1):
        table.add_column(f"{rank}.", no_wrap=True)
    if columns.probabilities:
        for digit in range(10):
            table.add_column(f"p{digit}", no_wrap=True)
    if columns.scores:
        table.add_column("Score", no_wrap=True)
    table.add_column("Status")
    for prediction in predictions:
        table.add_row(*_cells(prediction, columns, max(12, int(width * PATH_SHARE))))
    return table


def _cells(prediction: Prediction, columns: Columns, path_width: int) -> list[Text]:
    style = _STYLES[prediction.status]
    ranked = prediction.ranked()[1 : columns.top_k]
    others = [f"{digit} {confidence:4.0%}" for digit, confidence in ranked]
    others += [""] * (columns.top_k - 1 - len(ranked))
    if columns.probabilities:
        others += [f"{p:.2f}" for p in prediction.probabilities or []] or [""] * 10
    if columns.scores:
        others.append("" if prediction.digit_score is None else f"{prediction.digit_score:.2f}")
    return [
        Text(shorten(printable(prediction.path), path_width)),
        Text("-" if prediction.digit is None else str(prediction.digit), style="bold"),
        _confidence_bar(prediction.confidence, style),
        *map(Text, others),
        Text(prediction.error or prediction.status.value, style=style),
    ]


def _confidence_bar(confidence: float | None, style: str) -> Text:
    if confidence is None:
        return Text("")
    full = round(confidence * BAR_WIDTH)
    bar = Text("█" * full, style=style) + Text("░" * (BAR_WIDTH - full), style="dim")
    return bar + Text(f" {math.floor(confidence * 1000) / 10:5.1f}%")


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
