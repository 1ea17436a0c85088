"""The program itself where it is installed, and a script in its name where not."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from mnistcls.errors import MnistclsError
from mnistcls.evaluation.label_files import NO_DIGIT
from train import tesseract

HEADER = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext"


def row(level: int, page: int, text: str = "") -> str:
    return f"{level}\t{page}\t1\t1\t1\t1\t0\t0\t9\t9\t96.5\t{text}"


def pretend(folder: Path, monkeypatch: pytest.MonkeyPatch, output: list[str], code: int = 0) -> None:
    """Put a `tesseract` first in the path that prints this, and the files that it was to read."""
    program = folder / "bin" / "tesseract"
    program.parent.mkdir()
    lines = "\n".join(output)
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{lines}\nEND\ncat \"$1\" >&2\nexit {code}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


def test_only_a_single_digit_is_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [row(1, 1), row(5, 1, "7"), row(1, 2), row(1, 3), row(5, 3, "1"), row(5, 3, "1"), row(1, 4), row(5, 4, " ")]
    pretend(tmp_path, monkeypatch, [HEADER, *pages])

    assert tesseract.read([Path(f"{name}.png") for name in "abcd"]) == [7, NO_DIGIT, NO_DIGIT, NO_DIGIT]


@pytest.mark.parametrize(("output", "code"), [([HEADER, row(1, 1)], 0), ([HEADER, row(1, 1), row(1, 2)], 1)])
def test_files_that_it_did_not_read_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: list[str], code: int
) -> None:
    pretend(tmp_path, monkeypatch, output, code)

    with pytest.raises(MnistclsError, match=r"tesseract read \d of 2 files: a\.png\nb\.png"):
        tesseract.read([Path("a.png"), Path("b.png")])


def test_where_it_is_not_installed_it_has_no_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert tesseract.version() is None


def test_it_reads_printed_digits_and_nothing_on_a_blank_page(tmp_path: Path) -> None:
    version = tesseract.version()
    if version is None:
        pytest.skip("no tesseract: apt-get install tesseract-ocr")
    files = [tmp_path / f"page of {text}.png" for text in "3 7"]
    for path in files:
        image = Image.new("L", (90, 120), 255)
        ImageDraw.Draw(image).text((20, 10), path.stem[-1], 0, ImageFont.load_default(90))
        image.save(path)

    assert tesseract.read(files) == [3, NO_DIGIT, 7]
    assert version[0].isdigit()
