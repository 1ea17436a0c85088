"""Tells ink from paper: how far each pixel stands out from the paper around it, and which of the two is the brighter.

The paper is what a morphological closing (for dark ink) or opening (for bright ink) leaves of an image: strokes
narrower than the window go, slopes and straight edges of light and shadow stay (J. Serra, "Image Analysis and
Mathematical Morphology", 1982). Polarity follows from the same two: under the right one, the paper that is left is
flatter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcls.plane import Plane

EVEN_MARGIN = 0.12
"""Of the lightness between paper and ink: as much a margin may vary, or anything be lighter than it beside dark ink."""

PAPER_SIDE = 64
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

NOISE_ROWS = 4
"""Every so many rows are enough to tell how grainy the paper is."""

DARKEST_PAPER = 40
"""Of 255: deeper shadow is not lightened any further, as it holds more noise than ink."""

_Int16 = NDArray[np.int16]
_Float = NDArray[np.float32]


@dataclass(frozen=True)
class Contrast:
    """How far each pixel stands out from the paper."""

    values: NDArray[np.uint8]
    """(H, W), 0 on the paper; of dark ink relative to the paper's own lightness, which is taken as 255."""
    levels: NDArray[np.uint8]
    """(H, W), the same in the plane's own units, in which noise and rounding are."""
    noise: float
    """Standard deviation of the paper's grain, in the plane's units."""
    step: str
    """What was decided, for people."""


def contrast(plane: Plane) -> Contrast:
    """Find the ink of a plane."""
    if plane.ink_is_bright:
        return Contrast(plane.values, plane.values, 0.0, "bright ink")
    noise, lightness = _noise(plane.values), _smooth(plane.values)
    paper, bright_ink = _by_margin(lightness) or _by_flatness(lightness)
    if bright_ink:
        levels = _to_uint8(lightness - paper)
        return Contrast(levels, levels, noise, "bright ink")
    darker = paper - lightness
    values = _to_uint8(darker * (255 / np.maximum(paper, DARKEST_PAPER)))
    return Contrast(values, _to_uint8(darker), noise, "dark ink")


def _by_margin(lightness: _Int16) -> tuple[_Float, bool] | None:
    """Paper of one lightness, and whether ink is brighter: where an even margin all around leaves no doubt; or None."""
    margin = np.concatenate([lightness[0], lightness[-1], lightness[:, 0], lightness[:, -1]])
    low, high = int(margin.min()), int(margin.max())
    darker, brighter = low - int(lightness.min()), int(lightness.max()) - high
    if high - low > EVEN_MARGIN * (darker + brighter) or min(darker, brighter) > EVEN_MARGIN * max(darker, brighter):
        return None
    return np.full((1, 1), margin.mean(), np.float32), brighter > darker


def _by_flatness(lightness: _Int16) -> tuple[_Float, bool]:
    """Paper (H, W), and whether ink is brighter, by which of the two leaves the flatter paper."""
    small = _reduced(lightness, PAPER_SIDE)
    both = np.stack([small, -small])  # (2, h, w): closed together, for dark and for bright ink
    papers = _close(both, WINDOW)
    of_image, of_bright, of_dark = _variation(np.stack([small, *papers]))
    grain = GRAIN * of_image + 1e-9
    flatness = np.log((of_bright + grain) / (of_dark + grain))
    bright_ink = bool(flatness * FLATNESS_WEIGHT + shape_evidence(lightness) @ SHAPE_WEIGHTS > 0)
    chosen = int(bright_ink)
    paper = papers[chosen]
    if (of_bright, of_dark)[chosen] > EVEN * of_image:  # strokes wider than the window may be left in it
        wide = _close(both[chosen, None], WIDE_WINDOW)
        paper = wide[0] if _variation(wide)[0] <= UNEVEN * (of_bright, of_dark)[chosen] else paper
    return _enlarged(-paper if bright_ink else paper, lightness.shape), bright_ink


def otsu(counts: NDArray[np.intp]) -> float:
    """Threshold between two kinds of values, by N. Otsu (1979).

    Args:
        counts: (256,), how often each value from 0 to 255 is there.

    Returns:
        A value between the two kinds; in the middle if there is a gap between them, 255 if all are the same.
    """
    below, mass = counts.cumsum(dtype=np.float64), (counts * np.arange(256)).cumsum(dtype=np.float64)
    split = below * (below[-1] - below)
    between = np.divide((mass[-1] * below - below[-1] * mass) ** 2, split, out=np.zeros(256), where=split > 0)
    most = between.max()
    return float(np.flatnonzero(between >= most * (1 - 1e-9)).mean()) + 0.5 if most > 0 else 255.0


def shape_evidence(lightness: _Int16) -> NDArray[np.float64]:
    """Where the bright pixels are: shares, less a half, of the border, of all and of the corners."""
    small = _reduced(lightness, SHAPE_SIDE)
    bright = small > otsu(np.bincount(small.ravel(), minlength=256))
    edges = bright[0], bright[-1], bright[:, 0], bright[:, -1]
    border = sum(np.count_nonzero(edge) for edge in edges) / sum(len(edge) for edge in edges)
    corners = np.count_nonzero(bright[:: max(len(bright) - 1, 1), :: max(bright.shape[1] - 1, 1)]) / 4
    return np.array([border, bright.mean(), corners]) - 0.5


def _noise(values: NDArray[np.uint8]) -> float:
    """Standard deviation of the grain: of two neighbours' difference the median is 0.954 of it."""
    if values.shape[1] < 2:
        return 0.0
    left, right = values[::NOISE_ROWS, :-1], values[::NOISE_ROWS, 1:]
    differences = np.maximum(left, right) - np.minimum(left, right)
    counts = np.bincount(differences.ravel(), minlength=256).cumsum()
    return float(np.searchsorted(counts, counts[-1] / 2)) / 0.954


def _variation(stack: _Int16) -> NDArray[np.float64]:
    """Total variation, how much edge there is, of each image of a stack (N, H, W)."""
    rows, columns = np.abs(stack[:, 1:] - stack[:, :-1]), np.abs(stack[:, :, 1:] - stack[:, :, :-1])
    variation: NDArray[np.float64] = rows.sum(axis=(1, 2), dtype=np.float64) + columns.sum(axis=(1, 2))
    return variation


def _smooth(values: NDArray[np.uint8]) -> _Int16:
    """Binomial filter, 3x3."""
    p = np.empty((values.shape[0] + 2, values.shape[1] + 2), np.int16)
    p[1:-1, 1:-1] = values
    p[0], p[-1] = p[1], p[-2]
    p[:, 0], p[:, -1] = p[:, 1], p[:, -2]
    rows = p[:-2] + p[2:] + (p[1:-1] << 1)
    smooth: _Int16 = (rows[:, :-2] + rows[:, 2:] + (rows[:, 1:-1] << 1) + 8) >> 4
    return smooth


def _close(stack: _Int16, share: float) -> _Int16:
    """Morphological closing of each image of a stack (N, H, W), in a square window, a share of the longer side."""
    window = int(max(stack.shape[1:]) * share) | 1
    for extreme in (np.maximum, np.minimum):
        for axis in (1, 2):
            stack = _running(stack, window, axis, extreme)
    return stack


def _running(stack: _Int16, window: int, axis: int, extreme: np.ufunc) -> _Int16:
    """Running maximum or minimum along an axis, by doubling; beyond the border the slope goes on."""

    def cut(part: slice) -> tuple[slice, ...]:
        return (slice(None),) * axis + (part,)

    half = min(window // 2, stack.shape[axis] - 1)
    if half == 0:
        return stack
    before = 2 * stack[cut(slice(1))] - stack[cut(slice(half, 0, -1))]
    after = 2 * stack[cut(slice(-1, None))] - stack[cut(slice(-2, -half - 2, -1))]
    p = np.concatenate([before, stack, after], axis=axis)
    width, reach = 2 * half + 1, 1
    while reach < width:
        step = min(reach, width - reach)
        p = extreme(p[cut(slice(-step))], p[cut(slice(step, None))])
        reach += step
    return p


def _reduced(values: _Int16, side: int) -> _Int16:
    """Mean of blocks, so that no side is longer than `side`."""
    factor = -(-max(values.shape) // side)
    if factor == 1:
        return values
    return np.asarray(Image.fromarray(values.astype(np.uint8)).reduce(factor)).astype(np.int16)


def _enlarged(values: _Int16, shape: tuple[int, ...]) -> _Float:
    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))


def _to_uint8(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = np.clip(values, 0, 255).astype(np.uint8)
    return levels
