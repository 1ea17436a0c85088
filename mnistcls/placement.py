"""From the ink of a digit, of any size, to 28x28 as MNIST has it: stroke width, box, centre of mass."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = 28
"""Width and height of the canonical form, in pixels."""

BOX = 20
"""Longer side of the digit's box, in pixels."""

CENTRE = 14.5
"""Where the centre of mass comes to lie: MNIST rounded it down to whole pixels, to between 14 and 15."""

FINE = 80
"""Longer side, in pixels, at which strokes are made thinner or thicker."""

STROKE_WIDTHS = (8.0, 13.0)
"""Pixels at that size: the middle half of MNIST's strokes are between 8.3 and 11.7. Others are brought up or down."""

EDGE = 0.3
"""Ink from which a pixel is inside the digit's box."""

TRACE, SOLID = 0.05, 0.9
"""Of the ink that is more than a trace, the share that stays below full."""

MARGIN = 6
"""Pixels around the digit, into which its strokes may grow."""

MAX_STEPS = 12
"""Pixels by which an edge is moved, at most."""

_Ink = NDArray[np.float32]


def place(ink: _Ink) -> NDArray[np.uint8]:
    """Bring a digit's ink into the canonical box.

    Args:
        ink: (H, W), cropped to the digit, 0 on the paper to 1.

    Returns:
        uint8 (28, 28).
    """
    ink = _with_margin(ink, 1)
    width = stroke_width(ink > 0.5) * FINE / max(ink.shape)
    thinnest, thickest = STROKE_WIDTHS
    if not thinnest <= width <= thickest:
        fine = _with_margin(np.clip(_scale(ink, FINE), 0, 1), MARGIN)
        ink = _with_stroke_width(fine / max(float(fine.max()), 1e-6))
    small = np.clip(_scale(_crop(ink), BOX), 0, 1)
    solid = np.sort(small[small > TRACE])
    small = np.minimum(small / solid[int(SOLID * len(solid))], 1)
    height, width = small.shape
    y, x = centre_of_mass(small)
    top = int(np.clip(round(CENTRE - y), 0, SIZE - height))
    left = int(np.clip(round(CENTRE - x), 0, SIZE - width))
    form = np.zeros((SIZE, SIZE), np.uint8)
    form[top : top + height, left : left + width] = np.rint(small * 255)
    return form


def centre_of_mass(ink: _Ink) -> tuple[float, float]:
    """Row and column, in pixels, the middle of the first at 0.5, of ink that is not all 0."""
    rows, columns = ink.sum(axis=1), ink.sum(axis=0)
    total = float(rows.sum())
    y, x = float(rows @ np.arange(len(rows))) / total, float(columns @ np.arange(len(columns))) / total
    return y + 0.5, x + 0.5


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


def _with_stroke_width(ink: _Ink) -> _Ink:
    """Move the edges outwards or inwards until the strokes are as wide as MNIST's, or as near as the digit bears."""
    width = stroke_width(ink > 0.5)
    thinnest, thickest = STROKE_WIDTHS
    move = (max(thinnest - width, 0) + min(thickest - width, 0)) / 2
    extreme = np.maximum if move > 0 else np.minimum
    least = 0.25 * float((ink > 0.5).sum())
    for step in range(min(int(abs(move) + 0.5), MAX_STEPS)):
        moved = _spread(_spread(ink, ink, 0, extreme), ink, 1, extreme)
        if step % 2:  # a cross and a square in turn come close to a disc
            moved = _spread(moved, moved, 0, extreme)
        if np.count_nonzero(moved > 0.5) < least:
            break
        ink = moved
    return ink


def _spread(onto: _Ink, ink: _Ink, axis: int, extreme: np.ufunc) -> _Ink:
    """The larger (or smaller) of each pixel and its neighbours along an axis."""
    result = onto.copy()
    to, source = result.swapaxes(0, axis), ink.swapaxes(0, axis)
    extreme(to[1:], source[:-1], out=to[1:])
    extreme(to[:-1], source[1:], out=to[:-1])
    return result


def _with_margin(ink: _Ink, margin: int) -> _Ink:
    height, width = ink.shape
    wider = np.zeros((height + 2 * margin, width + 2 * margin), np.float32)
    wider[margin:-margin, margin:-margin] = ink
    return wider


def stroke_width(mask: NDArray[np.bool_]) -> float:
    """Mean width of the strokes of a mask, in pixels: twice the area by the length of the edge.

    Args:
        mask: (H, W), False along the border.
    """
    steps = np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1])
    edge = steps * np.pi / 4  # what a staircase is longer than the curve, over all directions
    return 2 * float(np.count_nonzero(mask)) / max(edge, 1.0)
