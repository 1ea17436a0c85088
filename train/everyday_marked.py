"""Everyday pictures of digits beside other marks: underlines, labels, ticks, neighbours, print, dirt, rulings."""

from __future__ import annotations

import numpy as np
from PIL import Image

from train.enlarged import Digit, written
from train.everyday_page import (
    BLUE,
    PRINT,
    RED,
    Rng,
    circle,
    filled,
    lay,
    lines,
    one_of,
    page,
    painted,
    pen,
    photographed,
    placed,
    print_of,
)
from train.photo import Field, blur, inked, ruled, to_8_bit


def underlined(digit: Digit, rng: Rng) -> Image.Image:
    """A digit that was underlined by hand."""
    ink = lay(digit, rng, (0.45, 0.58))
    left, _, right, bottom = _box(ink)
    ends = np.array([(left - rng.uniform(5, 25), bottom), (right + rng.uniform(5, 25), bottom)])
    gap = np.array([0, rng.uniform(8, 18)])
    line = lines([ends + gap + rng.normal(0, 2, (2, 2))], rng.uniform(4, 7))
    return to_8_bit(inked(page(rng), np.maximum(ink, line), pen(rng)))


def full_stop(digit: Digit, rng: Rng) -> Image.Image:
    """A digit and a full stop behind it."""
    ink = lay(digit, rng)
    _, _, right, bottom = _box(ink)
    dot = filled([circle(rng.uniform(4, 7), (right + rng.uniform(12, 26), bottom - rng.uniform(0, 6)))])
    return to_8_bit(inked(page(rng), np.maximum(ink, dot), pen(rng)))


def bracketed(digit: Digit, rng: Rng) -> Image.Image:
    """A digit and a bracket behind it, as in a list: 3)."""
    ink = lay(digit, rng, (0.45, 0.55))
    _, top, right, bottom = _box(ink)
    turn = np.linspace(-1, 1, 30)
    reach = right + rng.uniform(10, 18) + 14 * np.cos(1.3 * turn) - 6
    bracket = lines([np.stack([reach, (top + bottom) / 2 + (bottom - top) * 0.55 * turn], axis=1)], 5)
    return to_8_bit(inked(page(rng), np.maximum(ink, bracket), pen(rng)))


def unit_behind(digit: Digit, rng: Rng) -> Image.Image:
    """A digit and a unit behind it, smaller: 5 kg, 5/10, 5:."""
    ink = lay(digit, rng, (0.45, 0.55))
    _, _, right, bottom = _box(ink)
    unit = print_of(
        one_of(rng, "h", "%", "m", "+", ":"), 44, (right + rng.uniform(14, 22), bottom - rng.uniform(42, 52))
    )
    return to_8_bit(inked(page(rng), np.maximum(ink, unit), pen(rng)))


def fraction_line(digit: Digit, rng: Rng) -> Image.Image:
    """A digit below the line of a fraction."""
    ink = lay(digit, rng, (0.45, 0.55))
    left, top, right, _ = _box(ink)
    reach = (right - left) / 2 + rng.uniform(12, 25)
    middle = np.array([(left + right) / 2, top - rng.uniform(8, 16)])
    line = lines([middle + np.array([(-reach, 0), (reach, 0)]) + rng.normal(0, 1, (2, 2))], rng.uniform(4, 6))
    return to_8_bit(inked(page(rng), np.maximum(ink, line), pen(rng)))


def ticked(digit: Digit, rng: Rng) -> Image.Image:
    """A digit that was ticked off in red, beside it or across it."""
    tick = np.array([(0, 0), (10, 16), (40, -45)]) + rng.uniform((118, 110), (150, 150))
    answer = inked(page(rng), lay(digit, rng, (0.45, 0.58)), pen(rng))
    return photographed(inked(answer, lines([tick], 4), RED), rng, 0.6)


def label_beside(digit: Digit, rng: Rng) -> Image.Image:
    """A printed label, such as Q3:, and the digit on its right."""
    label = print_of(f"Q{rng.integers(1, 9)}:", 40, (8, 75))
    ink = placed(written(digit, int(rng.integers(80, 105))), (140, 100))
    return to_8_bit(inked(inked(page(rng), label, PRINT), ink, pen(rng)))


def neighbours(digit: Digit, rng: Rng) -> Image.Image:
    """A digit cut out of a row, and the ends of those on its left and right."""
    ink, other = lay(digit, rng, (0.55, 0.65)), written(digit[::-1, ::-1], 120)
    for x in (rng.uniform(4, 18) - other.shape[1] / 2, 200 - rng.uniform(4, 18) + other.shape[1] / 2):
        ink = np.maximum(ink, placed(other, (x, rng.uniform(90, 110))))
    return to_8_bit(inked(page(rng), ink, pen(rng)))


def spattered(digit: Digit, rng: Rng) -> Image.Image:
    """A digit, and drops of the same ink all over the page, some near it."""
    drops = filled([circle(radius, (x, y)) for x, y, radius in rng.uniform((0, 0, 1.5), (200, 200, 4), (25, 3))])
    return to_8_bit(inked(page(rng), np.maximum(lay(digit, rng), drops), pen(rng)))


def watermark(digit: Digit, rng: Rng) -> Image.Image:
    """A pale watermark, the word COPY, behind the digit."""
    mark = Image.fromarray((255 * print_of("COPY", 80, (4, 55))).astype(np.uint8))
    turned = np.asarray(mark.rotate(rng.uniform(15, 40), Image.Resampling.BICUBIC), np.float32) / 255
    return to_8_bit(inked(inked(page(rng, grain=0.005), turned, (0.8, 0.8, 0.8)), lay(digit, rng), pen(rng)))


def bled_through(digit: Digit, rng: Rng) -> Image.Image:
    """Large writing on the back of the page that shows through, mirrored and fainter."""
    back = np.zeros((200, 200), np.float32)
    for x, y in rng.uniform(0, 200, (8, 2)):
        back = np.maximum(back, placed(written(digit[:, ::-1], int(rng.integers(60, 100))), (x, y)))
    paper = inked(page(rng, (0.93, 0.92, 0.88)), rng.uniform(0.25, 0.4) * blur(back, 2), BLUE)
    return photographed(inked(paper, lay(digit, rng), BLUE), rng, 0.6)


def writing_lines(digit: Digit, rng: Rng) -> Image.Image:
    """A school book: a line above and below, and a dashed one through the digit."""
    solid = [np.array([(0, y), (200, y)]) for y in (36, 166)]
    dashes = [np.array([(x, 100), (x + 10, 100)]) for x in range(int(rng.integers(0, 12)), 200, 18)]
    paper = inked(page(rng), lines([*solid, *dashes], 2), (0.5, 0.5, 0.55))
    return to_8_bit(inked(paper, lay(digit, rng, (0.6, 0.68)), pen(rng)))


def notebook(digit: Digit, rng: Rng) -> Image.Image:
    """A page of a notebook: blue lines, a red margin, two punched holes."""
    paper = inked(ruled(page(rng), 26, rng), lines([np.array([(45, 0), (46, 200)])], 2), (0.9, 0.4, 0.45))
    paper = painted(paper, filled([circle(10, (20, y)) for y in (40, 160)]), (0.15, 0.12, 0.1))
    ink = placed(written(digit, int(rng.integers(75, 100))), rng.uniform((115, 90), (130, 110)))
    return photographed(inked(paper, ink, pen(rng)), rng)


def graph_paper(digit: Digit, rng: Rng) -> Image.Image:
    """Squared paper, photographed at an angle."""
    paper = inked(
        ruled(page(rng, shape=(300, 300)), 22, rng, squared=True), lay(digit, rng, (0.34, 0.42), (300, 300)), pen(rng)
    )
    photo = photographed(paper, rng).rotate(one_of(rng, -1, 1) * rng.uniform(8, 25), Image.Resampling.BICUBIC)
    return photo.crop((50, 50, 250, 250))


def _box(ink: Field) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of ink."""
    y, x = np.nonzero(ink > 0.5)
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())
