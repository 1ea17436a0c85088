"""Everyday pictures of digits with something drawn or printed around them: rings, boxes, cells of forms."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PIL import Image

from train.enlarged import Digit, written
from train.everyday_page import (
    MIDDLE,
    PRINT,
    RED,
    Rng,
    circle,
    lay,
    lines,
    one_of,
    page,
    pen,
    photographed,
    placed,
    rectangle,
)
from train.photo import Field, inked, to_8_bit
from train.strokes import Points


def red_ring(digit: Digit, rng: Rng) -> Image.Image:
    """A teacher's ring, in red ballpoint, around a digit in black or blue."""
    written_on = inked(page(rng), lay(digit, rng, (0.38, 0.46)), pen(rng))
    return photographed(inked(written_on, _ring_by_hand(rng, 3), RED), rng, 0.6)


def printed_circle(digit: Digit, rng: Rng) -> Image.Image:
    """A printed circle around the digit, as dark as the ink."""
    ring = lines([circle(rng.uniform(76, 90))], 2.5)
    return to_8_bit(inked(inked(page(rng), ring, PRINT), lay(digit, rng, (0.48, 0.58)), pen(rng)))


def box_by_hand(digit: Digit, rng: Rng) -> Image.Image:
    """A box drawn by hand around the digit with the same pen."""
    corners = rectangle(35, 35, 165, 165) + rng.normal(0, 5, (5, 2))
    steps = np.concatenate([np.linspace(start, end, 8) for start, end in pairwise(corners)])
    box = lines([steps + rng.normal(0, 0.8, steps.shape)], 5)
    return to_8_bit(inked(page(rng), np.maximum(lay(digit, rng, (0.38, 0.46)), box), pen(rng)))


def score_box(digit: Digit, rng: Rng) -> Image.Image:
    """The printed box of an exam sheet, about as large as the digit, which crosses its lines."""
    left, top = rng.uniform(36, 52, 2)
    side = rng.uniform(100, 124)
    box = lines([rectangle(left, top, left + side, top + side)], rng.uniform(1.5, 3))
    return to_8_bit(inked(inked(page(rng), box, PRINT), lay(digit, rng, (0.55, 0.7)), pen(rng)))


def bold_frame(digit: Digit, rng: Rng) -> Image.Image:
    """A bold printed frame, whose lines are as wide as strokes."""
    frame = lines([rectangle(24, 24, 176, 176)], rng.uniform(6, 9))
    return to_8_bit(inked(inked(page(rng), frame, PRINT), lay(digit, rng, (0.42, 0.52)), pen(rng)))


def table_cell(digit: Digit, rng: Rng) -> Image.Image:
    """A cell of a strongly printed table, and parts of the empty cells around it."""
    rules = [np.array([(-5, edge), (205, edge)]) for edge in (38, 162)]
    table = lines([*rules, *(rule[:, ::-1] for rule in rules)], 2.5)
    return to_8_bit(inked(inked(page(rng), table, PRINT), lay(digit, rng, (0.42, 0.52)), pen(rng)))


def cell_askew(digit: Digit, rng: Rng) -> Image.Image:
    """The cell of a form, cut out of a scan that was a little askew, with its lines along the edges."""
    ink = np.maximum(lay(digit, rng, (0.42, 0.5)), lines([rectangle(44, 34, 156, 166)], 2.5))
    askew = to_8_bit(inked(page(rng), ink, PRINT))
    straight = askew.rotate(one_of(rng, -1, 1) * rng.uniform(2, 4), Image.Resampling.BICUBIC)
    return straight.crop((36, 26, 164, 174))


def comb_field(digit: Digit, rng: Rng) -> Image.Image:
    """A cell of a comb field: a line below, ticks at its sides, and the ends of both neighbours' digits."""
    comb = [np.array([(0, 170), (200, 170)]), *(np.array([(x, 90), (x, 170)]) for x in (25, 175))]
    ink = placed(written(digit, int(rng.integers(110, 130))), (100 + rng.normal(0, 5), 102 + rng.normal(0, 4)))
    other = written(digit[::-1, ::-1], 120)
    for side in (-1, 1):
        off = 95 + other.shape[1] / 2 - rng.integers(2, 8)
        ink = np.maximum(ink, placed(other, (100 + side * off, 100)))
    return to_8_bit(inked(inked(page(rng), lines(comb, 2), PRINT), ink, pen(rng)))


def _ring_by_hand(rng: Rng, width: float) -> Field:
    """A ring that is neither round nor closed exactly."""
    turn = np.linspace(0.2, 0.2 + 2 * np.pi * rng.uniform(1, 1.12), 90)
    reach = 1 + 0.07 * np.sin(2 * turn + rng.uniform(0, 6)) + 0.02 * (turn - 3)
    ring: Points = MIDDLE + np.stack([78 * np.cos(turn), 73 * np.sin(turn)], axis=1) * reach[:, None]
    return lines([ring], width)
