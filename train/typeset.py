"""Draws digits as machines set them: in typefaces from hairlines to bold ones, and on displays of seven segments.

`python -m train.typeset FILE.png` shows every form. Readings of meters and printed forms have such digits, and their
1s have flags that few hands write.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from train.forms import TYPEFACES
from train.ink import Ink, Pen, render
from train.legible import sheet_of_forms
from train.media import MEDIA, normalized, resized
from train.script import run
from train.strokes import Hand, digit_strokes

PRINTED = {medium: share for medium, share in MEDIA.items() if medium is not normalized}
"""The media, without the one that stretches digits: the flag of a 1 would become the top of a 7."""

_SIDES = 40, 65  # pixels, of a drawing's sides, the second excluded
_OVERSAMPLED = 4  # times as many pixels along a side while the ink is laid
_WEIGHTS = 0.03, 0.2  # widths of a stroke, in heights of the digit
_MAX_WEIGHT = 0.3  # width of a stroke, in widths of the digit's form: more would fill its counters
_MIN_SMOOTHING = 0.06  # digit heights; a 0 with sharper corners is a box


def typeset(digit: int, rng: np.random.Generator, form: str | None = None) -> Ink:
    """Draw the ink, float32 (H, H), 0 to 1, of a printed digit; arguments as of `digit_strokes`, for `TYPEFACES`."""
    hand = _typeface(digit, rng)
    strokes = digit_strokes(digit, rng, form, hand, TYPEFACES)
    weight = min(np.clip(np.exp(rng.normal(np.log(0.1), 0.5)), *_WEIGHTS), _MAX_WEIGHT * hand.aspect)
    level, upright = (weight * share for share in _contrast(rng))
    tip = min(level, upright) * (1.0 if rng.random() < 1 / 3 else rng.uniform(0.1, 0.5))  # 1: round ends
    side = int(rng.integers(*_SIDES))
    extent = rng.uniform(0.55, 0.95) / (1 + weight)
    pixels = extent * side * _OVERSAMPLED  # per digit height
    path = render(strokes, side * _OVERSAMPLED, Pen(tip, thinning=0.0, lift=0.0), extent * (1 + tip))
    ink = _swept(path, round((level - tip) * pixels), round((upright - tip) * pixels))
    return resized(ink, (side, side), Image.Resampling.BOX)


def _typeface(digit: int, rng: np.random.Generator) -> Hand:
    """A hand that writes as a typeface is drawn: condensed or extended, upright or italic, and always the same."""
    smoothing = float(rng.uniform(0, 0.14))
    return Hand(
        slant=float(rng.uniform(0, 0.3)) if rng.random() < 0.3 else 0.0,
        aspect=float(np.exp(np.clip(rng.normal(-0.05, 0.3), -0.7, 0.45))),
        balance=float(np.clip(rng.normal(0.0, 0.15), -0.3, 0.3)),
        rotation=float(np.clip(rng.normal(0.0, 0.03), -0.1, 0.1)),
        roundness=float(rng.uniform(0.7, 1.15)),
        smoothing=max(smoothing, _MIN_SMOOTHING) if digit == 0 else smoothing,
        looseness=0.0,
        tremor=0.0,
    )


def _contrast(rng: np.random.Generator) -> tuple[float, float]:
    """Widths of level and of upright strokes, as shares of the wider ones: one typeface in four has thin and thick."""
    thin = float(rng.uniform(0.25, 0.9)) if rng.random() < 1 / 4 else 1.0
    return (thin, 1.0) if rng.random() < 0.8 else (1.0, thin)


def _swept(ink: Ink, height: int, width: int) -> Ink:
    """Ink (H, W) that a rectangle of so many pixels more lays along the same path: strokes with square ends."""
    for axis, reach in enumerate((height, width)):
        before, after = reach // 2, reach - reach // 2
        padded = np.pad(ink, [(before, after) if k == axis else (0, 0) for k in range(2)])
        ink = sliding_window_view(padded, reach + 1, axis=axis).max(axis=-1)
    return ink


def main(file: Annotated[Path, typer.Argument(help="The picture to write, for example typefaces.png.")]) -> None:
    """Show every form of printed digits: a row each, four images, each with its canonical form."""
    sheet_of_forms(TYPEFACES, typeset, PRINTED).save(file)


if __name__ == "__main__":
    run(main)
