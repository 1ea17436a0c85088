"""Finds what is drawn around the digit: printed boxes, and rings or hand-drawn boxes, in one piece or in several."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.numerics.components import Components
from mnistcls.canonical.numerics.shapes import stroke_width
from mnistcls.canonical.outlines import inside_outline

MIN_FRAME_SIDE = 24
"""Pixels of the shorter side of a printed box."""

MIN_FRAME_STRAIGHTNESS = 0.8
"""Share of each side of a printed box with something in it that is straight."""

MIN_EMPTY_FRAME_STRAIGHTNESS = 0.97
"""Share of each side of an empty printed box that is straight: anything less straight may be a 0."""

MIN_BOX_EXTENT = 0.3
"""Longer side of a printed box that has rulings for sides, in shorter sides of the image."""

MIN_EMPTY_BOX_STRAIGHTNESS = 0.93
"""Share of each side of such a box that is straight if it is empty: no 0 has rulings for sides."""

MAX_FRAME_CORE_SHARE = 0.02
"""Share of its inside that a printed box itself covers: a line that is not quite straight covers some of it."""

MIN_RING_SIDE = 24
"""Pixels of the shorter side of a ring."""

MIN_RING_EXTENT = 0.3
"""Longer side of a ring, in longer sides of the image."""

MAX_CANDIDATES = 6
"""Number of components, the largest ones, among which the pieces of a ring and what they go around are sought."""

MIN_INNER_EXTENT = 0.3
"""Longer side of what is inside a ring, in longer sides of the ring."""

MIN_PIECE_EXTENT = 0.3
"""Longer side of a piece of a ring, in longer sides of what is inside."""

MAX_RING_WIDTH = 0.07
"""Width of a ring's line, in longer sides of the ring: MNIST's pens write a 0 with a line of twice this width."""

DIRECTIONS = 72
"""Number of directions in which a ring is sought from the middle of what it goes around."""

MIN_CLOSED_SHARE = 0.85
"""Share of the directions in which there has to be a ring."""

_Flags = NDArray[np.bool_]
_Numbers = NDArray[np.intp]


def is_frame(own: _Flags, inside: NDArray[np.integer | np.bool_]) -> bool:
    """Whether a component is a printed box: straight along all four sides, without any of its own ink inside.

    Args:
        own: (h, w), the component in its bounding box.
        inside: (h, w), everything in that bounding box.
    """
    return _straight_sides(own, inside, MIN_EMPTY_FRAME_STRAIGHTNESS) == 4


def printed_boxes(found: Components) -> _Numbers:
    """Numbers of the large components that are printed boxes, of which one side may be cut off or blurred."""
    large = np.flatnonzero(found.extents >= MIN_BOX_EXTENT * min(found.labels.shape))
    return np.array([number for number in large.tolist() if _is_box(found, number)], np.intp)


def _is_box(found: Components, number: int) -> bool:
    """Whether a component is straight along at least three sides, without any of its own ink inside."""
    top, left, bottom, right = found.boxes[number]
    inside = found.labels[top:bottom, left:right]
    return _straight_sides(inside == number + 1, inside, MIN_EMPTY_BOX_STRAIGHTNESS) >= 3


def _straight_sides(own: _Flags, inside: NDArray[np.integer | np.bool_], empty: float) -> int:
    """Number of straight sides of a component; 0 if it is too small for a box, or has ink of its own inside.

    Args:
        own: (h, w), the component in its bounding box.
        inside: (h, w), everything in that bounding box.
        empty: the share of a side that has to be straight if there is nothing inside.
    """
    height, width = own.shape
    if min(height, width) < MIN_FRAME_SIDE:
        return 0
    y, x = height // 10, width // 10
    core = slice(y, -y), slice(x, -x)
    if np.count_nonzero(own[core]) > MAX_FRAME_CORE_SHARE * own[core].size:
        return 0
    sides = own[:y].any(axis=0), own[-y:].any(axis=0), own[:, :x].any(axis=1), own[:, -x:].any(axis=1)
    straight = MIN_FRAME_STRAIGHTNESS if inside[core].any() else empty
    return sum(bool(side.mean() > straight) for side in sides)


def inside_ring(found: Components) -> _Flags | None:
    """Which components lie inside a ring: (N,); None if there is no ring."""
    largest = np.argsort(-found.extents, kind="stable")[:MAX_CANDIDATES]
    top_left, bottom_right = _around(found, largest)
    sides = bottom_right - top_left
    if sides.min() < MIN_RING_SIDE or sides.max() < MIN_RING_EXTENT * max(found.labels.shape):
        return None
    for inner in largest[found.extents[largest] >= MIN_INNER_EXTENT * sides.max()].tolist():
        pieces = _pieces(found, largest, inner)
        ring = _ring(found, pieces, inner, MAX_RING_WIDTH * sides.max())
        if ring is not None:
            inside = _are_within(found, ring)
            inside[ring] = False
            all_of_it = np.append(ring, np.flatnonzero(inside))
            return None if inside_outline(found.together(all_of_it)[0]) is not None else inside
    return None


def _ring(found: Components, pieces: _Numbers, inner: int, most: float) -> _Numbers | None:
    """Choose the pieces with lines no wider than `most` that form a ring around an inner component; None if none do."""
    if not _lies_within(found, inner, pieces):
        return None
    widths = [stroke_width(np.pad(found.labels == piece + 1, 1)) for piece in pieces]
    ring = pieces[np.array(widths) <= most]
    if not (_lies_within(found, inner, ring) and _goes_around(found, inner, ring)):
        return None
    outer = ring[~_are_within(found, ring)[ring]]  # the other pieces may belong to the digit, although they are thin
    return outer if _goes_around(found, inner, outer) else ring


def _are_within(found: Components, ring: _Numbers) -> _Flags:
    """Which components lie wholly inside the box around the pieces of a ring: (N,)."""
    top_left, bottom_right = _around(found, ring)
    within: _Flags = np.all((found.boxes[:, :2] > top_left) & (found.boxes[:, 2:] < bottom_right), axis=1)
    return within


def _pieces(found: Components, largest: _Numbers, inner: int) -> _Numbers:
    """Which of the largest components may be pieces of a ring around an inner one: large, and not in its box."""
    own, boxes = found.boxes[inner], found.boxes[largest]
    in_box = ((boxes[:, :2] >= own[:2]) & (boxes[:, 2:] <= own[2:])).all(axis=1)
    pieces: _Numbers = largest[~in_box & (found.extents[largest] >= MIN_PIECE_EXTENT * found.extents[inner])]
    return pieces


def _around(found: Components, numbers: _Numbers) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Box around some components: its top and left, and its bottom and right."""
    return found.boxes[numbers, :2].min(axis=0), found.boxes[numbers, 2:].max(axis=0)


def _lies_within(found: Components, inner: int, ring: _Numbers) -> bool:
    """Whether a component lies wholly inside the box around the pieces of a ring."""
    return len(ring) > 0 and bool(_are_within(found, ring)[inner])


def _goes_around(found: Components, inner: int, ring: _Numbers) -> bool:
    """Whether a ring is there in nearly all directions, and farther off than the inner component in each of them."""
    middle = (found.boxes[inner, :2] + found.boxes[inner, 2:] - 1) / 2
    nearest, farthest = np.full(DIRECTIONS, np.inf), np.zeros(DIRECTIONS)
    np.minimum.at(nearest, *_polar(np.isin(found.labels, ring + 1), middle))
    np.maximum.at(farthest, *_polar(found.labels == inner + 1, middle))
    there = np.isfinite(nearest)
    return bool(there.mean() >= MIN_CLOSED_SHARE and (nearest > farthest)[there].all())


def _polar(mask: _Flags, middle: NDArray[np.float64]) -> tuple[_Numbers, NDArray[np.float64]]:
    """Direction (0 to `DIRECTIONS` - 1) and distance of each True pixel of a mask (H, W), as seen from a point."""
    y, x = np.argwhere(mask).T - middle[:, None]
    turn = (np.arctan2(y, x) / (2 * np.pi) + 0.5) * DIRECTIONS
    return turn.astype(np.intp) % DIRECTIONS, np.hypot(y, x)
