"""Draws handwriting that MNIST does not have: digits of every form and pen.

`python -m train.handwriting FILE.png` shows every form.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from train.forms import FORMS
from train.ink import Ink, Pen, render
from train.legible import sheet_of_forms
from train.script import run
from train.strokes import Hand, Points, digit_strokes

_SIDES = 40, 65  # pixels, of a drawing's sides, the second excluded
_BREAKS = 0.06  # share of the digits where the pen skipped
_RETRACED = 0.04  # share of the digits with a stroke written twice


def written(digit: int, rng: np.random.Generator, form: str | None = None) -> Ink:
    """Draw the ink, float32 (H, H), 0 to 1, of somebody's digit; arguments as of `digit_strokes`."""
    strokes = digit_strokes(digit, rng, form, _legible(digit, Hand.anyone(rng)))
    if rng.random() < _RETRACED:
        strokes = [*strokes, _again(strokes[rng.integers(len(strokes))], rng)]
    if rng.random() < _BREAKS:
        for _ in range(rng.integers(1, 4)):
            strokes = _broken(strokes, rng)
    coarse = [stroke[_every_other(len(stroke))] for stroke in strokes]  # half the work, and no corner at this size
    side, extent = int(rng.integers(*_SIDES)), rng.uniform(0.55, 0.95)
    pen = Pen.any(rng)
    if digit == 1:  # no counter to fill, so people use the thickest pens on it, down to a block
        pen = replace(pen, width=pen.width * rng.uniform(1, 2))
    return render(coarse, side, pen, extent)


def _legible(digit: int, hand: Hand) -> Hand:
    """The hand without the habits that make another digit, or none, of this one.

    A 1 keeps a sharp peak and a steep upstroke, or it is a 7; a 7 keeps a broad top; a wide 0 is a box, and a 4
    written in one stroke that leans too far a 5.
    """
    match digit:
        case 0:
            return replace(hand, aspect=min(hand.aspect, 1.4))
        case 1:
            return replace(hand, aspect=min(hand.aspect, 1.1), smoothing=min(hand.smoothing, 0.06))
        case 4:
            return replace(hand, aspect=min(hand.aspect, 1.4), slant=min(hand.slant, 0.4))
        case 7:
            return replace(hand, aspect=max(hand.aspect, 0.85))
    return hand


def _every_other(points: int) -> NDArray[np.intp]:
    """The indices of every other point, and of the last."""
    return np.unique(np.append(np.arange(0, points, 2), points - 1))


def _again(stroke: Points, rng: np.random.Generator) -> Points:
    """A stroke as the same hand writes it over itself, a little beside it."""
    return stroke * rng.normal(1.0, 0.03, 2) + rng.normal(0.0, 0.012, 2)


def _broken(strokes: list[Points], rng: np.random.Generator) -> list[Points]:
    """The strokes, one of them with a gap."""
    which = int(rng.integers(len(strokes)))
    points = len(strokes[which])
    start = int(points * rng.uniform(0.2, 0.8))
    stop = start + max(2, int(points * rng.uniform(0.02, 0.07)))
    pieces = [piece for piece in (strokes[which][:start], strokes[which][stop:]) if len(piece) > 3]
    return [*strokes[:which], *pieces, *strokes[which + 1 :]]


def main(file: Annotated[Path, typer.Argument(help="The picture to write, for example forms.png.")]) -> None:
    """Show every form of handwriting: a row each, four images, each with its canonical form."""
    sheet_of_forms(FORMS, written).save(file)


if __name__ == "__main__":
    run(main)
