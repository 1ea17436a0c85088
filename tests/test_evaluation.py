from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_cli import on_a_terminal, run, screen
from toy_model import doubtful, save

from mnistcls.errors import MnistclsError
from mnistcls.evaluation import NONE, Evaluation, Proportion, evaluate, labelled_folder
from mnistcls.report import percent, print_evaluation
from mnistcls.results import Prediction, Status
from mnistcls.sources import Sources

# Of 10 images 8 are right; of 7 that are ok, 6.
LABELLED = [
    *[(0, Prediction("", Status.OK, 0, 0.99))] * 4,
    *[(7, Prediction("", Status.OK, 7, 0.99))] * 2,
    (7, Prediction("", Status.OK, 1, 0.99)),
    *[(9, Prediction("", Status.UNCERTAIN, 9, 0.51))] * 2,
    (9, Prediction("", Status.NO_DIGIT)),
]

REPORT = """\
Accuracy           80.00%  8 of 10 right, 95% interval 49.02% to 94.33%
Accuracy where ok  85.71%  6 of 7 right, 95% interval 48.69% to 97.43%
Coverage           70.00%  7 of 10 ok

Status       Images    Share   Right
────────────────────────────────────
ok                7   70.00%       6
uncertain         2   20.00%       2
no_digit          1   10.00%       0
unreadable        0    0.00%       0

Digit   Images   Right   Accuracy
─────────────────────────────────
0            4       4    100.00%
7            3       2     66.67%
9            3       2     66.67%

Images by true digit (rows) and answer (columns):
True    0    1    2    3    4    5    6    7    8    9 none
───────────────────────────────────────────────────────────
0       4    ·    ·    ·    ·    ·    ·    ·    ·    ·    ·
7       ·    1    ·    ·    ·    ·    ·    2    ·    ·    ·
9       ·    ·    ·    ·    ·    ·    ·    ·    ·    2    1
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def command(toy_model: Path) -> list[str]:
    return [sys.executable, "-m", "mnistcls", "evaluate", "--model", str(toy_model)]


def printed(evaluation: Evaluation) -> str:
    stream = io.StringIO()
    print_evaluation(evaluation, stream)
    return plain(stream.getvalue())


def plain(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


# --- figures


def test_figures_are_those_counted_by_hand() -> None:
    evaluation = evaluate(iter(LABELLED))

    assert evaluation.accuracy == Proportion(8, 10)
    assert evaluation.accuracy_of_ok == Proportion(6, 7)
    assert evaluation.coverage == Proportion(7, 10)
    assert [evaluation.of_digit(digit) for digit in (0, 1, 7, 9)] == [
        Proportion(4, 4),
        Proportion(0, 0),
        Proportion(2, 3),
        Proportion(2, 3),
    ]
    expected = np.zeros((10, 11), int)
    expected[0, 0], expected[7, 7], expected[7, 1], expected[9, 9], expected[9, NONE] = 4, 2, 1, 2, 1
    np.testing.assert_array_equal(evaluation.confusion, expected)
    assert evaluation.statuses == {
        Status.OK: Proportion(6, 7),
        Status.UNCERTAIN: Proportion(2, 2),
        Status.NO_DIGIT: Proportion(0, 1),
        Status.UNREADABLE: Proportion(0, 0),
    }


def test_an_interval_is_that_of_the_textbook() -> None:
    assert Proportion(8, 10).interval == pytest.approx((0.4902, 0.9433), abs=5e-5)


def test_no_image_is_no_accuracy_and_no_error() -> None:
    assert np.isnan(evaluate([]).accuracy.share)


def test_labelled_images_are_drawn_one_by_one() -> None:
    alive = 0

    def stream() -> Iterator[tuple[int, Prediction]]:
        nonlocal alive
        for digit in [3] * 1000:
            alive += 1
            yield digit, Prediction("", Status.OK, digit, 0.9)

    assert evaluate(stream()).accuracy == Proportion(1000, alive)


# --- report


def test_the_report_says_them() -> None:
    assert printed(evaluate(LABELLED)) == REPORT


def test_without_one_ok_image_there_is_no_accuracy_of_them() -> None:
    lines = printed(evaluate([(3, Prediction("", Status.NO_DIGIT))])).splitlines()

    assert lines[:2] == ["Accuracy  0.00%  0 of 1 right, 95% interval 0.00% to 79.35%", "Coverage  0.00%  0 of 1 ok"]


def test_a_million_images_fit_80_columns() -> None:
    confusion = np.full((10, 11), 123) + np.eye(10, 11, dtype=np.intp) * 98_000
    statuses = dict.fromkeys(Status, Proportion(250_000, 260_000))
    lines = printed(Evaluation(confusion, statuses)).splitlines()

    assert max(map(len, lines)) <= 80
    assert lines[-1].split() == ["9", *["123"] * 9, "98123", "123"]


@pytest.mark.parametrize(
    ("share", "text"),
    [(1, "100.00%"), (0.99999, "99.99%"), (0.99994, "99.99%"), (0.98765, "98.77%"), (0, "0.00%")],
)
def test_only_all_of_them_are_100_percent(share: float, text: str) -> None:
    assert percent(share) == text


# --- the folder


@pytest.mark.parametrize("name", ["set", "set/", "./set", "sub/../set", ".//set", "{here}/set", "set/../link"])
def test_a_label_is_the_name_of_the_digit_folder_however_it_is_reached(name: str, tmp_path: Path) -> None:
    save(Path("set/3/1/8.png"), 3)
    save(Path("set/0/5.png"), 0)
    Path("sub").mkdir()
    Path("link").symlink_to("set")
    labelled = labelled_folder(name.format(here=tmp_path))

    paths = [source.path for source in Sources(labelled.digit_folders)]

    assert [(labelled.label(path), Path(path).read_bytes()) for path in paths] == [
        (0, Path("set/0/5.png").read_bytes()),
        (3, Path("set/3/1/8.png").read_bytes()),
    ]


def test_the_folder_may_be_the_one_we_stand_in() -> None:
    save(Path("4/a.png"), 4)

    labelled = labelled_folder(".")

    assert [(s.path, labelled.label(s.path)) for s in Sources(labelled.digit_folders)] == [("4/a.png", 4)]


def test_images_beside_the_digit_folders_are_counted_and_other_files_are_not() -> None:
    save(Path("set/4/a.png"), 4)
    save(Path("set/5.png"), 5)
    Path("set/README.md").touch()
    Path("set/loop.png").symlink_to("loop.png")

    assert labelled_folder("set").unlabelled == 2


@pytest.mark.parametrize("name", ["01", "10", "zero", "-1", "\N{FULLWIDTH DIGIT THREE}", "0 "])
def test_a_folder_of_another_name_is_an_error(name: str) -> None:
    Path("set/3").mkdir(parents=True)
    Path("set", name).mkdir()

    with pytest.raises(MnistclsError, match=r"^set: a folder named '.*'; expected are folders named 0 to 9"):
        labelled_folder("set")


@pytest.mark.parametrize("name", [".git", "__MACOSX"])
def test_what_other_programs_keep_there_is_passed_over(name: str) -> None:
    Path("set/3").mkdir(parents=True)
    Path("set", name).mkdir()

    assert labelled_folder("set").digit_folders == ("set/3",)


# --- the command


def misread() -> None:
    """Two of five right: a 1 and a blank page among three 7s, and one of two 0s broken."""
    save(Path("set/0/a.png"), 0)
    Path("set/0/broken.png").write_bytes(b"\x89PNG")
    save(Path("set/7/a.png"), 7)
    save(Path("set/7/deep/b.png"), 1)
    Image.fromarray(np.full((30, 30), 255, np.uint8)).save("set/7/blank.png")
    Path("set/7/notes.txt").touch()
    save(Path("set/stray.png"), 5)


def test_a_pipe_gets_the_figures_and_stderr_the_rest(command: list[str]) -> None:
    misread()

    result = run(command, "set")

    lines = result.stdout.splitlines()
    assert lines[0].rstrip() == "Accuracy           40.00%  2 of 5 right, 95% interval 11.76% to 76.93%"
    assert lines[1].rstrip() == "Accuracy where ok  66.67%  2 of 3 right, 95% interval 20.77% to 93.85%"
    assert lines[2].rstrip() == "Coverage           60.00%  3 of 5 ok"
    words = [line.split() for line in lines]
    for row in (
        ["ok", "3", "60.00%", "2"],
        ["no_digit", "1", "20.00%", "0"],
        ["unreadable", "1", "20.00%", "0"],
        ["0", "2", "1", "50.00%"],
        ["7", "3", "1", "33.33%"],
        ["0", "1", *["·"] * 9, "1"],
        ["7", "·", "1", *["·"] * 5, "1", "·", "·", "1"],
    ):
        assert row in words
    assert "\x1b" not in result.stdout
    warning, counts = result.stderr.splitlines()[:2]
    assert warning == "Warning: images outside the digits' folders have no label; skipped 1"
    assert counts.startswith("5 images in ")
    assert result.returncode == 1


def test_everything_read_ends_with_0_and_quiet_says_only_figures(command: list[str]) -> None:
    save(Path("set/3/a.png"), 3)
    save(Path("set/b.png"), 3)

    result = run(command, "set", "-q")

    assert result.stdout.startswith("Accuracy           100.00%  1 of 1 right")
    assert (result.stderr, result.returncode) == ("", 0)


def test_options_reach_the_classifier(command: list[str], toy_model: Path) -> None:
    save(Path("set/3/a.png"), 3)
    Image.fromarray(doubtful()).save("set/3/doubtful.png")
    Image.new("L", (200, 200)).save("set/3/large.png")

    result = run(command, "set", "-v", "--min-confidence", "0", "--max-pixels", "1000")

    words = [line.split()[:2] for line in result.stdout.splitlines()]
    assert ["ok", "2"] in words
    assert ["uncertain", "0"] in words
    assert ["unreadable", "1"] in words
    assert result.stderr.startswith(f"Model toy 1 ({toy_model})\n")


def test_hostile_names_are_images_like_others(command: list[str]) -> None:
    content = save(Path("set/3/a.png"), 3).read_bytes()
    for name in (b"a\nb.png", b"c\xff.png", b"-q.png", b"[red].png", b"x" * 251 + b".png"):
        Path(os.fsdecode(b"set/3/" + name)).write_bytes(content)

    result = run(command, "set", LC_ALL="C")

    assert result.stdout.startswith("Accuracy           100.00%  6 of 6 right")
    assert result.returncode == 0


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        ("missing", "missing: No such file or directory; expected are folders named 0 to 9, each with images"),
        ("a.png", "a.png: Not a directory; expected are folders named 0 to 9"),
        ("none", "none: no folder in it; expected are folders named 0 to 9"),
        ("hollow", "no image found; name image files or folders that hold some"),
    ],
)
def test_an_error_ends_with_2(command: list[str], folder: str, says: str) -> None:
    save(Path("a.png"), 3)
    save(Path("none/a.png"), 3)
    Path("hollow/3").mkdir(parents=True)

    result = run(command, folder)

    assert f"Error: {says}" in result.stderr
    assert (result.returncode, result.stdout) == (2, "")


def test_a_terminal_of_80_columns_gets_the_same_in_colour(command: list[str]) -> None:
    misread()
    piped = plain(run(command, "set").stdout)

    received, code = on_a_terminal([*command, "set"])

    assert code == 1
    assert "\x1b[32m   1\x1b[0m" in received  # a right answer in green
    lines = screen(received)
    assert max(map(len, lines)) <= 80
    assert piped in "".join(f"{line}\n" for line in lines)
