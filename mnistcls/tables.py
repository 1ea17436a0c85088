"""Results as a person reads them: a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TextIO

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from mnistcls.console import STYLES, results_console
from mnistcls.outputs.columns import Columns
from mnistcls.results import Prediction, Status
from mnistcls.text import confidence_text, printable, without_code

MAX_ROWS = 100
"""A table with more rows shows its beginning, then only the rows that need a look."""

FIRST_ROWS = 20
"""Rows in the beginning of such a table."""

BAR_WIDTH = 10
MIN_PATH = 14
"""Least width of the path, in characters, however narrow the terminal."""
STATUS_WIDTH, ERROR_WIDTH = 10, 22
"""Width of the last column, in characters: for a status, or an error's sentence on several lines."""

_GAP = 2  # between columns
_START = 1  # before the first column, which Rich pads
_DIGIT_WIDTH, _CONFIDENCE_WIDTH, _NUMBER_WIDTH = 5, 10, 6
_RUNNER_UP_WIDTH, _PROBABILITY_WIDTH, _SCORE_WIDTH = 6, 4, 5
"""Widths of the other columns, in characters: of their names, or of their cells where those are wider."""

PATH_SHARE = 0.45
"""Most width, as a share of the terminal's, for the path if errors need room beside it."""


class _Selection:
    """The rows that a table shows of a batch of any length."""

    def __init__(self) -> None:
        self._first: list[Prediction] = []
        self._doubtful: list[Prediction] = []
        self._total = 0

    def add(self, prediction: Prediction) -> None:
        self._total += 1
        if len(self._first) < MAX_ROWS:
            self._first.append(prediction)
        elif prediction.status is not Status.OK and len(self._doubtful) < MAX_ROWS:
            self._doubtful.append(prediction)

    def rows(self) -> tuple[list[Prediction], list[Prediction], int]:
        """Rows to show, doubtful rows to show after them, and the number of all rows."""
        if self._total <= MAX_ROWS:
            return self._first, [], self._total
        rest = [prediction for prediction in self._first[FIRST_ROWS:] if prediction.status is not Status.OK]
        return self._first[:FIRST_ROWS], (rest + self._doubtful)[: MAX_ROWS - FIRST_ROWS], self._total


def print_table(predictions: Iterable[Prediction], columns: Columns, stream: TextIO) -> None:
    """Print the predictions as a table; a long batch shows its beginning and the rows that need a look."""
    selected = _Selection()
    try:
        for prediction in predictions:
            selected.add(prediction)
    finally:  # interrupted: show what is finished
        _print_selected(selected, columns, stream)


def _print_selected(selected: _Selection, columns: Columns, stream: TextIO) -> None:
    shown, doubtful, total = selected.rows()
    console = results_console(stream)
    fitting = _fitting(columns, console.width, _status_width(shown + doubtful))
    console.print(_table(shown, fitting, console.width))
    if doubtful:
        console.print(_table(doubtful, fitting, console.width, title="To look at"))
    if fitting != columns:
        console.print(Text("Some columns do not fit here; -o results.csv keeps all.", style="dim"))
    hidden = total - len(shown) - len(doubtful)
    if hidden:
        console.print(Text(f"{hidden:,} more rows not shown; -o results.csv keeps all.", style="dim"))


def shorten(text: str, width: int) -> str:
    """Shorten to `width` columns by leaving out the middle: the folder and the end of the name tell images apart."""
    if cell_len(text) <= width:
        return text
    tail = (width - 1) * 2 // 3
    start, end = text[: width - 1 - tail], text[len(text) - tail :]
    while cell_len(f"{start}…{end}") > width:  # some characters are two columns wide
        start, end = (start[:-1], end) if 2 * len(start) > len(end) else (start, end[1:])
    return f"{start}…{end}"


def _needed(columns: Columns, status: int, *, bar: bool) -> int:
    """Width of a table with the shortest paths and this width of status, with two characters between columns."""
    confidence = BAR_WIDTH + 1 + _NUMBER_WIDTH if bar else _CONFIDENCE_WIDTH
    others = [_DIGIT_WIDTH, confidence, *[_RUNNER_UP_WIDTH] * (columns.top_k - 1)]
    others += [_PROBABILITY_WIDTH] * 10 if columns.probabilities else []
    others += [_SCORE_WIDTH] if columns.scores else []
    return _START + MIN_PATH + sum(width + _GAP for width in others) + status


def _status_width(predictions: list[Prediction]) -> int:
    return ERROR_WIDTH if any(prediction.error for prediction in predictions) else STATUS_WIDTH


def _fitting(columns: Columns, width: int, status: int) -> Columns:
    """The optional columns that fit the terminal beside the first five."""
    if _needed(columns, status, bar=False) > width:
        columns = replace(columns, probabilities=False)
    while columns.top_k > 1 and _needed(columns, status, bar=False) > width:
        columns = replace(columns, top_k=columns.top_k - 1)
    return columns


def _table(predictions: list[Prediction], columns: Columns, width: int, title: str | None = None) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False, collapse_padding=True)
    names = ["Image", "Digit", "Confidence", *(f"{rank}." for rank in range(2, columns.top_k + 1))]
    names += [f"p{digit}" for digit in range(10)] if columns.probabilities else []
    names += ["Score"] if columns.scores else []
    for name in names:
        table.add_column(name, no_wrap=True, justify="center" if name == "Digit" else "left")
    table.add_column("Status", min_width=STATUS_WIDTH, overflow="fold")
    status = _status_width(predictions)
    bar = _needed(columns, status, bar=True) <= width
    room = width - _needed(columns, status, bar=bar) + MIN_PATH
    path = max(MIN_PATH, room if status == STATUS_WIDTH else min(room, int(width * PATH_SHARE)))
    for prediction in predictions:
        table.add_row(*_cells(prediction, columns, path, bar=bar))
    return table


def _cells(prediction: Prediction, columns: Columns, path_width: int, *, bar: bool) -> list[Text]:
    style = STYLES[prediction.status]
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
        _confidence(prediction.confidence, style, bar=bar),
        *map(Text, others),
        Text(without_code(prediction.error or "") or prediction.status.value, style=style),
    ]


def _confidence(confidence: float | None, style: str, *, bar: bool) -> Text:
    if confidence is None:
        return Text("")
    number = Text(f"{confidence_text(confidence):>{_NUMBER_WIDTH}}", style=style)
    if not bar:
        return number
    full = round(confidence * BAR_WIDTH)
    return Text.assemble(("━" * full, style), ("·" * (BAR_WIDTH - full), "dim"), " ", number)
