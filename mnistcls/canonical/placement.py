"""From the ink of a digit, of any size, to 28x28 as MNIST has it: stroke width, box, centre of mass."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = 28
"""Width and height of the canonical form, in pixels."""

BOX = 20
"""Longer side of the digit's box, in pixels."""

CENTRE = 14.5
"""Where the centre of mass comes to lie: MNIST rounded it down to whole pixels, to between 14 and 15."""

FINE = 40
"""Longer side, in pixels, at which strokes are made thinner or thicker."""

STROKE_WIDTHS = (4.0, 6.5)
"""Pixels at that size: the middle half of MNIST's strokes are between 4.2 and 5.9. Others are brought up or down."""

MARGIN = 4
"""Pixels around the digit at that size, into which its strokes may grow."""

MAX_STEPS = 6
"""Pixels by which an edge is moved, at most."""

LEAST_LEFT = 0.25
"""Of the ink's area: strokes are not made so thin that less is left."""

EDGE = 76
"""Of 255: ink from which a pixel is inside the digit's box."""

TRACE, SOLID = 12, 0.9
"""Of the ink that is more than a trace, of 255, the share that stays below full."""

_Ink = NDArray[np.uint8]

_POSITION = np.arange(SIZE) + 0.5


def place(ink: _Ink) -> NDArray[np.uint8]:
    """Bring a digit's ink into the canonical box.

    Args:
        ink: (H, W), cropped to the digit, 0 on the paper to 255, with a margin of one pixel of paper.

    Returns:
        uint8 (28, 28).
    """
    width = stroke_width(ink > 127) * FINE / max(ink.shape)
    thinnest, thickest = STROKE_WIDTHS
    if not thinnest <= width <= thickest:
        ink = _with_stroke_width(_fine(ink))
    small = _scale(_crop(ink), BOX)
    solid = np.sort(small[small > TRACE])
    small = np.minimum(small * np.float32(255 / solid[int(SOLID * len(solid))]), 255)
    height, width = small.shape
    y, x = centre_of_mass(small)
    top = min(max(round(CENTRE - y), 0), SIZE - height)
    left = min(max(round(CENTRE - x), 0), SIZE - width)
    form = np.zeros((SIZE, SIZE), np.uint8)
    form[top : top + height, left : left + width] = np.rint(small)
    return form


def centre_of_mass(ink: NDArray[np.uint8 | np.float32]) -> tuple[float, float]:
    """Row and column, in pixels, the middle of the first at 0.5, of ink, at most (28, 28), that is not all 0."""
    rows, columns = ink.sum(axis=1), ink.sum(axis=0)
    total = float(rows.sum())
    return float(rows @ _POSITION[: len(rows)]) / total, float(columns @ _POSITION[: len(columns)]) / total


def stroke_width(mask: NDArray[np.bool_]) -> float:
    """Mean width of the strokes of a mask, in pixels: twice the area by the length of the edge.

    Args:
        mask: (H, W), False along the border.
    """
    steps = np.count_nonzero(mask[1:] ^ mask[:-1]) + np.count_nonzero(mask[:, 1:] ^ mask[:, :-1])
    edge = steps * np.pi / 4  # what a staircase is longer than the curve, over all directions
    return 2 * float(np.count_nonzero(mask)) / max(edge, 1.0)


def _scale(ink: _Ink, longer_side: int) -> _Ink:
    height, width = ink.shape
    scale = longer_side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = Image.Resampling.BILINEAR if scale < 1 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(ink).resize(size, method))


def _crop(ink: _Ink) -> _Ink:
    inside = ink > EDGE
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fine(ink: _Ink) -> _Ink:
    """Ink `FINE` pixels long, its darkest full, and room around it."""
    small = _scale(ink, FINE)
    fine = np.zeros((small.shape[0] + 2 * MARGIN, small.shape[1] + 2 * MARGIN), np.uint8)
    fine[MARGIN:-MARGIN, MARGIN:-MARGIN] = small * np.float32(255 / max(int(small.max()), 1))
    return fine


def _with_stroke_width(ink: _Ink) -> _Ink:
    """Move the edges outwards or inwards until the strokes are as wide as MNIST's, or as near as the digit bears."""
    width = stroke_width(ink > 127)
    thinnest, thickest = STROKE_WIDTHS
    move = (max(thinnest - width, 0) + min(thickest - width, 0)) / 2
    extreme = np.maximum if move > 0 else np.minimum
    least = LEAST_LEFT * np.count_nonzero(ink > 127)
    for step in range(min(math.ceil(abs(move)), MAX_STEPS)):
        moved = _spread(_spread(ink, ink, 0, extreme), ink, 1, extreme)
        if step % 2:  # a cross and a square in turn come close to a disc
            moved = _spread(moved, moved, 0, extreme)
        if np.count_nonzero(moved > 127) < least:
            break
        part = np.float32(min(abs(move) - step, 1))
        ink = moved if part == 1 else (ink * (1 - part) + moved * part).astype(np.uint8)
    return ink


def _spread(onto: _Ink, ink: _Ink, axis: int, extreme: np.ufunc) -> _Ink:
    """The larger (or smaller) of each pixel and its neighbours along an axis."""
    result = onto.copy()
    to, source = result.swapaxes(0, axis), ink.swapaxes(0, axis)
    extreme(to[1:], source[:-1], out=to[1:])
    extreme(to[:-1], source[1:], out=to[:-1])
    return result
