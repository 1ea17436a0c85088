"""Tells ink from what only looks like it, by how much it stands out and how sharp its edges are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistcls.clutter import box_of
from mnistcls.histogram import Counts, histogram, otsu, quantile, strongest
from mnistcls.paper import Contrast

FAINT = 0.15
"""Of the strongest contrast: what stands out less is left aside when ink and paper are told apart."""

LEAST_INK = 0.3
"""Of the strongest contrast: what stands out less is never ink."""

STANDS_OUT = 2.5
"""Median contrast of the digit, by that of everything else: under it, this is the grain of the paper."""

SOFT_SHARE = 0.2
"""Of the edge, the softest share: the rest is sharper. A shadow is soft on one side at least."""

SOFTEST_EDGE = 0.42
"""Width of such an edge, in sizes of the digit; a heavily blurred digit has up to 0.4, a spot of light 0.7."""

COARSE_EDGE = 14
"""Pixels: in a tiny image edges are this wide because its pixels are."""

SHARP_EDGE = 0.2
"""In sizes of the digit, the width of such an edge in photographs that are in focus."""

SHARPEST_GRAIN = 0.16
"""Width of the strokes, in widths of such an edge: a line of a single pixel has 0.18 and more."""

INK_SHARE = 0.6
"""Of the digit's pixels, the faintest: the others count as full ink."""

_Mask = NDArray[np.bool_]
_Values = NDArray[np.uint8]


@dataclass(frozen=True)
class Mark:
    """What may be a digit, cropped to its box and a pixel around it, as far as the image goes."""

    mask: _Mask
    """(h, w), its own pixels."""
    values: _Values
    """(h, w), how far each pixel stands out from the paper."""
    darkness: _Values
    """(h, w), how like ink each pixel is by itself, whatever the paper around is like."""
    counts: Counts
    """Histogram of the values of its own pixels."""
    box: tuple[int, int, int, int]
    """Top, left, bottom and right in the image, the last two one past the end."""
    overflows: tuple[tuple[bool, bool], tuple[bool, bool]]
    """Whether the box touches the top and the bottom, the left and the right of the image."""

    @property
    def extent(self) -> int:
        """Longer side of the box."""
        top, left, bottom, right = self.box
        return max(bottom - top, right - left)


def mark_of(mask: _Mask, seen: Contrast) -> Mark:
    """Crop to a mask (H, W), of at least one pixel."""
    top, left, bottom, right = box = box_of(mask)
    height, width = mask.shape
    near = slice(max(top - 1, 0), bottom + 1), slice(max(left - 1, 0), right + 1)
    own, values = mask[near], seen.values[near]
    overflows = (top == 0, bottom == height), (left == 0, right == width)
    return Mark(own, values, seen.darkness[near], histogram(values[own]), box, overflows)


def threshold(counts: Counts) -> np.uint8:
    """Of contrast, by its histogram: what is over it may be ink."""
    most = strongest(counts)
    ink = counts.copy()
    ink[: int(max(2, FAINT * most)) + 1] = 0
    return np.uint8(max(min(otsu(ink), most / 2), LEAST_INK * most))


def is_texture(mark: Mark, counts: Counts) -> bool:
    """Whether a mark is no more than the strongest of a texture; `counts` is the histogram of the whole image."""
    return quantile(mark.counts, 0.5) < STANDS_OUT * max(quantile(counts - mark.counts, 0.5), 1)


def is_shade(mark: Mark, *, in_doubt: bool) -> bool:
    """Whether the edges of a mark are those of light and shadow, or of grain.

    Args:
        mark: what may be a digit.
        in_doubt: whether shade has been found in this image already, so that only sharp edges count.
    """
    steps = _steps_at_edge(mark)
    if not len(steps):
        return False
    step = max(quantile(histogram(steps), SOFT_SHARE), 0.5) * (np.pi / 4)
    edge_width = quantile(mark.counts, INK_SHARE) / step
    stroke_width = 2 * float(mark.counts.sum()) / (len(steps) * np.pi / 4)
    widest = SHARP_EDGE * mark.extent if in_doubt else max(SOFTEST_EDGE * mark.extent, COARSE_EDGE)
    return edge_width > widest or stroke_width < SHARPEST_GRAIN * edge_width


def _steps_at_edge(mark: Mark) -> _Values:
    """How much more a pixel of the mask stands out than its neighbour outside; 0 where that is no lighter."""
    steps = []
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        edge = mark.mask[one] ^ mark.mask[other]
        here, there = mark.values[one][edge], mark.values[other][edge]
        is_darker = (mark.darkness[one][edge] > mark.darkness[other][edge]) == mark.mask[one][edge]
        steps.append((np.maximum(here, there) - np.minimum(here, there)) * is_darker)
    return np.concatenate(steps)


def cut_out(mark: Mark) -> _Values:
    """The mark alone, 0 to 255, with its soft edge, and paper all around."""
    wider = mark.mask.copy()
    wider[1:] |= mark.mask[:-1]
    wider[:-1] |= mark.mask[1:]
    wider[:, 1:] |= wider[:, :-1]
    wider[:, :-1] |= wider[:, 1:]
    full = np.uint8(max(quantile(mark.counts, INK_SHARE), 1))
    ink = (np.minimum(mark.values, full) * np.float32(255 / full)).astype(np.uint8) * wider
    return np.pad(ink, np.array(mark.overflows, np.intp)) if any(map(any, mark.overflows)) else ink
