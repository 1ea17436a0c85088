"""Takes away what is ruled: straight lines, across or upright, too long and too thin for a stroke."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

RULED_SIDE = 64
"""Longer side, in pixels, from which an image has room for rulings."""

LINE_LENGTH = 0.55
"""Of the longer side: a straight line this long is no stroke."""

LINE_WIDTH = 0.025
"""Of the longer side, at most: thicker, it may be one after all."""

_Mask = NDArray[np.bool_]


def without_lines(masks: _Mask) -> tuple[_Mask, _Mask]:
    """Take rulings away.

    Args:
        masks: (N, H, W).

    Returns:
        Copies without long straight lines, in which what crosses them stays; and which of them had any, (N,).
    """
    rest, ruled = masks.copy(), np.zeros(len(masks), np.bool_)
    side = max(masks.shape[1:])
    if side < RULED_SIDE:
        return rest, ruled
    for i, across in _rows_of_lines(masks, side):
        rest[i] &= ~across
        ruled[i] = True
    turned = masks.swapaxes(1, 2).copy("C")  # rows in one piece are several times as quick as columns
    for i, upright in _rows_of_lines(turned, side):
        rest[i] &= ~upright.T
        if ruled[i] or rest[i].any():
            ruled[i] = True
        else:  # nothing but an upright line may be a 1
            rest[i] = masks[i]
    return rest, ruled


def _rows_of_lines(masks: _Mask, side: int) -> Iterator[tuple[int, _Mask]]:
    """Which masks have horizontal lines, which may be off the horizontal by a pixel, and their pixels (H, W)."""
    near = masks.copy()
    near[:, 1:] |= masks[:, :-1]
    near[:, :-1] |= masks[:, 1:]
    full = near @ np.ones(masks.shape[2], np.float32) >= LINE_LENGTH * side
    full[:, 1:-1] |= full[:, :-2] | full[:, 2:]
    for i in np.flatnonzero(full.any(axis=1)).tolist():
        thin = masks[i] & full[i, :, None] & ~_tall(masks[i], max(3, round(LINE_WIDTH * side) + 1) + 1)
        if thin.any():
            yield i, thin


def _tall(mask: _Mask, height: int) -> _Mask:
    """Pixels of a mask that are in vertical runs of at least `height`: an opening, by doubling."""
    tall = np.zeros((len(mask) + height - 1, mask.shape[1]), np.bool_)
    tall[height - 1 : len(mask)] = _joined(mask, height, np.logical_and)
    return _joined(tall, height, np.logical_or)


def _joined(mask: _Mask, height: int, join: np.ufunc) -> _Mask:
    """`join` of every pixel and the `height` - 1 below it, (H - height + 1, W)."""
    reach = 1
    while reach < height:
        step = min(reach, height - reach)
        mask = join(mask[: len(mask) - step], mask[step:])
        reach += step
    return mask
