"""Masks and images of an upright stroke, with their contrast and marks, for tests of the canonical form."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from mnistcls.canonical.clutter import find_digits
from mnistcls.canonical.marks import Marks, marks_of
from mnistcls.canonical.numerics.histogram import histogram
from mnistcls.canonical.paper import Contrast

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

SIDE = 80

SEVEN = [(18, 10), (62, 10), (62, 18), (44, 72), (34, 72), (50, 20), (18, 20)]
"""Corners, of x and y, of a 7 in 80x80, around its stroke."""


def bar(top: int = 20, bottom: int = 60, left: int = 35, right: int = 43) -> Mask:
    """An upright stroke of 8 pixels in the middle of 80x80."""
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[top:bottom, left:right] = True
    return mask


def blurred(mask: Mask, radius: float, level: int = 200) -> Bytes:
    """The mask in ink of one level on nothing, its edges as soft as asked."""
    image = Image.fromarray(np.where(mask, level, 0).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)))


def contrast_of(*values: Bytes) -> Contrast:
    """Images of bright ink, on paper of 0 with a grain of 6."""
    stack = np.stack(values)
    true = np.ones(len(stack), np.bool_)
    return Contrast(stack, histogram(stack), stack, grain=np.full(len(stack), 6.0), stands_out=true, bright_ink=true)


def marks_in(*masks: Mask, values: tuple[Bytes, ...] = ()) -> Marks:
    """The marks that cover masks, in blurred ink unless values are given."""
    contrast = contrast_of(*(values or (blurred(mask, 1) for mask in masks)))
    return marks_of(find_digits(np.stack(masks), contrast.values), contrast)
