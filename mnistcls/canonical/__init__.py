"""The canonical form: any image of one digit as MNIST has it.

MNIST's own recipe (LeCun, Cortes, Burges): the digit's box scaled, its aspect kept, into 20x20 pixels, and placed in
28x28 so that its centre of mass is at the centre; ink bright on black. Before that, the digit has to be found:

    to_planes (colour, transparency) -> contrast (paper, polarity) -> levels_of_ink, with_faint_ink (thresholds)
    -> find_digits (clutter) -> are_texture, are_shade (light) -> cut_out -> inside_sheet, inside_rim (grounds)
    -> place (size, centre)

Every step takes a stack of images of one size, but for three: `inside_sheet` and `inside_rim` look at one image at a
time, as few have a sheet or a rim, and `place` takes all digits of a block. Of small images, the calls into NumPy cost
more than the pixels do.

This module is the only way to it; classification, training-time evaluation and every other command go through here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.detection import Detection, detect
from mnistcls.canonical.mnist_form import as_mnist
from mnistcls.canonical.numerics.stacks import of_one_shape
from mnistcls.canonical.placement import BOX, SIZE, place
from mnistcls.canonical.plane import to_planes, to_uint8
from mnistcls.canonical.sizes import at_draft_scale, working_pixels

__all__ = ["BOX", "SIZE", "VERSION", "Canonical", "canonicalize", "canonicalize_all", "place", "to_uint8"]

VERSION = 10
"""Changes whenever the output for any image changes; a model file names the version it was made for."""

MAX_BLOCK_IMAGES = 1024
"""Number of images that are in memory together."""

MAX_BLOCK_BYTES = 1 << 24
"""Bytes of the images that are in memory together, give or take the last one."""

MAX_STACK_PIXELS = 1 << 20
"""Pixels, at the working size, of the images that are looked at together: more do not fit into the cache, and with
fewer the calls into NumPy cost more than the pixels."""

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
        size += block[-1].size
        if len(block) == MAX_BLOCK_IMAGES or size >= MAX_BLOCK_BYTES:
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
    seen: dict[int, Canonical | Detection] = {}
    for alike in _stacks(images):
        seen |= zip(alike, _recognized([images[i] for i in alike]), strict=True)
    digits = [one.mark.ink for one in seen.values() if isinstance(one, Detection) and one.mark]
    placed = iter(place(digits))
    forms = {i: _form(one, placed) if isinstance(one, Detection) else one for i, one in seen.items()}
    return [forms[i] for i in range(len(images))]


def _stacks(images: _Images) -> Iterator[list[int]]:
    """The indices of images of one shape, of as many as are looked at together."""
    for alike in of_one_shape(images):
        count = max(1, MAX_STACK_PIXELS // working_pixels(images[alike[0]]))
        yield from (alike[start : start + count] for start in range(0, len(alike), count))


def _form(found: Detection, placed: Iterator[NDArray[np.uint8]]) -> Canonical:
    if found.mark is None:
        return Canonical(np.zeros((SIZE, SIZE), np.uint8), (*found.steps, "no digit"))
    return Canonical(next(placed), found.steps)


def _recognized(stack: _Stack) -> list[Canonical | Detection]:
    """Those of images of one shape that are in MNIST's form already, and what is found in the others."""
    forms = _canonical_already(stack) if stack[0].shape[:2] == (SIZE, SIZE) else [None] * len(stack)
    others = [at_draft_scale(pixels) for pixels, form in zip(stack, forms, strict=True) if form is None]
    found = iter(detect(others) if others else [])
    return [form or next(found) for form in forms]


def _canonical_already(stack: _Stack) -> list[Canonical | None]:
    """Those of images (28, 28) that are in MNIST's form; None for others."""
    planes = to_planes(stack)
    fits, forms = as_mnist(np.stack([plane.values for plane in planes]))
    return [
        Canonical(form, (plane.step, "canonical already")) if fit else None
        for fit, form, plane in zip(fits.tolist(), forms, planes, strict=True)
    ]
