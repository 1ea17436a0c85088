"""Removes rulings: long, thin, straight lines, horizontal or vertical, that are no strokes of a digit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.numerics.stacks import joined, spread

MIN_RULED_SIDE = 64
"""Pixels of the longer side of an image with rulings, and of the shorter side of one with a ruling along its border."""

MIN_LINE_LENGTH = 0.55
"""Length of a line, in longer sides of the image: few strokes are this long."""

MAX_LINE_WIDTH = 0.025
"""Width of a line, in longer sides of the image: anything wider may be a stroke."""

MAX_STROKES = 2
"""Number of straight lines in a digit, such as a 4; if there are more, they are a box or rulings."""

MIN_WRITTEN_SHARE = 0.25
"""Ink beside such lines, as a share of theirs, with which they may be strokes of a digit."""

MAX_GAP_TO_BORDER = 0.1
"""Gap between each end of a line and the border, in longer sides of the image, if it goes across the paper."""

MIN_OVERHANG = 0.03
"""Length of a line beyond each end of what is written, in longer sides of the image, if it lies beneath that."""

BORDER_WIDTH = 2
"""Pixels: a line within this strip along the border is the edge of the paper or of a shadow, and any other mark in it
the end of a ruling."""

_Mask = NDArray[np.bool_]


def without_lines(masks: _Mask) -> tuple[_Mask, _Mask]:
    """Remove the rulings of each mask, but nothing that crosses them.

    Args:
        masks: (N, H, W).

    Returns:
        The masks without their rulings, (N, H, W), and whether each had any, (N,).
    """
    rest, ruled = masks.copy(), np.zeros(len(masks), np.bool_)
    side = max(masks.shape[1:])
    if side < MIN_RULED_SIDE:
        return rest, ruled
    across = dict(_lines(masks, 1, side))
    upright = {i: lines.T for i, lines in _lines(masks, 2, side)}
    nothing = np.zeros(masks.shape[1:], np.bool_)
    for i in across.keys() | upright.keys():
        rows, columns = _rulings(masks[i], across.get(i, nothing), upright.get(i, nothing), side)
        if not (rows.any() or columns.any()):
            continue
        without = masks[i] & ~(rows | columns)
        if without.any() or rows.any():  # nothing but an upright line may be a 1
            rest[i], ruled[i] = without, True
    return rest, ruled


def _rulings(mask: _Mask, rows: _Mask, columns: _Mask, side: int) -> tuple[_Mask, _Mask]:
    """Drop from the horizontal and vertical lines of a mask (H, W) those that are strokes of its digit."""
    crossings = rows.any(axis=1, keepdims=True) & columns.any(axis=0, keepdims=True)
    written = mask & ~(rows | columns | crossings)
    across, upright = _split_lines(rows), _split_lines(columns.T)
    few = len(across) + len(upright) <= MAX_STROKES
    if few and np.count_nonzero(written) >= MIN_WRITTEN_SHARE * np.count_nonzero(rows | columns):
        horizontal = _without_strokes(rows, across, written, columns, side)
        vertical = _without_strokes(columns.T, upright, written.T, rows.T, side).T
        return horizontal, vertical
    return rows, columns


def _split_lines(lines: _Mask) -> list[slice]:
    """Rows that each of the horizontal lines in a mask (H, W) takes: one may be missing where a stroke crosses."""
    taken: list[slice] = []
    for row in np.flatnonzero(lines.any(axis=1)).tolist():
        goes_on = len(taken) > 0 and row <= taken[-1].stop + 1
        start = taken.pop().start if goes_on else row
        taken.append(slice(start, row + 1))
    return taken


def _without_strokes(lines: _Mask, line_rows: list[slice], written: _Mask, upright: _Mask, side: int) -> _Mask:
    """Keep only those horizontal lines that cannot belong to what else is written.

    Args:
        lines: (H, W), the pixels of all lines.
        line_rows: the rows of each line.
        written: (H, W), the ink beside lines of either direction.
        upright: (H, W), the pixels of vertical lines, one of which may be the stem of a 4.
        side: the longer side of the image.
    """
    if not line_rows:
        return lines
    rulings, (height, width), (start, end) = np.zeros_like(lines), lines.shape, _ends(written)
    near, beyond = MAX_GAP_TO_BORDER * side, MIN_OVERHANG * side
    for rows in line_rows:
        left, right = _ends(lines[rows])
        goes_across = left <= near and right >= width - near
        is_crossed = upright[: rows.start].any() and upright[rows.stop :].any()
        goes_beyond = left < start - beyond and right > end + beyond and not is_crossed
        if goes_across or goes_beyond or rows.start < BORDER_WIDTH or rows.stop > height - BORDER_WIDTH:
            rulings[rows] = lines[rows]
    return rulings


def _ends(mask: _Mask) -> tuple[int, int]:
    """First column with a True pixel, and one past the last such column; (W, 0) if there is none."""
    columns = np.flatnonzero(mask.any(axis=0))
    return (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (mask.shape[1], 0)


def _lines(masks: _Mask, axis: int, side: int) -> Iterator[tuple[int, _Mask]]:
    """Yield the number of each mask (N, H, W) that has lines along an axis, and the pixels of these lines.

    Args:
        masks: (N, H, W).
        axis: 1 for horizontal lines, 2 for vertical ones, whose pixels are yielded transposed.
        side: the longer side of the masks.
    """
    full = _full_rows(masks, axis, side)
    tall = max(3, round(MAX_LINE_WIDTH * side) + 1) + 1
    for i in np.flatnonzero(full.any(axis=1)).tolist():
        mask, rows = masks[i] if axis == 1 else masks[i].T, np.flatnonzero(full[i])
        # A run of `tall` pixels with one of them in a full row reaches no further than this.
        near = slice(max(rows[0] - tall, 0), rows[-1] + tall + 1)
        part = mask[near].copy("C")  # its rows are contiguous, which makes what follows several times as quick
        thin = np.zeros(mask.shape, np.bool_)
        thin[near] = part & full[i, near, None] & ~_tall(part, tall)
        if thin.any():
            yield i, thin


def _full_rows(masks: _Mask, axis: int, side: int) -> _Mask:
    """Which rows (axis 1) or columns (axis 2) hold enough pixels for a line, which may be off by a pixel: (N, L)."""
    near, length = spread(masks, axis, np.maximum).view(np.uint8), masks.shape[3 - axis]
    pixels = near.sum(axis=3 - axis, dtype=np.uint8 if length < 256 else np.intp)  # bytes are summed much more quickly
    full: _Mask = pixels >= MIN_LINE_LENGTH * side
    full[:, 1:-1] |= full[:, :-2] | full[:, 2:]
    return full


def _tall(mask: _Mask, height: int) -> _Mask:
    """Pixels of a mask (H, W) that lie in vertical runs of at least `height`: a morphological opening."""
    tall = np.zeros((len(mask) + height - 1, mask.shape[1]), np.bool_)
    tall[height - 1 : len(mask)] = joined(mask, height, np.logical_and)
    return joined(tall, height, np.logical_or)
