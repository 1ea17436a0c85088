"""Measures the pixels chosen as the digit, and cuts them out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.clutter import Digits
from mnistcls.canonical.numerics.histogram import Counts, histogram, quantile
from mnistcls.canonical.numerics.stacks import widened
from mnistcls.canonical.paper import Contrast

FULL_INK_QUANTILE = 0.6
"""Quantile of the contrast of a mark's pixels that counts as full ink: the fainter pixels are its edges."""

_Masks = NDArray[np.bool_]
_Values = NDArray[np.uint8]


@dataclass(frozen=True)
class Mark:
    """What may be the digit of an image, cut out."""

    ink: _Values
    """(h + 2, w + 2), from 0 on the paper to 255: the box, and a pixel around it for the soft edge."""
    box: tuple[int, int, int, int]
    """Top, left, bottom and right in the image; the last two are one past the end."""
    is_cut: bool
    """Whether it touches the border of the image."""
    runs_on: bool
    """Whether the mark reaches from one side of the image to the opposite one."""

    @property
    def extent(self) -> int:
        """Longer side of the box."""
        top, left, bottom, right = self.box
        return max(bottom - top, right - left)


@dataclass(frozen=True)
class Marks:
    """What may be the digit of each of N images of one size, with its measures."""

    masks: _Masks
    """(N, H, W), the pixels of each mark."""
    values: _Values
    """(N, H, W), how far each pixel stands out from the paper."""
    darkness: _Values
    """(N, H, W), as in `Contrast`."""
    counts: Counts
    """Histograms of the values of each mark's pixels."""
    full: NDArray[np.intp]
    """(N,), the value from which a pixel of the mark counts as full ink."""
    brightest: _Values
    """(N,), the greatest lightness in each image, be it ink or paper."""
    boxes: NDArray[np.intp]
    """(N, 4), as in `Digits`."""

    @property
    def extents(self) -> NDArray[np.intp]:
        """Longer side of each box."""
        extents: NDArray[np.intp] = (self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1)
        return extents

    @cached_property
    def areas(self) -> NDArray[np.intp]:
        """Number of pixels of each mark."""
        areas: NDArray[np.intp] = self.counts.sum(axis=1)
        return areas

    @cached_property
    def wider(self) -> _Masks:
        """The masks with all pixels that touch theirs: (N, H, W)."""
        return widened(self.masks)

    def of(self, chosen: NDArray[np.intp]) -> Marks:
        """Return the marks with these numbers."""
        return Marks(**{each.name: getattr(self, each.name)[chosen] for each in fields(self)})


def marks_of(digits: Digits, contrast: Contrast) -> Marks:
    """Measure the pixels of each digit."""
    counts = histogram(contrast.values, digits.masks)
    most, least = contrast.darkness.max(axis=(1, 2)), contrast.darkness.min(axis=(1, 2))
    return Marks(
        digits.masks,
        contrast.values,
        contrast.darkness,
        counts,
        quantile(counts, FULL_INK_QUANTILE),
        np.where(contrast.bright_ink, most, ~least),
        digits.boxes,
    )


def cut_out(marks: Marks) -> list[Mark]:
    """Cut each mark out of its image, with full ink at 255."""
    _, height, width = marks.masks.shape
    full = np.maximum(marks.full, 1).astype(np.uint8)
    factors = (255 / full).astype(np.float32)
    cut = []
    for i, (top, left, bottom, right) in enumerate(marks.boxes.tolist()):
        y, x = max(top - 1, 0), max(left - 1, 0)  # the edge may be soft a pixel further
        part = i, slice(y, bottom + 1), slice(x, right + 1)
        levels = (np.minimum(marks.values[part], full[i]) * factors[i]).astype(np.uint8) * marks.wider[part]
        ink = np.zeros((bottom - top + 2, right - left + 2), np.uint8)
        ink[y - top + 1 :, x - left + 1 :][: levels.shape[0], : levels.shape[1]] = levels
        is_cut = top == 0 or left == 0 or bottom == height or right == width
        runs_on = (top == 0 and bottom == height) or (left == 0 and right == width)
        cut.append(Mark(ink, (top, left, bottom, right), is_cut, runs_on))
    return cut
