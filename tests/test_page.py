from __future__ import annotations

import base64
import csv
import gzip
import html
import io
import json
import os
import re
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from idx_files import idx
from PIL import Image
from running import one_of_each_status, run
from toy_model import canonical_glyphs, glyph, save

from mnistcls.canonical import canonicalize
from mnistcls.classifier import Classifier
from mnistcls.engine import answers
from mnistcls.inspection.seen import Seen
from mnistcls.page import Page
from mnistcls.page.cards import Card
from mnistcls.page.html import Content, render
from mnistcls.page.pictures import EXACT, draw
from mnistcls.page.sample import Sample
from mnistcls.results import Prediction, Status
from mnistcls.sources import Sources

COLUMNS = ("path", "shown", "status", "digit", "confidence", "score", "probabilities", "label", "error")
COLUMNS += ("original", "canonical")


pytestmark = pytest.mark.usefixtures("here")


def rows(file: str = "page.html") -> list[dict[str, Any]]:
    text = Path(file).read_text(encoding="utf-8")
    found = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', text, re.DOTALL)
    assert len(found) == 1
    return [dict(zip(COLUMNS, row, strict=True)) for row in json.loads(found[0])]


def pixels(picture: bytes) -> np.ndarray[Any, Any]:
    with Image.open(io.BytesIO(picture)) as image:
        return np.asarray(image.convert("L"))


# --- what the page holds


def test_every_row_of_the_results_is_on_the_page_with_its_pictures(command: list[str]) -> None:
    one_of_each_status()
    plain = run(command, "d", "--scores")

    result = run(command, "d", "--scores", "--report", "page.html")

    assert (result.stdout, result.returncode) == (plain.stdout, 1)
    assert "Report: page.html\n" in result.stderr
    of_csv = {row["path"]: row for row in csv.DictReader(io.StringIO(result.stdout))}
    found = rows()
    assert [row["status"] for row in found] == ["uncertain", "no_digit", "unreadable", "ok"]
    for row in found:
        expected = of_csv.pop(row["path"])
        assert row["status"] == expected["status"]
        assert ("" if row["digit"] is None else str(row["digit"])) == expected["digit"]
        assert ("" if row["confidence"] is None else f"{row['confidence']:.6f}") == expected["confidence"]
        assert (row["error"] or "") == expected["error"]
        assert row["label"] is None
        assert (row["original"] is None) == (row["canonical"] is None) == (row["status"] == "unreadable")
    assert not of_csv
    seven = found[-1]
    assert np.array_equal(pixels(base64.b64decode(seven["canonical"])), canonicalize(glyph(7)).image)
    assert np.array_equal(pixels(base64.b64decode(seven["original"])), glyph(7))
    assert seven["probabilities"][7] == max(seven["probabilities"]) > 9_900
    assert sum(seven["probabilities"]) == pytest.approx(10_000, abs=10)


def test_the_same_input_gives_the_same_bytes_and_nothing_from_elsewhere(command: list[str], tmp_path: Path) -> None:
    one_of_each_status()
    run(command, "d", "--report", "a.html")
    run(command, "d", "--report", "b.html")

    text = Path("a.html").read_text(encoding="utf-8")

    assert text == Path("b.html").read_text(encoding="utf-8")
    assert not re.findall(r"https?:|@import|url\(|\bfetch\b|<link|<iframe|<base", text)
    assert str(tmp_path) not in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "b.html", "d"]


def test_figures_and_labels_of_an_evaluation_are_on_the_page(toy_model: Path) -> None:
    save(Path("l/3/right.png"), 3)
    save(Path("l/5/wrong.png"), 3)
    save(Path("l/5/right.png"), 5)
    command = [sys.executable, "-m", "mnistcls", "evaluate", "--model", str(toy_model)]

    result = run(command, "l", "--report", "page.html")

    assert result.returncode == 0
    first, *others = [(row["path"], row["label"], row["digit"]) for row in rows()]
    assert first == ("l/5/wrong.png", "5", 3)
    assert sorted(others) == [("l/3/right.png", "3", 3), ("l/5/right.png", "5", 5)]
    text = html.unescape(Path("page.html").read_text(encoding="utf-8"))
    assert "<h1>66.67% right</h1>" in text
    assert 'aria-label="True 5, answered 3: 1 image"' in text
    assert run(command, "l", "--report", "page.html").returncode == 2
    assert run(command, "l", "--report", "page.html", "--overwrite").returncode == 0


def test_a_page_of_part_of_the_images_says_of_which() -> None:
    sample = Sample(limit=3)
    batch = [Prediction(f"{i}.png", Status.OK, 1, 0.99) for i in range(20)]
    batch += [Prediction("u.png", Status.UNCERTAIN, 1, 0.4), Prediction("n.png", Status.NO_DIGIT)]
    for prediction in batch:
        sample.add(prediction)

    cards = [Card(row, row.prediction.path, row.prediction.path, None) for row in sample.rows()]
    text = render(Content("toy 1", 0.8, 0, sample), cards)

    (note,) = re.findall(r'id="sampled">(.*?)</p>', text, re.DOTALL)
    said = " ".join(note.split())
    assert said.startswith("This page shows 3 of 22 images: 1 of 1 uncertain, 1 of 1 without a digit, 1 of 20 ok.")
    assert "<h1>22 images, 2 to look at</h1>" in text


def test_an_image_that_has_gone_keeps_its_answer(toy_model: Path) -> None:
    save(Path("7.png"), 7)
    classifier, page = Classifier(toy_model), Page(Path("page.html"), overwrite=False)
    assert len(list(page.follow(answers(Sources(["7.png"]), classifier.answer)))) == 1
    Path("7.png").unlink()

    page.write(classifier)

    (row,) = rows()
    assert (row["digit"], row["status"], row["original"]) == (7, "ok", None)
    assert row["error"].startswith("not_found: ")


# --- after an earlier run


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_the_page_of_a_resumed_run_is_that_of_an_unbroken_one(command: list[str], suffix: str) -> None:
    one_of_each_status()
    save(Path("d/=1.png"), 3)
    Path("d/notes.txt").touch()
    whole, other = ["-o", f"out.{suffix}", "--report", "page.html"], ["-o", f"two.{suffix}", "--report", "two.html"]
    assert run(command, "d", *whole).returncode == 1
    assert run(command, "d", *other).returncode == 1
    page = Path("page.html").read_bytes()
    assert Path("two.html").read_bytes() == page
    lines = Path(f"out.{suffix}").read_bytes().splitlines(keepends=True)
    Path(f"out.{suffix}").unlink()
    Path(f"out.{suffix}.part").write_bytes(b"".join(lines[:4]) + b"torn")
    Path("page.html").unlink()

    resumed = run(command, "d", *whole, "--resume")

    assert resumed.returncode == 1
    assert "before" in resumed.stderr
    assert Path("page.html").read_bytes() == page
    Path("page.html").write_bytes(page.replace(b"<h1>", b"<h1>old "))
    finished = run(command, "d", *whole, "--resume")
    assert finished.stderr == f"out.{suffix} is complete: nothing left to classify\nReport: page.html\n"
    assert Path("page.html").read_bytes() == page


def test_resuming_replaces_a_page_and_no_other_file(command: list[str]) -> None:
    save(Path("7.png"), 7)
    Path("page.html").write_text("<!doctype html><p>mine")

    result = run(command, "7.png", "-o", "out.csv", "--resume", "--report", "page.html")

    assert (result.returncode, result.stderr) == (2, "Error: page.html exists; use --overwrite, or another --report\n")
    assert Path("page.html").read_text() == "<!doctype html><p>mine"


def test_an_image_that_is_another_by_now_keeps_what_its_row_has(command: list[str]) -> None:
    save(Path("7.png"), 7)
    run(command, "7.png", "-o", "out.csv")
    save(Path("7.png"), 3)

    run(command, "7.png", "-o", "out.csv", "--resume", "--report", "page.html")

    (row,) = rows()
    assert (row["digit"], row["status"], row["probabilities"], row["score"]) == (7, "ok", [], None)


# --- pictures


def test_images_in_other_files_are_shown(command: list[str]) -> None:
    save(Path("7.png"), 7)
    pages = [Image.fromarray(glyph(digit)) for digit in (3, 4)]
    pages[0].save("scan.tif", save_all=True, append_images=pages[1:])
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.write("7.png", "in/7.png")
        archive.write("scan.tif")
    with tarfile.open("b.tar.gz", "w:gz") as archive:
        archive.add("7.png")
        archive.add("scan.tif", "in/2.tif")
    digits = canonical_glyphs()[:2]
    Path("t-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(digits)))

    run(command, "b.tar.gz", "a.zip", "t-images-idx3-ubyte.gz", "scan.tif", "--report", "page.html")

    shown = {row["path"]: pixels(base64.b64decode(row["original"])) for row in rows()}
    expected = {"b.tar.gz/7.png": 7, "b.tar.gz/in/2.tif#1": 3, "b.tar.gz/in/2.tif#2": 4, "a.zip/in/7.png": 7}
    expected |= {"a.zip/scan.tif#1": 3, "a.zip/scan.tif#2": 4, "scan.tif#1": 3, "scan.tif#2": 4}
    for path, digit in expected.items():
        np.testing.assert_array_equal(shown.pop(path), glyph(digit))
    assert sorted(shown) == ["t-images-idx3-ubyte.gz#0", "t-images-idx3-ubyte.gz#1"]
    for number in (0, 1):
        np.testing.assert_array_equal(shown[f"t-images-idx3-ubyte.gz#{number}"], digits[number])


def test_pictures_give_way_where_there_is_little_room() -> None:
    photo = np.random.default_rng(0).normal(128, 15, (300, 200, 3)).astype(np.uint8)
    seen = Seen(photo, canonicalize(photo))

    large, small = draw(seen, 256, 100_000), draw(seen, 256, 1_500)

    assert pixels(large.original).shape == (256, 171)
    assert len(small.original) + len(small.canonical) <= 1_500
    assert small.canonical == large.canonical
    height, width = pixels(small.original).shape
    assert height / width == pytest.approx(1.5, rel=0.1)


@pytest.mark.parametrize("shape", [(1, 1), (EXACT, EXACT), (1, 900), (2000, 3)])
def test_pictures_of_odd_shapes(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, np.uint8)

    original = pixels(draw(Seen(image, canonicalize(image)), 128, 2_000).original)

    assert max(original.shape) == min(128, max(shape))
    if max(shape) <= EXACT:
        assert np.array_equal(original, image)


# --- what stops before the work


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("results.csv", "results.csv: the report is an HTML page; name it results.html"),
        ("there.html", "there.html exists; use --overwrite, or another --report"),
        ("no/page.html", "cannot write no/page.html: there is no folder no; make it, or choose another with --report"),
        ("folder.html", "folder.html is a folder; name a file in it with --report"),
        ("/proc/page.html", "cannot write /proc/page.html: "),
    ],
)
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="/proc is a folder where root cannot write either")
def test_a_page_that_cannot_be_written_is_said_before_the_work(command: list[str], file: str, said: str) -> None:
    save(Path("7.png"), 7)
    Path("there.html").write_text("mine")
    Path("folder.html").mkdir()

    result = run(command, "7.png", "--report", file)

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"Error: {said}")
    assert len(result.stderr.splitlines()) == 1
    assert Path("there.html").read_text() == "mine"


def test_no_page_is_left_where_there_is_no_image(command: list[str]) -> None:
    Path("empty").mkdir()

    assert run(command, "empty", "--report", "page.html").returncode == 2
    assert os.listdir() == ["empty"]
