"""Puts the ink of a digit, of any size, into 28x28 pixels as MNIST does: its stroke width, its box, its centre."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcls.canonical.numerics.shapes import stroke_width
from mnistcls.canonical.numerics.stacks import of_one_shape, spread

SIZE = 28
"""Width and height of the canonical form, in pixels."""

BOX = 20
"""Longer side of the digit's box, in pixels."""

CENTRE = 14.5
"""Where the centre of mass comes to lie: MNIST rounded it down to whole pixels, to between 14 and 15."""

FINE_SIDE = 40
"""Pixels of the longer side at which strokes are made thinner or thicker."""

MIN_STROKE_WIDTH = 4.0
"""Pixels at `FINE_SIDE`: thinner strokes are made as thick as this. Half of MNIST's strokes have from 4.2 to 5.9."""

MAX_STROKE_WIDTH = 6.5
"""Pixels at `FINE_SIDE`: thicker strokes are made as thin as this."""

MARGIN = 4
"""Pixels around the digit at `FINE_SIDE`, into which its strokes may grow."""

MAX_MOVE = 6
"""Pixels by which an edge is moved at `FINE_SIDE`."""

MIN_AREA_LEFT = 0.25
"""Share of the ink's area that thinning leaves."""

MIN_BOX_LEVEL = 76
"""Level of ink, of 255: fainter pixels do not count for the digit's box."""

MAX_TRACE = 12
"""Level of ink, of 255: pixels up to it do not count when full ink is determined."""

SOLID_QUANTILE = 0.9
"""Quantile of the ink's levels that is made full."""

_Ink = NDArray[np.uint8]
_Stack = NDArray[np.uint8]
"""(N, H, W)."""

_POSITION = np.arange(SIZE) + 0.5


def place(inks: Iterable[_Ink]) -> _Stack:
    """Bring the ink of N digits into the canonical form.

    Args:
        inks: (H, W), each of its own size, from 0 on the paper to 255: the digit's box, and a pixel around it.

    Returns:
        uint8 (N, 28, 28).
    """
    small = [_scale(_crop(ink), BOX) for ink in _with_usual_strokes(list(inks))]
    forms = np.zeros((len(small), SIZE, SIZE), np.uint8)
    for alike in of_one_shape(small):
        forms[alike] = _centred(np.array([small[i] for i in alike]))
    return forms


def _centred(small: _Stack) -> _Stack:
    """Scale ink of one size (N, h, w), at most (20, 20), to full strength, and put its centre of mass in place."""
    count, height, width = small.shape
    ink = np.minimum(small * (255 / _solid(small)).astype(np.float32)[:, None, None], 255)
    corners = np.rint(CENTRE - centres_of_mass(ink)).clip(0, (SIZE - height, SIZE - width)).astype(int)
    forms = np.zeros((count, SIZE, SIZE), np.uint8)
    for form, levels, (top, left) in zip(forms, np.rint(ink), corners.tolist(), strict=True):
        form[top : top + height, left : left + width] = levels
    return forms


def _solid(small: _Stack) -> NDArray[np.uint8]:
    """Level that counts as full ink in each image (N, h, w): (N,)."""
    levels = np.sort(small.reshape(len(small), -1), axis=1, kind="stable")  # the quickest kind for bytes
    count = np.count_nonzero(levels > MAX_TRACE, axis=1)
    solid: NDArray[np.uint8] = levels[
        np.arange(len(levels)), levels.shape[1] - count + (SOLID_QUANTILE * count).astype(int)
    ]
    return solid


def centres_of_mass(ink: NDArray[np.uint8 | np.float32]) -> NDArray[np.float64]:
    """Row and column of each centre of mass, in pixels from the upper left corner: (N, 2).

    Args:
        ink: (N, h, w), none of them all 0.
    """
    rows, columns = ink.sum(axis=2), ink.sum(axis=1)
    moments = [along @ _POSITION[: along.shape[1]] for along in (rows, columns)]
    centres: NDArray[np.float64] = np.stack(moments, axis=1) / rows.sum(axis=1)[:, None]
    return centres


def _scale(ink: _Ink, longer_side: int) -> _Ink:
    """Scale ink (h, w) so that its longer side has this many pixels."""
    height, width = ink.shape
    scale = longer_side / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    method = Image.Resampling.BILINEAR if scale < 1 else Image.Resampling.BICUBIC
    # Image.fromarray and np.asarray would do the same, but take longer than the resizing of so small an image.
    scaled = Image.frombuffer("L", ink.shape[::-1], np.ascontiguousarray(ink), "raw", "L", 0, 1).resize(size, method)
    return np.frombuffer(scaled.tobytes(), np.uint8).reshape(size[::-1])


def _crop(ink: _Ink) -> _Ink:
    """Crop ink (h, w) to the box around what is strong enough to be inside the digit."""
    inside = ink > MIN_BOX_LEVEL
    rows, columns = (inside.any(axis=axis).tobytes() for axis in (1, 0))  # bytes are the quickest to search
    return ink[rows.index(1) : rows.rindex(1) + 1, columns.index(1) : columns.rindex(1) + 1]


def _with_usual_strokes(inks: list[_Ink]) -> list[_Ink]:
    """Replace ink whose strokes are thinner or thicker than MNIST's: scale it to `FINE_SIDE`, and correct them."""
    widths = [stroke_width(ink > 127) * FINE_SIDE / max(ink.shape) for ink in inks]
    unusual = [i for i, width in enumerate(widths) if not MIN_STROKE_WIDTH <= width <= MAX_STROKE_WIDTH]
    fine = [_scale(inks[i], FINE_SIDE) for i in unusual]
    for i, ink in zip(unusual, _with_stroke_widths(fine), strict=True):
        inks[i] = ink
    return inks


def _with_stroke_widths(inks: list[_Ink]) -> _Stack:
    """Move the edges of ink until its strokes are as wide as MNIST's, or as nearly so as each digit allows.

    Args:
        inks: (h, w), each of its own size, no side longer than `FINE_SIDE`.

    Returns:
        The ink in the upper left corners of (N, 48, 48), with `MARGIN` pixels of room around it.
    """
    side = FINE_SIDE + 2 * MARGIN
    stack, room = np.zeros((2, len(inks), side, side), np.uint8)
    for fine, within, ink in zip(stack, room, inks, strict=True):
        height, width = ink.shape
        fine[MARGIN : MARGIN + height, MARGIN : MARGIN + width] = ink * np.float32(255 / max(int(ink.max()), 1))
        within[: height + 2 * MARGIN, : width + 2 * MARGIN] = 255
    widths = np.array([stroke_width(fine > 127) for fine in stack])
    moves = (np.maximum(MIN_STROKE_WIDTH - widths, 0) + np.minimum(MAX_STROKE_WIDTH - widths, 0)) / 2
    for extreme, which in ((np.maximum, moves > 0), (np.minimum, moves < 0)):
        stack[which] = _moved(stack[which], room[which], np.abs(moves[which]), extreme)
    return stack


def _moved(stack: _Stack, room: _Stack, moves: NDArray[np.float64], extreme: np.ufunc) -> _Stack:
    """Move the edges of ink, pixel by pixel, for as long as enough of it is left.

    Args:
        stack: ink (N, H, W).
        room: (N, H, W), 255 where ink may be, and 0 elsewhere.
        moves: (N,), by how many pixels.
        extreme: `np.maximum` to move the edges outwards, `np.minimum` to move them inwards.
    """
    steps = np.minimum(np.ceil(moves), MAX_MOVE)
    least = MIN_AREA_LEFT * _area(stack)
    going = np.arange(len(stack))
    for step in range(int(steps.max(initial=0))):
        going = going[steps[going] > step]
        ink = stack[going]
        moved = spread(ink, 2, extreme, onto=spread(ink, 1, extreme))
        if step % 2:  # a cross and a square in turn approximate a disc
            moved = spread(moved, 1, extreme)
        moved &= room[going]
        part = np.minimum(moves[going] - step, 1).astype(np.float32)[:, None, None]
        enough = _area(moved) >= least[going]
        going = going[enough]
        stack[going] = (ink * (1 - part) + moved * part)[enough]
    return stack


def _area(ink: _Stack) -> NDArray[np.intp]:
    """Count the pixels of each image (N, H, W) that are more than half ink: (N,)."""
    area: NDArray[np.intp] = np.count_nonzero(ink > 127, axis=(1, 2))
    return area
