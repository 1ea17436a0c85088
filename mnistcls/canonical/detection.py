"""Finds the digit in images: what stands out as ink and looks like one, not like light, shadow or grain.

An image is looked at once, at a small size, and once more where that leaves a doubt: from nearer if the digit is small,
inside a sheet of paper if one was found, with ink the other way round or with thin lines alone if all was shade.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.clutter import Digits, find_digits
from mnistcls.canonical.marks import Mark, Marks, cut_out, marks_of
from mnistcls.canonical.paper import MIN_CONTRAST, Contrast, contrast
from mnistcls.canonical.plane import to_planes
from mnistcls.canonical.rim import inside_rim, may_be_framed
from mnistcls.canonical.shade import are_shade, are_texture
from mnistcls.canonical.sheet import inside_sheet
from mnistcls.canonical.sizes import at_working_size, reduction
from mnistcls.canonical.threshold import levels_of_ink, with_faint_ink

MIN_CLEAR_EXTENT = 32
"""Pixels of the longer side of a digit that needs no closer look: a smaller one is looked at again in its own, larger
image."""

_Flags = NDArray[np.bool_]
_Stack = Sequence[NDArray[np.uint8]]
"""Images of one shape."""


@dataclass(frozen=True)
class Detection:
    """What a look at an image has found."""

    mark: Mark | None
    """The digit, at the size it was looked at; None if there is none."""
    steps: tuple[str, ...]
    bright_ink: bool
    is_shade: bool = False
    """Whether the mark is no more than light or shadow."""
    may_be_framed: bool = False
    """Whether the image may have bars or corners that are no part of its picture."""


def detect(stack: _Stack) -> list[Detection]:
    """The digit in each image, if it is more than light and shadow."""
    found = _detect_and_refine(stack)
    for i, one in enumerate(found):
        if one.is_shade:  # which may have been taken for ink because the ink is the other way round
            found[i] = _no_shade(_detect_and_refine([stack[i]], bright_ink=not one.bright_ink)[0])
        is_missed = found[i].mark is None and np.ptp(stack[i]) >= MIN_CONTRAST
        if (found[i].may_be_framed or is_missed) and (inside := inside_rim(stack[i])) is not None:
            found[i] = _digit_in(inside) or found[i]  # in the whole, it stands out less than the picture itself
        if is_missed and found[i].mark is None:  # a fine pen may be hidden in light and shadow
            found[i] = _digit_in(stack[i], fine_pen=True) or found[i]
    return found


def _digit_in(pixels: NDArray[np.uint8], *, fine_pen: bool = False) -> Detection | None:
    """The digit in one image; None if there is none, or no more than light and shadow."""
    found = _no_shade(_detect_and_refine([pixels], fine_pen=fine_pen)[0])
    return found if found.mark else None


def _no_shade(found: Detection) -> Detection:
    return replace(found, mark=None) if found.is_shade else found


def _detect_and_refine(stack: _Stack, bright_ink: bool | None = None, *, fine_pen: bool = False) -> list[Detection]:
    """Look for the digit in each image, made small; on a sheet of paper in it, and where it is small, once more."""
    found = _look(at_working_size(stack), bright_ink, fine_pen=fine_pen)
    known = [one.bright_ink if fine_pen else bright_ink for one in found]
    return [_refined(*each) for each in zip(stack, found, known, strict=True)]


def _refined(pixels: NDArray[np.uint8], found: Detection, bright_ink: bool | None) -> Detection:
    """What a closer look finds where something has been found in an image."""
    if on_sheet := _on_sheet(pixels, found):
        return on_sheet
    if found.mark is None or found.mark.extent >= MIN_CLEAR_EXTENT or reduction(pixels) == 1:
        return found
    crop = _close_up(pixels, found.mark)
    near = _look(at_working_size([crop]), bright_ink)[0]
    if near.mark is None:
        return found
    if near.mark.runs_on:
        return Detection(None, (*near.steps, "a line that runs on"), near.bright_ink)
    return _on_sheet(crop, near) or near


def _on_sheet(pixels: NDArray[np.uint8], found: Detection) -> Detection | None:
    """What is found on a sheet of paper, if that is what has been found in an image."""
    inside = inside_sheet(pixels, found.mark, reduction(pixels)) if found.mark else None
    if inside is None or np.array_equal(inside, pixels):  # then it is known by its transparency, and would be for ever
        return None
    return _detect_and_refine([inside])[0]


def _close_up(pixels: NDArray[np.uint8], mark: Mark) -> NDArray[np.uint8]:
    """The part of an image where something small is."""
    factor = reduction(pixels)
    top, left, bottom, right = mark.box
    margin = mark.extent // 2 + 2
    rows = slice(max(top - margin, 0) * factor, (bottom + margin) * factor)
    columns = slice(max(left - margin, 0) * factor, (right + margin) * factor)
    return pixels[rows, columns]


def _look(stack: _Stack, bright_ink: bool | None, *, fine_pen: bool = False) -> list[Detection]:
    """What there is in each image at a single look, as large as it is."""
    planes = to_planes(stack)
    seen = contrast(planes, bright_ink, fine_pen=fine_pen)
    levels = levels_of_ink(seen)
    sure = seen.values > levels
    digits = find_digits(with_faint_ink(sure, levels, seen), seen.values)
    marks = marks_of(digits, seen)
    no_ink = partial(_no_ink, fine_pen=fine_pen, in_doubt=fine_pen or bright_ink is not None)
    is_texture, is_shade = no_ink(marks, seen)
    fading = np.flatnonzero((digits.masks & ~sure).any(axis=(1, 2)))
    if len(fading):  # what is surely ink must be neither by itself
        behind = seen.of(fading)
        is_either = no_ink(marks_of(digits.of(fading).within(sure[fading]), behind), behind)
        is_texture[fading] |= is_either[0]
        is_shade[fading] |= is_either[1]
    framed = may_be_framed(seen.darkness, marks.counts.sum(axis=1)).tolist()
    pen = ("thin lines alone",) if fine_pen else ()
    found = []
    for i, mark in enumerate(_cut_out(digits, marks, seen)):
        bright = bool(seen.bright_ink[i])
        steps = (planes[i].step, "bright ink" if bright else "dark ink", *pen, *digits.steps[i])
        kept: Mark | None = None
        why: tuple[str, ...] = ()
        if not seen.stands_out[i]:
            why = ("nothing stands out",)
        elif is_texture[i] and marks.counts[i].any():
            why = ("no more than texture",)
        elif marks.counts[i].any():
            kept, why = mark, ("no more than light and shadow",) if is_shade[i] else ()
        found.append(Detection(kept, (*steps, *why), bright, bool(kept and is_shade[i]), framed[i]))
    return found


def _no_ink(marks: Marks, seen: Contrast, *, fine_pen: bool, in_doubt: bool) -> tuple[_Flags, _Flags]:
    """Which marks (N,) are no more than texture, and which no more than light and shadow."""
    return are_texture(marks, seen.counts, fine_pen=fine_pen), are_shade(marks, in_doubt=in_doubt)


def _cut_out(digits: Digits, marks: Marks, seen: Contrast) -> list[Mark]:
    """Each digit alone; where others are as much like one, all of them, which the network is to see and to refuse."""
    cut = cut_out(marks)
    for i, crowd in digits.crowds.items():
        (cut[i],) = cut_out(marks_of(crowd, seen.of(np.array([i]))))
    return cut
