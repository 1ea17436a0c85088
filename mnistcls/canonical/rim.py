"""Finds bars, borders and the corners of a turned scan, and the picture inside them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.numerics.components import connected
from mnistcls.canonical.numerics.shapes import largest, rectangularity, solidity, within_reach
from mnistcls.canonical.numerics.stacks import border, corners, spans
from mnistcls.canonical.plane import to_planes
from mnistcls.canonical.sizes import at_working_size, reduction
from mnistcls.canonical.surroundings import EDGE_SOFTNESS, MIN_PICTURE_SIDE, without_surroundings

MAX_LEVEL_SPREAD = 0.08
"""Difference between the levels of a rim, as a share of the range of the whole."""

MIN_PICTURE_SHARE = 0.3
"""Share of the whole that the picture inside covers."""

MAX_PICTURE_SHARE = 0.985
"""Share of the whole that the picture inside covers: with more, too little is left for a rim."""

MIN_PICTURE_SOLIDITY = 0.94
"""Share of its convex hull that the picture inside fills."""

MIN_PICTURE_RECTANGULARITY = 0.94
"""Share of the smallest rectangle around it that a picture fills, if its rim goes all around."""

MIN_FILLED_SHARE = 0.75
"""Share of a picture that does not have the level of its rim: of its pixels, its rows and its edges."""

MIN_EDGE_LENGTH = 0.4
"""In sides of the whole: the edge of a picture is longer where a side of the whole cuts it off."""

MIN_BAR_SOLIDITY = 0.75
"""Share of its convex hull that a bar or a corner fills: what a bold 0 that fills its picture leaves in the corners has
0.5."""

MIN_BAR_SHARE = 0.005
"""Share of the whole that a bar or a corner covers: smaller ones may have any shape."""

_Image = NDArray[np.uint8]
_Mask = NDArray[np.bool_]


def may_be_framed(levels: _Image, marked: NDArray[np.intp]) -> _Mask:
    """Whether a rim is worth looking for in each image: (N,). The corners and the rows of most rule it out.

    Args:
        levels: images (N, H, W).
        marked: (N,), how many pixels of each image have been taken for the digit.
    """
    if max(levels.shape[1:]) < MIN_PICTURE_SIDE:
        return np.zeros(len(levels), np.bool_)
    rim, most = corners(levels).astype(np.int16), MAX_LEVEL_SPREAD * np.ptp(levels, axis=(1, 2))
    is_uneven = np.ptp(border(levels), axis=1) > most
    framed: _Mask = (np.ptp(rim, axis=1) <= most) & (is_uneven | (marked >= MIN_PICTURE_SHARE * levels[0].size))
    for i in np.flatnonzero(framed):
        inner = ~_are_alike(levels[i], rim[i], most[i])
        framed[i] = _may_be_picture(inner) and _is_cut_by_border(inner) and _filled_share(inner) >= MIN_FILLED_SHARE
    return framed


def _are_alike(levels: _Image, rim: NDArray[np.int16], most: float) -> _Mask:
    """Which pixels of an image (H, W) have the mean level of its corners (4,), give or take `most`."""
    middle = int(rim.sum()) / 4
    # Bytes are compared with whole numbers much more quickly.
    alike: _Mask = (levels >= int(np.ceil(middle - most))) & (levels <= int(middle + most))
    return alike


def _may_be_picture(inner: _Mask) -> bool:
    """Whether a mask (H, W) covers as much of the whole as a picture in a rim does."""
    return bool(MIN_PICTURE_SHARE * inner.size <= np.count_nonzero(inner) <= MAX_PICTURE_SHARE * inner.size)


def _is_cut_by_border(inner: _Mask) -> bool:
    """Whether a mask (H, W) takes a long run of each side of the whole that it touches, as a picture does, not ink."""
    for side in (inner[0], inner[-1], inner[:, 0], inner[:, -1]):
        count = np.count_nonzero(side)
        if count and count < max(MIN_EDGE_LENGTH * len(side), MIN_FILLED_SHARE * np.ptp(np.flatnonzero(side))):
            return False
    return True


def _filled_share(mask: _Mask) -> float:
    """Share of True pixels between the first and the last one of each row of a mask (H, W); 0 for an empty mask."""
    left, right = spans(mask[mask.any(axis=1)])
    return float(np.count_nonzero(mask) / max((right - left).sum(), 1))


def inside_rim(pixels: _Image) -> _Image | None:
    """Find the picture inside a rim, and paint the level of its paper over the rim.

    Args:
        pixels: the whole, (H, W) or (H, W, C).

    Returns:
        The whole, of the same size, with nothing but paper around the picture; None if there is no rim.
    """
    if max(pixels.shape[:2]) < MIN_PICTURE_SIDE or pixels.shape[2:] in ((2,), (4,)):
        return None
    levels = to_planes(at_working_size([pixels]))[0].values
    (rim,), most = corners(levels[None]).astype(np.int16), MAX_LEVEL_SPREAD * np.ptp(levels)
    if np.ptp(rim) > most:
        return None
    inner = _picture_inside(_are_alike(levels, rim, most))
    if inner is None:
        return None
    padded = np.pad(inner, EDGE_SOFTNESS, mode="edge")  # the picture may reach the border of the whole
    part = within_reach(padded, EDGE_SOFTNESS, np.logical_and)
    part = part[EDGE_SOFTNESS:-EDGE_SOFTNESS, EDGE_SOFTNESS:-EDGE_SOFTNESS]
    return without_surroundings(pixels, part, reduction(pixels)) if part.any() else None


def _picture_inside(alike: _Mask) -> _Mask | None:
    """Find the picture in a whole of which these pixels (H, W) have the level of a rim.

    Returns:
        What the picture covers, (H, W); None if it is no picture, or if the rest is no rim.
    """
    pieces = connected(alike, connectivity=4)
    outer = np.unique(border(pieces[None]))
    is_outer = np.zeros(int(pieces.max()) + 1, np.bool_)
    is_outer[outer[outer > 0]] = True
    inner = largest(~is_outer[pieces])
    if not _may_be_picture(inner):
        return None
    if np.count_nonzero(inner & ~alike) < MIN_FILLED_SHARE * np.count_nonzero(inner):
        return None  # it is only a drawn box: inside, it has the level of the rim
    is_picture = solidity(inner) >= MIN_PICTURE_SOLIDITY and _is_cut_straight(inner, pieces, outer)
    return inner if is_picture else None


def _is_cut_straight(inner: _Mask, pieces: NDArray[np.integer], outer: NDArray[np.integer]) -> bool:
    """Whether the picture is a rectangle in its rim, or what lies outside are bars and corners with straight sides.

    Args:
        inner: (H, W), the picture.
        pieces: (H, W), the labels of what has the level of the rim.
        outer: the labels that touch the border of the whole, in order; 0 among them if the picture touches it, too.
    """
    if len(outer) == 1:
        return rectangularity(inner) >= MIN_PICTURE_RECTANGULARITY
    areas = np.bincount(pieces.ravel())
    large = [piece for piece in outer.tolist() if piece and areas[piece] >= MIN_BAR_SHARE * pieces.size]
    return all(solidity(pieces == piece) >= MIN_BAR_SOLIDITY for piece in large)
