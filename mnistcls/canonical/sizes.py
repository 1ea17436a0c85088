"""Brings images to the sizes at which they are looked at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcls.canonical.numerics.enlarge import bicubic, enlarged
from mnistcls.canonical.numerics.reduce import reduced
from mnistcls.limits import DRAFT_SIDE

WORKING_SIDE = 128
"""Pixels of the longer side at which a digit is looked for."""

TINY_SIDE = 32
"""Pixels of the longer side up to which an image is enlarged first, for smooth edges."""

ENLARGEMENT = 3
"""Factor by which the sides of a tiny image are multiplied."""

_Stack = Sequence[NDArray[np.uint8]]
"""Images of one shape."""


def at_draft_scale(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Reduce an image to less than twice the size to which JPEGs are decoded, so that its file type hardly matters."""
    side, factor = max(pixels.shape[:2]), 1
    while -(-side // factor) >= 2 * DRAFT_SIDE:
        factor *= 2
    return pixels if factor == 1 else reduced(pixels, factor)


def reduction(pixels: NDArray[np.uint8]) -> int:
    """Factor by which an image's sides have to be divided to be no larger than the working size."""
    side: int = max(pixels.shape[:2])
    return -(-side // WORKING_SIDE)


def working_pixels(pixels: NDArray[np.uint8]) -> int:
    """Approximate number of pixels that an image has at the working size."""
    height, width = pixels.shape[:2]
    larger = ENLARGEMENT if max(height, width) <= TINY_SIDE else 1
    pixels_there: int = height * width * larger**2 // reduction(pixels) ** 2
    return max(1, pixels_there)


def at_working_size(stack: _Stack) -> _Stack:
    """Reduce large images of one shape to the working size, and enlarge tiny ones."""
    height, width, *channels = stack[0].shape
    side = max(height, width)
    if side > WORKING_SIDE:
        return [reduced(pixels, reduction(pixels)) for pixels in stack]
    if side > TINY_SIDE:
        return stack
    if channels in ([], [1]):
        planes = np.array(stack).reshape(-1, height, width)
        return list(enlarged(planes, (height * ENLARGEMENT, width * ENLARGEMENT), bicubic))
    size = width * ENLARGEMENT, height * ENLARGEMENT
    return [np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC)) for pixels in stack]
