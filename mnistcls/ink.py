"""Tells ink from what only looks like it, by how much it stands out and how sharp its edges are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.clutter import box_of
from mnistcls.histogram import Counts, histogram, otsu, quantile, strongest

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

SHARPEST_GRAIN = 0.23
"""Width of the strokes, in widths of such an edge: a line of a single pixel has 0.24 and more."""

INK_SHARE = 0.6
"""Of the digit's pixels, the faintest: the others count as full ink."""

_Mask = NDArray[np.bool_]
_Values = NDArray[np.uint8]


def threshold(counts: Counts) -> np.uint8:
    """Of contrast, by its histogram: what is over it may be ink."""
    most = strongest(counts)
    ink = counts.copy()
    ink[: int(max(2, FAINT * most)) + 1] = 0
    return np.uint8(max(min(otsu(ink), most / 2), LEAST_INK * most))


def is_texture(mask: _Mask, values: _Values, counts: Counts) -> bool:
    """Whether a mask is no more than the strongest of a texture.

    Args:
        mask: (H, W), what may be a digit, at least one pixel.
        values: (H, W), how far each pixel stands out from the paper.
        counts: histogram of these.
    """
    inside = histogram(values[mask])
    return quantile(inside, 0.5) < STANDS_OUT * max(quantile(counts - inside, 0.5), 1)


def is_shade(mask: _Mask, values: _Values, darkness: _Values, *, in_doubt: bool) -> bool:
    """Whether the edges of a mask are those of light and shadow, or of grain.

    Args:
        mask: (H, W), what may be a digit, at least one pixel.
        values: (H, W), how far each pixel stands out from the paper.
        darkness: (H, W), how like ink it is by itself, whatever the paper around is like.
        in_doubt: whether shade has been found in this image already, so that only sharp edges count.
    """
    top, left, bottom, right = box_of(mask)
    near = slice(max(top - 1, 0), bottom + 1), slice(max(left - 1, 0), right + 1)
    steps, inside = _steps_at_edge(mask[near], values[near], darkness[near]), values[mask]
    if not len(steps):
        return False
    step = max(quantile(histogram(steps), SOFT_SHARE), 0.5) * (np.pi / 4)
    edge_width = quantile(histogram(inside), INK_SHARE) / step
    stroke_width = 2 * len(inside) / (len(steps) * np.pi / 4)
    size = max(bottom - top, right - left)
    widest = SHARP_EDGE * size if in_doubt else max(SOFTEST_EDGE * size, COARSE_EDGE)
    return edge_width > widest or stroke_width < SHARPEST_GRAIN * edge_width


def _steps_at_edge(mask: _Mask, values: _Values, darkness: _Values) -> _Values:
    """How much more a pixel of the mask stands out than its neighbour outside; 0 where that is no lighter."""
    steps = []
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        edge = mask[one] ^ mask[other]
        inside, here, there = mask[one][edge], values[one][edge], values[other][edge]
        is_darker = (darkness[one][edge] > darkness[other][edge]) == inside
        steps.append((np.maximum(here, there) - np.minimum(here, there)) * is_darker)
    return np.concatenate(steps)


def cut_out(mask: _Mask, values: _Values) -> _Values:
    """The digit alone, 0 to 255, cropped to its box with a pixel of paper around, and with its soft edge.

    Args:
        mask: (H, W), the digit.
        values: (H, W), how far each pixel stands out from the paper.
    """
    top, left, bottom, right = box_of(mask)
    digit = mask[top:bottom, left:right]
    wider = np.zeros((bottom - top + 2, right - left + 2), np.bool_)
    wider[1:-1, 1:-1] = digit
    wider[:-2, 1:-1] |= digit
    wider[2:, 1:-1] |= digit
    wider[:, 1:] |= wider[:, :-1]
    wider[:, :-1] |= wider[:, 1:]
    ink = np.zeros(wider.shape, np.uint8)
    y, x = min(top, 1), min(left, 1)  # there may be nothing beyond the digit
    window = values[top - y : bottom + 1, left - x : right + 1]
    ink[1 - y : 1 - y + window.shape[0], 1 - x : 1 - x + window.shape[1]] = window
    full = np.uint8(max(quantile(histogram(values[top:bottom, left:right][digit]), INK_SHARE), 1))
    return (np.minimum(ink, full) * np.float32(255 / full)).astype(np.uint8) * wider
