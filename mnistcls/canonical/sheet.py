"""Finds a sheet of paper inside the picture, and the picture of what is written on it.

Such a sheet has been taken for the mark: it stands out from what it lies on, and what is written on it is a hole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.marks import Mark
from mnistcls.canonical.plane import to_planes
from mnistcls.canonical.shapes import axis_ratio, filled, largest, rectangularity, solidity, within_reach
from mnistcls.canonical.sizes import at_working_size

PICTURE_SIDE, SHEET_SIDE = 64, 32
"""Longer side of a picture, and shorter one of the box around a sheet, in pixels, from which there is room for one."""

PAPER = 0.4
"""Least share of the box around a sheet, however it is turned, that is paper."""

WIDE = 0.7
"""Least share of a sheet and what hangs on to it that is in one piece and nowhere narrow."""

NARROW = 1 / 5
"""What is narrower than this, in sides of the sheet, hangs on to it, as a bright spot of the table does."""

RECTANGLE = 0.88
"""Least share of the smallest rectangle around it that a sheet fills; an ellipse fills 0.79."""

CONVEX, ROUND = 0.93, 0.88
"""Least solidity and least ratio of the axes of a sheet that is no rectangle: a bold 0 is longer than wide."""

SOFT, LOOP, LEAST_LOOP = 2, 0.01, 4
"""Pixels that the edge of what is written is soft; and least share of it, and least pixels, that are paper inside if it
has a loop, as no hole of a digit has."""

REACH, HOLLOW, SLIT = 0.35, 0.8, 0.4
"""What is written without a loop is at least this long, in sides of the sheet; and it fills at most this share of its
hull, or is a stroke, whose axes have at most this ratio. The hole of a 0 is convex and wide."""

HOLES = (0.005, 0.25)
"""Least and greatest share of a sheet that is ink: a digit has fewer pixels than its paper, and a 0 a larger hole."""

RIM = 4
"""Pixels: as wide as the edge of a sheet is soft; what is twice as wide, at least, hangs on to a sheet of any size."""

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
    if max(pixels.shape[:2]) < PICTURE_SIDE:
        return None
    own = mark.ink[1:-1, 1:-1] > 127
    sheet = _sheet(own)
    if sheet is None or not (rectangularity(sheet) >= RECTANGLE or _is_plate(sheet, own, pixels, mark)):
        return None
    top, left, bottom, right = mark.box
    paper = np.zeros([-(-side // reduction) for side in pixels.shape[:2]], np.bool_)
    paper[top:bottom, left:right] = within_reach(sheet, RIM, np.logical_and)
    return only(pixels, paper, reduction)


def only(pixels: _Image, part: _Mask, reduction: int) -> _Image:
    """Paint over everything but one part of a picture, with the median colour of that part, which is its paper.

    Args:
        pixels: the picture, (H, W) or (H, W, C).
        part: (ceil(H / reduction), ceil(W / reduction)), which blocks of the picture stay.
        reduction: side of a block in pixels, 1 or more.
    """
    whole = part.repeat(reduction, axis=0).repeat(reduction, axis=1)[: pixels.shape[0], : pixels.shape[1]]
    alone = pixels.copy()
    alone[~whole] = np.median(pixels[whole], axis=0).astype(np.uint8)
    return alone


def _sheet(own: _Mask) -> _Mask | None:
    """Find what may be a sheet of any shape in a mark's own pixels (H, W).

    Returns:
        The sheet with its holes filled, (H, W); None if there is nothing like one.
    """
    if min(own.shape) < SHEET_SIDE or np.count_nonzero(own) < PAPER * own.size:
        return None
    whole = filled(own)
    if not _is_written_on(whole, own):
        return None
    sheet = _body(whole)
    if np.count_nonzero(sheet) < WIDE * np.count_nonzero(whole) or not _is_written_on(sheet, own):
        return None
    return sheet


def _is_plate(sheet: _Mask, paper: _Mask, pixels: _Image, mark: Mark) -> bool:
    """Whether a sheet that is no rectangle (round, torn, cut off by the picture) is written on, and no bold 0.

    Args:
        sheet: (H, W), with its holes filled.
        paper: (H, W), without what is written on it.
        pixels: the whole picture.
        mark: what was found in the picture, (H, W) in its box.
    """
    if solidity(sheet) < CONVEX or axis_ratio(sheet) < ROUND:
        return False
    hole = largest(sheet & ~paper)
    top, left, bottom, right = mark.box
    levels = to_planes(at_working_size([pixels]))[0].values[top:bottom, left:right]
    if _has_loop(hole, levels, int(np.median(levels[paper]))):
        return True
    reach = max(np.ptp(np.nonzero(hole), axis=1))
    return bool(reach >= REACH * max(sheet.shape) and (solidity(hole) < HOLLOW or axis_ratio(hole) < SLIT))


def _has_loop(hole: _Mask, levels: _Image, paper: int) -> bool:
    """Whether a hole (H, W) has paper well inside it, as writing with a loop has: an island that is not in the mark."""
    ink = int(np.median(levels[hole]))
    like_paper = np.abs(levels.astype(np.int16) - paper) < np.abs(levels.astype(np.int16) - ink)
    inside = within_reach(filled(hole), SOFT, np.logical_and)
    return bool(np.count_nonzero(like_paper & inside) >= max(LEAST_LOOP, LOOP * np.count_nonzero(hole)))


def _is_written_on(sheet: _Mask, paper: _Mask) -> bool:
    """Whether as much of a sheet is not paper as a digit takes."""
    area, ink = np.count_nonzero(sheet), np.count_nonzero(sheet & ~paper)
    least, most = HOLES
    return bool(least * area <= ink <= most * area)


def _body(mask: _Mask) -> _Mask:
    """Largest part of a mask (H, W), without the narrow things attached to it."""
    core = largest(within_reach(mask, RIM, np.logical_and))
    reach = int(NARROW / 2 * np.sqrt(np.count_nonzero(within_reach(core, RIM, np.logical_or))))
    if reach > RIM:
        core = largest(within_reach(core, reach - RIM, np.logical_and))
    return within_reach(core, max(reach, RIM), np.logical_or)
