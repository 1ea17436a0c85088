"""Decides from the contrast which pixels are ink: those over a threshold, and fainter ones that continue them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.numerics.components import connected
from mnistcls.canonical.numerics.histogram import LEVELS, Counts, otsu, strongest
from mnistcls.canonical.numerics.stacks import areas, widened
from mnistcls.canonical.paper import Contrast

MIN_COUNTED_CONTRAST = 0.15
"""Share of the image's strongest contrast: fainter pixels are left out when the threshold is sought."""

MIN_INK_CONTRAST = 0.3
"""Share of the image's strongest contrast: the threshold is not below it."""

MIN_FAINT_INK_CONTRAST = 0.15
"""Share of the image's strongest contrast: nothing fainter is ink, even where it continues ink."""

NEARBY_BLOCKS = 32
"""Blocks along the longer side of an image, in which the strongest contrast nearby is sought."""

NEARBY_REACH = 2
"""Blocks in each direction that are nearby."""

MIN_FAINT_INK_SHARE = 1 / 2048
"""Share of an image's pixels that are faint ink, but do not touch what is surely ink: fewer are the soft edge of a
stroke, and not worth the labelling."""

_Masks = NDArray[np.bool_]
_Values = NDArray[np.uint8]


def levels_of_ink(contrast: Contrast) -> _Values:
    """Contrast above which a pixel is surely ink, for each image: (N, 1, 1); 255 where nothing stands out."""
    return np.where(contrast.stands_out, thresholds(contrast.counts), np.uint8(255))[:, None, None]


def thresholds(counts: Counts) -> _Values:
    """Contrast above which a pixel is ink, for each image, found in the histograms of contrast: (N,)."""
    most = strongest(counts)
    faint = np.maximum(2, MIN_COUNTED_CONTRAST * most).astype(np.intp)
    ink = counts * (faint[:, None] < LEVELS)
    threshold: NDArray[np.float64] = np.maximum(np.minimum(otsu(ink), most / 2), MIN_INK_CONTRAST * most)
    return threshold.astype(np.uint8)


def with_faint_ink(masks: _Masks, levels: _Values, contrast: Contrast) -> _Masks:
    """Add the faint ink that continues what is surely ink: where a pen skips, or where the ink reflects a lamp.

    This is hysteresis, as in J. Canny, "A Computational Approach to Edge Detection" (1986). The lower threshold is half
    of the strongest contrast nearby, so that soft edges stay where they are.

    Args:
        masks: (N, H, W), what is surely ink.
        levels: (N, 1, 1), the contrast above which it is.
        contrast: the contrast of the images.
    """
    grown = masks.copy()
    least = np.maximum(MIN_FAINT_INK_CONTRAST * strongest(contrast.counts), contrast.grain)
    faintest = least.clip(0, 255).astype(np.uint8)[:, None, None]
    _, height, width = masks.shape
    side = -(-max(height, width) // NEARBY_BLOCKS)
    lower = np.minimum(np.maximum(_strongest_nearby(contrast.values, side) // 2, faintest), levels)
    more = contrast.values > lower.repeat(side, axis=2).repeat(side, axis=1)[:, :height, :width]
    size, larger, fewest = areas(masks), areas(more), int(MIN_FAINT_INK_SHARE * height * width)
    chosen = np.flatnonzero(larger - size > fewest)  # the others have no more than a soft edge, wherever it lies
    if len(chosen):
        near = areas(more[chosen] & widened(masks[chosen]))
        is_apart = (near > size[chosen]) & (larger[chosen] - near >= fewest)
        for i in chosen[is_apart]:
            grown[i] = _touched(more[i], masks[i])
    return grown


def _touched(mask: _Masks, other: _Masks) -> _Masks:
    """Keep the connected components of one mask (H, W) that have a pixel in common with another."""
    labels = connected(mask)
    kept = np.zeros(int(labels.max()) + 1, np.bool_)
    kept[labels[other]] = True
    kept[0] = False
    touched: _Masks = kept[labels]
    return touched


def _strongest_nearby(values: _Values, side: int) -> _Values:
    """Maximum near each block of `side` by `side` pixels of images (N, H, W): (N, ceil(H / side), ceil(W / side))."""
    most = _maxima(_maxima(values, side).swapaxes(1, 2), side).swapaxes(1, 2)
    for _ in range(NEARBY_REACH):
        most = widened(most)
    return most


def _maxima(values: _Values, side: int) -> _Values:
    """Maximum of each `side` rows of images (N, H, W), or of those left at the end: (N, ceil(H / side), W)."""
    most = values[:, ::side].copy()
    for row in range(1, side):
        rows = values[:, row::side]
        np.maximum(most[:, : rows.shape[1]], rows, out=most[:, : rows.shape[1]])
    return most
