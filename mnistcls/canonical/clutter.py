"""Chooses the digit among everything that stands out from the paper: rulings, boxes, specks, neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.components import Components, connected, labelled, measured
from mnistcls.canonical.lines import BORDER_WIDTH, MIN_RULED_SIDE, without_lines
from mnistcls.canonical.rings import inside_ring
from mnistcls.canonical.stacks import spans

MIN_FRAME_SIDE = 24
"""Pixels of the shorter side of a printed box."""

MIN_FRAME_STRAIGHTNESS = 0.8
"""Share of each side of a printed box with something in it that is straight."""

MIN_EMPTY_FRAME_STRAIGHTNESS = 0.97
"""Share of each side of an empty printed box that is straight: anything less straight may be a 0."""

MAX_FRAME_CORE_SHARE = 0.02
"""Share of its inside that a printed box itself covers: a line that is not quite straight covers some of it."""

MAX_ALONG_BORDER_SHARE = 0.5
"""Share of its longer side that a component has along one border: with more, it is a shadow or lies off the paper."""

ALONG_BORDER_WEIGHT = 0.1
"""Weight of a component with more than that along one border."""

BORDER_WEIGHT = 0.25
"""Weight of a component that touches the border: it may belong to a neighbour."""

OFF_CENTRE_LOSS = 0.6
"""What a component loses of its weight, of 1, for being a whole side of the image away from the centre."""

MIN_EXTENT = 4
"""Pixels of the longer side of a digit: anything smaller is a speck."""

MIN_MAIN_SHARE = 0.12
"""Share of all ink that is in the main component: with less, the image shows a texture."""

MIN_PART_AREA = 0.015
"""Area of a part, in areas of the main component: anything smaller is a speck, wherever it lies."""

MIN_PART_STRENGTH = 0.5
"""Mean contrast of a part, in those of the main component: with less, it is a shadow or shows through from the back."""

MAX_PART_GAP = 0.3
"""Gap between a part, such as the bar of a 5, and the rest of the digit, in extents of that."""

MAX_BORDER_PART_GAP = 0.16
"""The same gap where the main component touches the border, as it may be the end of a shadow."""

MAX_SMALL_PART_AREA = 0.06
"""Area of a small part, in areas of the main component."""

MAX_SMALL_PART_GAP = 0.04
"""Gap between a small part and the rest of the digit, in extents of that."""

MAX_SPECK_AREA = 0.12
"""Area of a speck, in areas of the main component."""

MIN_SPECKS = 3
"""Number of others that lie astray, from which on a component like them is a speck."""

MIN_SPECK_LIKENESS = 0.5
"""Area of the others that lie astray, in areas of the component that may be a speck."""

MIN_ASTRAY_GAP = 0.16
"""Gap between the digit and what lies astray, in extents of the digit."""

MIN_UNDERLINE_GAP = 0.05
"""Gap between the main component and an underline, in extents of the main component."""

MIN_UNDERLINE_WIDTH = 0.3
"""Width of an underline, in extents of the main component."""

MAX_UNDERLINE_HEIGHT = 0.3
"""Height of an underline, in widths of its own."""

MIN_ALIKE_EXTENT = 0.6
"""Extent of the smaller of two marks, in those of the larger: from this on, either may be the digit."""

MIN_ALIKE_AREA = 0.3
"""Area of the smaller of two marks, in areas of the larger: from this on, either may be the digit."""

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
    plausible = found.extents[main] >= MIN_EXTENT and found.areas[main] >= MIN_MAIN_SHARE * found.areas[worth > 0].sum()
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
    place: NDArray[np.float64] = 1 - OFF_CENTRE_LOSS * off / 2
    place[found.at_border] *= BORDER_WEIGHT
    place[_along_border(found) > MAX_ALONG_BORDER_SHARE] *= ALONG_BORDER_WEIGHT
    if shape.min() >= MIN_RULED_SIDE:
        place[
            (found.boxes[:, 2:] <= BORDER_WIDTH).any(axis=1) | (found.boxes[:, :2] >= shape - BORDER_WIDTH).any(axis=1)
        ] = 0
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
    if min(height, width) < MIN_FRAME_SIDE:
        return False
    y, x = height // 10, width // 10
    core = slice(y, -y), slice(x, -x)
    if np.count_nonzero(own[core]) > MAX_FRAME_CORE_SHARE * own[core].size:
        return False
    sides = own[:y].any(axis=0), own[-y:].any(axis=0), own[:, :x].any(axis=1), own[:, -x:].any(axis=1)
    straight = MIN_FRAME_STRAIGHTNESS if inside[core].any() else MIN_EMPTY_FRAME_STRAIGHTNESS
    return bool(min(side.mean() for side in sides) > straight)


def _with_parts(found: Components, worth: NDArray[np.float64], main: int) -> NDArray[np.intp]:
    """Numbers of the main component and of those that are near enough to be parts of the same digit."""
    border = found.at_border
    fit = (found.areas >= MIN_PART_AREA * found.areas[main]) & (
        found.strengths >= MIN_PART_STRENGTH * found.strengths[main]
    )
    fit &= (worth > 0) & (~border | border[main])
    fit[main] = False
    farthest = MAX_BORDER_PART_GAP if border[main] else MAX_PART_GAP
    reach = np.where(found.areas < MAX_SMALL_PART_AREA * found.areas[main], MAX_SMALL_PART_GAP, farthest)
    is_large = found.areas >= MAX_SPECK_AREA * found.areas[main]
    digit = _grown(found, [main], np.flatnonzero(fit & is_large), reach)
    candidates = np.setdiff1d(np.flatnonzero(fit & ~_are_specks(found, digit)), digit)
    parts = np.array(_grown(found, digit, candidates, reach), np.intp)
    return parts[~_is_underline(found, main)[parts]]


def _is_underline(found: Components, main: int) -> _Mask:
    """Which components are bars wholly below the main one, where no part of a digit is: (N,)."""
    size = found.extents[main]
    heights, widths = (found.boxes[:, 2:] - found.boxes[:, :2]).T
    beneath = found.boxes[:, 0] - found.boxes[main, 2] >= MIN_UNDERLINE_GAP * size
    underline: _Mask = beneath & (heights <= MAX_UNDERLINE_HEIGHT * widths) & (widths >= MIN_UNDERLINE_WIDTH * size)
    return underline


def _alike(found: Components, worth: NDArray[np.float64], digit: NDArray[np.intp]) -> NDArray[np.intp]:
    """Numbers of other components that look as much like a digit as the chosen one.

    Those that touch the border of the image count only if the chosen digit touches it, too.
    """
    own = found.boxes[digit]
    size, area = (own[:, 2:].max(axis=0) - own[:, :2].min(axis=0)).max(), found.areas[digit].sum()
    alike = (worth > 0) & (~found.at_border | found.at_border[digit].any())
    alike &= found.strengths >= MIN_PART_STRENGTH * found.strengths[digit].max()
    alike &= np.minimum(found.extents, size) >= MIN_ALIKE_EXTENT * np.maximum(found.extents, size)
    alike &= np.minimum(found.areas, area) >= MIN_ALIKE_AREA * np.maximum(found.areas, area)
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
    astray = np.sort(found.areas[gap > MIN_ASTRAY_GAP * size])
    like = len(astray) - np.searchsorted(astray, MIN_SPECK_LIKENESS * found.areas)
    specks: _Mask = (found.areas < MAX_SPECK_AREA * found.areas[digit[0]]) & (like >= MIN_SPECKS)
    return specks
