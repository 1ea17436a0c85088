"""What may be digits in a stack of images: measured, and cut out one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.clutter import Digits
from mnistcls.canonical.histogram import Counts, histogram, quantile
from mnistcls.canonical.paper import Contrast
from mnistcls.canonical.stacks import widened

INK_SHARE = 0.6
"""Share of the digit's pixels, the faintest, that are no full ink."""

_Masks = NDArray[np.bool_]
_Values = NDArray[np.uint8]


@dataclass(frozen=True)
class Mark:
    """What may be a digit, cut out."""

    ink: _Values
    """(h + 2, w + 2), 0 to 255, with its soft edge and a pixel of paper around its box."""
    box: tuple[int, int, int, int]
    """Top, left, bottom and right in the image, the last two one past the end."""
    runs_on: bool
    """Whether it goes from one side of the image to the opposite one."""

    @property
    def extent(self) -> int:
        """Longer side of the box."""
        top, left, bottom, right = self.box
        return max(bottom - top, right - left)


@dataclass(frozen=True)
class Marks:
    """What may be a digit in each of N images of one size."""

    masks: _Masks
    """(N, H, W), their own pixels."""
    values: _Values
    """(N, H, W), how far each pixel stands out from the paper."""
    darkness: _Values
    """(N, H, W), how like ink each pixel is by itself, whatever the paper around is like."""
    counts: Counts
    """Histograms of the values of their own pixels."""
    full: NDArray[np.intp]
    """(N,), the value from which one of these counts as full ink."""
    brightest: _Values
    """(N,), lightness of what is the lightest in each image, ink or paper."""
    boxes: NDArray[np.intp]
    """(N, 4), as of `Digits`."""

    @property
    def extents(self) -> NDArray[np.intp]:
        """Longer side of each box."""
        extents: NDArray[np.intp] = (self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1)
        return extents


def marks_of(digits: Digits, seen: Contrast) -> Marks:
    """Measure what the digits in some images cover."""
    counts = histogram(values[mask] for values, mask in zip(seen.values, digits.masks, strict=True))
    most, least = seen.darkness.max(axis=(1, 2)), seen.darkness.min(axis=(1, 2))
    return Marks(
        digits.masks,
        seen.values,
        seen.darkness,
        counts,
        quantile(counts, INK_SHARE),
        np.where(seen.bright_ink, most, ~least),
        digits.boxes,
    )


def cut_out(marks: Marks) -> list[Mark]:
    """Each mark alone."""
    _, height, width = marks.masks.shape
    wider = widened(marks.masks)
    full = np.maximum(marks.full, 1).astype(np.uint8)
    factors = (255 / full).astype(np.float32)
    cut = []
    for i, (top, left, bottom, right) in enumerate(marks.boxes.tolist()):
        y, x = max(top - 1, 0), max(left - 1, 0)  # the edge may be soft a pixel further
        part = i, slice(y, bottom + 1), slice(x, right + 1)
        levels = (np.minimum(marks.values[part], full[i]) * factors[i]).astype(np.uint8) * wider[part]
        ink = np.zeros((bottom - top + 2, right - left + 2), np.uint8)
        ink[y - top + 1 :, x - left + 1 :][: levels.shape[0], : levels.shape[1]] = levels
        runs_on = (top == 0 and bottom == height) or (left == 0 and right == width)
        cut.append(Mark(ink, (top, left, bottom, right), runs_on))
    return cut
