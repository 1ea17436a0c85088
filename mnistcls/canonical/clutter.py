"""Chooses the digit among everything that stands out from the paper: rulings, boxes, specks, neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.enclosures import inside_ring, is_frame, printed_boxes
from mnistcls.canonical.lines import without_lines
from mnistcls.canonical.numerics.components import Components, connected, labelled, measured
from mnistcls.canonical.numerics.stacks import spans
from mnistcls.canonical.parts import alike, with_parts

MAX_ALONG_BORDER_SHARE = 0.5
"""Share of its longer side that a component has along one border: with more, it is a shadow or lies off the paper."""

ALONG_BORDER_WEIGHT = 0.1
"""Weight of a component with more than that along one border."""

BORDER_WEIGHT = 0.25
"""Weight of a component that touches the border: it may belong to a neighbour."""

MIN_EXTENT = 4
"""Pixels of the longer side of a digit: anything smaller is a speck."""

MIN_MAIN_SHARE = 0.12
"""Share of all ink that is in the main component: with less, the image shows a texture. What lies along the border,
such as the edge of a screen, is not counted."""

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
    digits, written, steps = _without_rulings(masks, values)
    labels, before = labelled(digits)
    boxes = _boxes(digits)
    crowds: dict[int, Digits] = {}
    for i, (first, last) in enumerate(pairwise(before)):
        if last - first == 1:  # the most frequent case, and the quickest
            if not _is_plausible(digits[i], boxes[i]):
                digits[i] = False
        elif last > first:
            found = measured(np.maximum(labels[i], first) - first, values[i])
            whole = measured(connected(written[i]), values[i]) if i in written else found
            one = _digit_among(found, whole, steps[i])
            digits[i], boxes[i], steps[i] = one.masks[0], one.boxes[0], one.steps[0]
            if one.crowds:
                crowds[i] = one.crowds[0]
    return Digits(digits, boxes, steps, crowds)


def _without_rulings(masks: _Mask, values: NDArray[np.uint8]) -> tuple[_Mask, dict[int, _Mask], list[tuple[str, ...]]]:
    """Take rulings and printed boxes away from masks (N, H, W).

    Returns:
        What is left; by their numbers, those that had rulings, with these, as they may be sides of a box drawn by hand;
        and what was removed from each.
    """
    digits, is_ruled = without_lines(masks)
    steps: list[tuple[str, ...]] = [("lines removed",) if ruled else () for ruled in is_ruled]
    written = {i: masks[i] for i in np.flatnonzero(is_ruled).tolist()}
    for i, mask in written.items():
        found = measured(connected(mask), values[i])
        boxes = printed_boxes(found)
        if len(boxes):  # not all of its sides may be rulings, and a single one looks like a 1
            written[i] = mask & ~found.together(boxes)[0]
            digits[i], steps[i] = without_lines(written[i][None])[0][0], ("box removed",)
    return digits, written, steps


def _digit_among(found: Components, whole: Components, steps: tuple[str, ...]) -> Digits:
    """Choose the digit among the components of one mask.

    Args:
        found: the components without rulings.
        whole: the components with them.
        steps: what has been removed so far.
    """
    inside = inside_ring(whole)
    if inside is not None:
        found, steps = whole, ("ring removed",)
    digit, others = _choose(found, inside)
    removed = len(found.areas) - len(digit) - len(others)
    steps += (f"{removed} other marks removed",) if removed and len(digit) else ()
    if len(others) == 0:
        return _joined(found, digit, steps)
    steps += ("several marks alike",)
    crowd = _joined(found, np.union1d(digit, others), steps)
    return replace(_joined(found, digit, steps), crowds={0: crowd})


def _joined(found: Components, numbers: NDArray[np.intp], steps: tuple[str, ...]) -> Digits:
    """Join the components with these numbers to one digit."""
    mask, box = found.together(numbers)
    return Digits(mask[None], box[None].astype(np.intp), [steps])


def _boxes(masks: _Mask) -> NDArray[np.intp]:
    """Bounding box of each mask, as in `Digits.boxes`."""
    (top, bottom), (left, right) = (spans(np.asarray(masks.any(axis=axis))) for axis in (2, 1))
    return np.stack([top, left, bottom, right], axis=1)


def _is_plausible(mask: _Mask, box: NDArray[np.intp]) -> bool:
    """Whether a single component may be a digit."""
    top, left, bottom, right = box.tolist()
    own = mask[top:bottom, left:right]
    return max(own.shape) >= MIN_EXTENT and not is_frame(own, own)


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
        if is_frame(within == number + 1, within):
            worth[number] = 0
    main = int(worth.argmax())
    ink = found.areas[(worth > 0) & (found.along_border <= MAX_ALONG_BORDER_SHARE)].sum()
    plausible = found.extents[main] >= MIN_EXTENT and found.areas[main] >= MIN_MAIN_SHARE * ink
    if worth[main] == 0 or not plausible:
        return np.array([], np.intp), np.array([], np.intp)
    digit = with_parts(found, worth, main)
    return digit, alike(found, worth, digit)


def _worth(found: Components) -> NDArray[np.float64]:
    """How much each component looks like the digit (large, strong, not at the border): (N,)."""
    worth: NDArray[np.float64] = np.sqrt(found.areas) * found.extents * found.strengths * _position_weight(found)
    return worth


def _position_weight(found: Components) -> NDArray[np.float64]:
    """Weight of each component for its position, 1 if it is off the border: (N,)."""
    weight = np.ones(len(found.areas))
    weight[found.at_border] *= BORDER_WEIGHT
    weight[found.along_border > MAX_ALONG_BORDER_SHARE] *= ALONG_BORDER_WEIGHT
    return weight
