"""Knows a sheet of paper that is smaller than its picture: an even rectangle, in which the digit is a hole."""

from __future__ import annotations

import cc3d
import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.ink import Mark
from mnistcls.canonical.lines import joined

PICTURE_SIDE, SHEET_SIDE = 64, 32
"""Longer side of a picture, and shorter one of the box around a sheet, in pixels, from which there is room for one."""

PAPER = 0.4
"""Of the box around a sheet, however it is turned, the least share that is paper."""

WIDE = 0.9
"""Of a sheet, the least share that is nowhere narrow: strokes are."""

RECTANGLE = 0.88
"""Of the least rectangle around it, the least share that a sheet fills: an ellipse fills 0.79."""

HOLES = (0.005, 0.25)
"""Of a sheet, the share that is ink: a digit has fewer pixels than its paper, and a 0 has a larger hole."""

TURNS = np.arange(0, np.pi / 2, np.pi / 60)
"""Angles at which the least rectangle is looked for."""

RIM = 4
"""Pixels: as wide as the edge of a sheet is soft, and half as wide as what may hang on to it."""

_Image = NDArray[np.uint8]
_Mask = NDArray[np.bool_]


def inside_sheet(pixels: _Image, mark: Mark, reduction: int) -> _Image | None:
    """The picture of what is written on a sheet, with nothing but paper around; None if a mark is no sheet.

    Args:
        pixels: the picture, (H, W) or (H, W, C).
        mark: what was found in it.
        reduction: by what the picture was divided for that.
    """
    ink = mark.ink[1:-1, 1:-1]
    if max(pixels.shape[:2]) < PICTURE_SIDE or min(ink.shape) < SHEET_SIDE:
        return None
    own = ink > 127
    if np.count_nonzero(own) < PAPER * own.size:
        return None
    filled = _filled(own)
    if not _is_written_on(filled, own):
        return None
    inner = _within_reach(filled, np.logical_and)
    sheet = _within_reach(inner, np.logical_or)  # without what hangs on to it
    if np.count_nonzero(sheet) < WIDE * np.count_nonzero(filled) or _rectangularity(sheet) < RECTANGLE:
        return None
    paper = np.zeros(np.array(pixels.shape[:2]) + reduction, np.bool_)  # the last block may reach beyond the picture
    top, left, bottom, right = (edge * reduction for edge in mark.box)
    paper[top:bottom, left:right] = inner.repeat(reduction, axis=0).repeat(reduction, axis=1)
    paper = paper[: pixels.shape[0], : pixels.shape[1]]
    inside = pixels.copy()
    inside[~paper] = np.median(pixels[paper], axis=0).astype(np.uint8)
    return inside


def _filled(mask: _Mask) -> _Mask:
    """A mask (H, W) without its holes."""
    around = np.pad(~mask, 1, constant_values=True).astype(np.uint8)
    labels = cc3d.connected_components(around, connectivity=4)
    filled: _Mask = labels[1:-1, 1:-1] != labels[0, 0]
    return filled


def _is_written_on(sheet: _Mask, paper: _Mask) -> bool:
    area = np.count_nonzero(sheet)
    least, most = HOLES
    return bool(least * area <= area - np.count_nonzero(paper) <= most * area)


def _rectangularity(mask: _Mask) -> float:
    """Of the least rectangle around a mask (H, W), the share that it fills; 0 of an empty one."""
    rows = np.flatnonzero(mask.any(axis=1))
    if len(rows) == 0:
        return 0.0
    ends = mask[rows].argmax(axis=1), mask.shape[1] - mask[rows, ::-1].argmax(axis=1)
    corners = np.column_stack([np.tile(np.concatenate(ends), 2), np.repeat([rows, rows + 1], 2, axis=0).ravel()])
    along = corners @ np.array([np.cos(TURNS), np.sin(TURNS)])
    across = corners @ np.array([-np.sin(TURNS), np.cos(TURNS)])
    return float(np.count_nonzero(mask) / (np.ptp(along, axis=0) * np.ptp(across, axis=0)).min())


def _within_reach(mask: _Mask, join: np.ufunc) -> _Mask:
    """`join` of all that is within `RIM` of each pixel of a mask (H, W), along both axes, and of nothing beyond it."""
    for _ in range(2):
        mask = joined(np.pad(mask, ((RIM, RIM), (0, 0))), 2 * RIM + 1, join).T
    return mask
