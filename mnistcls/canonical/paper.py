"""Estimates the paper behind the ink, and how far each pixel stands out from it.

The paper is what a morphological closing (for dark ink) or opening (for bright ink) leaves of an image: strokes
narrower than the window vanish, slopes and straight edges of light and shadow stay (J. Serra, "Image Analysis and
Mathematical Morphology", 1982). These two papers also tell whether ink is dark or bright: the right one is flatter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.numerics.enlarge import bilinear, enlarged
from mnistcls.canonical.numerics.filters import closed, smooth, variation
from mnistcls.canonical.numerics.histogram import Counts, few, histogram, quantile
from mnistcls.canonical.numerics.reduce import all_reduced
from mnistcls.canonical.numerics.stacks import border
from mnistcls.canonical.plane import Plane
from mnistcls.canonical.polarity import ink_is_bright

MAX_MARGIN_SPREAD = 0.12
"""Difference between the levels of an even margin, as a share of the range of the image."""

MAX_BEYOND_MARGIN = 0.12
"""How far other pixels may differ from an even margin the wrong way (lighter, if ink is dark), as a share of how far
they differ from it the right way."""

PAPER_SIDE = 44
"""Pixels of the longer side at which the paper is sought: it has no detail."""

WINDOW = 1 / 3
"""Width of the window, in longer sides of the image: strokes up to this width are ink."""

WIDE_WINDOW = 1 / 2
"""Width of the window for bold strokes, in longer sides of the image, if the light is even enough."""

MAX_EVEN_VARIATION = 0.05
"""Variation of the paper, relative to that of the image, up to which no wider window is needed."""

MAX_WIDE_VARIATION = 1.2
"""Variation of the paper under the wide window, relative to that under the usual one: with more, shadow is in it."""

FINE_WINDOW = 0.08
"""Width of a window, in longer sides of the image, in which a fine pen's strokes vanish, but not light and shadow."""

FINE_WEIGHT = 2.0
"""Weight of the flatness of the papers under that window, where that of the papers under the usual one has 1."""

GRAIN_SHARE = 0.05
"""Share of the image's variation that is added to that of any paper, so that two flat ones decide nothing."""

MIN_NOISE_ROWS = 16
"""Number of rows in which noise is measured; only a lower image has fewer."""

MIN_PAPER_LEVEL = np.uint8(40)
"""Level, of 255: deeper shadow is not lightened any further, as it holds more noise than ink."""

MIN_CONTRAST = 6.0
"""Contrast of ink, of 255."""

NOISE_FACTOR = 4.0
"""Contrast of ink, in standard deviations of the paper's grain."""

MIN_RANGE_SHARE = 0.22
"""Contrast of ink on uneven paper, as a share of the image's range: less is what remains of a slope in the light."""

_Planes = NDArray[np.uint8]
_Int16 = NDArray[np.int16]


@dataclass(frozen=True)
class Ink:
    """What a look takes for ink."""

    bright: bool | None = None
    """Whether ink is brighter than its paper; None if each image is to decide. An image whose margin leaves no doubt
    always decides."""
    fine_pen: bool = False
    """Whether only thin lines are ink, bright or dark, so that anything wider is light and shadow on the paper."""

    @property
    def in_doubt(self) -> bool:
        """Whether this is what a look takes for ink after the first look has found none, or only shade."""
        return self.fine_pen or self.bright is not None


ANY_INK = Ink()
"""What the first look at an image takes for ink."""


@dataclass(frozen=True)
class Contrast:
    """How far each pixel of N images of one size stands out from the paper."""

    values: _Planes
    """(N, H, W), 0 on the paper; for dark ink on uneven paper, scaled as if the paper were as light everywhere as in
    its lightest place."""
    counts: Counts
    """Histograms of the values."""
    darkness: _Planes
    """(N, H, W), how much each pixel itself looks like ink, whatever its paper is like: the smoothed lightness,
    inverted where ink is dark."""
    grain: NDArray[np.float64]
    """(N,), the contrast up to which a pixel may be grain of the paper."""
    stands_out: NDArray[np.bool_]
    """(N,), whether enough pixels stand out more than grain, and than what remains of a slope in the light."""
    bright_ink: NDArray[np.bool_]
    """(N,), whether ink is brighter than its paper."""

    def of(self, chosen: NDArray[np.intp]) -> Contrast:
        """Return the contrast of the images with these numbers."""
        return Contrast(**{name: values[chosen] for name, values in vars(self).items()})


def measure_contrast(planes: Sequence[Plane], ink: Ink = ANY_INK) -> Contrast:
    """Measure how far each pixel of the planes, images of one size, stands out from its paper."""
    originals = np.array([plane.values for plane in planes])
    lightness, grain = smooth(originals), np.maximum(MIN_CONTRAST, NOISE_FACTOR * _noise(originals))
    paper, bright, even = _by_margin(lightness)
    if any(plane.ink_is_bright for plane in planes):  # ink on nothing: there is neither paper nor noise
        sure = np.array([plane.ink_is_bright is not None for plane in planes])
        lightness[sure], grain[sure] = originals[sure], MIN_CONTRAST
        paper[sure], bright[sure], even[sure] = 0, True, True
    least = grain.copy()
    if ink.fine_pen:
        paper, bright = _under_fine_pen(lightness)
    elif not even.all():
        uneven = np.flatnonzero(~even) if even.any() else slice(None)
        paper = paper.repeat(lightness[0].size).reshape(lightness.shape)
        paper[uneven], bright[uneven] = _by_flatness(lightness[uneven], ink.bright)
        least[uneven] = np.maximum(least[uneven], MIN_RANGE_SHARE * _range(lightness[uneven]))
    inverted = (bright - np.uint8(1))[:, None, None]  # 255 for dark ink
    darkness, ground = lightness ^ inverted, paper ^ inverted
    values = np.maximum(darkness, ground) - ground
    stands_out = _reach(values, least)
    shaded = ~(even | bright)
    if shaded.any():
        values[shaded] = _lit(values[shaded], paper[shaded])
    return Contrast(values, histogram(values), darkness, grain, stands_out, bright)


def _reach(values: _Planes, least: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether enough pixels of each image (N, H, W) reach its least value (N,)."""
    levels = np.ceil(least).astype(int).tolist()  # bytes are compared with whole numbers much more quickly
    reaching = [np.count_nonzero(image >= level) for image, level in zip(values, levels, strict=True)]
    return np.array(reaching) >= few(values[0].size)


def _lit(values: _Planes, paper: _Planes) -> _Planes:
    """Scale values (N, H, W) as if the paper of each image were as light everywhere as in its lightest place."""
    light = paper.max(axis=(1, 2), keepdims=True).astype(np.float32) / np.maximum(paper, MIN_PAPER_LEVEL)
    lit: _Planes = (values * light).astype(np.uint8)
    return lit


def _by_margin(lightness: _Planes) -> tuple[_Planes, NDArray[np.bool_], NDArray[np.bool_]]:
    """Judge each image (N, H, W) by the margin all around it.

    Returns:
        The level of the margin (N, 1, 1); whether ink is brighter than that (N,); and whether the margin is even
        enough to rely on both (N,).
    """
    flat = lightness.reshape(len(lightness), -1)
    margin = border(lightness)
    low, high = margin.min(axis=1).astype(int), margin.max(axis=1).astype(int)
    darker, brighter = low - flat.min(axis=1), flat.max(axis=1) - high
    even = high - low <= MAX_MARGIN_SPREAD * (darker + brighter)
    even &= np.minimum(darker, brighter) <= MAX_BEYOND_MARGIN * np.maximum(darker, brighter)
    level = (margin.sum(axis=1) // margin.shape[1]).astype(np.uint8)
    return level[:, None, None], brighter > darker, even


def _range(lightness: _Planes) -> NDArray[np.intp]:
    """Difference between the darkest and the brightest values of each image, apart from single pixels: (N,)."""
    counts = histogram(lightness[:, ::2, ::2])
    return quantile(counts, 0.998) - quantile(counts, 0.002)


def _by_flatness(lightness: _Planes, bright_ink: bool | None) -> tuple[_Planes, NDArray[np.bool_]]:
    """Estimate the paper by closing and opening; of the two, the flatter one is right.

    Args:
        lightness: (N, H, W).
        bright_ink: whether ink is brighter than its paper; if None, the flatter paper decides.

    Returns:
        The paper (N, H, W), and whether ink is brighter (N,).
    """
    small = _reduced(lightness, PAPER_SIDE)
    values = small.astype(np.int16)
    both = np.array([values, -values])  # (2, N, h, w): for dark and for bright ink
    papers = closed(both, WINDOW)
    of_image, of_papers = variation(values), variation(papers)
    if bright_ink is None:
        bright = ink_is_bright(small, _flatness(of_papers, variation(closed(both, FINE_WINDOW)), of_image))
    else:
        bright = np.full(len(lightness), bright_ink)
    chosen = bright.astype(np.intp), np.arange(len(bright))
    paper, of_paper = papers[chosen], of_papers[chosen]
    bold = np.flatnonzero(of_paper > MAX_EVEN_VARIATION * of_image)  # strokes wider than the window may be left in it
    if len(bold):
        wide = closed(np.where(bright[bold, None, None], -values[bold], values[bold]), WIDE_WINDOW)
        better = variation(wide) <= MAX_WIDE_VARIATION * of_paper[bold]
        paper[bold[better]] = wide[better]
    np.negative(paper, out=paper, where=bright[:, None, None])
    return enlarged(paper.clip(0, 255).astype(np.uint8), lightness.shape[1:], bilinear), bright


def _flatness(usual: NDArray[np.intp], fine: NDArray[np.intp], of_image: NDArray[np.intp]) -> NDArray[np.float64]:
    """How much flatter the papers of images are if ink is bright than if it is dark: (N,), 0 if they are equally flat.

    Args:
        usual: (2, N), variation of the papers under the usual window, for dark and for bright ink.
        fine: (2, N), the same under the window of a fine pen.
        of_image: (N,), variation of the images.
    """
    least = GRAIN_SHARE * of_image + 1e-9
    of_usual, of_fine = (np.log((if_dark + least) / (if_bright + least)) for if_dark, if_bright in (usual, fine))
    flatness: NDArray[np.float64] = of_usual + FINE_WEIGHT * of_fine
    return flatness


def _under_fine_pen(lightness: _Planes) -> tuple[_Planes, NDArray[np.bool_]]:
    """Estimate the paper as everything but thin lines: the paper (N, H, W), and whether the lines are brighter (N,)."""
    values = lightness.astype(np.int16)
    papers = closed(np.array([values, -values]), FINE_WINDOW)
    if_dark, if_bright = variation(papers)
    bright = if_dark > if_bright
    paper = np.where(bright[:, None, None], -papers[1], papers[0])
    return paper.clip(0, 255).astype(np.uint8), bright


def _noise(values: _Planes) -> NDArray[np.float64]:
    """Standard deviation of each image's grain: the median difference of two neighbours is 0.954 of it: (N,)."""
    if values.shape[2] < 2:
        return np.zeros(len(values))
    rows = values[:, :: max(1, values.shape[1] // MIN_NOISE_ROWS)]
    left, right = rows[:, :, :-1], rows[:, :, 1:]
    return quantile(histogram(np.maximum(left, right) - np.minimum(left, right)), 0.5) / 0.954


def _reduced(values: _Planes, side: int) -> _Planes:
    """Average blocks of each image (N, H, W), so that neither side is longer than `side`."""
    factor = -(-max(values.shape[1:]) // side)
    return values if factor == 1 else all_reduced(values, factor)
