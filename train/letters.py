"""Draws letters and symbols, printed and handwritten, for training: outliers that are no digit to the eye.

The fonts come with matplotlib (DejaVu, Computer Modern) and with Hershey-Fonts (A. V. Hershey's strokes, 1967), so
that no result depends on what is installed on a machine. Letters that people read as digits are left out: O o D Q l I
i S s Z z B b G g q, and forms that some hands share with a digit; see the comments.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from PIL import Image, ImageFilter

from train.data import Digits
from train.fonts import glyph, hershey
from train.ink import Pen, render
from train.photo import Field
from train.sketch import Picture, by_hand, tilted, worn_on_paper
from train.strokes import Points

_T = TypeVar("_T")

CANVAS = 112  # pixels, of the image that a glyph is drawn on

UPRIGHT = "ACEFHJKLMNPRTUVWXYacdefhjkmnprtuvwxy"
SLANTED = "ACEFHKLMNPRUVWXYacdefhkmnprtuvwx"  # a leaning T is a 7, J a 1, y an open 4
SCRIPT = "AEHKMNPRUVWXacdehkmnptuvwx"  # looped f is an 8, L a 2, F and T a 7, C a 6, J and y a 9, r a 2

PRINTED = {
    "DejaVuSans.ttf": UPRIGHT,
    "DejaVuSans-Bold.ttf": UPRIGHT,
    "DejaVuSans-Oblique.ttf": SLANTED,
    "DejaVuSansMono.ttf": UPRIGHT,
    "DejaVuSerif.ttf": UPRIGHT,
    "DejaVuSerif-Bold.ttf": UPRIGHT,
    "DejaVuSerif-Italic.ttf": SLANTED,
    "cmr10.ttf": UPRIGHT,
    "cmb10.ttf": UPRIGHT,
    "cmss10.ttf": UPRIGHT,
    "cmtt10.ttf": UPRIGHT,
    "cmti10.ttf": SLANTED,
}
"""Fonts of matplotlib, and the letters taken from each."""

BY_HAND = "ACEFHJKLMNPRTUVWXYacdefhkmnprtuvwxy"  # j: its dot is easily lost, and then it is a 1
HANDWRITTEN = {"futural": BY_HAND, "rowmans": BY_HAND, "scripts": SCRIPT, "cursive": SCRIPT}
"""Hershey's fonts of single strokes, and the letters taken from each."""

SYMBOLS = "+=?%#@*×÷±≠≈~<()[]{€¥©®←→↔↕↖↗↙⇐⇒✓✗√∑∏∫∇∆∈∉∀⊗⊕⊞⊠≤≥∪∩⊂⊥∠▲▼►◄△▽∴∵…"  # noqa: RUF001 - symbols are meant
"""Left out: ! | / \\ † ^ ∧, which read as 1; ° ○ □ ◇ as 0, £ as 2, } ∃ as 3, $ as 5, > ¬ as 7, & § ∞ ∂ as 8, ¶ as 9."""

SKETCHES = {
    "plus": "0,50 100,50 | 50,0 50,100",
    "cross": "0,0 90,100 | 90,0 0,100",
    "tick": "0,55 30,95 100,0",
    "arrow right": "0,50 100,50 | 70,20 100,50 70,80",
    "arrow left": "100,50 0,50 | 30,20 0,50 30,80",
    "arrow up": "50,100 50,0 | 15,35 50,0 85,35",
    "arrow down": "50,0 50,100 | 15,65 50,100 85,65",
    "equals": "0,20 100,20 | 0,70 100,70",
    "hash": "30,0 20,100 | 75,0 65,100 | 0,33 100,33 | 0,67 100,67",
    "asterisk": "50,0 50,100 | 5,25 95,75 | 95,25 5,75",
    "star": "20,100 50,0 80,100 0,38 100,38 20,100",
    "triangle": "50,0 100,90 0,90 50,0",
    "wave": "0,40 15,10 30,20 50,50 70,80 85,90 100,60",
    "saw": "0,80 20,10 40,80 60,10 80,80 100,10",
    "house": "10,100 10,45 50,0 90,45 90,100 10,100 90,45 10,45 90,100",
    "spiral": "50,50 60,45 60,62 40,65 32,45 50,28 76,40 78,70 50,88 18,70 12,35 45,5 95,20 100,60",
    "bracket": "60,0 0,0 0,100 60,100",
    "wheel": "50,0 15,15 0,50 15,85 50,100 85,85 100,50 85,15 50,0 | 15,15 85,85 | 85,15 15,85 | 0,50 100,50",
    "comb": "0,100 0,0 | 33,100 33,0 | 67,100 67,0 | 100,100 100,0 | 0,0 100,0",
    "bars": "0,0 0,100 | 35,0 35,100 | 70,0 70,100",
    "tally": "0,0 0,100 | 25,0 25,100 | 50,0 50,100 | 75,0 75,100 | -15,80 95,20",
    "heart": "50,100 10,55 0,25 20,3 40,8 50,30 60,8 80,3 100,25 90,55 50,100",
    "smile": "50,0 15,15 0,50 15,85 50,100 85,85 100,50 85,15 50,0 | 25,62 50,80 75,62 | 33,30 34,42 | 66,30 67,42",
}
"""Symbols drawn by hand: joints as in `forms.Stroke.parse`, in hundredths."""


def printed_letter(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A letter of a printed font."""
    return worn_on_paper(_printed(pick(tuple(PRINTED.items()), rng), rng), rng)


def handwritten_letter(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A letter written with a pen."""
    font, letters = pick(tuple(HANDWRITTEN.items()), rng)
    return pen_drawing(hershey(font, pick(letters, rng)), rng)


def symbol(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A symbol, printed or drawn with a pen."""
    if rng.random() < 0.5:
        return pen_drawing(_joints(pick(tuple(SKETCHES.values()), rng)), rng)
    return worn_on_paper(_printed(("DejaVuSans.ttf", SYMBOLS), rng), rng)


def pen_drawing(strokes: list[Points], rng: np.random.Generator) -> Picture:
    """Strokes, joints (K, 2) y downwards, in somebody's hand on paper."""
    return worn_on_paper(render(by_hand(strokes, rng), 64, Pen.random(rng), 0.9), rng)


def pick(choices: Sequence[_T], rng: np.random.Generator) -> _T:
    """Draw one of the choices, all equally likely."""
    return choices[int(rng.integers(len(choices)))]


def _printed(font: tuple[str, str], rng: np.random.Generator) -> Field:
    """One of a font's characters, turned a little, sometimes bolder."""
    ink = tilted(glyph(font[0], pick(font[1], rng), CANVAS), rng, 0.1, 0.12)
    if rng.random() < 0.3:
        image = Image.fromarray((255 * ink).astype(np.uint8)).filter(ImageFilter.MaxFilter(3))
        ink = np.asarray(image, np.float32) / 255
    return ink


def _joints(sketch: str) -> list[Points]:
    """The strokes of a sketch, each joints (K, 2)."""
    return [np.array([word.split(",") for word in stroke.split()], float) for stroke in sketch.split("|")]
