"""Brings any image of one digit into MNIST's form: the canonical form.

MNIST's own recipe (LeCun, Cortes, Burges) scales the digit's box into 20x20 pixels, keeps its aspect, and puts its
centre of mass at the centre of 28x28 pixels, with bright ink on black. Images in this form already are recognised by
`mnist_form` and stay as they are. In all others, `detection` finds the digit first.

The first look, for which `sizes` brings the image to 128 pixels:

- `plane` reduces colour and transparency to one plane of numbers;
- `paper` estimates the paper, and how far each pixel stands out from it;
- `polarity` decides whether ink is brighter or darker than the paper, where the margin of the image does not tell;
- `threshold` decides which pixels are ink;
- `lines` removes rulings;
- `enclosures` removes boxes and rings around the digit;
- `clutter` chooses the digit among the connected components that are left;
- `parts` decides which of the others belong to it, and which look as much like a digit;
- `marks` measures the digit, and cuts it out;
- `shade` rejects what is no more than texture, light or shadow, and `solids` what is one full shape;
- `filling` fills the inside of digits that are outlines (`outlines` tells which are), coloured in or not.

Further looks, each only where those before it leave a doubt:

- what was found is a sheet of paper: inside the sheet (`sheet`);
- what was found is small: from nearer;
- only shade was found: with ink the other way round;
- nothing was found, or the image may have a rim: inside the rim (`rim`);
- still nothing: thin lines alone, as a fine pen leaves them on uneven paper;
- there was no more than texture, and still nothing: with ink the other way round.

At last, `placement` gives the digit MNIST's stroke width, box and centre. `numerics` holds what all of these compute
with.

The first look and `placement` take many images at once, as the calls into NumPy cost more than the pixels of a small
image do; further looks are rare, and take one image each.

Classification, training and every command go through this module.
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

VERSION = 13
"""Changes whenever the output for any image changes; a model file names the version it was made for."""

MAX_BLOCK_IMAGES = 1024
"""Number of images that are in memory together."""

MAX_BLOCK_BYTES = 1 << 24
"""Bytes of the images that are in memory together, give or take the last one."""

MAX_STACK_PIXELS = 1 << 20
"""Pixels, at the working size, of the images that are looked at together: more do not fit into the cache, and with
fewer the calls into NumPy cost more than the pixels."""

_Images = Sequence[NDArray[np.uint8]]


@dataclass(frozen=True)
class Canonical:
    """An image in canonical form."""

    image: NDArray[np.uint8]
    """(28, 28), ink bright (up to 255) on black (0); all zeros if there is no digit to see."""
    steps: tuple[str, ...]
    """What was done, for people to read."""


def canonicalize_all(images: Iterable[NDArray[np.generic]]) -> NDArray[np.uint8]:
    """Bring N decoded images, which are drawn one by one, into canonical form: uint8 (N, 28, 28).

    Images of one shape that follow each other closely are looked at together. That is much quicker, and the forms are
    the same as `canonicalize` makes one by one.
    """
    return np.concatenate(list(map(_forms, _blocks(images))))  # `map` frees each block before it asks for the next


def _forms(block: _Images) -> NDArray[np.uint8]:
    """Stack the canonical forms of images: (N, 28, 28)."""
    return np.array([canonical.image for canonical in _canonicalize_block(block)], np.uint8).reshape(-1, SIZE, SIZE)


def _blocks(images: Iterable[NDArray[np.generic]]) -> Iterator[list[NDArray[np.uint8]]]:
    """Yield the images in blocks of as many as may be in memory together."""
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
    return _canonicalize_block([to_uint8(image)])[0]


def _canonicalize_block(images: _Images) -> list[Canonical]:
    """Bring images of any shapes into canonical form: all digits that have to be placed are placed together."""
    results: dict[int, Canonical | Detection] = {}
    for indices in _stacks(images):
        results |= zip(indices, _recognize_or_detect([images[i] for i in indices]), strict=True)
    digits = [result.digit.ink for result in results.values() if isinstance(result, Detection) and result.digit]
    placed = iter(place(digits))
    canonicals = {
        i: _form_of_detection(result, placed) if isinstance(result, Detection) else result
        for i, result in results.items()
    }
    return [canonicals[i] for i in range(len(images))]


def _stacks(images: _Images) -> Iterator[list[int]]:
    """Yield the indices of images of one shape, as many at a time as are looked at together."""
    for indices in of_one_shape(images):
        count = max(1, MAX_STACK_PIXELS // working_pixels(images[indices[0]]))
        yield from (indices[start : start + count] for start in range(0, len(indices), count))


def _form_of_detection(found: Detection, placed: Iterator[NDArray[np.uint8]]) -> Canonical:
    """Take the next placed digit, if one has been found."""
    if found.digit is None:
        return Canonical(np.zeros((SIZE, SIZE), np.uint8), (*found.steps, "no digit"))
    return Canonical(next(placed), found.steps)


def _recognize_or_detect(stack: _Images) -> list[Canonical | Detection]:
    """Recognise the images of one shape that are in MNIST's form already, and detect the digit in all others."""
    forms = _canonical_already(stack) if stack[0].shape[:2] == (SIZE, SIZE) else [None] * len(stack)
    others = [at_draft_scale(pixels) for pixels, form in zip(stack, forms, strict=True) if form is None]
    found = iter(detect(others) if others else [])
    return [form or next(found) for form in forms]


def _canonical_already(stack: _Images) -> list[Canonical | None]:
    """Canonical forms of those images (28, 28) that are in MNIST's form already; None for all others."""
    planes = to_planes(stack)
    fits, forms = as_mnist(np.stack([plane.values for plane in planes]))
    return [
        Canonical(form, (plane.step, "canonical already")) if fit else None
        for fit, form, plane in zip(fits.tolist(), forms, planes, strict=True)
    ]
