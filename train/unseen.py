"""Draws outliers to measure with: no kind here is ever trained on.

Other scripts, other curves, and photographs instead of synthesis; paper and pen are those of `train.sketch`.
Pictograms, and two in five foreign letters, are of a font that training has letters and symbols of, and some are much
like one of these (a Cyrillic letter like H, a die's face like a crossed box). Signs that are digits to the eye are left
out here too: of Greek and Cyrillic those like 0 (Theta, phi), 3 (Ze, E), 4 (Che), 6 (be, sigma, the signs) and 8 (Ve,
beta, theta), all kana that are one curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from train.data import Digits
from train.fonts import glyph, hershey
from train.photo import Field
from train.sketch import Picture, on_paper, tilted

CANVAS = 104  # pixels, of a drawing

GREEK_CYRILLIC = "ΓΔΞΠΣΨΩΛελμπψωДЖИЙЛПФЦШЩЫЮЯджийлпцшщыю"
HEBREW_ARABIC = (  # sheen twice, as it was measured from the start
    "\u05d0\u05e9\u05de\u05e6\u05d7\u05ea\u0628\u062a\u062b\u062c\u0633\u0634\u0635\u0636\u0643\u0634"
)
BLACKLETTER = "AFHKMNPRTUVWXYahkmnpuvwx"
KANA_KANJI = "AEFGIMNPUVWXZ05679abcdf"  # as Hershey's font has them
PICTOGRAMS = "☁☂☃☎☕☘☠☢☣☮☯☸☹☺♀♂♈♊♌♍♏♐♑♓♔♕♖♗♘♙♚♛♜♝♞♟♠♣♥♨♫♬♻⚀⚃⚅⚓⚔⚖⚙✂✈✉✌✍✎❀❄"

PHOTOGRAPHS = ("grace_hopper.jpg", "Minduka_Present_Blue_Pack.png")
"""Files of matplotlib's sample data, both in the public domain."""


def foreign_letter(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A letter of Greek, Cyrillic, Hebrew or Arabic."""
    if rng.random() < 0.6:
        return on_paper(_character(f"STIXGeneral{rng.choice(['', 'Bol'])}.ttf", GREEK_CYRILLIC, rng), rng)
    return on_paper(_character(f"DejaVuSans{rng.choice(['', '-Bold'])}.ttf", HEBREW_ARABIC, rng), rng)


def blackletter(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A letter as scribes of the Middle Ages wrote it."""
    return on_paper(_engraved(str(rng.choice(["gothiceng", "gothicger", "gothicita"])), BLACKLETTER, rng), rng)


def kana_kanji(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A Japanese sign of several strokes."""
    return on_paper(_engraved("japanese", KANA_KANJI, rng), rng)


def pictogram(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A small picture: chessmen, weather, faces, notes."""
    return on_paper(_character("DejaVuSans.ttf", PICTOGRAMS, rng), rng)


def photograph(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A piece of a photograph or a painting, in grey."""
    whole = _photograph(PHOTOGRAPHS[int(rng.integers(len(PHOTOGRAPHS)))])
    size = rng.integers(40, min(whole.size) // 2, 2)
    left, top = rng.integers(0, np.array(whole.size) - size, endpoint=True)
    piece = whole.crop((int(left), int(top), int(left + size[0]), int(top + size[1])))
    piece.thumbnail((int(rng.integers(32, 97)),) * 2)
    return Picture(np.asarray(piece))


def fractal(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A Julia set, or a fern of three or four random affine maps."""
    return Picture(_julia(rng)) if rng.random() < 0.5 else on_paper(_attractor(rng), rng)


def curve(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A Lissajous figure, a rose or a hypotrochoid with at least three lobes."""
    t = np.linspace(0, 2 * np.pi, 400)
    match rng.integers(3):
        case 0:
            a, b = ((2, 3), (3, 4), (3, 5), (4, 5), (5, 3), (4, 3))[rng.integers(6)]
            xy = np.stack([np.sin(a * t + rng.uniform(0.4, 1.1)), np.sin(b * t)], axis=1)
        case 1:
            radius = np.cos(int(rng.integers(3, 7)) * t)
            xy = np.stack([radius * np.cos(t), radius * np.sin(t)], axis=1)
        case _:
            lobes, reach = int(rng.integers(3, 8)), rng.uniform(0.6, 1.3)
            xy = np.stack([np.cos(t) + reach * np.cos(lobes * t), np.sin(t) - reach * np.sin(lobes * t)], axis=1)
    return on_paper(_line([xy * rng.uniform(0.7, 1, 2)], int(rng.integers(2, 7))), rng)


def code(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A matrix code: random modules, with finders in three corners or a solid edge."""
    side = int(rng.integers(9, 22))
    modules = rng.random((side, side)) < 0.5
    if side >= 15:
        finder = np.pad(np.pad(np.pad(np.ones((3, 3), bool), 1), 1, constant_values=True), ((0, 1), (0, 1)))
        modules[:8, :8], modules[:8, -8:], modules[-8:, :8] = finder, finder[:, ::-1], finder[::-1]
    else:
        modules[:, 0] = modules[-1] = True
    return on_paper(np.kron(modules, np.ones((6, 6))).astype(np.float32), rng)


def signature(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A long line of loops from left to right, with a flourish now and then."""
    loops = int(rng.integers(2, 7))
    t = np.linspace(0, loops, 60 * loops)
    knots = np.linspace(0, loops, 2 * loops + 1)
    height = np.interp(t, knots, rng.uniform(0.4, 2, len(knots)))
    depth = np.interp(t, knots, rng.choice([0, 1.0], len(knots)))
    x = t * rng.uniform(0.35, 0.7) + rng.uniform(0.2, 0.5) * np.sin(2 * np.pi * t + rng.uniform(0, 1))
    y = np.where(np.cos(2 * np.pi * t) > 0, -height, depth + 0.2) * np.cos(2 * np.pi * t)
    strokes = [np.stack([x - 0.3 * y, y], axis=1)]
    if rng.random() < 0.4:
        strokes.append(np.stack([x[::9], 0.9 + 0.15 * np.sin(t[::9] / 2 + rng.uniform(0, 6))], axis=1))
    return on_paper(_line(strokes, int(rng.integers(2, 5)), 160), rng)


def _character(font: str, characters: str, rng: np.random.Generator) -> Field:
    text = characters[int(rng.integers(len(characters)))]
    return tilted(glyph(font, text, CANVAS), rng, 0.1, 0.12)


def _engraved(font: str, characters: str, rng: np.random.Generator) -> Field:
    """A character of one of Hershey's fonts of several lines a stroke."""
    strokes = hershey(font, characters[int(rng.integers(len(characters)))])
    return tilted(_line(strokes, int(rng.integers(2, 5))), rng, 0.1, 0.12)


def _line(strokes: Sequence[Field], width: int, side: int = CANVAS) -> Field:
    """Polylines, (K, 2) of any scale, drawn evenly wide in the middle of a square."""
    points = np.concatenate(strokes)
    low, size = points.min(axis=0), np.ptp(points, axis=0).max()
    image = Image.new("L", (side, side))
    draw = ImageDraw.Draw(image)
    inset = (side - 0.8 * side * np.ptp(points, axis=0) / size) / 2
    for stroke in strokes:
        at = inset + 0.8 * side * (stroke - low) / size
        draw.line([(float(x), float(y)) for x, y in at], 255, width, "curve")
    return np.asarray(image, np.float32) / 255


def _julia(rng: np.random.Generator) -> NDArray[np.uint8]:
    """Steps until z^2 + c escapes, c near the edge of the Mandelbrot set, as grey, uint8."""
    angle = rng.uniform(0, 2 * np.pi)
    c = (0.5 * np.exp(1j * angle) - 0.25 * np.exp(2j * angle)) * rng.uniform(1.0, 1.12)
    y, x = np.mgrid[-1.2:1.2:72j, -1.6:1.6:96j]
    z, steps = x + 1j * y, np.zeros(x.shape)
    for _ in range(24):
        z = np.where(abs(z) < 4, z * z + c, z)
        steps += abs(z) < 4
    grey = np.rint(255 * steps / 24).astype(np.uint8)
    return grey if rng.random() < 0.5 else 255 - grey


def _attractor(rng: np.random.Generator) -> Field:
    """Where a point goes that three or four contracting maps move at random (Barnsley, 1988)."""
    count = int(rng.integers(3, 5))
    angles, scale = rng.uniform(-np.pi, np.pi, count), rng.uniform(0.4, 0.7, count)
    turns = scale * np.exp(1j * angles)
    shifts = rng.standard_normal(count) + 1j * rng.standard_normal(count)
    z = np.zeros(1500, complex)
    for _ in range(16):
        chosen = rng.integers(count, size=len(z))
        z = turns[chosen] * z + shifts[chosen]
    image = Image.new("L", (CANVAS, CANVAS))
    spread = np.stack([z.real, z.imag], axis=1)
    at = 8 + (CANVAS - 16) * (spread - spread.min(axis=0)) / np.ptp(spread, axis=0).max()
    for x, y in at.tolist():
        ImageDraw.Draw(image).ellipse((x - 1.5, y - 1.5, x + 1.5, y + 1.5), 255)
    return np.asarray(image, np.float32) / 255


@cache
def _photograph(name: str) -> Image.Image:
    """A photograph of matplotlib's sample data, L."""
    with Image.open(Path(mpl.get_data_path(), "sample_data", name)) as image:
        return image.convert("L")
