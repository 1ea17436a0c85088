"""Knows a sheet of paper that is smaller than its picture: an even rectangle, in which the digit is a hole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.components import connected
from mnistcls.canonical.marks import Mark
from mnistcls.canonical.stacks import joined, spans

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

HOLES = (0.005, 0.25)
"""Least and greatest share of a sheet that is ink: a digit has fewer pixels than its paper, and a 0 a larger hole."""

TURNS = np.arange(0, np.pi / 2, np.pi / 60)
AXES = np.array([[np.cos(TURNS), np.sin(TURNS)], [-np.sin(TURNS), np.cos(TURNS)]]).swapaxes(1, 2)
"""(2, T, 2): both axes, of x and y, of each rectangle of which the least is looked for."""

RIM = 4
"""Pixels: as wide as the edge of a sheet is soft; what is twice as wide, at least, hangs on to a sheet of any size."""

_Image = NDArray[np.uint8]
_Mask = NDArray[np.bool_]


def inside_sheet(pixels: _Image, mark: Mark, reduction: int) -> _Image | None:
    """The picture of what is written on a sheet, with nothing but paper around; None if a mark is no sheet.

    Args:
        pixels: the picture, (H, W) or (H, W, C).
        mark: what was found in it.
        reduction: by what the picture was divided for that.
    """
    sheet = _sheet(mark.ink[1:-1, 1:-1] > 127) if max(pixels.shape[:2]) >= PICTURE_SIDE else None
    if sheet is None:
        return None
    inner = _within_reach(sheet, RIM, np.logical_and)
    paper = np.zeros(np.array(pixels.shape[:2]) + reduction, np.bool_)  # the last block may reach beyond the picture
    top, left, bottom, right = (edge * reduction for edge in mark.box)
    paper[top:bottom, left:right] = inner.repeat(reduction, axis=0).repeat(reduction, axis=1)
    paper = paper[: pixels.shape[0], : pixels.shape[1]]
    inside = pixels.copy()
    inside[~paper] = np.median(pixels[paper], axis=0).astype(np.uint8)
    return inside


def _sheet(own: _Mask) -> _Mask | None:
    """The sheet, with its holes filled, that a mark's own pixels (H, W) are; None if they are no sheet."""
    if min(own.shape) < SHEET_SIDE or np.count_nonzero(own) < PAPER * own.size:
        return None
    filled = _filled(own)
    if not _is_written_on(filled, own):
        return None
    sheet = _body(filled)
    if np.count_nonzero(sheet) < WIDE * np.count_nonzero(filled) or not _is_written_on(sheet, own):
        return None
    return sheet if _rectangularity(sheet) >= RECTANGLE else None


def _filled(mask: _Mask) -> _Mask:
    """A mask (H, W) without its holes."""
    around = np.ones(np.array(mask.shape) + 2, np.bool_)
    around[1:-1, 1:-1] = ~mask
    labels = connected(around, connectivity=4)
    filled: _Mask = labels[1:-1, 1:-1] != labels[0, 0]
    return filled


def _is_written_on(sheet: _Mask, paper: _Mask) -> bool:
    """Whether as much of a sheet is no paper as a digit takes."""
    area, ink = np.count_nonzero(sheet), np.count_nonzero(sheet & ~paper)
    least, most = HOLES
    return bool(least * area <= ink <= most * area)


def _body(mask: _Mask) -> _Mask:
    """The largest part of a mask (H, W), without what hangs on to it."""
    core = _largest(_within_reach(mask, RIM, np.logical_and))
    reach = int(NARROW / 2 * np.sqrt(np.count_nonzero(_within_reach(core, RIM, np.logical_or))))
    if reach > RIM:
        core = _largest(_within_reach(core, reach - RIM, np.logical_and))
    return _within_reach(core, max(reach, RIM), np.logical_or)


def _largest(mask: _Mask) -> _Mask:
    """The largest connected component of a mask (H, W); nothing of an empty one."""
    labels = connected(mask, connectivity=4)
    if labels.max() < 2:  # the most frequent case
        return mask
    largest: _Mask = labels == np.bincount(labels[mask]).argmax()
    return largest


def _rectangularity(mask: _Mask) -> float:
    """Of the least rectangle around a mask (H, W), the share that it fills; 0 of an empty one."""
    rows = np.flatnonzero(mask.any(axis=1))
    if len(rows) == 0:
        return 0.0
    left, right = spans(mask[rows])
    corners = np.array([np.concatenate([left, right, left, right]), np.concatenate([rows, rows, rows + 1, rows + 1])])
    sides = np.ptp(AXES @ corners, axis=2)  # (2, T)
    return float(np.count_nonzero(mask) / sides.prod(axis=0).min())


def _within_reach(mask: _Mask, reach: int, join: np.ufunc) -> _Mask:
    """`join` of all within so many pixels of each of a mask (H, W), along both axes, and of nothing beyond it."""
    for _ in range(2):
        margin = np.zeros((reach, mask.shape[1]), np.bool_)
        mask = joined(np.concatenate([margin, mask, margin]), 2 * reach + 1, join).T
    return mask
