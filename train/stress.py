"""Writes the stress set: MNIST test digits as images that are hard to read for a program, and easy for a person.

`python -m train.stress FOLDER` writes `FOLDER/ROW/LABEL/NNNN.png` (or .jpg, .tif) for each of `ROWS`; NNNN is the
digit's index in the test set, and every row shows the same digits, so that rows can be compared digit by digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image
from rich.console import Console
from rich.progress import track

from mnistcls.errors import DataError, OutputError
from train import photo, scenes
from train.contact_sheet import contact_sheet
from train.data import Digits, load_test, resolve_data_dir
from train.enlarged import Frame
from train.scenes import Paint, lit
from train.script import DataDir, choose_named, run

_OPTIONS: dict[str, dict[str, Any]] = {".png": {"compress_level": 1}}  # three times as fast as the default


@dataclass(frozen=True)
class Row:
    """One way of making digits hard to read."""

    name: str
    """The row's folder."""
    severity: str
    """What is done to the digits, in numbers."""
    paint: Paint
    """Makes the image, upright."""
    suffix: str = ".png"
    """Chooses the format of the files."""
    quality: int = 85
    """JPEG quality, 1 to 95."""
    orientation: int = 1
    """EXIF orientation of the files: 1, 3, 6 or 8."""


_flat, _tight, _snapshot, _deep = scenes.flat, scenes.tight, scenes.snapshot, scenes.deep

ROWS = (
    Row("canonical", "MNIST's own 28x28, as published", scenes.canonical),
    Row("dim", "MNIST's own 28x28, brightness times 0.4", partial(scenes.canonical, brightness=0.4)),
    # --- polarity
    Row("dark-on-white", "ink at 5 % of white, on white", partial(_flat, ink=0.05, paper=1.0)),
    Row("grey-dark", "ink at 45 %, paper at 62 %", partial(_flat, ink=0.45, paper=0.62)),
    Row("grey-bright", "ink at 62 %, paper at 45 %", partial(_flat, ink=0.62, paper=0.45)),
    Row("tight-dark", "cropped to the ink, no margin, dark on light", partial(_tight, ink=0.1, paper=0.95)),
    Row("tight-bright", "cropped to the ink, no margin, bright on dark", partial(_tight, ink=0.95, paper=0.1)),
    Row(
        "tight-bold",
        "cropped to the ink, lines 0.8 of 28 pixels wider, dark on light",
        partial(_tight, ink=0.1, paper=0.95, bold=0.4),
    ),
    Row(
        "tight-bold-bright",
        "cropped to the ink, lines 0.8 of 28 pixels wider, bright on dark",
        partial(_tight, ink=0.95, paper=0.1, bold=0.4),
    ),
    # --- transparency and modes
    Row("alpha-black", "RGBA, black ink on nothing", partial(scenes.cut_out, level=0, mode="RGBA")),
    Row("alpha-white", "RGBA, white ink on nothing", partial(scenes.cut_out, level=255, mode="RGBA")),
    Row("alpha-grey", "LA, ink at 20 % on nothing", partial(scenes.cut_out, level=51, mode="LA")),
    Row("palette", "3 colours, the paper's is transparent, and black beneath", scenes.palette),
    Row("bilevel", "1 bit, black on white", scenes.bilevel),
    Row("cmyk", "CMYK JPEG, navy ink", lambda digit, rng: _snapshot(digit, rng).convert("CMYK"), ".jpg"),
    Row("deep-16", "16 bits, of which 400 (ink) to 3600 (paper)", partial(_deep, ink=400, paper=3600, dtype=np.uint16)),
    Row("float-32", "TIFF, ink at 0.1, paper at 0.9", partial(_deep, ink=0.1, paper=0.9, dtype=np.float32), ".tif"),
    Row("exif-quarter", "JPEG stored lying on its left side, EXIF 6", _snapshot, ".jpg", orientation=6),
    Row("exif-half", "JPEG stored upside down, EXIF 3", _snapshot, ".jpg", orientation=3),
    # --- photographs
    Row(
        "lamp",
        "light falls to 25 % across the page",
        partial(_snapshot, after=(lit(partial(photo.lamp_light, darkest=0.25)),)),
        ".jpg",
    ),
    Row(
        "shadow",
        "hard edge through the digit, 40 % of the light beyond it",
        partial(_snapshot, after=(lit(partial(photo.shadow_light, left=0.4)),)),
        ".jpg",
    ),
    Row("rough-paper", "grain of 8 %", partial(_snapshot, grain=0.08), ".jpg"),
    Row(
        "blue-on-yellow",
        "luminance 57 % under the paper's",
        partial(_snapshot, ink=(0.28, 0.45, 1.0), paper=(0.97, 0.90, 0.55)),
        ".jpg",
    ),
    Row("red-on-white", "luminance 26 % under the paper's", partial(_snapshot, ink=(0.98, 0.64, 0.60)), ".jpg"),
    Row("jpeg-20", "80x80, JPEG quality 20", partial(_snapshot, frame=Frame((80, 80))), ".jpg", quality=20),
    Row(
        "blurred",
        "Gaussian of 7 pixels, on digits of 99 to 126",
        partial(_snapshot, after=(lambda page, _: photo.blur(page, 7),)),
        ".jpg",
    ),
    Row("faint", "ink 12 % darker than its paper, grain of 0.6 %", partial(_snapshot, ink=(0.88,) * 3, grain=0.006)),
    Row(
        "phone",
        "1000x1300, digit 30 to 50 % of the width, room light, grain of 2 %, blur, noise of 0.6 %",
        partial(scenes.phone, size=(1000, 1300), extent=(0.3, 0.5)),
        ".jpg",
    ),
    # --- clutter
    Row(
        "blots",
        "40 blots with radii up to 5 pixels",
        partial(_snapshot, after=(partial(scenes.blots, count=40, radius=5),)),
    ),
    Row("dust", "2 % of the pixels black, 2 % white", partial(_snapshot, after=(partial(scenes.dust, share=0.02),))),
    Row("neighbour", "20 % of another digit at the left edge", partial(scenes.neighbour, share=0.2)),
    Row(
        "ruled",
        "lines every 26 of 180 pixels",
        partial(_snapshot, before=(lambda page, rng: photo.ruled(page, 26, rng),)),
        ".jpg",
    ),
    Row(
        "squared",
        "squares of 18 of 180 pixels",
        partial(_snapshot, before=(lambda page, rng: photo.ruled(page, 18, rng, squared=True),)),
        ".jpg",
    ),
    Row(
        "printed-box",
        "frame of 88 % of the width, lines of 3 pixels",
        partial(_snapshot, before=(partial(scenes.printed_box, side=0.88, line=3),)),
    ),
    Row(
        "pasted",
        "scan at 80 % of white, on 280x280 pure white",
        partial(scenes.pasted, side=280, paper=(0.80, 0.80, 0.80)),
    ),
    # --- sizes
    Row("tiny-14", "14x14, digit of 11 pixels", partial(_flat, ink=0.05, paper=1.0, frame=Frame((14, 14), (0.8, 0.8)))),
    Row(
        "tiny-16",
        "16x16, digit of 12 pixels, bright on dark",
        partial(_flat, ink=1.0, paper=0.1, frame=Frame((16, 16), (0.75, 0.75))),
    ),
    Row(
        "large",
        "2000x1500 (3 megapixels keep a thousand affordable), digit 30 % of the height, paper 95 to 75 %",
        partial(scenes.wide_gradient, frame=Frame((1500, 2000), (0.3, 0.3)), darkest=0.75),
    ),
    Row(
        "small-on-page",
        "600x800, digit 5 to 8 % of the width",
        partial(_flat, ink=0.15, paper=0.96, frame=Frame((800, 600), (0.05, 0.08), 0.15)),
    ),
    Row(
        "corner", "digit 22 % of the side, in a corner", partial(_snapshot, frame=Frame((200, 200), (0.22, 0.22), 0.33))
    ),
    Row("wide", "200x60", partial(_flat, ink=0.1, paper=0.95, frame=Frame((60, 200), (0.7, 0.85)))),
    Row("tall", "60x200, bright on dark", partial(_flat, ink=0.95, paper=0.1, frame=Frame((200, 60), (0.7, 0.85)))),
    Row("hairline", "300x300, line of 1 pixel", partial(scenes.hairline, frame=Frame((300, 300)))),
    Row("broken", "25 % of the ink lost in gaps, two levels", partial(scenes.broken, gaps=0.25)),
    Row("coarse", "24x24, digit of 17 pixels, two levels", partial(scenes.coarse, frame=Frame((24, 24), (0.7, 0.7)))),
)
"""Every row, the baseline first."""


def paint(row: Row, digits: Digits, index: int, seed: int) -> Image.Image:
    """The picture of digit `index` in a row; the same arguments give the same pixels."""
    return row.paint(digits.images[index], np.random.default_rng([seed, index, *row.name.encode()]))


def choose(rows: Sequence[str]) -> list[Row]:
    """The rows of these names, in the order of `ROWS`; all of them for no name.

    Raises:
        OutputError: there is no such row.
    """
    return choose_named(ROWS, rows, "row")


def write_stress(folder: Path, digits: Digits, rows: Sequence[Row] = ROWS, *, count: int, seed: int = 0) -> None:
    """Write rows of `count` digits each, with a progress bar on stderr if that is a terminal.

    Raises:
        DataError: there are fewer than `count` digits.
        OutputError: a row's folder is there already, or something cannot be written.
    """
    if count > len(digits):
        raise DataError(f"the test set has only {len(digits):,} digits; choose a count up to that")
    # Only the raw stream of PCG64 is promised to stay the same with every version of NumPy.
    indices = np.argsort(np.random.PCG64(seed).random_raw(len(digits)), kind="stable")[:count]
    console = Console(stderr=True)
    files = [(row, int(index)) for row in rows for index in indices]
    try:
        for row in rows:
            (folder / row.name).mkdir(parents=True)
        for row, index in track(files, "Painting", console=console, disable=not console.is_terminal):
            path = folder / row.name / str(digits.labels[index]) / f"{index:04}{row.suffix}"
            path.parent.mkdir(exist_ok=True)
            options = {"quality": row.quality} if row.suffix == ".jpg" else _OPTIONS.get(row.suffix, {})
            photo.save(paint(row, digits, index, seed), path, row.orientation, **options)
    except OSError as error:
        raise OutputError(f"{error.filename} cannot be written ({error.strerror}); choose another folder") from error


def main(  # noqa: PLR0913, PLR0917 - a command's options
    folder: Annotated[
        Path, typer.Argument(help="Folder to write to; rows in it that are there already stop the command.")
    ],
    count: Annotated[int, typer.Option(min=1, help="Digits a row.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the digits and all that is left to chance.")] = 0,
    rows: Annotated[str, typer.Option(help="Only these rows, separated by commas.", show_default="all")] = "",
    picture: Annotated[Path | None, typer.Option(help="Write a contact sheet of the rows to this file, too.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Write MNIST test digits as images that are hard to read for a program, and easy for a person."""
    chosen = choose([name for name in rows.split(",") if name])
    write_stress(folder, load_test(resolve_data_dir(data_dir)), chosen, count=count, seed=seed)
    if picture:
        contact_sheet(folder, {row.name: row.severity for row in chosen}).save(picture)


if __name__ == "__main__":
    run(main)
