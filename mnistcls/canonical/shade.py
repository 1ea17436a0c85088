"""Rejects what only looks like ink: the grain of the paper, and light and shadow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.histogram import Counts, quantile
from mnistcls.canonical.marks import Marks

STANDS_OUT = 2.5
"""Median contrast of the digit, by that of everything else: under it, this is the grain of the paper."""

FINE_STANDS_OUT, FINE_OTHERS = 5.0, 0.9
"""The same for the strokes of a fine pen, by what this share of everything else is not over: paper has much that is
thin, but nothing that stands out so."""

SOFT_SHARE = 0.2
"""The edge is judged by this share of it, the softest: a shadow is soft on one side at least."""

SOFTEST_EDGES, CONTRASTS = (0.25, 0.5), (0.25, 0.65)
"""Widest edge, in sizes of the digit, of faint and of strong ink; and what is faint and strong, as a share of the
brightest in the image. A heavily blurred digit has up to 0.46, a strong spot of light 0.57, faint clouds at least 0.22.
"""

COARSE_EDGE = 14
"""Pixels: in a tiny image edges are this wide because its pixels are."""

SHARP_EDGE = 0.2
"""In sizes of the digit, the width of such an edge in photographs that are in focus."""

SHARPEST_GRAIN = 0.16
"""Width of the strokes, in widths of such an edge: a line of a single pixel has 0.18 and more."""

_Masks = NDArray[np.bool_]


def are_texture(marks: Marks, counts: Counts, *, fine_pen: bool) -> NDArray[np.bool_]:
    """Whether each mark is no more than the strongest part of a texture: (N,).

    Args:
        marks: what may be digits.
        counts: histograms of the contrast of the whole images.
        fine_pen: whether the marks were looked for among thin lines alone.
    """
    factor, share = (FINE_STANDS_OUT, FINE_OTHERS) if fine_pen else (STANDS_OUT, 0.5)
    others = np.maximum(quantile(counts - marks.counts, share), 1)
    texture: NDArray[np.bool_] = quantile(marks.counts, 0.5) < factor * others
    return texture


def are_shade(marks: Marks, *, in_doubt: bool) -> NDArray[np.bool_]:
    """Whether the edges of each mark are those of light and shadow, or of grain: (N,).

    Args:
        marks: what may be digits.
        in_doubt: whether these images have shown shade already, so that only sharp edges may be ink.
    """
    edges = _steps_at_edge(marks)
    length = edges.sum(axis=1)
    steps = np.maximum(quantile(edges, SOFT_SHARE), 0.5) * (np.pi / 4)
    edge_widths = marks.full / steps
    # pi / 4, as in `placement.stroke_width`: a staircase is longer than its curve
    stroke_widths = 2 * marks.counts.sum(axis=1) / (np.maximum(length, 1) * np.pi / 4)
    if in_doubt:
        widest = SHARP_EDGE * marks.extents
    else:
        softest = np.interp(marks.full / np.maximum(marks.brightest, 1), CONTRASTS, SOFTEST_EDGES)
        widest = np.maximum(softest * marks.extents, COARSE_EDGE)
    shade: NDArray[np.bool_] = (edge_widths > widest) | (stroke_widths < SHARPEST_GRAIN * edge_widths)
    shade &= length > 0
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
