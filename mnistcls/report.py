"""An evaluation as a person reads it."""

from __future__ import annotations

from typing import TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mnistcls.evaluation import NONE, Evaluation, Proportion


def print_evaluation(evaluation: Evaluation, stream: TextIO) -> None:
    """Print accuracy and coverage, then a table by status, one by digit, and the confusion matrix."""
    console = Console(file=stream, highlight=False)
    for part in (_figures(evaluation), _by_status(evaluation), _by_digit(evaluation)):
        console.print(part, "")
    console.print("Images by true digit (rows) and answer (columns):", _confusion(evaluation), sep="\n")


def percent(share: float) -> str:
    """Two decimals; 100 % only if it is all of them."""
    text = f"{share:.2%}"
    return "99.99%" if text == "100.00%" and share < 1 else text


def _figures(evaluation: Evaluation) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column()
    grid.add_column(justify="right", style="bold")
    grid.add_column()
    grid.add_row("Accuracy", *_with_interval(evaluation.accuracy))
    certain, coverage = evaluation.accuracy_of_ok, evaluation.coverage
    if certain.total:
        grid.add_row("Accuracy where ok", *_with_interval(certain))
    grid.add_row("Coverage", percent(coverage.share), f"{coverage.count:,} of {coverage.total:,} ok")
    return grid


def _with_interval(right: Proportion) -> tuple[str, str]:
    low, high = right.interval
    interval = f"95% interval {percent(low)} to {percent(high)}"
    return percent(right.share), f"{right.count:,} of {right.total:,} right, {interval}"


def _by_status(evaluation: Evaluation) -> Table:
    table = _table("Status", "Images", "Share", "Right")
    for status, right in evaluation.statuses.items():
        share = Proportion(right.total, evaluation.accuracy.total).share
        table.add_row(status.value, f"{right.total:,}", percent(share), f"{right.count:,}")
    return table


def _by_digit(evaluation: Evaluation) -> Table:
    table = _table("Digit", "Images", "Right", "Accuracy")
    for digit in _labels(evaluation):
        right = evaluation.of_digit(digit)
        table.add_row(str(digit), f"{right.total:,}", f"{right.count:,}", percent(right.share))
    return table


def _confusion(evaluation: Evaluation) -> Table:
    table = _table("True", *map(str, range(NONE)), "none")
    table.padding = (0, 0)  # so that counts of five digits fit 80 columns
    for column in table.columns[1:]:
        column.min_width = 4
    for digit in _labels(evaluation):
        row = evaluation.confusion[digit].tolist()
        table.add_row(str(digit), *(_cell(count, right=answer == digit) for answer, count in enumerate(row)))
    return table


def _cell(count: int, *, right: bool) -> Text:
    if not count:
        return Text("·", style="dim")  # what is confused stands out
    return Text(str(count), style="green" if right else "bold red")


def _labels(evaluation: Evaluation) -> list[int]:
    """Digits of which there are images."""
    return [digit for digit in range(NONE) if evaluation.of_digit(digit).total]


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right", overflow="fold")
    return table
