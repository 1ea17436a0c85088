"""Measures the shape of a mask: its holes, its largest part, its stroke width, how straight, convex and long it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.numerics.components import connected
from mnistcls.canonical.numerics.stacks import joined, spans

STAIRCASE = np.pi / 4
"""Length of a curve by that of its staircase of pixels, on average over all directions."""

TURNS = np.arange(0, np.pi / 2, np.pi / 60)
AXES = np.array([[np.cos(TURNS), np.sin(TURNS)], [-np.sin(TURNS), np.cos(TURNS)]]).swapaxes(1, 2)
"""(2, T, 2): both axes, of x and y, of each rectangle of which the least is looked for."""

NORMAL_STEP = np.pi / 120
NORMALS = np.stack([np.cos(np.arange(0, 2 * np.pi, NORMAL_STEP)), np.sin(np.arange(0, 2 * np.pi, NORMAL_STEP))], axis=1)
"""(N, 2): the directions, of x and y, in which a convex hull is measured."""

_Mask = NDArray[np.bool_]


def filled(mask: _Mask) -> _Mask:
    """Fill the holes of a mask (H, W)."""
    around = np.ones(np.array(mask.shape) + 2, np.bool_)
    around[1:-1, 1:-1] = ~mask
    labels = connected(around, connectivity=4)
    filled: _Mask = labels[1:-1, 1:-1] != labels[0, 0]
    return filled


def largest(mask: _Mask) -> _Mask:
    """Largest connected component of a mask (H, W); an empty mask stays empty."""
    labels = connected(mask, connectivity=4)
    if labels.max() < 2:  # the most frequent case
        return mask
    largest: _Mask = labels == np.bincount(labels[mask]).argmax()
    return largest


def within_reach(mask: _Mask, reach: int, join: np.ufunc) -> _Mask:
    """Join each pixel of a mask (H, W) with all within `reach` pixels of it, along both axes.

    Args:
        mask: (H, W); beyond it, everything counts as False.
        reach: in pixels.
        join: `np.logical_and` makes the mask narrower by `reach` on each side, `np.logical_or` makes it wider.
    """
    for _ in range(2):
        margin = np.zeros((reach, mask.shape[1]), np.bool_)
        mask = joined(np.concatenate([margin, mask, margin]), 2 * reach + 1, join).T
    return mask


def rectangularity(mask: _Mask) -> float:
    """Share of the smallest rectangle around a mask (H, W) that the mask fills; 0 for an empty mask."""
    if not mask.any():
        return 0.0
    sides = np.ptp(AXES @ _outline(mask), axis=2)  # (2, T)
    return float(np.count_nonzero(mask) / sides.prod(axis=0).min())


def solidity(mask: _Mask) -> float:
    """Share of its convex hull that a mask (H, W) fills, up to 0.04 too low; 0 for an empty mask.

    The hull is approximated by what lies within the mask's reach in each of the directions of `NORMALS`.
    """
    if not mask.any():
        return 0.0
    reach = (NORMALS @ _outline(mask)).max(axis=1)
    sides = (np.roll(reach, 1) + np.roll(reach, -1) - 2 * reach * np.cos(NORMAL_STEP)) / np.sin(NORMAL_STEP)
    return float(np.count_nonzero(mask) / (reach @ sides / 2))


def _outline(mask: _Mask) -> NDArray[np.intp]:
    """Columns and rows of the corners of the first and the last True pixel in each row of a mask (H, W): (2, P)."""
    rows = np.flatnonzero(mask.any(axis=1))
    left, right = spans(mask[rows])
    return np.array([np.concatenate([left, right, left, right]), np.concatenate([rows, rows, rows + 1, rows + 1])])


def axis_ratio(mask: _Mask) -> float:
    """Ratio of the axes, shorter to longer, of the ellipse with a mask's moments; 1 for a disc, a square, no pixels."""
    points = np.array(np.nonzero(mask))
    if points.shape[1] < 2:
        return 1.0
    shorter, longer = np.sqrt(np.linalg.eigvalsh(np.cov(points)) + 1 / 12)  # a pixel has a width of its own
    return float(shorter / longer)


def stroke_width(mask: NDArray[np.bool_]) -> float:
    """Mean width of the strokes of a mask, in pixels: twice its area, divided by the length of its edge.

    Args:
        mask: (H, W), False along the border.
    """
    steps = np.count_nonzero(mask[1:] ^ mask[:-1]) + np.count_nonzero(mask[:, 1:] ^ mask[:, :-1])
    return 2 * float(np.count_nonzero(mask)) / max(steps * STAIRCASE, 1.0)
