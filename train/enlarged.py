"""Enlarges MNIST digits to ink of any size, with the smooth and sharp edge of a pen's line.

A digit is uint8 (28, 28), ink bright on black; its ink is coverage, float32 in [0, 1].
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.photo import Field, Shape, blur, box, enlarge

Digit = NDArray[np.uint8]

_SMOOTH = 0.6  # pixels of MNIST, a standard deviation; without this blur, enlarged lines are wobbly
_EDGE = 0.4  # share of full ink at which a line ends; MNIST's thin strokes hardly reach more


@dataclass(frozen=True)
class Frame:
    """An image's size, and where in it the digit stands."""

    shape: Shape = (180, 180)
    """Height and width in pixels."""
    extent: tuple[float, float] = (0.55, 0.7)
    """Longer side of the digit as a share of the frame's shorter side, drawn between these two."""
    offset: float = 0.0
    """How far towards one of the corners the digit stands, as a share of both sides."""

    def lay(self, digit: Digit, rng: np.random.Generator) -> Field:
        """The digit's ink, (H, W), wholly inside the frame."""
        size = round(rng.uniform(*self.extent) * min(self.shape))
        ink = written(digit, size)
        if max(ink.shape) > min(self.shape):  # it has faint ends, which its size does not count
            ink = written(digit, size * size // max(ink.shape))
        centre = 0.5 + self.offset * rng.choice([-1, 1], 2) + rng.uniform(-0.06, 0.06, 2)
        room = np.subtract(self.shape, ink.shape)
        top, left = (centre * self.shape - np.array(ink.shape) / 2).round().clip(0, room).astype(int)
        page = np.zeros(self.shape, np.float32)
        page[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
        return page


def written(digit: Digit, size: int, bold: float = 0.0) -> Field:
    """A digit's ink, cropped so that it touches all four borders.

    Args:
        digit: uint8 (28, 28), ink bright on black.
        size: longer side of the result in pixels, to within about one of the digit's 28.
        bold: how far the line's edge moves outwards, in pixels of the digit's 28.

    Returns:
        float32 (h, w), 0 to 1; the edge is about two pixels soft.
    """
    small = blur(np.pad(digit / np.float32(255), 4), _SMOOTH)
    small /= small.max()
    # At a distance of `bold`, a straight edge keeps this share of the ink that blurring left on the edge itself.
    edge = _EDGE * math.erfc(bold / _SMOOTH / math.sqrt(2))
    scale = size / max(box(small, small >= edge).shape)
    side = round(scale * len(small))
    steepness = max(0.5 / edge, 0.75 * scale)  # small sizes keep their soft edge, and paper stays bare
    ink = (0.5 + steepness * (enlarge(small, (side, side)) - edge)).clip(0, 1)
    return box(ink, ink >= 0.3)


def thinned(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The skeleton of a mask (H, W), lines of one pixel.

    The method is T. Y. Zhang's and C. Y. Suen's, "A fast parallel algorithm for thinning digital patterns", 1984.
    """
    left = 0
    while left != (left := int(mask.sum())):
        for first, second in (((0, 2, 4), (2, 4, 6)), ((0, 2, 6), (0, 4, 6))):
            around = _neighbours(mask)
            count = around.sum(axis=0, dtype=np.uint8)
            starts = (np.roll(around, -1, axis=0) > around).sum(axis=0, dtype=np.uint8)
            outer = ~around[list(first)].all(axis=0) & ~around[list(second)].all(axis=0)
            mask = mask & ~((count >= 2) & (count <= 6) & (starts == 1) & outer)
    return mask


def _neighbours(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The neighbours (8, H, W) of each pixel, clockwise from the one above."""
    padded = np.pad(mask, 1)
    clockwise = ((0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0))
    height, width = mask.shape
    return np.stack([padded[y : y + height, x : x + width] for y, x in clockwise])
