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

LINE_WIDTH = 0.025
"""Of the longer side, at most: thicker, it may be one after all."""

FRAME_SIDE = 24
"""Shorter side, in pixels, from which a component may be a printed frame."""

FRAME, EMPTY_FRAME = 0.8, 0.97
"""Of each of its sides, the share that is straight; with nothing inside it might still be a 0, so it has to be more."""

FRAME_CORE = 0.02
"""Of what is inside a frame, the share that may be its own: a line that is not quite straight."""

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
    area: NDArray[np.intp]
    strength: NDArray[np.float64]
    """Mean contrast."""
    box: NDArray[np.int32]
    """(N, 4): top, left, bottom, right; the last two are one past the end."""

    @property
    def extent(self) -> NDArray[np.int32]:
        """Longer side of each box."""
        extent: NDArray[np.int32] = (self.box[:, 2:] - self.box[:, :2]).max(axis=1)
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
    if count == 0:
        return None, steps
    if count == 1:  # the most frequent case, and the quickest
        return (unruled if _is_plausible(unruled) else None), steps
    found = _components(labels, values)
    digit = _choose(found, mask.shape)
    if len(digit) == 0:
        return None, steps
    if len(digit) == count:
        return unruled, steps
    kept = np.zeros(count + 1, np.bool_)
    kept[digit + 1] = True
    return kept[found.labels], (*steps, f"{count - len(digit)} other marks removed")


def box_of(mask: _Mask) -> tuple[int, int, int, int]:
    """Top, left, bottom and right of what is True, the last two one past the end."""
    rows, columns = np.asarray(mask.any(axis=1)), np.asarray(mask.any(axis=0))
    bottom, right = len(rows) - int(rows[::-1].argmax()), len(columns) - int(columns[::-1].argmax())
    return int(rows.argmax()), int(columns.argmax()), bottom, right


def _is_plausible(mask: _Mask) -> bool:
    """Whether a single component may be a digit."""
    top, left, bottom, right = box_of(mask)
    own = mask[top:bottom, left:right]
    return max(own.shape) >= MIN_EXTENT and not _is_frame(own, own)


def _without_lines(mask: _Mask) -> _Mask:
    """The same mask object if it has no long straight lines; what crosses them stays."""
    side = max(mask.shape)
    if side < RULED_SIDE:
        return mask
    top, left, bottom, right = box_of(mask)
    across = _rows_of_lines(mask, side) if right - left >= LINE_LENGTH * side else None
    upright = _rows_of_lines(mask.T, side) if bottom - top >= LINE_LENGTH * side else None
    if across is None and upright is None:
        return mask
    rest = mask.copy()
    if across is not None:
        rest &= ~across
    if upright is not None:
        rest &= ~upright.T
    return mask if across is None and not rest.any() else rest  # nothing but an upright line may be a 1


def _rows_of_lines(mask: _Mask, side: int) -> _Mask | None:
    """Pixels of horizontal lines, which may be off the horizontal by a pixel; None if there are none."""
    near = mask.copy()
    near[1:] |= mask[:-1]
    near[:-1] |= mask[1:]
    full = near @ np.ones(mask.shape[1], np.float32) >= LINE_LENGTH * side
    if not full.any():
        return None
    full[1:-1] |= full[:-2] | full[2:]
    thin: _Mask = mask & full[:, None] & ~_tall(mask, max(3, round(LINE_WIDTH * side) + 1) + 1)
    return thin if thin.any() else None


def _tall(mask: _Mask, height: int) -> _Mask:
    """Pixels of a mask that are in vertical runs of at least `height`: an opening, by doubling."""
    tall = np.zeros((len(mask) + height - 1, mask.shape[1]), np.bool_)
    tall[height - 1 : len(mask)] = _joined(mask, height, np.logical_and)
    return _joined(tall, height, np.logical_or)


def _joined(mask: _Mask, height: int, join: np.ufunc) -> _Mask:
    """`join` of every pixel and the `height` - 1 below it, (H - height + 1, W)."""
    reach = 1
    while reach < height:
        step = min(reach, height - reach)
        mask = join(mask[: len(mask) - step], mask[step:])
        reach += step
    return mask


def _components(labels: NDArray[np.integer], values: NDArray[np.uint8]) -> Components:
    """Measure each component, all of them at once: their pixels are brought in order, and summed run by run."""
    inked = np.flatnonzero(labels)
    index = labels.ravel()[inked]
    inked = inked[index.argsort(kind="stable")]  # by component, and by rows in each
    area = np.bincount(index)[1:]
    rows, columns = np.divmod(inked.astype(np.int32), np.int32(labels.shape[1]))
    last = area.cumsum() - 1
    first = last - area + 1
    strength = np.add.reduceat(values.ravel()[inked], first, dtype=np.float64) / area
    left, right = np.minimum.reduceat(columns, first), np.maximum.reduceat(columns, first) + 1
    return Components(labels, area, strength, np.stack([rows[first], left, rows[last] + 1, right], axis=1))


def _choose(found: Components, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Numbers of the components that make up the digit; none if nothing looks like one."""
    if len(found.area) == 0:
        return np.array([], np.intp)
    worth = _worth(found, shape)
    for number in np.argsort(-worth)[:3]:  # a frame is among the largest, or it is no matter
        top, left, bottom, right = found.box[number]
        inside = found.labels[top:bottom, left:right]
        if _is_frame(inside == number + 1, inside):
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


def _is_frame(own: _Mask, inside: NDArray[np.integer | np.bool_]) -> bool:
    """Whether a component is a printed box: straight along all four sides, and none of its own ink inside.

    Args:
        own: (h, w), the component in its box.
        inside: (h, w), everything in that box.
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
