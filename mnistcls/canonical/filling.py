"""Fills digits that are drawn as outlines, as children and posters do, coloured in or not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.marks import Mark, Marks, cut_out
from mnistcls.canonical.numerics.components import connected
from mnistcls.canonical.numerics.shapes import filled, within_reach
from mnistcls.canonical.outlines import inside_outline

MIN_COLOUR = 0.15
"""How much further than the paper around the digit the inside of an outline stands out, relative to full ink."""

MIN_COLOURED_AREA = 0.5
"""Area that may be coloured in, relative to the outline: less is the soft edge of the lines, and not looked at."""

MIN_CORE_PIXELS = 12
"""Pixels of the core of what is coloured in."""

MIN_BOX_AREA = 4.0
"""Area of the box around an outline, relative to its ink: with less, the line is not thin."""

EDGE_WIDTH = 2
"""Pixels next to a line that may have taken on some of its colour."""

CORE_DEPTH = 4
"""Pixels from the line to the core of the inside."""

MIN_EVENNESS = 0.75
"""How much further than the paper the core stands out, relative to what is nearer to the line: blur fades inwards."""

MAX_PAPER_DISTANCE = 8
"""Pixels up to which the paper around the digit is compared."""

_Mask = NDArray[np.bool_]
_Values = NDArray[np.uint8]


def filled_outlines(marks: Marks) -> dict[int, Mark]:
    """Cut out those of N marks that are outlines, with the inside as full ink, by their numbers."""
    fillings = dict(_fillings(marks))
    if not fillings:  # the most frequent case
        return {}
    chosen = marks.of(np.array([*fillings]))
    filling = np.array([*fillings.values()])
    values = np.where(filling, chosen.full[:, None, None], chosen.values).astype(np.uint8)
    return dict(zip(fillings, cut_out(replace(chosen, masks=chosen.masks | filling, values=values)), strict=True))


def _fillings(marks: Marks) -> Iterator[tuple[int, _Mask]]:
    """Masks (H, W) of what is inside of outlines, by the number of the digit."""
    least = np.ceil(MIN_COLOUR * marks.full).astype(np.uint8)[:, None, None]
    coloured = (marks.values > least) & ~marks.wider
    few = np.maximum(MIN_COLOURED_AREA * marks.areas, MIN_CORE_PIXELS)
    for i, (top, left, bottom, right) in enumerate(marks.boxes.tolist()):
        is_thin = 0 < MIN_BOX_AREA * marks.areas[i] <= (bottom - top) * (right - left)
        filling = inside_outline(marks.masks[i]) if is_thin else None
        if filling is None and np.count_nonzero(coloured[i, top:bottom, left:right]) >= few[i]:
            filling = _coloured_inside(marks.masks[i], marks.values[i], MIN_COLOUR * marks.full[i])
        if filling is not None:
            yield i, filling


def _coloured_inside(mask: _Mask, values: _Values, least: float) -> _Mask | None:
    """Holes of a mask (H, W) that stand out by `least` more than the paper around it, and evenly; None without any."""
    whole = filled(mask)
    holes = connected(whole & ~mask, connectivity=4)
    inside, core = (np.where(within_reach(holes > 0, d, np.logical_and), holes, 0) for d in (EDGE_WIDTH, CORE_DEPTH))
    deep = {n: values[core == n].mean() for n in _large(core)}
    if max(deep.values(), default=0) < least:
        return None
    paper = _level_around(whole, values)
    outer = {n: values[(inside == n) & (core == 0)].mean() - paper for n in deep}
    coloured = [n for n, level in deep.items() if level - paper >= max(least, MIN_EVENNESS * outer[n])]
    return np.isin(holes, coloured) if coloured else None


def _large(core: NDArray[np.integer]) -> list[int]:
    """The labels with enough pixels, in (H, W)."""
    pixels = np.bincount(core.ravel())
    return [n for n in np.flatnonzero(pixels >= MIN_CORE_PIXELS).tolist() if n]


def _level_around(whole: _Mask, values: _Values) -> float:
    """How far the paper around a mask (H, W) stands out from itself."""
    around = within_reach(whole, MAX_PAPER_DISTANCE, np.logical_or)
    around &= ~within_reach(whole, EDGE_WIDTH + 1, np.logical_or)
    return float(np.median(values[around])) if around.any() else 255.0
