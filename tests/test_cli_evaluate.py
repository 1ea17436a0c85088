from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from idx_files import idx
from PIL import Image
from running import on_a_terminal, run, screen
from toy_model import doubtful, glyph, save


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def command(toy_model: Path) -> list[str]:
    return [sys.executable, "-m", "mnistcls", "evaluate", "--model", str(toy_model)]


def plain(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


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
    assert lines[2].rstrip() == "Coverage           60.00%  3 of 5 ok, 95% interval 23.07% to 88.24%"
    words = [line.split() for line in lines]
    for row in (
        ["ok", "3", "60.00%", "2"],
        ["no_digit", "1", "20.00%", "0"],
        ["unreadable", "1", "20.00%", "0"],
        ["0", "2", "100.00%", "50.00%", "66.67%"],
        ["0", "1", *["·"] * 10, "1"],
        ["7", "·", "1", *["·"] * 5, "1", "·", "·", "1", "·"],
        ["set/7/deep/b.png", "7", "1", "99.99%"],
    ):
        assert row in words
    assert any(line.startswith("set/0/broken.png   truncated: ") for line in lines)
    assert "\x1b" not in result.stdout
    warning, counts = result.stderr.splitlines()[:2]
    assert warning == "Warning: images without a label are not scored: 1"
    assert counts.startswith("5 images in ")
    assert result.returncode == 1


def test_json_goes_to_a_file_that_is_not_overwritten_unasked(command: list[str]) -> None:
    misread()
    Path("out.json").write_text("mine")

    refused = run(command, "set", "-o", "out.json")
    assert (refused.returncode, refused.stderr) == (2, "Error: out.json exists; use --overwrite, or another -o\n")
    assert Path("out.json").read_text() == "mine"

    result = run(command, "set", "-o", "out.json", "--overwrite", "-q")

    figures = json.loads(Path("out.json").read_text(encoding="utf-8"))
    assert figures["accuracy"]["share"] == 0.4
    assert figures["unlabelled"] == 1
    assert [image["path"] for image in figures["unreadable"]] == ["set/0/broken.png"]
    assert (result.stdout, result.stderr, result.returncode) == ("", "", 1)
    assert not Path("out.json.part").exists()


def test_labels_of_a_csv_file_and_names_that_are_not_utf8(command: list[str]) -> None:
    content = save(Path("d/3.png"), 3).read_bytes()
    for name in (b"=1.png", b"c\xff.png", b"[red].png", b"a\nb.png", b"x" * 251 + b".png", b"-q.png"):
        Path(os.fsdecode(b"d/" + name)).write_bytes(content)
    Image.fromarray(np.full((30, 30), 255, np.uint8)).save("d/blank.png")
    rows = run([command[0], "-m", "mnistcls", "classify", *command[4:]], "d").stdout.splitlines(keepends=True)
    corrected = (
        "".join(row for row in rows if "blank" not in row).replace("=1.png,3", "=1.png,4")
        + "blank.png,,,,\ngone.png,5,,,\n"
    )
    Path("corrections.csv").write_bytes(corrected.encode("utf-8", "surrogateescape"))

    result = run(command, "d", "--labels", "corrections.csv", "--format", "json", LC_ALL="C")

    figures = json.loads(result.stdout)
    assert (figures["accuracy"]["count"], figures["images"], figures["unlabelled"]) == (7, 9, 0)
    assert figures["worst"][0]["path"] == "d/=1.png"
    assert figures["unreadable"] == [
        {"path": "gone.png", "error": "not_found: not among the images here; check line 11 of corrections.csv"}
    ]
    assert result.returncode == 1


def test_images_and_labels_as_mnist_has_them(command: list[str]) -> None:
    digits = [3, 7, 7, 1]
    images = np.stack([glyph(digit) for digit in digits])
    Path("images.gz").write_bytes(gzip.compress(idx(images)))
    Path("labels").write_bytes(idx(np.array([3, 7, 2, 1], np.uint8)))

    result = run(command, "images.gz", "--labels", "labels", "--format", "json")

    figures = json.loads(result.stdout)
    assert (figures["accuracy"]["count"], figures["images"]) == (3, 4)
    assert [(image["path"], image["label"], image["digit"]) for image in figures["worst"]] == [("images.gz#2", 2, 7)]
    assert result.returncode == 0


def test_everything_read_ends_with_0_and_quiet_says_only_figures(command: list[str]) -> None:
    save(Path("set/3/a.png"), 3)
    save(Path("set/b.png"), 3)

    result = run(command, "set", "-q")

    assert result.stdout.startswith("Accuracy           100.00%  1 of 1 right")
    assert (result.stderr, result.returncode) == ("", 0)


def test_an_unreadable_image_ends_with_1_labelled_or_not(command: list[str]) -> None:
    save(Path("a.png"), 3)
    Path("b.png").write_bytes(b"hello")
    Path("labels.csv").write_text("path,digit\na.png,3\n")
    assert run(command, ".", "--labels", "labels.csv").returncode == 1


def test_labels_that_are_answers_are_warned_of(command: list[str]) -> None:
    save(Path("a.png"), 3)
    Path("results.csv").write_text("path,digit,confidence,status,error\na.png,3,0.999,ok,\n")
    result = run(command, "a.png", "--labels", "results.csv")
    assert result.stdout.startswith("Accuracy           100.00%  1 of 1 right")
    warning = "Warning: results.csv has answers of mnistcls; those that nobody corrected count as right"
    assert result.stderr.splitlines()[0] == warning


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


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([""], "the path for PATH is empty; name one\n"),
        (["missing"], "missing: no such folder; check the spelling\n"),
        (["a.png"], "a.png: not a folder; name a file with its labels with --labels\n"),
        (["none"], "none: no folder in it; expected folders named 0 to 9"),
        (["hollow"], "no image found in hollow; name image files or folders that hold some"),
        (["none", "-o", "out.csv"], "out.csv: its suffix names no known format; use .json or .txt, or --format"),
        (
            ["none", "--labels", "l.csv", "-o", "out.txt"],
            "l.csv: none of its paths is among the images: it names b.png",
        ),
        (["typo", "--labels", "l.csv"], "typo: no such file; check the spelling\n"),
        (["typo/*.png", "--labels", "l.csv"], "typo/*.png: nothing matches; check the spelling\n"),
        (["typo", "--labels", "idx1-ubyte"], "typo: no such file; check the spelling\n"),
        (["a.png", "--labels", "idx1-ubyte"], "idx1-ubyte has 2 labels, a.png has 1 image; name the file of labels"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_error_ends_with_2_and_leaves_no_file(command: list[str], arguments: list[str], says: str) -> None:
    save(Path("a.png"), 3)
    save(Path("none/a.png"), 3)
    Path("hollow/3").mkdir(parents=True)
    Path("l.csv").write_text("path,digit\nb.png,3\n")
    Path("idx1-ubyte").write_bytes(idx(np.array([3, 4], np.uint8)))

    result = run(command, *arguments)

    assert f"Error: {says}" in result.stderr
    assert (result.returncode, result.stdout) == (2, "")
    assert sorted(entry.name for entry in Path().iterdir()) == ["a.png", "hollow", "idx1-ubyte", "l.csv", "none"]


def test_a_terminal_of_80_columns_gets_the_same_in_colour(command: list[str]) -> None:
    misread()
    piped = plain(run(command, "set", COLUMNS="80").stdout)

    received, code = on_a_terminal([*command, "set"], COLORTERM="")

    assert code == 1
    assert "\x1b[97;42m    1\x1b[0m" in received  # a right answer on green, in 16 colours
    assert "\x1b[1;97;41m    1\x1b[0m" in received
    lines = screen(received)
    assert max(map(len, lines)) <= 80
    assert piped in "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=lambda value: next(iter(value)))
def test_a_terminal_without_colours_gets_none(command: list[str], environment: dict[str, str]) -> None:
    misread()

    received, _ = on_a_terminal([*command, "set", "-q"], **environment)

    assert not [code for code in ("\x1b[3", "\x1b[4", "\x1b[97", ";4") if code in received]


def test_a_pipe_and_a_file_have_the_whole_path_of_a_mistake(command: list[str]) -> None:
    path = f"set/1/{'deep/' * 30}7.png"
    save(Path(path), 7)

    piped = run(command, "set").stdout
    run(command, "set", "-o", "figures.txt")

    assert path in piped
    assert Path("figures.txt").read_text() == piped


def test_a_reader_that_goes_away_is_no_error(command: list[str]) -> None:
    misread()
    reader, writer = os.pipe()
    os.close(reader)
    with subprocess.Popen([*command, "set"], stdout=writer, stderr=subprocess.PIPE, text=True) as process:
        os.close(writer)
        _, said = process.communicate(timeout=100)

    assert process.returncode == 1, "an image is unreadable"
    assert "Error" not in said
    assert "Traceback" not in said


def test_the_labels_are_not_overwritten(command: list[str]) -> None:
    misread()
    Path("labels.csv").write_text("path,digit\nset/0/a.png,0\n")

    result = run(command, "set", "--labels", "labels.csv", "-o", "labels.csv", "--format", "json", "--overwrite")

    assert (result.returncode, result.stderr) == (
        2,
        "Error: labels.csv is an input of this run; choose another file with -o\n",
    )
    assert Path("labels.csv").read_text() == "path,digit\nset/0/a.png,0\n"
