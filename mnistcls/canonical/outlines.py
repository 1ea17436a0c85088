"""Tells the outline of a digit from written digits with loops, and from what is drawn around a digit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.numerics.shapes import filled, largest, solidity, stroke_width, within_reach

MIN_INSIDE_AREA = 0.8
"""Area that an outline encloses, relative to its ink."""

MIN_UNDIVIDED_SHARE = 0.9
"""Share of what an outline encloses that is in one piece: an 8 encloses two."""

MAX_OUTLINE_SOLIDITY = 0.86
"""Share of its convex hull that an outline encloses: a 0 has more."""

MAX_STROKE_WIDTH = 0.24
"""Width of the strokes that an outline encloses, in longer sides of its box: an 8 in a single loop is wider."""

MAX_HOLED_SOLIDITY = 0.87
"""The same share for an outline with loops inside: what is drawn around a digit has more."""

MAX_ENDS_SHARE = 0.02
"""Share of an outline that is not next to what it encloses: written digits have ends."""

_Mask = NDArray[np.bool_]


def inside_outline(mask: _Mask) -> _Mask | None:
    """Find what a digit's outline encloses, but for the outlines of its own holes: (H, W); None if it is no outline.

    An outline is a single loop of a thin line, without ends, around a stroke.
    """
    own = largest(mask)
    whole = filled(own)
    inside, loops = whole & ~own, mask & ~own
    area, enclosed = np.count_nonzero(own), np.count_nonzero(inside)
    least = max(MIN_INSIDE_AREA * area, MIN_UNDIVIDED_SHARE * enclosed)
    if enclosed < least or np.count_nonzero(largest(inside)) < least or (loops & ~whole).any():
        return None
    ends = own & ~within_reach(inside, round(_stroke_width(own)) + 1, np.logical_or)
    if np.count_nonzero(ends) > MAX_ENDS_SHARE * area:
        return None
    holes = filled(loops)
    if loops.any():
        is_outline = not np.array_equal(holes, loops) and solidity(whole) <= MAX_HOLED_SOLIDITY
    else:
        width = _stroke_width(whole) / max(np.ptp(np.nonzero(whole), axis=1) + 1)
        is_outline = width <= MAX_STROKE_WIDTH and solidity(whole) <= MAX_OUTLINE_SOLIDITY
    return inside & ~holes if is_outline else None


def _stroke_width(mask: _Mask) -> float:
    """Mean width of the strokes of a mask (H, W), in pixels."""
    return stroke_width(np.pad(mask, 1))
