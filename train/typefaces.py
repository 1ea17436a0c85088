"""Measures how a model reads the digits of typefaces, in a folder of font files.

Font files train nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from matplotlib.ft2font import FT2Font
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mnistcls import Classifier, Prediction, Status
from mnistcls.errors import DataError
from train.data import CLASSES
from train.script import run

HEIGHT = 60  # pixels, of a digit, as nearly as whole font sizes allow
MARGIN = 20  # pixels, of white around it
SUFFIXES = (".ttf", ".otf")


@dataclass(frozen=True)
class Reading:
    """What a model makes of the digits 0 to 9 of one typeface."""

    name: str
    answers: Sequence[Prediction]

    @property
    def wrong(self) -> list[int]:
        """The digits that are not read."""
        return [digit for digit, answer in enumerate(self.answers) if answer.digit != digit]

    @property
    def wrong_and_ok(self) -> list[int]:
        """The digits that are taken for others without reserve."""
        return [digit for digit in self.wrong if self.answers[digit].status == Status.OK]


def typefaces(folder: Path) -> list[Path]:
    """The font files in a folder, at any depth, that have all ten digits, by name.

    Raises:
        DataError: there is none.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    found = [path for path in files if _has_digits(path)]
    if not found:
        raise DataError(f"no font file with digits in {folder}; name a folder with {', '.join(SUFFIXES)} files")
    return found


def _has_digits(path: Path) -> bool:
    try:
        font = FT2Font(path)
    except RuntimeError:  # not a font, or one that is damaged
        return False
    return all(font.get_char_index(ord(character)) for character in "0123456789")


def picture(path: Path, digit: int) -> NDArray[np.uint8]:
    """A digit of a typeface, black on white, (H, W)."""
    _, top, _, bottom = ImageFont.truetype(path, HEIGHT).getbbox(str(digit))
    font = ImageFont.truetype(path, max(1, round(HEIGHT * HEIGHT / max(bottom - top, 1))))
    left, top, right, bottom = font.getbbox(str(digit))
    image = Image.new("L", (round(right - left) + 2 * MARGIN, round(bottom - top) + 2 * MARGIN), 255)
    ImageDraw.Draw(image).text((MARGIN - left, MARGIN - top), str(digit), 0, font)
    return np.asarray(image)


def read(paths: Sequence[Path], classifier: Classifier) -> list[Reading]:
    """What a classifier makes of the digits of each typeface."""
    answers = classifier.predict([picture(path, digit) for path in paths for digit in range(CLASSES)])
    return [Reading(path.name, answers[i * CLASSES : (i + 1) * CLASSES]) for i, path in enumerate(paths)]


def markdown(readings: Sequence[Reading]) -> str:
    """A table of the digits, and the typefaces with the most mistakes."""
    lines = ["| digit | read | taken for another, and `ok` |", "|---|---:|---:|"]
    for digit in range(CLASSES):
        wrong = sum(digit in reading.wrong for reading in readings)
        sure = sum(digit in reading.wrong_and_ok for reading in readings)
        lines.append(f"| {digit} | {1 - wrong / len(readings):.1%} | {sure / len(readings):.1%} |")
    count = CLASSES * len(readings)
    wrong, sure = (sum(map(len, each)) for each in zip(*((r.wrong, r.wrong_and_ok) for r in readings), strict=True))
    lines.append(f"| all {count:,} | {1 - wrong / count:.1%} | {sure / count:.1%} |")
    worst = sorted((reading for reading in readings if reading.wrong), key=lambda reading: -len(reading.wrong))
    return "\n".join([*lines, "", *(f"- {reading.name}: {', '.join(map(str, reading.wrong))}" for reading in worst)])


def main(
    model: Annotated[Path, typer.Argument(help="An exported .onnx file.")],
    folder: Annotated[Path, typer.Argument(help="Font files, at any depth.")],
) -> None:
    """Print how a model reads the digits of typefaces, as Markdown: each digit, and where the mistakes are."""
    typer.echo(markdown(read(typefaces(folder), Classifier(model))))


if __name__ == "__main__":
    run(main)
