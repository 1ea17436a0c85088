"""Finds the digit among everything else that stands out from the paper: rulings, boxes, specks, neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import numpy as np
from numpy.typing import NDArray

RULED_SIDE = 64
"""Longer side, in pixels, from which an image has room for rulings."""

LINE_LENGTH = 0.55
"""Of the longer side: a straight line this long is no stroke."""

LINE_WIDTH = 0.03
"""Of the longer side, at most: thicker, it may be one after all."""

FRAME_SIDE = 24
"""Shorter side, in pixels, from which a component may be a printed frame."""

FRAME, EMPTY_FRAME = 0.8, 0.97
"""Of each of its sides, the share that is straight; with nothing inside it might still be a 0, so it has to be more."""

AT_BORDER = 0.25
"""What a component that touches the border counts, of what it would inside: it may be a neighbour's."""

OFF_CENTRE = 0.6
"""What a component loses by being a whole side away from the centre."""

PART_AREA = 0.015
"""Of the main component's area: less is a speck, wherever it lies."""

PART_GAP = 0.16
"""Of the digit's size: a part, such as the bar of a 5, may be this far off."""

SMALL_PART_AREA, SMALL_PART_GAP = 0.06, 0.04
"""A part of less than this area must be nearer."""

PART_STRENGTH = 0.5
"""Of the main component's mean contrast: fainter, it is a shadow or shows through from the back."""

MIN_SHARE = 0.12
"""Of all ink: if even the main component has less, this is a texture."""

MIN_EXTENT = 4
"""Pixels: anything smaller is a speck."""

_Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Components:
    """Connected components of a mask, numbered from 0; every array has one entry for each."""

    labels: NDArray[np.integer]
    """(H, W): 0 on the paper, one more than the component's number on its pixels."""
    area: NDArray[np.float64]
    strength: NDArray[np.float64]
    """Mean contrast."""
    box: NDArray[np.intp]
    """(N, 4): top, left, bottom, right; the last two are one past the end."""

    @property
    def extent(self) -> NDArray[np.intp]:
        """Longer side of each box."""
        extent: NDArray[np.intp] = (self.box[:, 2:] - self.box[:, :2]).max(axis=1)
        return extent


def find_digit(mask: _Mask, values: NDArray[np.uint8]) -> tuple[_Mask | None, tuple[str, ...]]:
    """Keep only the digit of a mask.

    Args:
        mask: (H, W), where there may be ink.
        values: (H, W), how far each pixel stands out from the paper.

    Returns:
        The digit's mask, None if there is nothing like one; and what was taken away, for people.
    """
    unruled = _without_lines(mask)
    steps = () if unruled is mask else ("lines removed",)
    labels, count = cc3d.connected_components(unruled.view(np.uint8), connectivity=8, return_N=True)
    found = _components(labels, count, values)
    digit = _choose(found, mask.shape)
    if len(digit) == 0:
        return None, steps
    if len(digit) == count:
        return unruled, steps
    kept = np.zeros(len(found.area) + 1, bool)
    kept[digit + 1] = True
    return kept[found.labels], (*steps, f"{count - len(digit)} other marks removed")


def _without_lines(mask: _Mask) -> _Mask:
    """The same mask object if it has no long straight lines; what crosses them stays."""
    side = max(mask.shape)
    if side < RULED_SIDE:
        return mask
    across, upright = _rows_of_lines(mask, side), _rows_of_lines(mask.T, side).T
    rest = mask & ~(across | upright)
    if across.any() or (upright.any() and rest.any()):
        return rest
    return mask  # nothing but an upright line may be a 1


def _rows_of_lines(mask: _Mask, side: int) -> _Mask:
    """Pixels of horizontal lines; they may be off the horizontal by a pixel."""
    none = np.zeros_like(mask)
    if np.count_nonzero(mask, axis=1).max() < LINE_LENGTH * side / 3:  # the most frequent case, and soon found
        return none
    near = mask.copy()
    near[1:] |= mask[:-1]
    near[:-1] |= mask[1:]
    full = np.count_nonzero(near, axis=1) >= LINE_LENGTH * side
    if not full.any():
        return none
    band = full.copy()
    band[1:] |= full[:-1]
    band[:-1] |= full[1:]
    thin: _Mask = mask & band[:, None] & (_run_lengths(mask) <= max(3, round(LINE_WIDTH * side) + 1))
    return thin


def _run_lengths(mask: _Mask) -> NDArray[np.intp]:
    """For each pixel of a mask, the length of the vertical run of pixels that it is in."""
    row = np.arange(len(mask) + 1)[:, None]
    padded = np.pad(mask, ((1, 1), (0, 0)))
    last_gap = np.maximum.accumulate(np.where(padded[:-1], 0, row), axis=0)[1:]
    next_gap = np.minimum.accumulate(np.where(padded[1:], len(mask) + 1, row + 1)[::-1], axis=0)[::-1][:-1]
    run: NDArray[np.intp] = next_gap - last_gap
    return run


def _components(labels: NDArray[np.integer], count: int, values: NDArray[np.uint8]) -> Components:
    rows, columns = np.nonzero(labels)
    index = labels[rows, columns].astype(np.intp) - 1
    area = np.bincount(index, minlength=count).astype(np.float64)
    strength = np.bincount(index, values[rows, columns], count) / np.maximum(area, 1)
    box = np.empty((count, 4), np.intp)
    if count:
        box[:, 0], box[:, 2] = _range_by(index, rows, count)
        box[:, 1], box[:, 3] = _range_by(index, columns, count)
    return Components(labels, area, strength, box)


def _range_by(index: NDArray[np.intp], position: NDArray[np.intp], count: int) -> tuple[NDArray[np.intp], ...]:
    """First position, and one past the last, of each index."""
    first, last = np.full(count, np.iinfo(np.intp).max), np.zeros(count, np.intp)
    np.minimum.at(first, index, position)
    np.maximum.at(last, index, position)
    return first, last + 1


def _choose(found: Components, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Numbers of the components that make up the digit; none if nothing looks like one."""
    if len(found.area) == 0:
        return np.array([], np.intp)
    worth = _worth(found, shape)
    for number in np.argsort(-worth)[:3]:  # a frame is among the largest, or it is no matter
        if _is_frame(found, int(number)):
            worth[number] = 0
    main = int(worth.argmax())
    plausible = found.extent[main] >= MIN_EXTENT and found.area[main] >= MIN_SHARE * found.area[worth > 0].sum()
    return _with_parts(found, worth, main, shape) if worth[main] > 0 and plausible else np.array([], np.intp)


def _worth(found: Components, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """How much each component looks like the digit: large, strong, inside, near the centre."""
    size = np.array(shape)
    off = np.abs((found.box[:, :2] + found.box[:, 2:]) / (2 * size) - 0.5).max(axis=1) * 2
    place = np.where(_at_border(found, shape), AT_BORDER, 1.0) * (1 - OFF_CENTRE * off / 2)
    worth: NDArray[np.float64] = np.sqrt(found.area) * found.extent * found.strength * place
    return worth


def _at_border(found: Components, shape: tuple[int, ...]) -> _Mask:
    at: _Mask = (found.box[:, :2] == 0).any(axis=1) | (found.box[:, 2:] == np.array(shape)).any(axis=1)
    return at


def _is_frame(found: Components, number: int) -> bool:
    """Whether a component is a printed box: straight along all four sides, and none of its own ink inside."""
    top, left, bottom, right = found.box[number]
    inside = found.labels[top:bottom, left:right]
    height, width = inside.shape
    if min(height, width) < FRAME_SIDE:
        return False
    own = inside == number + 1
    y, x = height // 10, width // 10
    sides = own[:y].any(axis=0), own[-y:].any(axis=0), own[:, :x].any(axis=1), own[:, -x:].any(axis=1)
    core = inside[y:-y, x:-x]
    straight = FRAME if core.any() else EMPTY_FRAME
    return min(side.mean() for side in sides) > straight and not (core == number + 1).mean() > 0.02


def _with_parts(found: Components, worth: NDArray[np.float64], main: int, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """The main component, and those near enough to be parts of the same digit, largest first."""
    border = _at_border(found, shape)
    fit = (found.area >= PART_AREA * found.area[main]) & (found.strength >= PART_STRENGTH * found.strength[main])
    fit &= (worth > 0) & (~border | border[main])
    fit[main] = False
    candidates = np.flatnonzero(fit)
    digit, box = [main], found.box[main].copy()
    while len(candidates):
        gap = np.maximum(found.box[candidates, :2] - box[2:], box[:2] - found.box[candidates, 2:]).max(axis=1)
        small = found.area[candidates] < SMALL_PART_AREA * found.area[main]
        reach = np.where(small, SMALL_PART_GAP, PART_GAP) * (box[2:] - box[:2]).max()
        near = candidates[gap <= np.maximum(reach, 1)]
        if len(near) == 0:
            break
        digit += near.tolist()
        box[:2] = np.minimum(box[:2], found.box[near, :2].min(axis=0))
        box[2:] = np.maximum(box[2:], found.box[near, 2:].max(axis=0))
        candidates = np.setdiff1d(candidates, near)
    return np.array(digit, np.intp)
