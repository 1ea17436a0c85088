"""Draws contact sheets: a few images of each row of a folder, as a person sees them, with the row's name."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from mnistcls.canonical import to_uint8
from mnistcls.inspection.sheets import on_board

CELL = 104  # pixels, of an image's place and of a row's height
MARGIN = 6  # pixels around an image
TEXT = 250  # pixels, for the names on the left
COLUMNS = 8  # images in a row


def contact_sheet(folder: Path, rows: Mapping[str, str]) -> Image.Image:
    """Draw the first images, by file name, of each row.

    Args:
        folder: holds a folder for each row, with image files at any depth.
        rows: names of the folders, in order, and what to write under each.

    Returns:
        RGB, 8 cells of 104 pixels wide after 250 pixels of text. Small images are enlarged pixel by pixel, nothing is
        lightened, and transparency lies over a grey chequerboard.
    """
    picture = Image.new("RGB", (TEXT + COLUMNS * CELL, len(rows) * CELL), (190, 205, 225))
    draw = ImageDraw.Draw(picture)
    for row, (name, text) in enumerate(rows.items()):
        draw.text((MARGIN, row * CELL + MARGIN), name, (0, 0, 0), ImageFont.load_default(17))
        lines = "\n".join(textwrap.wrap(text, 38))
        draw.text((MARGIN, row * CELL + 30), lines, (40, 40, 40), ImageFont.load_default(13))
        files = sorted((path for path in (folder / name).rglob("*") if path.is_file()), key=lambda path: path.name)
        for column, path in enumerate(files[:COLUMNS]):
            image = _fit(_seen(path))
            x, y = TEXT + column * CELL + (CELL - image.width) // 2, row * CELL + (CELL - image.height) // 2
            picture.paste(image, (x, y))
    return picture


def _seen(path: Path) -> Image.Image:
    """An image file as a viewer shows it, RGB."""
    with Image.open(path) as file:
        image = ImageOps.exif_transpose(file)
    if image.mode.startswith(("I", "F")):
        return Image.fromarray(to_uint8(np.asarray(image))).convert("RGB")
    return on_board(image)


def _fit(image: Image.Image) -> Image.Image:
    """The image enlarged by a whole factor, or reduced, to fit its cell."""
    side = CELL - 2 * MARGIN
    if max(image.size) <= side // 2:
        return ImageOps.scale(image, side // max(image.size), Image.Resampling.NEAREST)
    return ImageOps.contain(image, (side, side), Image.Resampling.BOX)
