"""Finds the digit in images: what stands out as ink and looks like one, not like light, shadow or grain.

Images of one shape get a first look together, at a small size. Where that leaves a doubt, `_refined` looks closer at
what was found, and `_further_looks` looks at the image in another way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.clutter import Digits, find_digits
from mnistcls.canonical.filling import filled_outlines
from mnistcls.canonical.marks import Mark, Marks, cut_out, marks_of
from mnistcls.canonical.paper import ANY_INK, MIN_CONTRAST, Contrast, Ink, measure_contrast
from mnistcls.canonical.plane import to_planes
from mnistcls.canonical.rim import inside_rim, may_be_framed
from mnistcls.canonical.shade import are_shade, are_texture
from mnistcls.canonical.sheet import inside_sheet
from mnistcls.canonical.sizes import at_working_size, reduction
from mnistcls.canonical.solids import are_full_shapes
from mnistcls.canonical.threshold import levels_of_ink, with_faint_ink

MIN_CLEAR_EXTENT = 32
"""Pixels of the longer side of a digit that needs no closer look: a smaller one is looked at again in its own, larger
image."""

_Flags = NDArray[np.bool_]
_Image = NDArray[np.uint8]
_Stack = Sequence[_Image]
"""Images of one shape."""


class Verdict(Enum):
    """What a look makes of an image."""

    DIGIT = auto()
    FLAT = auto()
    """Nothing stands out from the paper."""
    NO_MARK = auto()
    """Something does, but it is no more than clutter."""
    TEXTURE = auto()
    SHADE = auto()
    FULL_SHAPE = auto()
    RUNS_ON = auto()
    """The mark is a piece of a line, which goes on beyond it."""


REASONS = {
    Verdict.FLAT: "nothing stands out",
    Verdict.TEXTURE: "no more than texture",
    Verdict.SHADE: "no more than light and shadow",
    Verdict.FULL_SHAPE: "a full shape without strokes",
    Verdict.RUNS_ON: "a line that runs on",
}
"""Why there is no digit, for people to read. Of a digit, and where only clutter was found, the other steps tell all."""


@dataclass(frozen=True)
class Detection:
    """What has been found in an image."""

    mark: Mark | None
    """What may be the digit, or a sheet of paper, at the size of the look; None if there is nothing like either."""
    verdict: Verdict
    steps: tuple[str, ...]
    """What was done, for people to read."""
    bright_ink: bool
    """Whether ink was taken to be brighter than its paper."""
    may_be_framed: bool = False
    """Whether the image may have bars or corners that are not part of its picture."""
    filled: Mark | None = None
    """The mark with the inside of its outline; None if it is no outline."""

    @property
    def digit(self) -> Mark | None:
        """The digit; None if there is none."""
        return (self.filled or self.mark) if self.verdict is Verdict.DIGIT else None


def detect(stack: _Stack) -> list[Detection]:
    """Find the digit in each image, or nothing."""
    return [_further_looks(image, first) for image, first in zip(stack, _find(stack, ANY_INK), strict=True)]


def _further_looks(image: _Image, found: Detection) -> Detection:
    """Look at an image in other ways, where the first look leaves a doubt."""
    other_ink, is_texture = Ink(bright=not found.bright_ink), found.verdict is Verdict.TEXTURE
    if found.verdict is Verdict.SHADE:  # it may have been taken for ink because the ink is the other way round
        found = _find([image], other_ink)[0]
    is_missed = found.digit is None and np.ptp(image) >= MIN_CONTRAST
    if (found.may_be_framed or is_missed) and (inside := inside_rim(image)) is not None:
        found = _digit_in(inside, ANY_INK) or found  # beside its rim, the picture stands out more than its digit
    # A fine pen may be hidden in light and shadow; beside a full shape, thin lines are its edge.
    if is_missed and found.digit is None and found.verdict is not Verdict.FULL_SHAPE:
        found = _digit_in(image, Ink(fine_pen=True)) or found
    if is_texture and found.digit is None:  # its ink may be the other way round, too, but texture goes on beyond
        other = _digit_in(image, other_ink)
        found = other if other and other.digit and not other.digit.is_cut else found
    return found


def _digit_in(image: _Image, ink: Ink) -> Detection | None:
    """Find the digit in one image; None if there is none."""
    found = _find([image], ink)[0]
    return found if found.digit else None


def _find(stack: _Stack, ink: Ink) -> list[Detection]:
    """Look for the digit in each image at the working size, and closer where something was found."""
    first = _look(at_working_size(stack), ink)
    return [_refined(image, found, ink) for image, found in zip(stack, first, strict=True)]


def _refined(image: _Image, found: Detection, ink: Ink) -> Detection:
    """Look closer at what has been found: on the sheet of paper, if it is one; from nearer, if it is small."""
    if on_sheet := _on_sheet(image, found):
        return on_sheet
    if found.mark is None or found.mark.extent >= MIN_CLEAR_EXTENT or reduction(image) == 1:
        return found
    crop = _close_up(image, found.mark)
    near = _look(at_working_size([crop]), Ink(found.bright_ink) if ink.fine_pen else ink)[0]
    if near.mark is None:
        return found
    if near.mark.runs_on:
        return Detection(None, Verdict.RUNS_ON, (*near.steps, REASONS[Verdict.RUNS_ON]), near.bright_ink)
    return _on_sheet(crop, near) or near


def _on_sheet(image: _Image, found: Detection) -> Detection | None:
    """Look for the digit on the sheet of paper that has been found in an image; None if that is no sheet."""
    inside = inside_sheet(image, found.mark, reduction(image)) if found.mark else None
    # A sheet that only its transparency tells from the rest of the image would be found again and again.
    if inside is None or np.array_equal(inside, image):
        return None
    return _find([inside], ANY_INK)[0]


def _close_up(image: _Image, mark: Mark) -> _Image:
    """Crop an image to a small mark and some paper around it."""
    factor = reduction(image)
    top, left, bottom, right = mark.box
    margin = mark.extent // 2 + 2
    rows = slice(max(top - margin, 0) * factor, (bottom + margin) * factor)
    columns = slice(max(left - margin, 0) * factor, (right + margin) * factor)
    return image[rows, columns]


def _look(stack: _Stack, ink: Ink) -> list[Detection]:
    """Look once for the digit in each image, at the size that the images have."""
    planes = to_planes(stack)
    contrast = measure_contrast(planes, ink)
    levels = levels_of_ink(contrast)
    sure = contrast.values > levels
    digits = find_digits(with_faint_ink(sure, levels, contrast), contrast.values)
    marks = marks_of(digits, contrast)
    verdicts = _verdicts(digits, marks, sure, contrast, ink)
    framed = may_be_framed(contrast.darkness, marks.areas).tolist()
    filled = filled_outlines(marks)
    pen = ("thin lines alone",) if ink.fine_pen else ()
    found = []
    for i, mark in enumerate(_cut_out(digits, marks, contrast)):
        bright, verdict = bool(contrast.bright_ink[i]), verdicts[i]
        steps = (planes[i].step, "bright ink" if bright else "dark ink", *pen, *digits.steps[i])
        steps += (REASONS[verdict],) if verdict in REASONS else ()
        kept = mark if verdict in (Verdict.DIGIT, Verdict.SHADE) else None
        whole = None if i in digits.crowds else filled.get(i)
        steps += ("filled in",) if whole and verdict is Verdict.DIGIT else ()
        found.append(Detection(kept, verdict, steps, bright, framed[i], whole))
    return found


def _verdicts(digits: Digits, marks: Marks, sure: _Flags, contrast: Contrast, ink: Ink) -> list[Verdict]:
    """Judge what has been found in each image.

    Args:
        digits: what has been found.
        marks: its measures.
        sure: (N, H, W), what is surely ink. The part of a mark that is must not be texture or shade, either.
        contrast: that of the images.
        ink: what was taken for ink.
    """
    is_texture, is_shade = _are_no_ink(marks, contrast, ink)
    fading = np.flatnonzero((digits.masks & ~sure).any(axis=(1, 2)))
    if len(fading):
        behind = contrast.of(fading)
        sure_marks = marks_of(digits.of(fading).within(sure[fading]), behind)
        sure_is_texture, sure_is_shade = _are_no_ink(sure_marks, behind, ink)
        is_texture[fading] |= sure_is_texture
        is_shade[fading] |= sure_is_shade
    judged = contrast.stands_out, marks.areas > 0, is_texture, is_shade, are_full_shapes(marks)
    return [_verdict(*each) for each in zip(*(flags.tolist() for flags in judged), strict=True)]


def _verdict(stands_out: bool, is_marked: bool, is_texture: bool, is_shade: bool, is_full_shape: bool) -> Verdict:
    """Judge one image; `is_marked` says whether anything is left of what stands out."""
    if not stands_out:
        return Verdict.FLAT
    if not is_marked:
        return Verdict.NO_MARK
    if is_texture:
        return Verdict.TEXTURE
    if is_shade:
        return Verdict.SHADE
    return Verdict.FULL_SHAPE if is_full_shape else Verdict.DIGIT


def _are_no_ink(marks: Marks, contrast: Contrast, ink: Ink) -> tuple[_Flags, _Flags]:
    """Whether each mark is no more than texture, and whether it is no more than light and shadow: both (N,)."""
    return are_texture(marks, contrast.counts, fine_pen=ink.fine_pen), are_shade(marks, in_doubt=ink.in_doubt)


def _cut_out(digits: Digits, marks: Marks, contrast: Contrast) -> list[Mark]:
    """Cut out each digit; if other marks look as much like one, cut out all of them together.

    The network can then refuse the image.
    """
    cut = cut_out(marks)
    for i, crowd in digits.crowds.items():
        (cut[i],) = cut_out(marks_of(crowd, contrast.of(np.array([i]))))
    return cut
