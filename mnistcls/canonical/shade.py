"""Rejects what only looks like ink: the grain of the paper, and light and shadow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.marks import Marks
from mnistcls.canonical.numerics.histogram import Counts, quantile
from mnistcls.canonical.numerics.shapes import STAIRCASE

MIN_CONTRAST_RATIO = 2.5
"""Median contrast of a digit, relative to that of everything else: below it, this is grain of the paper."""

MIN_FINE_CONTRAST_RATIO = 5.0
"""Median contrast of a fine pen's strokes, relative to the `FINE_OTHERS_QUANTILE` of everything else."""

FINE_OTHERS_QUANTILE = 0.9
"""Quantile of the contrast of everything else with which a fine pen is compared: paper has much that is as thin, but
nothing that stands out as much."""

SOFTEST_SHARE = 0.2
"""Share of the edge, the softest part, by which all of it is judged: a shadow is soft on one side at least."""

FAINT_CONTRAST = 0.25
"""Contrast of faint ink, as a share of the brightest level in its image."""

STRONG_CONTRAST = 0.65
"""Contrast of strong ink, as a share of the brightest level in its image."""

MAX_FAINT_EDGE_WIDTH = 0.25
"""Width of the edge of faint ink, relative to the extent of the digit: faint clouds have at least 0.22."""

MAX_STRONG_EDGE_WIDTH = 0.5
"""Width of the edge of strong ink, relative to the extent of the digit: a heavily blurred digit has up to 0.46, a
strong spot of light 0.57."""

MIN_SOFT_EDGE_WIDTH = 14
"""Pixels: narrower edges are not soft; in a tiny image, edges are wide because its pixels are."""

MAX_SHARP_EDGE_WIDTH = 0.2
"""Width of a sharp edge, relative to the extent of the digit: of ink in photographs that are in focus."""

_Masks = NDArray[np.bool_]


def are_texture(marks: Marks, counts: Counts, *, fine_pen: bool) -> NDArray[np.bool_]:
    """Whether each mark is no more than the strongest part of a texture: (N,).

    Args:
        marks: what may be digits.
        counts: histograms of the contrast of the whole images.
        fine_pen: whether the marks were looked for among thin lines alone.
    """
    factor, share = (MIN_FINE_CONTRAST_RATIO, FINE_OTHERS_QUANTILE) if fine_pen else (MIN_CONTRAST_RATIO, 0.5)
    others = np.maximum(quantile(counts - marks.counts, share), 1)
    texture: NDArray[np.bool_] = quantile(marks.counts, 0.5) < factor * others
    return texture


def are_shade(marks: Marks, *, in_doubt: bool) -> NDArray[np.bool_]:
    """Whether the edges of each mark are those of light and shadow: (N,).

    Args:
        marks: what may be digits.
        in_doubt: whether these images have shown shade already, so that only sharp edges may be ink.
    """
    edges = _steps_at_edge(marks)
    steps = np.maximum(quantile(edges, SOFTEST_SHARE), 0.5) * STAIRCASE
    if in_doubt:
        widest = MAX_SHARP_EDGE_WIDTH * marks.extents
    else:
        contrast = marks.full / np.maximum(marks.brightest, 1)
        widest_edges = MAX_FAINT_EDGE_WIDTH, MAX_STRONG_EDGE_WIDTH
        softest = np.interp(contrast, (FAINT_CONTRAST, STRONG_CONTRAST), widest_edges)
        widest = np.maximum(softest * marks.extents, MIN_SOFT_EDGE_WIDTH)
    shade: NDArray[np.bool_] = (marks.full / steps > widest) & edges.any(axis=1)
    return shade


def _steps_at_edge(marks: Marks) -> Counts:
    """Histograms of the steps in contrast along the edge of each mark.

    There is a step for each pair of neighbours of which one belongs to the mark: the difference of their contrasts, or
    0 if the pixel of the mark is not the darker one.
    """
    count, height, width = marks.masks.shape
    mask, values, darkness = marks.masks.ravel(), marks.values.ravel(), marks.darkness.ravel()
    down, right = (_edge(mask.reshape(-1, run), step) for run, step in ((height * width, width), (width, 1)))
    one, other = np.concatenate([down, right]), np.concatenate([down + width, right + 1])
    is_darker = (darkness[other] > darkness[one]) == mask[other]
    here, there = values[one], values[other]
    steps = (np.maximum(here, there) - np.minimum(here, there)) * is_darker
    return np.bincount(steps + one // (height * width) * 256, minlength=256 * count).reshape(count, 256)


def _edge(runs: _Masks, step: int) -> NDArray[np.intp]:
    """Indices of the pixels, in all runs (N, R), that differ from the one `step` further on in their run."""
    edge = np.flatnonzero(runs[:, step:] ^ runs[:, :-step])
    where: NDArray[np.intp] = edge + edge // max(runs.shape[1] - step, 1) * step
    return where
