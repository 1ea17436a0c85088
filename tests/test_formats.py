from __future__ import annotations

import csv
import io
import json
import os

import pyarrow.parquet as pq
import pytest
from batches import batch_of
from hypothesis import given
from hypothesis import strategies as st

from mnistcls.errors import ErrorCode, ImageError
from mnistcls.outputs.columns import Columns
from mnistcls.outputs.formats import Format, open_writer
from mnistcls.results import Prediction, Status

EIGHT = Prediction("a.png", Status.OK, 8, 0.75, 0.5, (0.125, 0, 0, 0.0625, 0, 0, 0, 0, 0.75, 0.0625))
BROKEN = Prediction.unreadable("b.png", ImageError(ErrorCode.TRUNCATED, "cut short, or damaged"))
BLANK = Prediction("c.png", Status.NO_DIGIT, digit_score=0.0)


def named(path: str) -> Prediction:
    return Prediction(path, Status.NO_DIGIT)


def encoded(predictions: list[Prediction], chosen: Format, columns: Columns | None = None) -> bytes:
    stream = io.BytesIO()
    writer = open_writer(chosen, columns or Columns(), stream)
    writer.write(batch_of(*predictions[:1]))
    writer.write(batch_of(*predictions[1:]))
    writer.close()
    return stream.getvalue()


def written(predictions: list[Prediction], columns: Columns | None = None) -> str:
    return encoded(predictions, Format.CSV, columns).decode("utf-8", "surrogateescape")


def test_the_first_five_columns_are_these_for_good() -> None:
    assert written([EIGHT, BROKEN, BLANK]) == (
        "path,digit,confidence,status,error\n"
        "a.png,8,0.750000,ok,\n"
        'b.png,,,unreadable,"truncated: cut short, or damaged"\n'
        "c.png,,,no_digit,\n"
    )


def test_optional_columns_follow_in_order_and_are_empty_where_there_is_nothing() -> None:
    first, eight, broken, blank = written([EIGHT, BROKEN, BLANK], Columns(3, True, True)).splitlines()

    assert first == (
        "path,digit,confidence,status,error,digit_2,confidence_2,digit_3,confidence_3,"
        "p0,p1,p2,p3,p4,p5,p6,p7,p8,p9,digit_score"
    )
    assert eight == (
        "a.png,8,0.750000,ok,,0,0.125000,3,0.062500,"
        "0.125000,0.000000,0.000000,0.062500,0.000000,0.000000,0.000000,0.000000,0.750000,0.062500,0.500000"
    )
    assert broken == 'b.png,,,unreadable,"truncated: cut short, or damaged"' + "," * 15
    assert blank == "c.png,,,no_digit," + "," * 15 + "0.000000"


@pytest.mark.parametrize("top_k", range(1, 11))
@pytest.mark.parametrize("probabilities", [False, True])
@pytest.mark.parametrize("scores", [False, True])
def test_every_row_is_as_long_as_the_header(top_k: int, probabilities: bool, scores: bool) -> None:
    columns = Columns(top_k, probabilities, scores)

    assert {len(row) for row in csv.reader(io.StringIO(written([EIGHT, BROKEN, BLANK], columns)))} == {
        len(columns.names())
    }


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_path_that_a_spreadsheet_would_run_names_the_same_file_otherwise(start: str) -> None:
    row = next(csv.reader(io.StringIO(written([named(f"{start}1+1.png")]).split("\n", 1)[1], newline="")))

    assert row[0] == f"./{start}1+1.png"


@pytest.mark.parametrize("path", ["a=1.png", "/=1.png", "d/-1.png", " =1.png", "1.png"])
def test_any_other_path_is_written_as_it_is(path: str) -> None:
    assert written([named(path)]).splitlines()[1] == f"{path},,,no_digit,"


NAMES = st.text(alphabet=st.one_of(st.sampled_from('\r\n",; \tä\udcff'), st.characters(codec="utf-8")))


@given(st.lists(NAMES, max_size=4))
def test_every_path_comes_back_from_the_csv(paths: list[str]) -> None:
    text = written([named(f"d/{path}") for path in paths])

    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert [row[0] for row in rows] == [f"d/{path}" for path in paths]
    assert {len(row) for row in rows} <= {5}


def test_bytes_of_a_name_that_are_not_utf8_are_written_as_they_are() -> None:
    rows = encoded([named(os.fsdecode(b"d/\xff\xe9.png"))], Format.CSV)

    assert rows == b"path,digit,confidence,status,error\nd/\xff\xe9.png,,,no_digit,\n"


@pytest.mark.parametrize("chosen", [Format.CSV, Format.JSONL, Format.PARQUET])
def test_half_a_pair_of_surrogates_ends_no_batch(chosen: Format) -> None:
    rows = encoded([named("\ud83d.png"), named("7.png")], chosen)

    if chosen is Format.CSV:
        assert rows == b"path,digit,confidence,status,error\n\xed\xa0\xbd.png,,,no_digit,\n7.png,,,no_digit,\n"
    elif chosen is Format.JSONL:
        assert [json.loads(line)["path"] for line in rows.splitlines()] == ["\ud83d.png", "7.png"]
    else:
        assert pq.read_table(io.BytesIO(rows))["path"].to_pylist() == ["\\xed\\xa0\\xbd.png", "7.png"]


# --- JSON Lines


def objects(predictions: list[Prediction], columns: Columns | None = None) -> list[dict[str, object]]:
    return [json.loads(line) for line in encoded(predictions, Format.JSONL, columns).decode().split("\n")[:-1]]


def test_json_lines_have_the_columns_by_name_and_null_where_there_is_nothing() -> None:
    eight, broken, blank = objects([EIGHT, BROKEN, BLANK], Columns(2, scores=True))

    assert list(eight) == Columns(2, scores=True).names()
    assert list(eight.values()) == ["a.png", 8, 0.75, "ok", None, 0, 0.125, 0.5]
    assert list(broken.values()) == ["b.png", None, None, "unreadable", BROKEN.error, None, None, None]
    assert list(blank.values()) == ["c.png", None, None, "no_digit", None, None, None, 0.0]


@given(st.lists(NAMES, max_size=4))
def test_every_path_comes_back_from_json_as_python_has_it(paths: list[str]) -> None:
    assert [row["path"] for row in objects([named(path) for path in paths])] == paths


def test_json_lines_are_utf8_and_readable() -> None:
    assert encoded([named("ä七.png")], Format.JSONL).startswith('{"path": "ä七.png", '.encode())


# --- Parquet


def test_parquet_has_the_values_of_csv_with_their_types() -> None:
    columns = Columns(2, probabilities=True, scores=True)
    table = pq.read_table(io.BytesIO(encoded([EIGHT, BROKEN, BLANK], Format.PARQUET, columns)))

    assert table.column_names == columns.names()
    assert [str(table.schema.field(name).type) for name in ("path", "digit", "confidence", "digit_2", "p0")] == [
        "string",
        "int8",
        "double",
        "int8",
        "double",
    ]
    texts = [
        ["" if value is None else f"{value:.6f}" if isinstance(value, float) else str(value) for value in row.values()]
        for row in table.to_pylist()
    ]
    assert texts == list(csv.reader(io.StringIO(written([EIGHT, BROKEN, BLANK], columns))))[1:]


def test_a_name_that_is_not_utf8_is_escaped_in_parquet() -> None:
    table = pq.read_table(io.BytesIO(encoded([named(os.fsdecode(b"\xff.png"))], Format.PARQUET)))

    assert table["path"].to_pylist() == ["\\xff.png"]
