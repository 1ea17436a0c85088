"""The canonical form: any image of one digit as MNIST has it.

MNIST's own recipe (LeCun, Cortes, Burges): the digit's box scaled, its aspect kept, into 20x20 pixels, and placed in
28x28 so that its centre of mass is at the centre; ink bright on black. Before that, the digit has to be found:

    to_plane (colour, transparency) -> contrast (paper, polarity) -> find_digit (clutter) -> is_shade (light)
    -> cut_out -> place (size, centre)

This module is the only way to it; classification, training-time evaluation and every other command go through here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcls.clutter import find_digit
from mnistcls.decode import DRAFT_SIDE
from mnistcls.ink import Mark, cut_out, is_shade, is_texture, mark_of, threshold
from mnistcls.paper import MIN_CONTRAST, contrast
from mnistcls.placement import BOX, SIZE, place
from mnistcls.plane import to_plane, to_uint8

VERSION = 3
"""Changes whenever the output for any image changes; a model file names the version it was made for."""

WORKING_SIDE = 128
"""Longer side, in pixels, at which a digit is looked for."""

CLOSE_UP = 40
"""Pixels: a digit found smaller than this in a larger image is looked at again, from nearer."""

MAX_DRAFT = 8
"""The most by which a JPEG is reduced while it is decoded."""

TINY_SIDE = 32
"""Longer side, in pixels, up to which an image is enlarged first, for smooth edges."""

ENLARGEMENT = 3

DIM = 128
"""Of 255: MNIST's ink is brighter than this in many pixels."""

BRIGHT_PIXELS = 8
"""Pixels of ink over `DIM` that make an image bright; fewer, and it is brightened until the 8th brightest is full."""

_Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Canonical:
    """An image in canonical form."""

    image: NDArray[np.uint8]
    """(28, 28), ink bright (up to 255) on black (0); all zeros if there is no digit to see."""
    steps: tuple[str, ...]
    """What was done, for people."""


def canonicalize_all(images: Iterable[NDArray[np.generic]]) -> NDArray[np.uint8]:
    """Canonical forms, uint8 (N, 28, 28), of N decoded images, drawn one by one; see `canonicalize`."""
    forms: list[NDArray[np.uint8]] = []
    small: list[int] = []
    for image in images:
        if image.shape == (SIZE, SIZE) and image.dtype == np.uint8:
            small.append(len(forms))
            forms.append(image.view(np.uint8))
        else:
            forms.append(canonicalize(image).image)
    result = np.array(forms, np.uint8).reshape(-1, SIZE, SIZE)
    if small:  # whole batches at once: MNIST's own images are the most, and the quickest
        fits, result[small] = as_mnist(result[small])
        for i in np.array(small)[~fits].tolist():
            result[i] = canonicalize(forms[i]).image
    return result


def canonicalize(image: NDArray[np.generic]) -> Canonical:
    """Bring one decoded image into canonical form.

    Args:
        image: (H, W) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4) RGBA; any numeric dtype; ink of any
            colour, brighter or darker than its paper.
    """
    pixels = to_uint8(image)
    if pixels.shape[:2] == (SIZE, SIZE):
        plane = to_plane(pixels)
        fits, form = as_mnist(plane.values[None])
        if fits[0]:
            return Canonical(form[0], (plane.step, "canonical already"))
    pixels = _at_draft_scale(pixels)
    found = _seek(pixels)
    if found.is_shade:  # which may have been taken for ink because the ink is the other way round
        found = _seek(pixels, bright_ink=not found.bright_ink)
    if found.mark is None or found.is_shade:
        return Canonical(np.zeros((SIZE, SIZE), np.uint8), (*found.steps, "no digit"))
    return Canonical(place(cut_out(found.mark)), found.steps)


def as_mnist(images: NDArray[np.uint8]) -> tuple[_Mask, NDArray[np.uint8]]:
    """Which of N images are in MNIST's form already, either way round, and how they look in it.

    Args:
        images: (N, 28, 28).

    Returns:
        Whether the box is no longer than 20 and the centre of mass within a pixel, (N,); and the images with
        bright ink, dim ones brightened, (N, 28, 28). MNIST's own come back untouched.
    """
    border = [images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]]
    light_paper = np.concatenate(border, axis=1).mean(axis=1) > 127
    ink = np.where(light_paper[:, None, None], ~images, images)
    values, ones = ink.astype(np.float32), np.ones(SIZE, np.float32)  # sums of 28 bytes are exact in float32
    rows, columns = values @ ones, ones @ values
    longest = np.maximum(_extent(rows > 0), _extent(columns > 0))
    off = np.maximum(_off_centre(rows), _off_centre(columns))
    dim = np.count_nonzero(ink >= DIM, axis=(1, 2)) < BRIGHT_PIXELS
    for i in np.flatnonzero(dim & (longest > 0)):
        level = max(int(np.partition(ink[i], -BRIGHT_PIXELS, axis=None)[-BRIGHT_PIXELS]), 1)
        ink[i] = np.minimum(np.rint(ink[i] * (255 / level)), 255)
        longest[i] = SIZE if level < MIN_CONTRAST else longest[i]
    fits: _Mask = (longest > 0) & (longest <= BOX) & (off <= 1)
    return fits, ink


def _extent(occupied: _Mask) -> NDArray[np.intp]:
    """From the first to the last True of each row, (N, 28) to (N,); 0 if there is none."""
    first, last = occupied.argmax(axis=1), SIZE - occupied[:, ::-1].argmax(axis=1)
    return np.where(occupied.any(axis=1), last - first, 0)


def _off_centre(mass: NDArray[np.float32]) -> NDArray[np.float64]:
    """How far each row's centre of mass is from the middle, (N, 28) to (N,), in pixels."""
    distance = np.arange(SIZE) + 0.5 - SIZE / 2
    off: NDArray[np.float64] = np.abs(mass.astype(np.float64) @ distance) / np.maximum(mass.sum(axis=1), 1)
    return off


@dataclass(frozen=True)
class _Found:
    """What a look at an image has found."""

    mark: Mark | None
    """The digit, at the size it was looked at; None if there is none."""
    steps: tuple[str, ...]
    bright_ink: bool
    is_shade: bool = False
    """Whether the mark is no more than light or shadow."""


def _seek(pixels: NDArray[np.uint8], bright_ink: bool | None = None) -> _Found:
    """Look for the digit in the whole image, made small; where it is small even in there, again from nearer."""
    whole, factor = _at_working_size(pixels)
    found = _look(whole, bright_ink)
    if found.mark is None or factor == 1 or found.mark.extent >= CLOSE_UP:
        return found
    top, left, bottom, right = found.mark.box
    margin = found.mark.extent // 2 + 2
    rows = slice(max(top - margin, 0) * factor, (bottom + margin) * factor)
    columns = slice(max(left - margin, 0) * factor, (right + margin) * factor)
    near = _look(_at_working_size(pixels[rows, columns])[0], bright_ink)
    if near.mark is None:
        return found
    if any(map(all, near.mark.overflows)):
        return _Found(None, (*near.steps, "a line that runs on"), near.bright_ink)
    return near


def _look(pixels: NDArray[np.uint8], bright_ink: bool | None) -> _Found:
    plane = to_plane(pixels)
    seen = contrast(plane, bright_ink)
    steps: tuple[str, ...] = (plane.step, "bright ink" if seen.bright_ink else "dark ink")
    if not seen.stands_out:
        return _Found(None, (*steps, "nothing stands out"), seen.bright_ink)
    mask, removed = find_digit(seen.values > threshold(seen.counts), seen.values)
    steps += removed
    if mask is None:
        return _Found(None, steps, seen.bright_ink)
    mark = mark_of(mask, seen)
    if is_texture(mark, seen.counts):
        return _Found(None, (*steps, "no more than texture"), seen.bright_ink)
    if is_shade(mark, in_doubt=bright_ink is not None):
        return _Found(mark, (*steps, "no more than light and shadow"), seen.bright_ink, is_shade=True)
    return _Found(mark, steps, seen.bright_ink)


def _at_draft_scale(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The image as large as a JPEG of its size is decoded, so that its form is the same whatever it comes as."""
    factor = 1
    while factor < MAX_DRAFT and max(pixels.shape[:2]) >= 2 * factor * DRAFT_SIDE:
        factor *= 2
    return pixels if factor == 1 else np.asarray(_to_image(pixels).reduce(factor))


def _to_image(pixels: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(pixels[..., 0] if pixels.shape[2:] == (1,) else pixels)


def _at_working_size(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """The image no larger than the working size, nor tiny, and by what it was divided (1 if enlarged)."""
    height, width = pixels.shape[:2]
    side = max(height, width)
    if TINY_SIDE < side <= WORKING_SIDE:
        return pixels, 1
    image = _to_image(pixels)
    if side <= TINY_SIDE:
        return np.asarray(image.resize((width * ENLARGEMENT, height * ENLARGEMENT), Image.Resampling.BICUBIC)), 1
    factor = -(-side // WORKING_SIDE)
    return np.asarray(image.reduce(factor)), factor
