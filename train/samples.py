"""Writes `data/samples` and its labels: digit images as people have them, from photos, scans and drawings.

Every digit is written by `train.strokes` and drawn by `train.ink`; no pixel comes from a data set. Each image
has a generator of its own, seeded with its file name, so that adding a sample leaves the others as they are.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image

from train.ink import Pen, render
from train.photo import (
    Colour,
    Shape,
    blur,
    clouds,
    crumbled,
    enlarge,
    inked,
    room_light,
    ruled,
    save,
    sensed,
    sheet,
    to_8_bit,
    uneven,
)
from train.script import run
from train.strokes import Points, digit_strokes

Strokes = list[Points]
Paint = Callable[[Strokes, np.random.Generator], Image.Image]

SEED = 2026  # of all images, together with their names

# Inks.
BLUE = (0.10, 0.19, 0.55)
NAVY = (0.08, 0.12, 0.32)
BLACK = (0.09, 0.09, 0.10)
RED = (0.68, 0.13, 0.14)

# Papers.
WHITE = (0.93, 0.93, 0.91)
CREAM = (0.92, 0.89, 0.80)
GREY = (0.84, 0.85, 0.86)

BALLPOINT = Pen(width=0.04, thinning=0.25, lift=0.4)
GEL = Pen(width=0.065, thinning=0.3, lift=0.3)
PENCIL = Pen(width=0.05, thinning=0.35, lift=0.4)
FELT_TIP = Pen(width=0.11, thinning=0.2, lift=0.1)
MARKER = Pen(width=0.19, thinning=0.12, lift=0.0)
HAIRLINE = Pen(width=0.009, thinning=0.0, lift=0.0)


@dataclass(frozen=True)
class Sample:
    """One image of the collection."""

    name: str
    """File name; its suffix chooses the format."""
    digit: int | None
    """What a reader should find, 0-9; None for a blank page."""
    form: str
    """How the digit is written, one of `strokes.form_names(digit)`; empty for a blank page."""
    paint: Paint
    """Makes the image as a person sees it."""
    take: int = 0
    """Another take of the same hand, where the first one was no good."""
    orientation: int = 1
    """EXIF orientation of the file: 1, or 6 for a camera held upright that stores its pictures lying."""


# --- pictures: each makes the whole image of one kind ---------------------------------------------------


def _mnist_like(strokes: Strokes, _rng: np.random.Generator, pen: Pen = FELT_TIP) -> Image.Image:
    """28x28, bright on black, the digit in a box of 20, its centre of mass in the middle."""
    ink = render(strokes, 28, pen, 20 / 28)
    mass = [float((v + 0.5).ravel() @ ink.ravel() / ink.sum()) / 28 for v in np.indices(ink.shape)[::-1]]
    return to_8_bit(render(strokes, 28, pen, 20 / 28, (1 - mass[0], 1 - mass[1])))


def _photo(  # noqa: PLR0913 - one photograph, described
    strokes: Strokes,
    rng: np.random.Generator,
    shape: Shape,
    *,
    paper: Colour = WHITE,
    spacing: float = 0,
    squared: bool = False,
    pen: Pen = GEL,
    ink: Colour = BLUE,
) -> Image.Image:
    """A phone's picture of a digit on paper, plain or printed with lines every `spacing` pixels."""
    page = sheet(shape, paper, rng)
    if spacing:
        page = ruled(page, spacing, rng, squared=squared)
    centre = tuple(rng.uniform(0.43, 0.57, 2))
    drawn = inked(page, uneven(render(strokes, shape, pen, 0.5, centre), 0.15, rng), ink)
    scene = drawn * room_light(shape, rng)[..., None] * np.array([1.0, 0.98, 0.93], np.float32)
    return to_8_bit(sensed(scene, rng, sigma=max(shape) / 900))


def _pencil_scan(strokes: Strokes, rng: np.random.Generator, shape: Shape) -> Image.Image:
    """A 16-bit grey scan of soft pencil on drawing paper."""
    page = sheet(shape, CREAM, rng, grain=0.015).mean(axis=2)
    grey = page * (1 - 0.6 * crumbled(render(strokes, shape, PENCIL, 0.66), 1.2, rng))
    return Image.fromarray((65535 * blur(grey, 0.5).clip(0, 1)).round().astype(np.uint16))


def _scan(strokes: Strokes, rng: np.random.Generator, shape: Shape, pen: Pen, ink: Colour) -> Image.Image:
    """A colour scan: even light, a paper that is not quite white."""
    drawn = uneven(render(strokes, shape, pen, 0.66), 0.12, rng)
    return to_8_bit(blur(inked(sheet(shape, GREY, rng, grain=0.006), drawn, ink), 0.7))


def _grey_scan(strokes: Strokes, rng: np.random.Generator, shape: Shape, pen: Pen) -> Image.Image:
    """An 8-bit grey scan."""
    return _scan(strokes, rng, shape, pen, NAVY).convert("L")


def _fax(strokes: Strokes, rng: np.random.Generator, shape: Shape) -> Image.Image:
    """Black and white, 1 bit, with a fax's ragged edges and specks."""
    ink = render(strokes, shape, GEL, 0.6) + 0.12 * clouds(shape, 1.5, rng)
    specks = rng.random(shape) < 0.0004
    return Image.fromarray((ink < 0.5) & ~specks)


def _transparent(strokes: Strokes, _rng: np.random.Generator, side: int, pen: Pen, ink: Colour) -> Image.Image:
    """Dark ink on nothing, RGBA: what a drawing pad exports."""
    picture = to_8_bit(np.broadcast_to(np.asarray(ink, np.float32), (side, side, 3)))
    picture.putalpha(to_8_bit(render(strokes, side, pen, 0.72)))
    return picture


def _canvas(  # noqa: PLR0913 - one drawing, described
    strokes: Strokes,
    rng: np.random.Generator,
    shape: Shape,
    pen: Pen,
    *,
    ink: Colour = (0.0, 0.0, 0.0),
    extent: float = 0.7,
    spread: float = 0.0,
) -> Image.Image:
    """A drawing on a paint program's white, up to `spread` of the sides off the middle."""
    centre = tuple(0.5 + rng.uniform(0.7, 1, 2) * rng.choice([-1, 1], 2) * spread)
    return to_8_bit(inked(np.ones((*shape, 3), np.float32), render(strokes, shape, pen, extent, centre), ink))


def _chalkboard(strokes: Strokes, rng: np.random.Generator, shape: Shape) -> Image.Image:
    """Chalk, white and crumbly, on a wiped board."""
    streaks = enlarge(clouds((shape[0], shape[1] // 8), 7, rng), shape)  # of the sponge
    board = np.array([0.13, 0.21, 0.18], np.float32) + 0.014 * streaks[..., None]
    chalk = crumbled(render(strokes, shape, FELT_TIP, 0.62), 1.5, rng)[..., None]
    return to_8_bit(blur(board + chalk * (0.85 - board), 0.5))


SAMPLES = (
    Sample("mnist-like-0.png", 0, "plain", _mnist_like, take=2),
    Sample("pencil-16bit-0.png", 0, "clockwise", partial(_pencil_scan, shape=(190, 160))),
    Sample(
        "phone-photo-squared-0.jpg",
        0,
        "curled",
        partial(_photo, shape=(640, 480), spacing=38, squared=True),
        take=7,
    ),
    Sample("mnist-like-1.png", 1, "plain", _mnist_like, take=3),
    Sample("chalkboard-1.png", 1, "upstroke", partial(_chalkboard, shape=(240, 300))),
    Sample("phone-photo-lined-1.jpg", 1, "foot", partial(_photo, shape=(480, 640), spacing=70, pen=BALLPOINT)),
    Sample("mnist-like-2.png", 2, "loop", _mnist_like, take=3),
    Sample("transparent-2.png", 2, "plain", partial(_transparent, side=256, pen=FELT_TIP, ink=BLACK)),
    Sample("thick-marker-2.png", 2, "swan", partial(_scan, shape=(300, 260), pen=MARKER, ink=BLACK)),
    Sample("pencil-16bit-3.png", 3, "round", partial(_pencil_scan, shape=(220, 180))),
    Sample("palette-3.gif", 3, "loop", partial(_canvas, shape=(200, 200), pen=FELT_TIP, ink=RED)),
    Sample("phone-photo-3.jpg", 3, "flat", partial(_photo, shape=(1300, 1000), paper=CREAM, ink=BLACK), take=3),
    Sample("mnist-like-4.png", 4, "open", _mnist_like),
    Sample("fax-1bit-4.tif", 4, "closed", partial(_fax, shape=(300, 240))),
    Sample("phone-photo-4.jpg", 4, "cup", partial(_photo, shape=(640, 480), pen=FELT_TIP, ink=NAVY)),
    Sample("small-crop-4.png", 4, "open", partial(_grey_scan, shape=(64, 56), pen=GEL)),
    Sample("mnist-like-5.png", 5, "hat", _mnist_like),
    Sample("chalkboard-5.png", 5, "soft", partial(_chalkboard, shape=(280, 280)), take=2),
    Sample(
        "phone-photo-turned-5.jpg",
        5,
        "one stroke",
        partial(_photo, shape=(800, 600), spacing=56, ink=BLACK),
        orientation=6,
    ),
    Sample("transparent-6.png", 6, "hooked", partial(_transparent, side=320, pen=GEL, ink=BLUE)),
    Sample("tablet-drawing-6.webp", 6, "straight", partial(_canvas, shape=(480, 640), pen=FELT_TIP, ink=NAVY)),
    Sample("grey-scan-6.tif", 6, "curved", partial(_grey_scan, shape=(260, 200), pen=BALLPOINT)),
    Sample("mnist-like-7.png", 7, "plain", _mnist_like, take=3),
    Sample("hairline-7.png", 7, "serif", partial(_canvas, shape=(400, 400), pen=HAIRLINE)),
    Sample("phone-photo-7.jpg", 7, "barred", partial(_photo, shape=(1300, 1000), spacing=62, squared=True)),
    Sample("mnist-like-8.png", 8, "one stroke", partial(_mnist_like, pen=MARKER)),
    Sample("thick-marker-8.png", 8, "rings", partial(_scan, shape=(320, 320), pen=MARKER, ink=RED), take=6),
    Sample("paint-8.bmp", 8, "crossed", partial(_canvas, shape=(160, 140), pen=GEL)),
    Sample("mnist-like-9.png", 9, "curved", _mnist_like),
    Sample(
        "off-centre-9.png",
        9,
        "straight leg",
        partial(_canvas, shape=(400, 400), pen=FELT_TIP, extent=0.22, spread=0.33),
    ),
    Sample("phone-photo-lined-9.jpg", 9, "hook", partial(_photo, shape=(640, 480), spacing=64, pen=BALLPOINT)),
    Sample("blank-page.jpg", None, "", partial(_photo, shape=(640, 480))),
)
"""The collection, in the order of `labels.csv`."""


# --- files ----------------------------------------------------------------------------------------------


def paint(sample: Sample) -> Image.Image:
    """The picture of a sample, upright, in the mode of its kind."""
    rng = np.random.default_rng([SEED, sample.take, *sample.name.encode()])
    strokes = [] if sample.digit is None else digit_strokes(sample.digit, rng, sample.form)
    return sample.paint(strokes, rng)


def _options(path: Path, mode: str) -> dict[str, Any]:
    """Pillow's options for writing an image of `mode` to this path."""
    match path.suffix:
        case ".jpg":
            return {"quality": 80}
        case ".tif":
            return {"compression": "group4" if mode == "1" else "tiff_lzw"}
        case _:
            return {}


def write_samples(folder: Path) -> None:
    """Write every sample and `labels.csv` (`path,digit`; a blank page has no digit) into a folder.

    Args:
        folder: made if it is not there; files of the same names are replaced.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for sample in SAMPLES:
        path, image = folder / sample.name, paint(sample)
        save(image, path, sample.orientation, **_options(path, image.mode))
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["path", "digit"])
        rows.writerows([sample.name, sample.digit] for sample in SAMPLES)


def main(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")] = Path("data/samples"),
) -> None:
    """Write digit images as people have them, with their labels."""
    write_samples(output)


if __name__ == "__main__":
    run(main)
