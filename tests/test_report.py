from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from labelled import BROKEN, LABELLED, answer

from mnistcls.evaluation import Evaluation, evaluate
from mnistcls.evaluation.metrics import Proportion
from mnistcls.evaluation.report import percent, print_evaluation
from mnistcls.results import Prediction, Status

REPORT = """\
Accuracy           75.00%  9 of 12 right, 95% interval 46.77% to 91.11%
Accuracy where ok  85.71%  6 of 7 right, 95% interval 48.69% to 97.43%
Coverage           58.33%  7 of 12 ok, 95% interval 31.95% to 80.67%
Calibration error  21.22%  of 9 answered digits, 15 bins
Log loss           0.9122  negative log-likelihood of 9 digits with an answer

Status       Images    Share   Right
────────────────────────────────────
ok                7   58.33%       6
uncertain         2   16.67%       2
no_digit          2   16.67%       1
unreadable        1    8.33%       0

Digit   Images   Precision    Recall        F1
──────────────────────────────────────────────
0            4     100.00%   100.00%   100.00%
7            3     100.00%    66.67%    80.00%
9            4     100.00%    50.00%    66.67%
none         1      50.00%   100.00%    66.67%

mean        12      87.50%    79.17%    78.33%

Images by true digit (rows) and answer (columns):
True     0     1     2     3     4     5     6     7     8     9  none unread
─────────────────────────────────────────────────────────────────────────────
0        4     ·     ·     ·     ·     ·     ·     ·     ·     ·     ·      ·
7        ·     1     ·     ·     ·     ·     ·     2     ·     ·     ·      ·
9        ·     ·     ·     ·     ·     ·     ·     ·     ·     2     1      1
none     ·     ·     ·     ·     ·     ·     ·     ·     ·     ·     1      ·

Most confident mistakes:
Image       True   Answer   Confidence
──────────────────────────────────────
seven.png      7        1       99.00%

Unreadable, counted as wrong:
Image   Error
────────────────────────────
b.png   truncated: cut short
"""

pytestmark = pytest.mark.usefixtures("eighty_columns")


def printed(evaluation: Evaluation) -> str:
    stream = io.StringIO()
    print_evaluation(evaluation, stream)
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def test_the_report_says_them() -> None:
    assert printed(evaluate(LABELLED)) == REPORT


def test_without_an_answer_there_is_neither_calibration_nor_a_mistake() -> None:
    text = printed(evaluate([(3, Prediction("", Status.NO_DIGIT))]))

    assert text.splitlines()[:3] == [
        "Accuracy  0.00%  0 of 1 right, 95% interval 0.00% to 79.35%",
        "Coverage  0.00%  0 of 1 ok, 95% interval 0.00% to 79.35%",
        "",
    ]
    assert "nan" not in text
    assert text.splitlines()[-1].split() == ["3", *["·"] * 10, "1"]


def test_a_digit_that_is_never_answered_has_no_precision() -> None:
    assert ["3", "1", "-", "0.00%", "0.00%"] in [line.split() for line in printed(evaluate([(3, BROKEN)])).splitlines()]


def test_a_million_images_fit_80_columns() -> None:
    confusion = np.full((11, 12), 123) + np.eye(11, 12, dtype=np.intp) * 98_000
    statuses = dict.fromkeys(Status, Proportion(250_000, 260_000))
    empty = evaluate([])
    lines = printed(replace(empty, confusion=confusion, statuses=statuses)).splitlines()

    assert max(map(len, lines)) <= 80
    assert lines[-1].split() == ["none", *["123"] * 10, "98123", "123"]


def test_a_narrow_terminal_gets_every_column_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = printed(evaluate(LABELLED)).splitlines()

    assert max(map(len, lines)) <= 60
    header = next(line for line in lines if line.startswith("True"))
    assert header.split() == ["True", *map(str, range(10)), "none", "unread"]


def test_many_unreadable_images_are_named_in_part_and_long_or_hostile_names_fit() -> None:
    broken = [replace(BROKEN, path=f"{'deep/' * 30}[red]\x1b[31m{i}.png") for i in range(12)]
    lines = printed(evaluate([*((3, row) for row in broken), (3, answer(8, 0.9, path="x" * 300))])).splitlines()

    assert max(map(len, lines)) <= 80
    assert lines[-1] == "2 more not shown; --format json names all."
    assert sum(r"[red]\x1b[31m" in line for line in lines) == 10
    assert not any("\x1b" in line for line in lines)


def test_shades_say_what_share_of_a_row_a_count_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")

    row = printed(evaluate([(4, answer(9, 0.6))] + [(4, answer(4, 0.9))] * 9)).split("Images by")[1].splitlines()[3]

    right, wrong = (next(cell for cell in row.split("\x1b[") if cell.endswith(f" {count}")) for count in (9, 1))
    assert right == "97;48;2;0;135;29m    9"  # white on nine tenths of the way to the full green
    assert wrong == "1;97;48;2;143;23;23m    1"


@pytest.mark.parametrize(
    ("share", "text"),
    [(1, "100.00%"), (0.99999, "99.99%"), (0.99994, "99.99%"), (0.98765, "98.77%"), (0, "0.00%")],
)
def test_only_all_of_them_are_100_percent(share: float, text: str) -> None:
    assert percent(share) == text
