"""Draws characters of the fonts that are installed with the packages that training needs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from HersheyFonts import HersheyFonts
from PIL import Image, ImageDraw, ImageFont

from train.photo import Field
from train.strokes import Points

FONT_SIZE = 60  # pixels


def glyph(font: str, text: str, side: int) -> Field:
    """A text in one of Matplotlib's fonts, named by its file: ink, float32 (side, side), 0 to 1."""
    image = Image.new("L", (side, side))
    ImageDraw.Draw(image).text((side / 2, side / 2), text, 255, _truetype_font(font), anchor="mm")
    return np.asarray(image, np.float32) / 255


@cache
def hershey(font: str, character: str) -> list[Points]:
    """The strokes of a character of one of Hershey's fonts, joints (K, 2), y downwards."""
    strokes = [np.array(list(stroke), float) for stroke in _hershey_font(font).strokes_for_text(character)]
    return [stroke for stroke in strokes if len(stroke) > 1]


@cache
def _truetype_font(name: str) -> ImageFont.FreeTypeFont:
    path = Path(mpl.get_data_path(), "fonts", "ttf", name)
    return ImageFont.truetype(path, FONT_SIZE, layout_engine=ImageFont.Layout.BASIC)  # Raqm is not everywhere


@cache
def _hershey_font(name: str) -> HersheyFonts:
    font = HersheyFonts()
    font.load_default_font(name)
    return font
