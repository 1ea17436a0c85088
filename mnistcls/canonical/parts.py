"""Decides which components belong to the digit, and which look as much like one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.numerics.components import Components

MIN_PART_AREA = 0.015
"""Area of a part, relative to the main component: anything smaller is a speck, wherever it lies."""

MIN_PART_STRENGTH = 0.5
"""Mean contrast of a part, relative to the main component: with less, it is a shadow or shows through from the back."""

MAX_PART_GAP = 0.3
"""Gap between a part, such as the bar of a 5, and the rest of the digit, relative to the extent of that."""

MAX_SMALL_PART_AREA = 0.06
"""Area of a small part, relative to the main component."""

MAX_SMALL_PART_GAP = 0.04
"""Gap between a small part and the rest of the digit, relative to the extent of that."""

MAX_SPECK_AREA = 0.12
"""Area of a speck, relative to the main component."""

MIN_SPECKS = 3
"""Number of components that lie away from the digit, from which on a part that is like them is a speck, too."""

MIN_SPECK_LIKENESS = 0.5
"""Area of these components, relative to the part that may be a speck."""

MIN_ASTRAY_GAP = 0.16
"""Gap between the digit and what lies away from it, relative to the extent of the digit."""

MIN_BAR_GAP = 0.05
"""Gap between the main component and a bar below or above it, relative to the extent of the main component."""

MIN_UNDERLINE_WIDTH = 0.3
"""Width of an underline, relative to the extent of the main component."""

MAX_BAR_HEIGHT = 0.3
"""Height of a bar, relative to its own width."""

MAX_OVERHANG = 0.03
"""How far beyond the main component a bar above it reaches on each side, relative to the extent of the main component:
if it is longer, it is a line of a fraction or of a table, and not the bar of a 5 or a 7."""

MIN_BESIDE_GAP = 0.15
"""Gap between the main component and what is beside it, such as a unit or a colon, relative to the extent of the main
component."""

MAX_BESIDE_EXTENT = 0.5
"""Extent of what is beside the main component, relative to that: anything larger may be another digit."""

MAX_REST_PARTS = 2
"""Components of the digit without what is beside it: of more, the digit is broken into pieces."""

MIN_REST_HEIGHT = 0.95
"""Height of the digit without what is beside it, relative to all: with less, the digit is broken into pieces."""

MIN_REST_AREA = 0.65
"""Area of the digit without what is beside it, relative to all: with less, the digit is broken into pieces."""

MIN_ALIKE_EXTENT = 0.6
"""Extent of the smaller of two marks, relative to the larger: from this on, either may be the digit."""

MIN_ALIKE_AREA = 0.3
"""Area of the smaller of two marks, relative to the larger: from this on, either may be the digit."""

_Flags = NDArray[np.bool_]
_Numbers = NDArray[np.intp]


def with_parts(found: Components, worth: NDArray[np.float64], main: int) -> _Numbers:
    """Numbers of the main component and of those that are near enough to be parts of the same digit.

    Args:
        found: all components.
        worth: (N,), how much each component looks like the digit; 0 if it can be no part of one.
        main: the number of the main component.
    """
    area, strength, border = found.areas[main], found.strengths[main], found.at_border
    fit = (found.areas >= MIN_PART_AREA * area) & (found.strengths >= MIN_PART_STRENGTH * strength)
    fit &= (worth > 0) & (~border | border[main])
    fit[main] = False
    reach = np.where(found.areas < MAX_SMALL_PART_AREA * area, MAX_SMALL_PART_GAP, MAX_PART_GAP)
    is_large = found.areas >= MAX_SPECK_AREA * area
    digit = _grown(found, [main], np.flatnonzero(fit & is_large), reach)
    fit &= ~_are_specks(found, digit)
    fit[digit] = False
    parts = np.array(_grown(found, digit, np.flatnonzero(fit), reach), np.intp)
    return _without_neighbours(found, parts[~_are_bars(found, main)[parts]], main)


def _are_bars(found: Components, main: int) -> _Flags:
    """Which components are bars below the main one, or above it and longer, as no part of a digit is: (N,)."""
    extent, (top, left, bottom, right) = found.extents[main], found.boxes[main]
    (tops, lefts), (bottoms, rights) = found.boxes[:, :2].T, found.boxes[:, 2:].T
    widths, gap, overhang = rights - lefts, MIN_BAR_GAP * extent, MAX_OVERHANG * extent
    below, above = tops - bottom >= gap, top - bottoms >= gap
    is_longer = (left - lefts > overhang) & (rights - right > overhang)
    is_flat = bottoms - tops <= MAX_BAR_HEIGHT * widths
    bars: _Flags = is_flat & ((below & (widths >= MIN_UNDERLINE_WIDTH * extent)) | (above & is_longer))
    return bars


def _without_neighbours(found: Components, parts: _Numbers, main: int) -> _Numbers:
    """Leave out small parts that are beside the main component, if the rest is as good as the whole digit."""
    own, extent, boxes, areas = found.boxes[main], found.extents[main], found.boxes[parts], found.areas[parts]
    gaps = np.maximum(boxes[:, 1] - own[3], own[1] - boxes[:, 3])
    beside = gaps > max(MIN_BESIDE_GAP * extent, 1)
    are_small = (found.extents[parts] <= MAX_BESIDE_EXTENT * extent)[beside]
    if np.count_nonzero(~beside) > MAX_REST_PARTS or not beside.any() or not are_small.all():
        return parts
    height, whole = (np.ptp(some[:, [0, 2]]) for some in (boxes[~beside], boxes))
    is_whole = height >= MIN_REST_HEIGHT * whole and areas[~beside].sum() >= MIN_REST_AREA * areas.sum()
    return parts[~beside] if is_whole else parts


def alike(found: Components, worth: NDArray[np.float64], digit: _Numbers) -> _Numbers:
    """Numbers of other components that look as much like a digit as the chosen one.

    Those that touch the border of the image count only if the chosen digit touches it, too.

    Args:
        found: all components.
        worth: (N,), how much each component looks like the digit; 0 if it can be no part of one.
        digit: the numbers of the chosen digit's components.
    """
    own = found.boxes[digit]
    extent, area = (own[:, 2:].max(axis=0) - own[:, :2].min(axis=0)).max(), found.areas[digit].sum()
    fit = (worth > 0) & (~found.at_border | found.at_border[digit].any())
    fit &= found.strengths >= MIN_PART_STRENGTH * found.strengths[digit].max()
    fit &= np.minimum(found.extents, extent) >= MIN_ALIKE_EXTENT * np.maximum(found.extents, extent)
    fit &= np.minimum(found.areas, area) >= MIN_ALIKE_AREA * np.maximum(found.areas, area)
    fit[digit] = False
    return np.flatnonzero(fit)


def _grown(found: Components, digit: list[int], candidates: _Numbers, reach: NDArray[np.float64]) -> list[int]:
    """Add those candidates to a digit's components that reach it, until none reaches what it has grown to.

    Args:
        found: all components.
        digit: the numbers of those that make up the digit so far.
        candidates: the numbers of those that may be added.
        reach: (N,), how far off each may be, in extents of the digit.
    """
    digit = list(digit)
    while len(candidates):
        gap, extent = _gap(found, digit, candidates)
        near = gap <= np.maximum(reach[candidates] * extent, 1)
        if not near.any():
            break
        digit += candidates[near].tolist()
        candidates = candidates[~near]
    return digit


def _gap(found: Components, digit: list[int], others: _Numbers | slice) -> tuple[NDArray[np.int32], int]:
    """Pixels between the box of a digit and those of others, negative where they overlap; and the digit's extent."""
    own = found.boxes[digit]
    top_left, bottom_right = own[:, :2].min(axis=0), own[:, 2:].max(axis=0)
    gap = np.maximum(found.boxes[others, :2] - bottom_right, top_left - found.boxes[others, 2:]).max(axis=1)
    return gap, int((bottom_right - top_left).max())


def _are_specks(found: Components, digit: list[int]) -> _Flags:
    """Which of the small components are like several others that lie away from the digit: (N,)."""
    gap, extent = _gap(found, digit, slice(None))
    astray = np.sort(found.areas[gap > MIN_ASTRAY_GAP * extent])
    like = len(astray) - np.searchsorted(astray, MIN_SPECK_LIKENESS * found.areas)
    specks: _Flags = (found.areas < MAX_SPECK_AREA * found.areas[digit[0]]) & (like >= MIN_SPECKS)
    return specks
