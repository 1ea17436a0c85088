"""Masks of 120x120 pixels with a digit, and what is found in them, for tests of the canonical form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.clutter import find_digits

Mask = NDArray[np.bool_]


def empty(side: int = 120) -> Mask:
    return np.zeros((side, side), bool)


def seven() -> Mask:
    """A 7 of 60x40 pixels in the middle of 120x120, lines of 8."""
    mask = empty()
    mask[30:38, 40:80] = True
    return slanted(mask, range(38, 90), lambda row: 72 - (row - 38) * 26 // 52, width=8)


def slanted(mask: Mask, rows: range, left: Callable[[int], int], width: int) -> Mask:
    """The mask with a line in it that is so wide, and starts in each row at the column `left` of it."""
    for row in rows:
        mask[row, left(row) : left(row) + width] = True
    return mask


def digit_in(mask: Mask, strength: NDArray[np.generic] | None = None) -> tuple[Mask | None, tuple[str, ...]]:
    """The digit, None if there is none, and the steps: beside other masks, which must not matter."""
    values = np.where(mask, 200, 0) if strength is None else strength
    others = [np.zeros_like(mask), np.random.default_rng(0).random(mask.shape) < 0.3]
    masks, strengths = np.stack([others[0], mask, others[1]]), np.stack([others[0], values, others[1] * 90])
    digits = find_digits(masks, strengths.astype(np.uint8))
    digit = digits.masks[1]
    if not digit.any():
        return None, digits.steps[1]
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    assert digits.boxes[1].tolist() == [rows[0], columns[0], rows[-1] + 1, columns[-1] + 1]
    return digit, digits.steps[1]
