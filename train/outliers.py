"""Draws outliers, images that show no digit: some kinds to train with, and others to measure with.

`python -m train.outliers FILE.png` draws a few of each kind. The network sees canonical forms only, so that is what
is made here; what the canonical form already finds blank is drawn anew, for it is `no_digit` without a network.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

from mnistcls.canonical import SIZE
from mnistcls.errors import OutputError, TrainingError
from train import letters, spoiled, textures, unseen
from train.data import Digits, load_train, resolve_data_dir
from train.parallel import in_processes
from train.script import DataDir, run
from train.sketch import Picture

Maker = Callable[[np.random.Generator, Digits], Picture | None]
"""Draws a picture of a kind; None if chance made one that may be a digit."""

TRAINED: Mapping[str, Maker] = {
    "printed letters": letters.printed_letter,
    "handwritten letters": letters.handwritten_letter,
    "symbols": letters.symbol,
    "several digits": spoiled.several,
    "digits apart": spoiled.apart,
    "parts of digits": spoiled.part,
    "overlaid digits": spoiled.overlaid,
    "struck digits": spoiled.struck,
    "scribbles": textures.scribble,
    "textures": textures.texture,
    "things": textures.thing,
    "rulings": textures.ruling,
    "paper": textures.paper,
}

HELD_OUT: Mapping[str, Maker] = {
    "foreign letters": unseen.foreign_letter,
    "blackletter": unseen.blackletter,
    "kana and kanji": unseen.kana_kanji,
    "pictograms": unseen.pictogram,
    "photographs": unseen.photograph,
    "fractals": unseen.fractal,
    "curves": unseen.curve,
    "codes": unseen.code,
    "signatures": unseen.signature,
}

TRAINED_KINDS = tuple(TRAINED)
"""Kinds that training may see."""

HELD_OUT_KINDS = tuple(HELD_OUT)
"""Kinds that training may not see: they measure how a model answers what is new to it."""

MAKERS: Mapping[str, Maker] = {**TRAINED, **HELD_OUT}

MAX_ATTEMPTS = 2_000
"""Pictures of a kind that are drawn at most until one has a canonical form that is no digit."""

CELL = 60  # pixels, of an image's place on the sheet
COLUMNS = 20  # images in a row of the sheet
TEXT = 150  # pixels, for the names on the left

CHUNKS_PER_PROCESS = 4
"""Parts of the work for each process: few, as the digits are sent with each."""


@dataclass(frozen=True, eq=False)
class Outliers:
    """Images that show no digit, in canonical form."""

    images: NDArray[np.uint8]
    """(N, 28, 28), ink bright (255) on black (0)."""
    kinds: NDArray[np.str_]
    """(N,), the kind of each."""

    def __len__(self) -> int:
        return len(self.kinds)

    def of(self, kind: str) -> NDArray[np.uint8]:
        """The images of one kind, (n, 28, 28)."""
        chosen: NDArray[np.uint8] = self.images[self.kinds == kind]
        return chosen


def outliers(
    count: int, seed: int, kinds: Sequence[str] = TRAINED_KINDS, *, digits: Digits, workers: int | None = None
) -> Outliers:
    """Make outliers, the kinds in turn.

    The n-th of a kind depends on the seed and on `digits` alone: not on the other kinds, nor on how many there are.

    Args:
        count: how many, at least 0.
        seed: source of all randomness.
        kinds: of `TRAINED_KINDS` or `HELD_OUT_KINDS`.
        digits: raw material for what is made of digits: training's for training, the test set's for measuring.
        workers: number of processes; None for one on each core, 1 for this one alone.

    Raises:
        TrainingError: there is no such kind.
    """
    if unknown := [kind for kind in kinds if kind not in MAKERS]:
        raise TrainingError(f"no kind of outlier {', '.join(unknown)}; there are: {', '.join(MAKERS)}")
    labels = [kinds[i % len(kinds)] for i in range(count)]
    jobs = [(kind, i // len(kinds)) for i, kind in enumerate(labels)]
    processes = workers or os.cpu_count() or 1
    size = max(1, -(-count // (CHUNKS_PER_PROCESS * processes)))
    chunks = [jobs[start : start + size] for start in range(0, count, size)]
    made = in_processes(partial(_forms, seed=seed, digits=digits), chunks, workers)
    images = np.concatenate([np.zeros((0, SIZE, SIZE), np.uint8), *made])
    return Outliers(images, np.array(labels, dtype=np.str_))


def picture(kind: str, number: int, seed: int, digits: Digits) -> tuple[Picture, NDArray[np.uint8]]:
    """Draw an outlier: its picture, and its canonical form (28, 28).

    Raises:
        TrainingError: no picture of `MAX_ATTEMPTS` has a canonical form that is no digit.
    """
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode()), number])
    for _ in range(MAX_ATTEMPTS):
        drawn = MAKERS[kind](rng, digits)
        if drawn is not None and (form := drawn.canonical_form()) is not None:
            return drawn, form
    raise TrainingError(f"none of {MAX_ATTEMPTS} pictures of {kind} has a canonical form that is no digit")


def sample_sheet(kinds: Sequence[str], seed: int, digits: Digits) -> Image.Image:
    """Draw the first outliers of each kind in a row: each as drawn, and below it as a network sees it."""
    sheet = Image.new("L", (TEXT + COLUMNS * CELL, len(kinds) * 2 * CELL), 160)
    draw = ImageDraw.Draw(sheet)
    for row, kind in enumerate(kinds):
        draw.text((6, row * 2 * CELL + 6), kind, 0, ImageFont.load_default(15))
        for column in range(COLUMNS):
            drawn, form = picture(kind, column, seed, digits)
            for below, pixels in enumerate((drawn.image, form)):
                image = ImageOps.contain(Image.fromarray(pixels), (CELL - 4, CELL - 4), Image.Resampling.BOX)
                sheet.paste(image, (TEXT + column * CELL, (2 * row + below) * CELL))
    return sheet


def _forms(jobs: Sequence[tuple[str, int]], *, seed: int, digits: Digits) -> NDArray[np.uint8]:
    """The canonical forms of outliers, each named by kind and number, (N, 28, 28)."""
    return np.array([picture(kind, number, seed, digits)[1] for kind, number in jobs], np.uint8)


def main(
    output: Annotated[Path, typer.Argument(metavar="FILE.png", help="The picture to write.")],
    seed: Annotated[int, typer.Option(min=0, help="All chance comes from it.")] = 0,
    data_dir: DataDir = None,
) -> None:
    """Draw a few outliers of each kind, as images and in canonical form."""
    sheet = sample_sheet(tuple(MAKERS), seed, load_train(resolve_data_dir(data_dir)))
    try:
        sheet.save(output)
    except ValueError as error:  # a suffix that names no format
        raise OutputError(f"{output}: {error}; name it .png") from error


if __name__ == "__main__":
    run(main)
