from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistcls.errors import ErrorCode, ImageError, OutputError
from mnistcls.results import Prediction, Status
from mnistcls.writers import Columns, output_file, write_csv

EIGHT = Prediction("a.png", Status.OK, 8, 0.75, 0.5, (0.125, 0, 0, 0.0625, 0, 0, 0, 0, 0.75, 0.0625))
BROKEN = Prediction.unreadable("b.png", ImageError(ErrorCode.TRUNCATED, "cut short, or damaged"))
BLANK = Prediction("c.png", Status.NO_DIGIT, digit_score=0.0)


def named(path: str) -> Prediction:
    return Prediction(path, Status.NO_DIGIT)


def written(predictions: list[Prediction], columns: Columns | None = None) -> str:
    stream = io.StringIO(newline="")
    write_csv(predictions, columns or Columns(), stream)
    return stream.getvalue()


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

    assert {len(columns.row(prediction)) for prediction in (EIGHT, BROKEN, BLANK)} == {len(columns.header())}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_path_that_a_spreadsheet_would_run_names_the_same_file_otherwise(start: str) -> None:
    row = next(csv.reader(io.StringIO(written([named(f"{start}1+1.png")]).split("\n", 1)[1], newline="")))

    assert row[0] == f"./{start}1+1.png"


@pytest.mark.parametrize("path", ["a=1.png", "/=1.png", "d/-1.png", " =1.png", "1.png"])
def test_any_other_path_is_written_as_it_is(path: str) -> None:
    assert written([named(path)]).splitlines()[1] == f"{path},,,no_digit,"


@given(st.lists(st.text(alphabet=st.one_of(st.sampled_from('\r\n",; \tä'), st.characters(codec="utf-8"))), max_size=4))
def test_every_path_comes_back_from_the_csv(paths: list[str]) -> None:
    text = written([named(f"d/{path}") for path in paths])

    rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
    assert [row[0] for row in rows] == [f"d/{path}" for path in paths]
    assert {len(row) for row in rows} <= {5}


def test_rows_leave_as_they_are_finished(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    seen: list[str] = []

    def rows() -> Iterator[Prediction]:
        for prediction in (EIGHT, BLANK):
            yield prediction
            seen.append((tmp_path / "results.csv.part").read_text(encoding="utf-8").splitlines()[-1])

    with output_file(path, overwrite=False) as stream:
        write_csv(rows(), Columns(), stream)

    assert seen == ["a.png,8,0.750000,ok,", "c.png,,,no_digit,"]


# --- the output file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.csv"


def write(path: Path, *, overwrite: bool = False, text: str = "new\n") -> None:
    with output_file(path, overwrite=overwrite) as stream:
        stream.write(text)


def write_and_stop(path: Path, reason: BaseException) -> None:
    with output_file(path, overwrite=True) as stream:
        stream.write("new\n")
        raise reason


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_the_file_appears_under_its_name_only_when_complete(path: Path) -> None:
    with output_file(path, overwrite=False) as stream:
        stream.write("new\n")
        assert names(path.parent) == ["results.csv.part"]

    assert names(path.parent) == ["results.csv"]
    assert path.read_bytes() == b"new\n"


def test_bytes_of_a_name_that_are_not_utf8_are_written_as_they_are(path: Path) -> None:
    with output_file(path, overwrite=False) as stream:
        write_csv([named(os.fsdecode(b"d/\xff\xe9.png"))], Columns(), stream)

    assert path.read_bytes() == b"path,digit,confidence,status,error\nd/\xff\xe9.png,,,no_digit,\n"


@pytest.mark.parametrize("name", ["results.csv", "results.csv.part"])
def test_what_exists_stays_without_overwrite(path: Path, name: str) -> None:
    existing = path.with_name(name)
    existing.write_text("old\n")

    with pytest.raises(OutputError, match=f"{name} (exists|is left of an unfinished run); use --overwrite"):
        write(path)

    assert names(path.parent) == [name]
    assert existing.read_text() == "old\n"


@pytest.mark.parametrize("name", ["results.csv", "results.csv.part"])
def test_overwrite_replaces_what_exists(path: Path, name: str) -> None:
    path.with_name(name).write_text("old, and longer\n")

    write(path, overwrite=True)

    assert names(path.parent) == ["results.csv"]
    assert path.read_text() == "new\n"


def test_a_failure_leaves_nothing_new_and_keeps_the_old(path: Path) -> None:
    path.write_text("old\n")

    with pytest.raises(ZeroDivisionError):
        write_and_stop(path, ZeroDivisionError())

    assert names(path.parent) == ["results.csv"]
    assert path.read_text() == "old\n"


def test_an_interruption_keeps_finished_rows_and_says_where(path: Path) -> None:
    with pytest.raises(KeyboardInterrupt) as caught:
        write_and_stop(path, KeyboardInterrupt())

    assert names(path.parent) == ["results.csv.part"]
    assert path.with_name("results.csv.part").read_text() == "new\n"
    assert caught.value.__notes__ == [f"finished rows are in {path}.part"]


def test_a_missing_folder_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"there is no folder .*no; make it, or choose another with -o"):
        write(tmp_path / "no" / "results.csv")


@pytest.mark.parametrize("name", [".", "/", "..", "folder"])
def test_a_folder_is_no_output_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()

    with pytest.raises(OutputError, match="is a folder; name a file in it"):
        write(Path(name), overwrite=True)


def test_a_name_that_is_too_long_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="name too long"):
        write(tmp_path / ("a" * 300 + ".csv"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_an_output_error(path: Path) -> None:
    path.with_name("results.csv.part").symlink_to("/dev/full")

    with pytest.raises(OutputError, match="No space left on device"):
        write(path, overwrite=True)
    assert not path.exists()
