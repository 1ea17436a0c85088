"""Fonts that are installed with the packages that training needs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib as mpl
from HersheyFonts import HersheyFonts
from PIL import ImageFont

SIZE = 60  # pixels


@cache
def truetype_font(name: str) -> ImageFont.FreeTypeFont:
    """One of Matplotlib's, by the name of its file."""
    path = Path(mpl.get_data_path(), "fonts", "ttf", name)
    return ImageFont.truetype(path, SIZE, layout_engine=ImageFont.Layout.BASIC)  # the other is not everywhere


@cache
def hershey_font(name: str) -> HersheyFonts:
    """A font of strokes."""
    font = HersheyFonts()
    font.load_default_font(name)
    return font
