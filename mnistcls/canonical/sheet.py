"""Finds a sheet of paper inside the picture, and the picture of what is written on it.

Such a sheet has been taken for the mark: it stands out from what it lies on, and what is written on it is a hole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.marks import Mark
from mnistcls.canonical.numerics.shapes import axis_ratio, filled, largest, rectangularity, solidity, within_reach
from mnistcls.canonical.plane import to_planes
from mnistcls.canonical.sizes import at_working_size
from mnistcls.canonical.surroundings import EDGE_SOFTNESS, MIN_PICTURE_SIDE, without_surroundings

MIN_SHEET_SIDE = 32
"""Pixels of the shorter side of the box around a sheet."""

MIN_PAPER_SHARE = 0.4
"""Share of the box around a sheet that is paper, however the sheet is turned."""

MIN_BODY_SHARE = 0.7
"""Share of a sheet together with what is attached to it that is in one piece and nowhere narrow."""

MAX_ATTACHED_WIDTH = 1 / 5
"""In sides of the sheet: what is wider belongs to the sheet; what is narrower may be a bright spot of the table."""

MIN_INK_SHARE = 0.005
"""Share of a sheet that is ink: a digit takes more."""

MAX_INK_SHARE = 0.25
"""Share of a sheet that is ink: a digit takes less, and the hole of a 0 more."""

MIN_RECTANGULARITY = 0.88
"""Share of the smallest rectangle around it that a rectangular sheet fills: an ellipse has 0.79."""

MIN_SOLIDITY = 0.93
"""Share of its convex hull that a sheet of another shape fills."""

MIN_AXIS_RATIO = 0.88
"""Ratio of the axes, shorter to longer, of a sheet of another shape: a bold 0 is longer than it is wide."""

MIN_SHARP_RECTANGULARITY = 0.97
"""Share of the smallest rectangle around it that a sheet fills whose corners are not rounded."""

MIN_COUNTER_RECTANGULARITY = 0.88
"""Share of the smallest rectangle around it that the counter of a bold printed digit fills."""

MAX_BAR_AXIS_RATIO = 0.3
"""Ratio of the axes, shorter to longer, of a bar that may be a 1 on a sheet."""

MIN_COUNTER_AXIS_RATIO = 0.2
"""Ratio of the axes, shorter to longer, of a bar that may be the counter of a bold 0."""

MAX_OFF_CENTRE = 0.1
"""Difference between the walls on both sides of the counter of a 0, in sides of the digit."""

MAX_WALL_RATIO = 1.6
"""Widths of the walls beside the counter of a 0, relative to those above and below it: a 1 leaves more beside it."""

INK_SOFTNESS = 2
"""Pixels over which the edge of what is written is soft."""

MIN_LOOP_SHARE = 0.01
"""Area of the paper within a loop, relative to the writing around it: the hole of a digit has no paper in it."""

MIN_LOOP_PIXELS = 4
"""Pixels of paper within a loop: fewer may be noise."""

MIN_WRITING_LENGTH = 0.35
"""In longer sides of the sheet: writing without a loop is longer."""

MAX_WRITING_SOLIDITY = 0.8
"""Share of its convex hull that writing fills, if it has no loop and is no stroke: the hole of a 0 is convex."""

MAX_STROKE_AXIS_RATIO = 0.4
"""Ratio of the axes, shorter to longer, of writing that is a single stroke: the hole of a 0 is wider."""

_Image = NDArray[np.uint8]
_Mask = NDArray[np.bool_]


def inside_sheet(pixels: _Image, mark: Mark, reduction: int) -> _Image | None:
    """Paint the level of the paper over everything around a sheet.

    Args:
        pixels: the picture, (H, W) or (H, W, C).
        mark: what was found in the picture, which may be a sheet.
        reduction: by what the picture's sides were divided before that.

    Returns:
        The picture, of the same size, with nothing but paper around what is written; None if the mark is no sheet.
    """
    if max(pixels.shape[:2]) < MIN_PICTURE_SIDE:
        return None
    own = mark.ink[1:-1, 1:-1] > 127
    sheet = _sheet(own)
    if sheet is None:
        return None
    hole, share = largest(sheet & ~own), rectangularity(sheet)
    if share < MIN_SHARP_RECTANGULARITY and _is_counter(hole):  # a bold printed digit has round corners
        return None
    if share < MIN_RECTANGULARITY and not _is_other_sheet(sheet, own, hole, pixels, mark):
        return None
    top, left, bottom, right = mark.box
    paper = np.zeros([-(-side // reduction) for side in pixels.shape[:2]], np.bool_)
    paper[top:bottom, left:right] = within_reach(sheet, EDGE_SOFTNESS, np.logical_and)
    return without_surroundings(pixels, paper, reduction)


def _sheet(own: _Mask) -> _Mask | None:
    """Find what may be a sheet of any shape in a mark's own pixels (H, W).

    Returns:
        The sheet with its holes filled, (H, W); None if there is nothing like one.
    """
    if min(own.shape) < MIN_SHEET_SIDE or np.count_nonzero(own) < MIN_PAPER_SHARE * own.size:
        return None
    whole = filled(own)
    if not _is_written_on(whole, own):
        return None
    sheet = _body(whole)
    if np.count_nonzero(sheet) < MIN_BODY_SHARE * np.count_nonzero(whole) or not _is_written_on(sheet, own):
        return None
    return sheet


def _is_counter(hole: _Mask) -> bool:
    """Whether a hole (H, W) is a bar like the counter of a bold printed digit, and no stroke."""
    if rectangularity(hole) < MIN_COUNTER_RECTANGULARITY:
        return False
    ratio = axis_ratio(hole)
    return ratio >= MAX_BAR_AXIS_RATIO or (ratio >= MIN_COUNTER_AXIS_RATIO and _is_central(hole))


def _is_central(hole: _Mask) -> bool:
    """Whether a hole (H, W) lies in the middle of its sheet, as far from its sides as from its ends."""
    rows, columns = np.nonzero(hole)
    height, width = hole.shape
    top, bottom, left, right = rows.min(), height - 1 - rows.max(), columns.min(), width - 1 - columns.max()
    level, upright = left + right, top + bottom
    uneven = max(abs(left - right) / width, abs(top - bottom) / height)
    return bool(uneven <= MAX_OFF_CENTRE and level <= MAX_WALL_RATIO * upright)


def _is_other_sheet(sheet: _Mask, paper: _Mask, hole: _Mask, pixels: _Image, mark: Mark) -> bool:
    """Whether what is no rectangle is a sheet all the same (round, torn, cut off by the picture), and not a bold 0.

    Args:
        sheet: (H, W), with its holes filled.
        paper: (H, W), without what is written on it.
        hole: (H, W), the largest in it.
        pixels: the whole picture.
        mark: what was found in the picture, (H, W) in its box.
    """
    if solidity(sheet) < MIN_SOLIDITY or axis_ratio(sheet) < MIN_AXIS_RATIO:
        return False
    top, left, bottom, right = mark.box
    levels = to_planes(at_working_size([pixels]))[0].values[top:bottom, left:right]
    if _has_loop(hole, levels, int(np.median(levels[paper]))):
        return True
    if max(np.ptp(np.nonzero(hole), axis=1)) < MIN_WRITING_LENGTH * max(sheet.shape):
        return False
    return solidity(hole) < MAX_WRITING_SOLIDITY or axis_ratio(hole) < MAX_STROKE_AXIS_RATIO


def _has_loop(hole: _Mask, levels: _Image, paper: int) -> bool:
    """Whether a hole (H, W) has paper well inside it, as writing with a loop has: an island that is not in the mark."""
    ink = int(np.median(levels[hole]))
    like_paper = np.abs(levels.astype(np.int16) - paper) < np.abs(levels.astype(np.int16) - ink)
    inside = within_reach(filled(hole), INK_SOFTNESS, np.logical_and)
    return bool(np.count_nonzero(like_paper & inside) >= max(MIN_LOOP_PIXELS, MIN_LOOP_SHARE * np.count_nonzero(hole)))


def _is_written_on(sheet: _Mask, paper: _Mask) -> bool:
    """Whether as much of a sheet is not paper as a digit takes."""
    area, ink = np.count_nonzero(sheet), np.count_nonzero(sheet & ~paper)
    return bool(MIN_INK_SHARE * area <= ink <= MAX_INK_SHARE * area)


def _body(mask: _Mask) -> _Mask:
    """Largest part of a mask (H, W), without the narrow things attached to it."""
    core = largest(within_reach(mask, EDGE_SOFTNESS, np.logical_and))
    reach = int(MAX_ATTACHED_WIDTH / 2 * np.sqrt(np.count_nonzero(within_reach(core, EDGE_SOFTNESS, np.logical_or))))
    if reach > EDGE_SOFTNESS:
        core = largest(within_reach(core, reach - EDGE_SOFTNESS, np.logical_and))
    return within_reach(core, max(reach, EDGE_SOFTNESS), np.logical_or)
