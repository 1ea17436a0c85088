"""Tells ink from paper: how far each pixel stands out from the paper around it, and which of the two is the brighter.

The paper is what a morphological closing (for dark ink) or opening (for bright ink) leaves of an image: strokes
narrower than the window go, slopes and straight edges of light and shadow stay (J. Serra, "Image Analysis and
Mathematical Morphology", 1982). Polarity follows from the same two: under the right one, the paper that is left is
flatter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcls.histogram import Counts, histogram, otsu, quantile, strongest
from mnistcls.plane import Plane

EVEN_MARGIN = 0.12
"""Of the lightness between paper and ink: as much a margin may vary, or anything be lighter than it beside dark ink."""

PAPER_SIDE = 44
"""Pixels of the longer side at which the paper is looked for: it has no detail."""

WINDOW = 1 / 3
"""Of the longer side: strokes up to this wide are ink."""

WIDE_WINDOW = 1 / 2
"""Of the longer side: for bold strokes, where the light is even enough."""

EVEN = 0.05
"""Variation of the paper, by that of the image, up to which no wider window is needed."""

UNEVEN = 1.2
"""Variation of the paper under the wide window, by that under the other, from which on it takes shadow for ink."""

GRAIN = 0.05
"""Of the image's variation: as much is taken to be in any paper, so that two flat ones decide nothing."""

FLATNESS_WEIGHT = 10.0
"""Of the difference of the logarithms of two papers' variation, in units of `SHAPE_WEIGHTS`."""

SHAPE_SIDE = 48
"""Pixels of the longer side at which the places of ink and paper are compared."""

SHAPE_WEIGHTS = np.array([-6.91, -2.02, -8.09])
"""Of the shares of bright pixels, less a half, along the border, in all and in the corners, as evidence of bright ink:
logistic regression on MNIST training digits, cropped and with margins of up to 7 pixels; `python -m train.polarity`."""

NOISE_ROWS = 16
"""Rows that are enough to tell how grainy the paper is, at least."""

DARKEST_PAPER = np.uint8(40)
"""Of 255: deeper shadow is not lightened any further, as it holds more noise than ink."""

MIN_CONTRAST = 6.0
"""Of 255: ink that stands out less is none."""

NOISE_FACTOR = 4.0
"""Ink stands out more than this many standard deviations of the paper's grain."""

RANGE_SHARE = 0.22
"""Of the range of an image: ink that stands out less is what is left of a slope in the light."""

_Plane = NDArray[np.uint8]
_Int16 = NDArray[np.int16]


@dataclass(frozen=True)
class Contrast:
    """How far each pixel stands out from the paper."""

    values: _Plane
    """(H, W), 0 on the paper; of dark ink on uneven paper, as if all of it were as light as the lightest."""
    counts: Counts
    """Histogram of these."""
    darkness: _Plane
    """(H, W), the plane itself, with bright ink, without its noise."""
    stands_out: bool
    """Whether any of it is more than the paper's grain, or what is left of a slope in the light."""
    bright_ink: bool


def contrast(plane: Plane, bright_ink: bool | None = None) -> Contrast:
    """Find the ink of a plane.

    Args:
        plane: the image.
        bright_ink: whether ink is brighter than its paper; found out if None, or if the image leaves no doubt.
    """
    if plane.ink_is_bright:
        counts = histogram(plane.values)
        return Contrast(plane.values, counts, plane.values, strongest(counts) >= MIN_CONTRAST, True)
    lightness, least = _smooth(plane.values), max(MIN_CONTRAST, NOISE_FACTOR * _noise(plane.values))
    even = _by_margin(lightness)
    if even is None:
        return _on_uneven_paper(lightness, least, bright_ink)
    paper, bright_ink = even
    values = np.maximum(lightness, paper) - paper if bright_ink else paper - np.minimum(lightness, paper)
    counts = histogram(values)
    darkness = lightness if bright_ink else ~lightness
    return Contrast(values, counts, darkness, strongest(counts) >= least, bright_ink)


def _by_margin(lightness: _Plane) -> tuple[np.uint8, bool] | None:
    """The paper, and whether ink is brighter: where an even margin all around leaves no doubt; or None."""
    margin = np.concatenate([lightness[0], lightness[-1], lightness[:, 0], lightness[:, -1]])
    low, high = int(margin.min()), int(margin.max())
    darker, brighter = low - int(lightness.min()), int(lightness.max()) - high
    if high - low > EVEN_MARGIN * (darker + brighter) or min(darker, brighter) > EVEN_MARGIN * max(darker, brighter):
        return None
    return np.uint8(margin.mean()), brighter > darker


def _on_uneven_paper(lightness: _Plane, least: float, bright_ink: bool | None) -> Contrast:
    paper, bright_ink = _by_flatness(lightness, bright_ink)
    least = max(least, RANGE_SHARE * _range(lightness))
    if bright_ink:
        values = np.maximum(lightness, paper) - paper
        counts = histogram(values)
        return Contrast(values, counts, lightness, strongest(counts) >= least, True)
    levels = np.maximum(lightness, paper) - lightness
    light = np.float32(paper.max()) / np.maximum(paper, DARKEST_PAPER)
    values = (levels * light).astype(np.uint8)
    return Contrast(values, histogram(values), ~lightness, strongest(histogram(levels)) >= least, False)


def _range(lightness: _Plane) -> int:
    """Between the darkest and the brightest values of an image, single ones apart."""
    counts = histogram(lightness[::2, ::2])
    return quantile(counts, 0.998) - quantile(counts, 0.002)


def _by_flatness(lightness: _Plane, bright_ink: bool | None) -> tuple[_Plane, bool]:
    """Paper (H, W), and whether ink is brighter, if that is not given, by which of the two leaves the flatter paper."""
    small = _reduced(lightness, PAPER_SIDE)
    values = small.astype(np.int16)
    both = np.stack([values, -values])  # (2, h, w): closed together, for dark and for bright ink
    papers = _close(both, WINDOW)
    of_image, of_bright, of_dark = _variation(np.stack([values, *papers]))
    grain = GRAIN * of_image + 1e-9
    if bright_ink is None:
        flatness = math.log((of_bright + grain) / (of_dark + grain))
        bright_ink = bool(flatness * FLATNESS_WEIGHT + shape_evidence(small) @ SHAPE_WEIGHTS > 0)
    chosen = int(bright_ink)
    paper = papers[chosen]
    if (of_bright, of_dark)[chosen] > EVEN * of_image:  # strokes wider than the window may be left in it
        wide = _close(both[chosen, None], WIDE_WINDOW)
        paper = wide[0] if _variation(wide)[0] <= UNEVEN * (of_bright, of_dark)[chosen] else paper
    paper = np.clip(-paper if bright_ink else paper, 0, 255).astype(np.uint8)
    return np.asarray(Image.fromarray(paper).resize(lightness.shape[::-1], Image.Resampling.BILINEAR)), bright_ink


def shape_evidence(lightness: _Plane) -> NDArray[np.float64]:
    """Where the bright pixels are: shares, less a half, of the border, of all and of the corners."""
    small = _reduced(lightness, SHAPE_SIDE)
    bright = small > otsu(histogram(small))
    edges = np.concatenate([bright[0], bright[-1], bright[:, 0], bright[:, -1]])
    corners = bright[0, 0], bright[0, -1], bright[-1, 0], bright[-1, -1]
    return np.array([edges.mean(), bright.mean(), sum(map(int, corners)) / 4]) - 0.5


def _noise(values: _Plane) -> float:
    """Standard deviation of the grain: of two neighbours' difference the median is 0.954 of it."""
    if values.shape[1] < 2:
        return 0.0
    rows = values[:: max(1, len(values) // NOISE_ROWS)]
    left, right = rows[:, :-1], rows[:, 1:]
    return quantile(histogram(np.maximum(left, right) - np.minimum(left, right)), 0.5) / 0.954


def _variation(stack: _Int16) -> list[float]:
    """Total variation, how much edge there is, of each image of a stack (N, H, W)."""
    rows, columns = np.abs(stack[:, 1:] - stack[:, :-1]), np.abs(stack[:, :, 1:] - stack[:, :, :-1])
    variation: list[float] = (rows.sum(axis=(1, 2)) + columns.sum(axis=(1, 2))).tolist()
    return variation


def _smooth(values: _Plane) -> _Plane:
    """Binomial filter, 3x3: along each axis, twice the mean of two neighbours."""
    p = np.empty((values.shape[0] + 2, values.shape[1] + 2), np.uint16)
    p[1:-1, 1:-1] = values
    p[0], p[-1] = p[1], p[-2]
    p[:, 0], p[:, -1] = p[:, 1], p[:, -2]
    rows = p[1:] + p[:-1]
    rows = rows[1:] + rows[:-1]
    both = rows[:, 1:] + rows[:, :-1]
    both = both[:, 1:] + both[:, :-1]
    smooth: _Plane = ((both + 8) >> 4).astype(np.uint8)
    return smooth


def _close(stack: _Int16, share: float) -> _Int16:
    """Morphological closing of each image of a stack (N, H, W), in a square window, a share of the longer side."""
    half = int(max(stack.shape[1:]) * share / 2)
    for extreme in (np.maximum, np.minimum):
        for axis in (1, 2):
            stack = _running(stack.swapaxes(0, axis), half, extreme).swapaxes(0, axis)
    return stack


def _running(rows: _Int16, half: int, extreme: np.ufunc) -> _Int16:
    """Maximum or minimum of every row and `half` on each side, by doubling; beyond the border the slope goes on."""
    half = min(half, len(rows) - 1)
    if half == 0:
        return rows
    rows = np.concatenate([2 * rows[:1] - rows[half:0:-1], rows, 2 * rows[-1:] - rows[-2 : -half - 2 : -1]])
    window, reach = 2 * half + 1, 1
    while reach < window:
        step = min(reach, window - reach)
        rows = extreme(rows[:-step], rows[step:])
        reach += step
    return rows


def _reduced(values: _Plane, side: int) -> _Plane:
    """Mean of blocks, so that no side is longer than `side`."""
    factor = -(-max(values.shape) // side)
    return values if factor == 1 else np.asarray(Image.fromarray(values).reduce(factor))
