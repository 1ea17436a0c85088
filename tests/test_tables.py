from __future__ import annotations

import io
import re
from collections.abc import Iterable

import pytest
from batches import eight
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mnistcls.errors import ErrorCode, ImageError
from mnistcls.outputs.columns import Columns
from mnistcls.results import Prediction, Status
from mnistcls.tables import FIRST_ROWS, MAX_ROWS, print_table, shorten
from mnistcls.text import printable

LONG = "scans from the second floor/a folder with quite a long name/page 17 of 240 (left).png"
WIDE = "手書きの数字/" * 8 + "七.png"
BROKEN = ImageError(
    ErrorCode.UNSUPPORTED_FORMAT, "HEIC: save it as JPEG or PNG first, or install a thing that reads it"
)

pytestmark = pytest.mark.usefixtures("eighty_columns")


def printed(predictions: Iterable[Prediction], columns: Columns | None = None) -> list[str]:
    stream = io.StringIO()
    print_table(predictions, columns or Columns(), stream)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def rows(lines: list[str]) -> list[list[str]]:
    return [re.split(r"\s{2,}", line.strip()) for line in lines if line.strip() and "─" not in line]


def test_a_row_says_path_digit_confidence_and_status() -> None:
    doubtful = Prediction("b.png", Status.UNCERTAIN, 1, 0.5, 0.9, (0.5, 0.5, *[0.0] * 8))
    lines = printed([eight("a.png"), doubtful, Prediction("c.png", Status.NO_DIGIT, digit_score=0.1)])

    assert rows(lines) == [
        ["Image", "Digit", "Confidence", "Status"],
        ["a.png", "8", "━━━━━━━━━━", "99.9%", "ok"],
        ["b.png", "1", "━━━━━·····", "50.0%", "uncertain"],
        ["c.png", "-", "no_digit"],
    ]


def test_confidence_is_never_rounded_up_to_certainty() -> None:
    assert "99.9%" in "".join(printed([eight("a.png", 0.99999)]))


def test_optional_columns_have_their_values() -> None:
    header, row = rows(printed([eight("a.png", 0.91)], Columns(top_k=2, scores=True)))

    assert header == ["Image", "Digit", "Confidence", "2.", "Score", "Status"]
    assert row == ["a.png", "8", "━━━━━━━━━·", "91.0%", "0", "1%", "0.95", "ok"]


def test_all_probabilities_are_shown_where_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")

    header, row = rows(printed([eight("a.png", 0.91)], Columns(probabilities=True)))

    assert header == ["Image", "Digit", "Confidence", *(f"p{digit}" for digit in range(10)), "Status"]
    assert row[4:] == ["0.01"] * 8 + ["0.91", "0.01", "ok"]


@pytest.mark.parametrize("columns", [Columns(), Columns(3), Columns(10, True, True), Columns(scores=True)], ids=str)
@pytest.mark.parametrize("path", ["a.png", LONG, WIDE], ids=["short", "long", "wide"])
def test_no_line_is_wider_than_the_terminal_and_no_column_vanishes(columns: Columns, path: str) -> None:
    lines = printed([eight(path), Prediction.unreadable(path, BROKEN)], columns)

    assert max(map(cell_len, lines)) <= 80
    header, row = rows(lines)[:2]
    assert header[:3] == ["Image", "Digit", "Confidence"]
    assert header[-1] == "Status"
    assert row[-1] == "ok"
    assert "8" in row
    assert "".join(" ".join(lines).split()).count("HEIC:") == 1


def test_columns_that_do_not_fit_are_left_out_and_it_says_so() -> None:
    assert printed([eight("a.png")], Columns(probabilities=True))[-1].startswith("Some columns do not fit here; -o")


def test_a_long_path_keeps_its_beginning_and_its_end() -> None:
    (_, (image, *_)) = rows(printed([eight(LONG)]))

    assert image.startswith("scans")
    assert image.endswith("(left).png")


def test_a_path_has_all_the_room_that_is_left_where_no_error_wants_some() -> None:
    path = f"scans/{'page-' * 6}1.png"

    assert rows(printed([eight(path)]))[1][0] == path
    assert "…" in rows(printed([eight(path), Prediction.unreadable("b.png", BROKEN)]))[1][0]


def test_a_batch_of_up_to_the_limit_is_shown_whole() -> None:
    assert len(rows(printed(eight(f"{n}.png") for n in range(MAX_ROWS)))) == MAX_ROWS + 1


def test_a_long_batch_shows_its_beginning_and_then_only_doubtful_rows() -> None:
    doubtful = {FIRST_ROWS + 3, MAX_ROWS - 1, MAX_ROWS, 400}
    batch = [
        Prediction(f"{n}.png", Status.NO_DIGIT, digit_score=0.0) if n in doubtful else eight(f"{n}.png")
        for n in range(500)
    ]

    lines = printed(iter(batch))

    assert [row[0] for row in rows(lines) if row[0].endswith(".png")] == [
        *(f"{n}.png" for n in range(FIRST_ROWS)),
        *(f"{n}.png" for n in sorted(doubtful)),
    ]
    assert any("To look at" in line for line in lines)
    assert lines[-1] == f"{500 - FIRST_ROWS - len(doubtful)} more rows not shown; -o results.csv keeps all."


def test_a_batch_of_nothing_but_doubt_stays_short() -> None:
    lines = printed(Prediction(f"{n}.png", Status.NO_DIGIT) for n in range(5000))

    assert sum(".png" in line for line in lines) == MAX_ROWS
    assert lines[-1].startswith(f"{5000 - MAX_ROWS:,} more rows")


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("a\x1b[31mb.png", r"a\x1b[31mb.png"),
        ("a\nb\tc\r.png", r"a\nb\tc\r.png"),
        ("a\x7f\x9b.png", r"a\x7f\x9b.png"),
        ("gnp\u202e.exe", r"gnp\u202e.exe"),
        ("a\udcff.png", r"a\xff.png"),
        ("ä七 [bold]:smile:.png", "ä七 [bold]:smile:.png"),
    ],
)
def test_a_file_name_cannot_command_the_terminal(path: str, shown: str) -> None:
    assert printable(path) == shown
    assert rows(printed([eight(path)]))[1][0] == shown


@given(st.text(), st.integers(1, 60))
def test_shortened_text_is_never_wider_than_asked(text: str, width: int) -> None:
    shown = printable(text.encode("utf-8", "ignore").decode())

    assert cell_len(shorten(shown, width)) <= width
    assert cell_len(shown) > width or shorten(shown, width) == shown


def test_shortening_cuts_the_middle() -> None:
    assert shorten("0123456789", 7) == "01…6789"
