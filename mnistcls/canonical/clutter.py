"""Chooses the digit among everything that stands out from the paper: rulings, boxes, specks, neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.components import Components, connected, labelled, measured
from mnistcls.canonical.lines import ALONG, RULED_SIDE, without_lines
from mnistcls.canonical.rings import inside_ring
from mnistcls.canonical.stacks import spans

FRAME_SIDE = 24
"""Shorter side, in pixels, from which a component may be a printed frame."""

FRAME, EMPTY_FRAME = 0.8, 0.97
"""Least share of each side that is straight: of a frame with something in it, and of an empty one, which may be a 0."""

FRAME_CORE = 0.02
"""Most of the inside that a frame itself may cover, as a line that is not quite straight does."""

AT_BORDER = 0.25
"""Factor for a component that touches the border: it may belong to a neighbour."""

ALONG_SHARE, ALONG_BORDER = 0.5, 0.1
"""A component with more than this share of its longer side along one border is a shadow or lies beside the paper; and
the factor for it. One within `ALONG` pixels of the border is the end of a ruling, and counts nothing."""

OFF_CENTRE = 0.6
"""What a component loses, of 1, for being a whole side away from the centre."""

PART_AREA = 0.015
"""A component with less than this share of the main one's area is a speck, wherever it lies."""

PART_GAP, BORDER_PART_GAP = 0.3, 0.16
"""How far off a part, such as the bar of a 5, may be, in sizes of what is found of the digit; less where the main
component touches the border, as it may be the end of a shadow."""

SMALL_PART_AREA, SMALL_PART_GAP = 0.06, 0.04
"""A part of less than this share of the main component's area must be as near as this."""

UNDERLINE_GAP, UNDERLINE_WIDTH, UNDERLINE_FLAT = 0.05, 0.3, 0.3
"""Least gap to the digit above and least width of an underline, in sizes of the main component; and most height, in
widths of its own."""

SPECK_AREA, SPECK_LIKENESS, SPECKS = 0.12, 0.5, 3
"""A part of less than this share of the main component's area is a speck if this many others, at least half as large,
lie about."""

ASTRAY = 0.16
"""What is further off than this, in sizes of the digit, lies about."""

ALIKE_SIZE, ALIKE_AREA = 0.6, 0.3
"""Least ratio, smaller to larger, of the longer sides and of the areas of the digit and of another mark from which on
nothing says which of the two is meant."""

PART_STRENGTH = 0.5
"""A part with less than this share of the main component's mean contrast is a shadow or shows through from the back."""

MIN_SHARE = 0.12
"""Least share of all ink that the main component has; with less, the image shows a texture."""

MIN_EXTENT = 4
"""Pixels: anything smaller is a speck."""

_Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Digits:
    """The digits that were chosen in N masks of one size."""

    masks: _Mask
    """(N, H, W), the pixels of each digit; all False where there is none."""
    boxes: NDArray[np.intp]
    """(N, 4), the top, left, bottom and right of each digit, the last two one past the end; undefined where there is
    none."""
    steps: list[tuple[str, ...]]
    """What was removed from each mask, for people to read."""
    crowds: Mapping[int, Digits] = field(default_factory=dict)
    """For the number of each mask in which other marks look as much like a digit: these and the digit, as one mask."""

    def of(self, chosen: NDArray[np.intp]) -> Digits:
        """Return the digits with these numbers, without their crowds."""
        return Digits(self.masks[chosen], self.boxes[chosen], [self.steps[i] for i in chosen])

    def within(self, masks: _Mask) -> Digits:
        """Return the digits with only those of their pixels that are True in other masks (N, H, W), too."""
        return replace(self, masks=self.masks & masks)


def find_digits(masks: _Mask, values: NDArray[np.uint8]) -> Digits:
    """Choose the digit in each mask.

    Args:
        masks: (N, H, W), the ink.
        values: (N, H, W), how far each pixel stands out from the paper.
    """
    digits, is_ruled = without_lines(masks)
    steps: list[tuple[str, ...]] = [("lines removed",) if ruled else () for ruled in is_ruled]
    labels, before = labelled(digits)
    boxes = _boxes(digits)
    crowds: dict[int, Digits] = {}
    for i, (first, last) in enumerate(pairwise(before)):
        if last - first == 1:  # the most frequent case, and the quickest
            if not _is_plausible(digits[i], boxes[i]):
                digits[i] = False
        elif last > first:
            found = measured(np.maximum(labels[i], first) - first, values[i])
            whole = measured(connected(masks[i]), values[i]) if is_ruled[i] else found  # rulings may be sides of a box
            inside = inside_ring(whole)
            if inside is not None:
                found, steps[i] = whole, ("ring removed",)
            digit, alike = _choose(found, inside)
            digits[i], boxes[i] = found.together(digit)
            others = len(found.areas) - len(digit) - len(alike)
            steps[i] += (f"{others} other marks removed",) if others and len(digit) else ()
            if len(alike):
                crowd, box = found.together(np.union1d(digit, alike))
                steps[i] += ("several marks alike",)
                crowds[i] = Digits(crowd[None], box[None].astype(np.intp), [steps[i]])
    return Digits(digits, boxes, steps, crowds)


def _boxes(masks: _Mask) -> NDArray[np.intp]:
    """Bounding box of each mask, as in `Digits.boxes`."""
    (top, bottom), (left, right) = (spans(np.asarray(masks.any(axis=axis))) for axis in (2, 1))
    return np.stack([top, left, bottom, right], axis=1)


def _is_plausible(mask: _Mask, box: NDArray[np.intp]) -> bool:
    """Whether a single component may be a digit."""
    top, left, bottom, right = box.tolist()
    own = mask[top:bottom, left:right]
    return max(own.shape) >= MIN_EXTENT and not _is_frame(own, own)


def _choose(found: Components, inside: _Mask | None) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Choose the components that make up the digit.

    Args:
        found: all components.
        inside: (N,), which of them lie inside a ring, so that no other can be a digit; None if there is no ring.

    Returns:
        The numbers of the digit's components, none if nothing looks like one; and of those that look as much like it.
    """
    worth = _worth(found)
    if inside is not None:
        worth[~inside] = 0
    for number in np.argsort(-worth)[:3]:  # a frame that matters is among the largest
        top, left, bottom, right = found.boxes[number]
        within = found.labels[top:bottom, left:right]
        if _is_frame(within == number + 1, within):
            worth[number] = 0
    main = int(worth.argmax())
    plausible = found.extents[main] >= MIN_EXTENT and found.areas[main] >= MIN_SHARE * found.areas[worth > 0].sum()
    if worth[main] == 0 or not plausible:
        return np.array([], np.intp), np.array([], np.intp)
    digit = _with_parts(found, worth, main)
    return digit, _alike(found, worth, digit)


def _worth(found: Components) -> NDArray[np.float64]:
    """How much each component looks like the digit (large, strong, inside, near the centre): (N,)."""
    worth: NDArray[np.float64] = np.sqrt(found.areas) * found.extents * found.strengths * _place(found)
    return worth


def _place(found: Components) -> NDArray[np.float64]:
    """Weight of each component for its position: 1 in the middle, 0 where no digit can be: (N,)."""
    shape = np.array(found.labels.shape)
    off = np.abs((found.boxes[:, :2] + found.boxes[:, 2:]) / (2 * shape) - 0.5).max(axis=1) * 2
    place: NDArray[np.float64] = 1 - OFF_CENTRE * off / 2
    place[found.at_border] *= AT_BORDER
    place[_along_border(found) > ALONG_SHARE] *= ALONG_BORDER
    if shape.min() >= RULED_SIDE:
        place[(found.boxes[:, 2:] <= ALONG).any(axis=1) | (found.boxes[:, :2] >= shape - ALONG).any(axis=1)] = 0
    return place


def _along_border(found: Components) -> NDArray[np.float64]:
    """Share of each component's longer side that lies along one border of the image: (N,)."""
    borders = found.labels[0], found.labels[-1], found.labels[:, 0], found.labels[:, -1]
    pixels = [np.bincount(border, minlength=len(found.areas) + 1)[1:] for border in borders]
    along: NDArray[np.float64] = np.max(pixels, axis=0) / found.extents
    return along


def _is_frame(own: _Mask, inside: NDArray[np.integer | np.bool_]) -> bool:
    """Whether a component is a printed box: straight along all four sides, without any of its own ink inside.

    Args:
        own: (h, w), the component in its bounding box.
        inside: (h, w), everything in that bounding box.
    """
    height, width = own.shape
    if min(height, width) < FRAME_SIDE:
        return False
    y, x = height // 10, width // 10
    core = slice(y, -y), slice(x, -x)
    if np.count_nonzero(own[core]) > FRAME_CORE * own[core].size:
        return False
    sides = own[:y].any(axis=0), own[-y:].any(axis=0), own[:, :x].any(axis=1), own[:, -x:].any(axis=1)
    straight = FRAME if inside[core].any() else EMPTY_FRAME
    return bool(min(side.mean() for side in sides) > straight)


def _with_parts(found: Components, worth: NDArray[np.float64], main: int) -> NDArray[np.intp]:
    """Numbers of the main component and of those that are near enough to be parts of the same digit."""
    border = found.at_border
    fit = (found.areas >= PART_AREA * found.areas[main]) & (found.strengths >= PART_STRENGTH * found.strengths[main])
    fit &= (worth > 0) & (~border | border[main])
    fit[main] = False
    farthest = BORDER_PART_GAP if border[main] else PART_GAP
    reach = np.where(found.areas < SMALL_PART_AREA * found.areas[main], SMALL_PART_GAP, farthest)
    is_large = found.areas >= SPECK_AREA * found.areas[main]
    digit = _grown(found, [main], np.flatnonzero(fit & is_large), reach)
    candidates = np.setdiff1d(np.flatnonzero(fit & ~_are_specks(found, digit)), digit)
    parts = np.array(_grown(found, digit, candidates, reach), np.intp)
    return parts[~_is_underline(found, main)[parts]]


def _is_underline(found: Components, main: int) -> _Mask:
    """Which components are bars wholly below the main one, where no part of a digit is: (N,)."""
    size = found.extents[main]
    heights, widths = (found.boxes[:, 2:] - found.boxes[:, :2]).T
    beneath = found.boxes[:, 0] - found.boxes[main, 2] >= UNDERLINE_GAP * size
    underline: _Mask = beneath & (heights <= UNDERLINE_FLAT * widths) & (widths >= UNDERLINE_WIDTH * size)
    return underline


def _alike(found: Components, worth: NDArray[np.float64], digit: NDArray[np.intp]) -> NDArray[np.intp]:
    """Numbers of other components that look as much like a digit as the chosen one.

    Those that touch the border of the image count only if the chosen digit touches it, too.
    """
    own = found.boxes[digit]
    size, area = (own[:, 2:].max(axis=0) - own[:, :2].min(axis=0)).max(), found.areas[digit].sum()
    alike = (worth > 0) & (~found.at_border | found.at_border[digit].any())
    alike &= found.strengths >= PART_STRENGTH * found.strengths[digit].max()
    alike &= np.minimum(found.extents, size) >= ALIKE_SIZE * np.maximum(found.extents, size)
    alike &= np.minimum(found.areas, area) >= ALIKE_AREA * np.maximum(found.areas, area)
    return np.setdiff1d(np.flatnonzero(alike), digit)


def _grown(found: Components, digit: list[int], candidates: NDArray[np.intp], reach: NDArray[np.float64]) -> list[int]:
    """Add to a digit's components the candidates within their reach, then those within reach of the larger digit, etc.

    Args:
        found: all components.
        digit: the numbers of those that make up the digit so far.
        candidates: the numbers of those that may be added.
        reach: (N,), how far off each may be, in sizes of the digit.
    """
    digit = list(digit)
    while len(candidates):
        gap, size = _gap(found, digit, candidates)
        near = candidates[gap <= np.maximum(reach[candidates] * size, 1)]
        if len(near) == 0:
            break
        digit += near.tolist()
        candidates = np.setdiff1d(candidates, near)
    return digit


def _gap(found: Components, digit: list[int], others: NDArray[np.intp] | slice) -> tuple[NDArray[np.int32], int]:
    """Pixels between the box of a digit and those of others, negative where they overlap; and the digit's size."""
    own = found.boxes[digit]
    top_left, bottom_right = own[:, :2].min(axis=0), own[:, 2:].max(axis=0)
    gap = np.maximum(found.boxes[others, :2] - bottom_right, top_left - found.boxes[others, 2:]).max(axis=1)
    return gap, int((bottom_right - top_left).max())


def _are_specks(found: Components, digit: list[int]) -> _Mask:
    """Which of the small components are like several others that lie away from the digit: (N,)."""
    gap, size = _gap(found, digit, slice(None))
    astray = np.sort(found.areas[gap > ASTRAY * size])
    like = len(astray) - np.searchsorted(astray, SPECK_LIKENESS * found.areas)
    specks: _Mask = (found.areas < SPECK_AREA * found.areas[digit[0]]) & (like >= SPECKS)
    return specks
