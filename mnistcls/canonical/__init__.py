"""The canonical form: any image of one digit as MNIST has it.

MNIST's own recipe (LeCun, Cortes, Burges): the digit's box scaled, its aspect kept, into 20x20 pixels, and placed in
28x28 so that its centre of mass is at the centre; ink bright on black. Before that, the digit has to be found:

    to_planes (colour, transparency) -> contrast (paper, polarity) -> levels_of_ink, with_faint_ink (thresholds)
    -> find_digits (clutter) -> are_texture, are_shade (light) -> cut_out -> inside_sheet -> place (size, centre)

Every step takes a stack of images of one size, but for two: `inside_sheet` looks at one image at a time, as few have a
sheet, and `place` takes all digits of a block. Of small images, the calls into NumPy cost more than the pixels do.

This module is the only way to it; classification, training-time evaluation and every other command go through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.clutter import find_digits
from mnistcls.canonical.ink import Mark, are_shade, are_texture, cut_out, levels_of_ink, marks_of, with_faint_ink
from mnistcls.canonical.mnist_form import as_mnist
from mnistcls.canonical.paper import MIN_CONTRAST, contrast
from mnistcls.canonical.placement import SIZE, place
from mnistcls.canonical.plane import to_planes, to_uint8
from mnistcls.canonical.sheet import inside_sheet
from mnistcls.canonical.sizes import WORKING_SIDE, at_draft_scale, at_working_size, reduction
from mnistcls.canonical.stacks import of_one_shape

VERSION = 9
"""Changes whenever the output for any image changes; a model file names the version it was made for."""

CLOSE_UP = 32
"""Pixels: a digit found smaller than this in a larger image is looked at again, from nearer."""

BLOCK, BLOCK_BYTES = 256, 1 << 24
"""Images that are in memory together, at most, and about as many bytes of them and of what is made of them."""

WORK_BYTES = 9
"""Bytes that are counted for each pixel at the working size: about half of what the steps make of it, as smaller blocks
would be slower."""

_Images = Sequence[NDArray[np.uint8]]
_Stack = Sequence[NDArray[np.uint8]]
"""Images, too, but of one shape."""


@dataclass(frozen=True)
class Canonical:
    """An image in canonical form."""

    image: NDArray[np.uint8]
    """(28, 28), ink bright (up to 255) on black (0); all zeros if there is no digit to see."""
    steps: tuple[str, ...]
    """What was done, for people."""


def canonicalize_all(images: Iterable[NDArray[np.generic]]) -> NDArray[np.uint8]:
    """Canonical forms, uint8 (N, 28, 28), of N decoded images, drawn one by one; see `canonicalize`.

    Those of one shape among the next few are looked at together: much quicker, and the forms are the same.
    """
    return np.concatenate(list(map(_forms, _blocks(images))))  # `map` lets go of a block before it asks for the next


def _forms(block: _Images) -> NDArray[np.uint8]:
    return np.array([canonical.image for canonical in _canonical(block)], np.uint8).reshape(-1, SIZE, SIZE)


def _blocks(images: Iterable[NDArray[np.generic]]) -> Iterator[list[NDArray[np.uint8]]]:
    """The images, some at a time: as many as may be in memory together."""
    block: list[NDArray[np.uint8]] = []
    size = 0
    for image in images:
        block.append(to_uint8(image))
        own = block[-1].size
        size += own + WORK_BYTES * min(own, WORKING_SIDE**2)
        if len(block) == BLOCK or size >= BLOCK_BYTES:
            yield block
            block, size = [], 0
    yield block


def canonicalize(image: NDArray[np.generic]) -> Canonical:
    """Bring one decoded image into canonical form.

    Args:
        image: (H, W) or (H, W, 1) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4) RGBA; any numeric
            dtype; ink of any colour, brighter or darker than its paper.
    """
    return _canonical([to_uint8(image)])[0]


def _canonical(images: _Images) -> list[Canonical]:
    seen: dict[int, Canonical | _Found] = {}
    for alike in of_one_shape(images):
        seen |= zip(alike, _recognized([images[i] for i in alike]), strict=True)
    digits = [one.mark.ink for one in seen.values() if isinstance(one, _Found) and one.mark]
    placed = iter(place(digits))
    forms = {i: _form(one, placed) if isinstance(one, _Found) else one for i, one in seen.items()}
    return [forms[i] for i in range(len(images))]


def _form(found: _Found, placed: Iterator[NDArray[np.uint8]]) -> Canonical:
    if found.mark is None:
        return Canonical(np.zeros((SIZE, SIZE), np.uint8), (*found.steps, "no digit"))
    return Canonical(next(placed), found.steps)


def _recognized(stack: _Stack) -> list[Canonical | _Found]:
    """Those of images of one shape that are in MNIST's form already, and what is found in the others."""
    forms = _canonical_already(stack) if stack[0].shape[:2] == (SIZE, SIZE) else [None] * len(stack)
    others = [at_draft_scale(pixels) for pixels, form in zip(stack, forms, strict=True) if form is None]
    found = iter(_find(others) if others else [])
    return [form or next(found) for form in forms]


def _find(stack: _Stack) -> list[_Found]:
    """The digit in each image, if it is more than light and shadow."""
    found = _seek(stack)
    for i, one in enumerate(found):
        if one.is_shade:  # which may have been taken for ink because the ink is the other way round
            found[i] = _no_shade(_seek([stack[i]], bright_ink=not one.bright_ink)[0])
        if found[i].mark is None and np.ptp(stack[i]) >= MIN_CONTRAST:  # a fine pen may be hidden in it
            fine = _no_shade(_seek([stack[i]], fine_pen=True)[0])
            found[i] = fine if fine.mark else found[i]
    return found


def _no_shade(found: _Found) -> _Found:
    return replace(found, mark=None) if found.is_shade else found


def _canonical_already(stack: _Stack) -> list[Canonical | None]:
    """Those of images (28, 28) that are in MNIST's form; None for others."""
    planes = to_planes(stack)
    fits, forms = as_mnist(np.stack([plane.values for plane in planes]))
    return [
        Canonical(form, (plane.step, "canonical already")) if fit else None
        for fit, form, plane in zip(fits.tolist(), forms, planes, strict=True)
    ]


@dataclass(frozen=True)
class _Found:
    """What a look at an image has found."""

    mark: Mark | None
    """The digit, at the size it was looked at; None if there is none."""
    steps: tuple[str, ...]
    bright_ink: bool
    is_shade: bool = False
    """Whether the mark is no more than light or shadow."""


def _seek(stack: _Stack, bright_ink: bool | None = None, *, fine_pen: bool = False) -> list[_Found]:
    """Look for the digit in each image, made small; on a sheet of paper in it, and where it is small, once more."""
    found = _look(at_working_size(stack), bright_ink, fine_pen=fine_pen)
    known = [one.bright_ink if fine_pen else bright_ink for one in found]
    return [_closely(*each) for each in zip(stack, found, known, strict=True)]


def _closely(pixels: NDArray[np.uint8], found: _Found, bright_ink: bool | None) -> _Found:
    """What is found where something has been found in an image."""
    if on_sheet := _on_sheet(pixels, found):
        return on_sheet
    if found.mark is None or found.mark.extent >= CLOSE_UP or reduction(pixels) == 1:
        return found
    crop = _around(pixels, found.mark)
    near = _look(at_working_size([crop]), bright_ink)[0]
    if near.mark is None:
        return found
    if near.mark.runs_on:
        return _Found(None, (*near.steps, "a line that runs on"), near.bright_ink)
    return _on_sheet(crop, near) or near


def _on_sheet(pixels: NDArray[np.uint8], found: _Found) -> _Found | None:
    """What is found on a sheet of paper, if that is what has been found in an image."""
    inside = inside_sheet(pixels, found.mark, reduction(pixels)) if found.mark else None
    if inside is None or np.array_equal(inside, pixels):  # then it is known by its transparency, and would be for ever
        return None
    return _seek([inside])[0]


def _around(pixels: NDArray[np.uint8], mark: Mark) -> NDArray[np.uint8]:
    """The part of an image where something small is."""
    factor = reduction(pixels)
    top, left, bottom, right = mark.box
    margin = mark.extent // 2 + 2
    rows = slice(max(top - margin, 0) * factor, (bottom + margin) * factor)
    columns = slice(max(left - margin, 0) * factor, (right + margin) * factor)
    return pixels[rows, columns]


def _look(stack: _Stack, bright_ink: bool | None, *, fine_pen: bool = False) -> list[_Found]:
    planes = to_planes(stack)
    seen = contrast(planes, bright_ink, fine_pen=fine_pen)
    levels = levels_of_ink(seen)
    sure = seen.values > levels
    masks = with_faint_ink(sure, levels, seen)
    digits = find_digits(masks, seen.values)
    marks = marks_of(digits, seen)
    is_there = np.atleast_1d(marks.counts.any(axis=1))
    in_doubt = fine_pen or bright_ink is not None
    is_texture = are_texture(marks, seen.counts, fine_pen=fine_pen)
    is_shade = are_shade(marks, in_doubt=in_doubt)
    fading = np.flatnonzero((digits.masks & ~sure).any(axis=(1, 2)))
    if len(fading):  # what is surely ink must be neither by itself
        surely, behind = digits.of(fading).within(sure[fading]), seen.of(fading)
        strong = marks_of(surely, behind)
        is_texture[fading] |= are_texture(strong, behind.counts, fine_pen=fine_pen)
        is_shade[fading] |= are_shade(strong, in_doubt=in_doubt)
    cut = cut_out(marks)
    for i, crowd in digits.crowds.items():  # which the network is to see, and to refuse
        (cut[i],) = cut_out(marks_of(crowd, seen.of(np.array([i]))))
    found = []
    for i, mark in enumerate(cut):
        bright = bool(seen.bright_ink[i])
        pen = ("thin lines alone",) if fine_pen else ()
        steps = (planes[i].step, "bright ink" if bright else "dark ink", *pen, *digits.steps[i])
        if not seen.stands_out[i]:
            found.append(_Found(None, (*steps, "nothing stands out"), bright))
        elif not is_there[i]:
            found.append(_Found(None, steps, bright))
        elif is_texture[i]:
            found.append(_Found(None, (*steps, "no more than texture"), bright))
        elif is_shade[i]:
            found.append(_Found(mark, (*steps, "no more than light and shadow"), bright, is_shade=True))
        else:
            found.append(_Found(mark, steps, bright))
    return found
