"""The canonical form: any image of one digit as MNIST has it.

MNIST's own recipe (LeCun, Cortes, Burges): the digit's box scaled, its aspect kept, into 20x20 pixels, and placed in
28x28 so that its centre of mass is at the centre; ink bright on black. This module is the only definition of
it; training-time evaluation and every command use this one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

VERSION = 1
"""Changes whenever the output for any image changes; a model file names the version it was made for."""

SIZE = 28
"""Width and height of the canonical form, in pixels."""

BOX = 20
"""Longer side of the digit's box, in pixels."""

MIN_CONTRAST = 0.05
"""Range between paper and ink, as a share of full scale, under which an image is blank."""

INK_LEVEL = 0.5
"""Share of the contrast from which a pixel counts as ink when the digit's box is measured."""


def canonicalize(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Bring one decoded image into canonical form.

    Args:
        image: (H, W) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4) RGBA; any numeric dtype. Integers
            other than uint8 and floats are rescaled from their own range.

    Returns:
        uint8 (28, 28), ink bright on black; all zeros if there is no ink. A canonical image comes back untouched.
    """
    grey = to_grey(image)
    ink = _polarity(grey)
    if ink.dtype == np.uint8 and is_canonical(ink):
        return ink
    box = _ink_box(ink.astype(np.float32))
    return np.zeros((SIZE, SIZE), np.uint8) if box is None else _fit(box)


def canonicalize_all(images: Sequence[NDArray[np.generic]]) -> NDArray[np.uint8]:
    """Canonical forms, uint8 (N, 28, 28), of N decoded images; see `canonicalize`."""
    forms = [canonicalize(image) for image in images]
    return np.stack(forms) if forms else np.zeros((0, SIZE, SIZE), np.uint8)


def to_grey(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Grey uint8 (H, W) of any decoded image, transparency over white."""
    grey = image if image.dtype == np.uint8 else _rescale(image)
    if grey.ndim == 2:
        return grey
    alpha = grey[..., -1] if grey.shape[2] in (2, 4) else None
    colour = grey[..., :3] @ np.float32([0.299, 0.587, 0.114]) if grey.shape[2] >= 3 else grey[..., 0]
    if alpha is not None:
        share = alpha.astype(np.float32) / 255
        colour = colour * share + 255 * (1 - share)
    return np.rint(colour).astype(np.uint8)


def is_canonical(ink: NDArray[np.uint8]) -> bool:
    """Whether bright ink on black fits MNIST's recipe: box no longer than 20, mass at the centre within a pixel."""
    if ink.shape != (SIZE, SIZE):
        return False
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return True
    longest = max(np.ptp(rows), np.ptp(columns)) + 1
    y, x = _centre_of_mass(ink.astype(np.float32))
    return bool(longest <= BOX and max(abs(y - SIZE / 2), abs(x - SIZE / 2)) <= 1)


def _rescale(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    values = np.nan_to_num(image.astype(np.float32))
    low, high = float(values.min()), float(values.max())
    return np.rint((values - low) * (255 / max(high - low, 1e-12))).astype(np.uint8)


def _polarity(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Ink bright: inverted if the border, which is paper, is the brighter part."""
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    middle = (float(grey.min()) + float(grey.max())) / 2
    return 255 - grey if np.median(border) > middle else grey


def _ink_box(ink: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """The part of the image that holds ink, paper at 0 and ink at 255; None if there is none."""
    paper, darkest = float(np.median(ink)), float(ink.max())
    if darkest - paper < MIN_CONTRAST * 255:
        return None
    level = np.clip((ink - paper) * (255 / (darkest - paper)), 0, 255)
    mask = level > INK_LEVEL * 255
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return level[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _fit(box: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Scale the box to 20 pixels and place it by its centre of mass."""
    height, width = box.shape
    scale = BOX / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(
        Image.fromarray(box).resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC)
    )
    y, x = _centre_of_mass(np.clip(small, 0, 255))
    canvas = np.zeros((SIZE, SIZE), np.float32)
    top = int(np.clip(round(SIZE / 2 - y), 0, SIZE - size[1]))
    left = int(np.clip(round(SIZE / 2 - x), 0, SIZE - size[0]))
    canvas[top : top + size[1], left : left + size[0]] = small
    return np.rint(np.clip(canvas, 0, 255)).astype(np.uint8)


def _centre_of_mass(ink: NDArray[np.float32]) -> tuple[float, float]:
    """Row and column of the centre of mass, in pixels; the middle of pixel 0 is at 0.5."""
    total = float(ink.sum()) or 1.0
    y = float(ink.sum(axis=1) @ np.arange(ink.shape[0], dtype=np.float32)) / total + 0.5
    x = float(ink.sum(axis=0) @ np.arange(ink.shape[1], dtype=np.float32)) / total + 0.5
    return y, x
