"""Tells ink from what only looks like it, by how much it stands out and how sharp its edges are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.clutter import Digits
from mnistcls.canonical.components import connected
from mnistcls.canonical.histogram import LEVELS, Counts, histogram, otsu, quantile, strongest
from mnistcls.canonical.paper import Contrast
from mnistcls.canonical.stacks import widened

FAINT = 0.15
"""Of the strongest contrast: what stands out less is left aside when ink and paper are told apart."""

LEAST_INK = 0.3
"""Of the strongest contrast: what stands out less is never ink."""

FAINTEST = 0.15
"""Of the strongest contrast: what stands out less is no ink even where ink runs on into it."""

NEARBY_SIDE, NEARBY = 32, 2
"""Blocks that the longer side has, and how many of them on each side are near."""

RUNS_ON = 1 / 2048
"""Of an image's pixels: if fewer are faint ink and not next to what is surely ink, they are a rim, and not worth the
labelling; in a tiny image they are."""

STANDS_OUT = 2.5
"""Median contrast of the digit, by that of everything else: under it, this is the grain of the paper."""

FINE_STANDS_OUT, FINE_OTHERS = 5.0, 0.9
"""The same for the strokes of a fine pen, by what this share of everything else is not over: paper has much that is
thin, but nothing that stands out so."""

SOFT_SHARE = 0.2
"""Of the edge, the softest share: the rest is sharper. A shadow is soft on one side at least."""

SOFTEST_EDGES, CONTRASTS = (0.25, 0.5), (0.25, 0.65)
"""Width of such an edge, in sizes of the digit, for ink that is faint and ink that is strong, as a share of the
brightest in the image: a heavily blurred digit has up to 0.46, a strong spot of light 0.57, faint clouds 0.22 and more.
"""

COARSE_EDGE = 14
"""Pixels: in a tiny image edges are this wide because its pixels are."""

SHARP_EDGE = 0.2
"""In sizes of the digit, the width of such an edge in photographs that are in focus."""

SHARPEST_GRAIN = 0.16
"""Width of the strokes, in widths of such an edge: a line of a single pixel has 0.18 and more."""

INK_SHARE = 0.6
"""Of the digit's pixels, the faintest: the others count as full ink."""

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


def levels_of_ink(seen: Contrast) -> _Values:
    """What stands out more is surely ink: one level for each image, (N, 1, 1)."""
    return np.where(seen.stands_out, thresholds(seen.counts), np.uint8(255))[:, None, None]


def with_faint_ink(masks: _Masks, levels: _Values, seen: Contrast) -> _Masks:
    """What is surely ink, (N, H, W), and what fainter runs on from there: where a pen skips, or a lamp is mirrored.

    Hysteresis, as in J. Canny, "A Computational Approach to Edge Detection" (1986); the lower threshold is half of what
    is strongest nearby, so that soft edges stay where they are.
    """
    grown = masks.copy()
    faintest = np.maximum(FAINTEST * strongest(seen.counts), seen.grain).clip(0, 255).astype(np.uint8)[:, None, None]
    _, height, width = masks.shape
    side = -(-max(height, width) // NEARBY_SIDE)
    lower = np.minimum(np.maximum(_strongest_nearby(seen.values, side) // 2, faintest), levels)
    for i in np.flatnonzero(masks.any(axis=(1, 2)) & (lower < levels).any(axis=(1, 2))):
        more = seen.values[i] > lower[i].repeat(side, axis=0).repeat(side, axis=1)[:height, :width]
        near = np.count_nonzero(more & widened(masks[i : i + 1])[0])
        if near > np.count_nonzero(masks[i]) and np.count_nonzero(more) - near >= int(RUNS_ON * more.size):
            grown[i] = _touched(more, masks[i])
    return grown


def _touched(mask: _Masks, other: _Masks) -> _Masks:
    """Those connected components of one mask (H, W) that have a pixel in common with another."""
    labels = connected(mask)
    kept = np.zeros(int(labels.max()) + 1, np.bool_)
    kept[labels[other]] = True
    kept[0] = False
    touched: _Masks = kept[labels]
    return touched


def _strongest_nearby(values: _Values, side: int) -> _Values:
    """The most of any pixel of images (N, H, W) near each block of `side` by `side`, (N, ceil(H / side), ...)."""
    most = _maxima(_maxima(values, side).swapaxes(1, 2), side).swapaxes(1, 2)
    for _ in range(NEARBY):
        most = widened(most)
    return most


def _maxima(values: _Values, side: int) -> _Values:
    """Of each `side` rows of images (N, H, W), the last of which may be fewer: (N, ceil(H / side), W)."""
    most = values[:, ::side].copy()
    for row in range(1, side):
        rows = values[:, row::side]
        np.maximum(most[:, : rows.shape[1]], rows, out=most[:, : rows.shape[1]])
    return most


def thresholds(counts: Counts) -> _Values:
    """Of contrast, by its histograms: what is over it may be ink, (N,)."""
    most = strongest(counts)
    faint = np.maximum(2, FAINT * most).astype(np.intp)
    ink = counts * (faint[:, None] < LEVELS)
    threshold: NDArray[np.float64] = np.maximum(np.minimum(otsu(ink), most / 2), LEAST_INK * most)
    return threshold.astype(np.uint8)


def are_texture(marks: Marks, counts: Counts, *, fine_pen: bool) -> NDArray[np.bool_]:
    """Whether marks are no more than the strongest of a texture; `counts` are the histograms of the whole images."""
    factor, share = (FINE_STANDS_OUT, FINE_OTHERS) if fine_pen else (STANDS_OUT, 0.5)
    others = np.maximum(quantile(counts - marks.counts, share), 1)
    texture: NDArray[np.bool_] = quantile(marks.counts, 0.5) < factor * others
    return texture


def are_shade(marks: Marks, *, in_doubt: bool) -> NDArray[np.bool_]:
    """Whether the edges of marks are those of light and shadow, or of grain.

    Args:
        marks: what may be digits.
        in_doubt: whether shade has been found in these images already, so that only sharp edges count.
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
    """Histograms of how much more a pixel of a mask stands out than its neighbour outside; 0 where it is no darker."""
    count, height, width = marks.masks.shape
    mask, values, darkness = marks.masks.ravel(), marks.values.ravel(), marks.darkness.ravel()
    down, right = (_edge(mask.reshape(-1, run), step) for run, step in ((height * width, width), (width, 1)))
    one, other = np.concatenate([down, right]), np.concatenate([down + width, right + 1])
    is_darker = (darkness[other] > darkness[one]) == mask[other]
    here, there = values[one], values[other]
    steps = (np.maximum(here, there) - np.minimum(here, there)) * is_darker
    return np.bincount(steps + one // (height * width) * 256, minlength=256 * count).reshape(count, 256)


def _edge(runs: _Masks, step: int) -> NDArray[np.intp]:
    """Where, in all (N, R) pixels, one differs from that `step` further in its run."""
    edge = np.flatnonzero(runs[:, step:] ^ runs[:, :-step])
    where: NDArray[np.intp] = edge + edge // max(runs.shape[1] - step, 1) * step
    return where


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
