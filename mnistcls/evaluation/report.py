"""An evaluation as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

import numpy as np
from rich import box
from rich.color import Color
from rich.console import RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from mnistcls.console import results_console
from mnistcls.evaluation import UNREADABLE_COLUMN, WORST, Evaluation
from mnistcls.evaluation.metrics import BINS, ClassScores, Proportion
from mnistcls.evaluation.names import ANSWER_NAMES, UNREADABLE_HEADING, label_name
from mnistcls.tables import shorten
from mnistcls.text import confidence_text, plural, printable

PATH_SHARE = 0.55
"""Most width, as a share of the console's, for the path of an image."""

_Rgb = tuple[int, int, int]
_RIGHT: tuple[_Rgb, _Rgb] = (0, 90, 20), (0, 140, 30)
_WRONG: tuple[_Rgb, _Rgb] = (110, 20, 20), (215, 30, 30)
"""Backgrounds of the confusion matrix, from the smallest share of a row to all of it: dark enough for white text, and
still green and red where a terminal has 16 colours."""


def print_evaluation(evaluation: Evaluation, stream: TextIO) -> None:
    """Print accuracy and coverage, tables by status and by digit, the confusion matrix and what went wrong."""
    console = results_console(stream, bounded=False)
    for part in _parts(evaluation, console.width):
        console.print(part)


def _parts(evaluation: Evaluation, width: int) -> Iterator[RenderableType]:
    path_width = int(width * PATH_SHARE)
    yield from (_figures(evaluation), "", _by_status(evaluation), "", _by_digit(evaluation), "")
    yield from ("Images by true digit (rows) and answer (columns):", _confusion(evaluation, width))
    if evaluation.worst:
        yield from ("", "Most confident mistakes:", _worst(evaluation, path_width))
    if evaluation.unreadable:
        yield from ("", "Unreadable, counted as wrong:", _unreadable(evaluation, path_width))
        if len(evaluation.unreadable) > WORST:
            yield f"{len(evaluation.unreadable) - WORST:,} more not shown; --format json names all."


def percent(share: float) -> str:
    """A share of images, to two decimals; 100 % only if it is all of them."""
    text = f"{share:.2%}"
    return "99.99%" if text == "100.00%" and share < 1 else text


def _figures(evaluation: Evaluation) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right", style="bold")
    grid.add_column()
    grid.add_row("Accuracy", *_with_interval(evaluation.accuracy, "right"))
    if evaluation.accuracy_of_ok.total:
        grid.add_row("Accuracy where ok", *_with_interval(evaluation.accuracy_of_ok, "right"))
    grid.add_row("Coverage", *_with_interval(evaluation.coverage, "ok"))
    if evaluation.answered_images:
        answers = f"of {plural(evaluation.answered_images, 'answered digit')}"
        grid.add_row("Calibration error", percent(evaluation.calibration_error), f"{answers}, {BINS} bins")
    if evaluation.log_loss_images:
        answers = f"of {plural(evaluation.log_loss_images, 'digit')} with an answer"
        grid.add_row("Log loss", f"{evaluation.log_loss:.4f}", f"negative log-likelihood {answers}")
    return grid


def _with_interval(part: Proportion, what: str) -> tuple[str, str]:
    low, high = part.interval
    interval = f"95% interval {percent(low)} to {percent(high)}"
    return percent(part.share), f"{part.count:,} of {part.total:,} {what}, {interval}"


def _by_status(evaluation: Evaluation) -> Table:
    table = _table("Status", "Images", "Share", "Right")
    for status, right in evaluation.statuses.items():
        share = Proportion(right.total, evaluation.accuracy.total).share
        table.add_row(status.value, f"{right.total:,}", percent(share), f"{right.count:,}")
    return table


def _by_digit(evaluation: Evaluation) -> Table:
    table = _table("Digit", "Images", "Precision", "Recall", "F1")
    scores = evaluation.scores
    for label, of_label in scores.items():
        table.add_row(label_name(label), *_score_cells(of_label), end_section=label == max(scores))
    table.add_row("mean", *_score_cells(evaluation.macro))
    return table


def _score_cells(scores: ClassScores) -> list[str]:
    precision = "-" if scores.precision is None else percent(scores.precision)
    return [f"{scores.support:,}", precision, percent(scores.recall), percent(scores.f1)]


def _confusion(evaluation: Evaluation, console_width: int) -> Table:
    counts = evaluation.confusion
    answers = UNREADABLE_COLUMN + (1 if counts[:, UNREADABLE_COLUMN].any() else 0)
    width = max(len(str(counts.max())), min(5, (console_width - 6) // answers - 1))  # as wide as fits, up to 5
    headers = [*ANSWER_NAMES[:UNREADABLE_COLUMN], UNREADABLE_HEADING][:answers]
    table = _table("True", *headers)
    table.padding = (0, 0)  # shades touch, and counts of five digits fit 80 columns
    for header, column in zip(headers, table.columns[1:], strict=True):
        column.min_width = max(width, len(header))
    for label in evaluation.scores:
        row = counts[label, :answers]
        widths = [column.min_width or width for column in table.columns[1:]]
        cells = zip(row.tolist(), (row / counts[label].sum()).tolist(), widths, strict=True)
        table.add_row(label_name(label), *(_cell(*cell, right=answer == label) for answer, cell in enumerate(cells)))
    return table


def _cell(count: int, share: float, width: int, *, right: bool) -> Text:
    """A count whose background shows its share of the row; confused digits have another colour."""
    if not count:
        return Text("·", style="dim")
    low, high = np.array(_RIGHT if right else _WRONG)
    red, green, blue = (low + (high - low) * (share if right else share**0.5)).round().astype(int).tolist()
    shade = Style(color="bright_white", bgcolor=Color.from_rgb(red, green, blue), bold=not right)
    return Text(f"{count:>{width}}", style=shade)


def _worst(evaluation: Evaluation, path_width: int) -> Table:
    table = _table("Image", "True", "Answer", "Confidence")
    for mistake in evaluation.worst:
        path = Text(shorten(printable(mistake.path), path_width))
        table.add_row(path, label_name(mistake.label), str(mistake.digit), confidence_text(mistake.confidence, 2))
    return table


def _unreadable(evaluation: Evaluation, path_width: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("Image", no_wrap=True)
    table.add_column("Error", overflow="fold")
    for prediction in evaluation.unreadable[:WORST]:
        path = Text(shorten(printable(prediction.path), path_width))
        table.add_row(path, Text(printable(prediction.error or "")))
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right", overflow="fold")
    return table
