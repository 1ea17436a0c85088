"""Draws ink along the path of a pen.

A line is the union of capsules, one for each step of the path, between the pen's radius at both of its ends;
a pixel's ink follows from its distance to the nearest edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from train.strokes import Points, smooth

Ink = NDArray[np.float32]
"""Coverage (H, W), 0 to 1."""

_TILE = 32  # pixels; inking works on tiles so that its cost follows the line, not the area of the page


@dataclass(frozen=True)
class Pen:
    """What lays the ink. The line is nowhere wider than `width`."""

    width: float = 0.1
    """Width of the line where the pen is slow, as a share of the longer side of the digit's path."""
    thinning: float = 0.3
    """Share of the width that is lost where the pen is quickest, 0 to 1."""
    lift: float = 0.3
    """Share of the width that is lost where the pen leaves the paper, 0 to 1."""
    blot: float = 0.0
    """Share of the width that is lost except at both ends of a stroke, 0 to 1: ink that runs while the pen rests."""
    chisel: float = 0.0
    """Share of the width that is lost along the edge of a broad nib, 0 to 1."""
    nib: float = 0.7
    """Angle of that edge, in radians from the horizontal, rising to the right."""

    @classmethod
    def random(cls, rng: np.random.Generator) -> Self:
        """Draw a pen between a ballpoint and a felt-tip."""
        width = np.exp(rng.normal(np.log(0.1), 0.3))
        return cls(float(np.clip(width, 0.04, 0.2)), float(rng.uniform(0, 0.45)), float(rng.uniform(0, 0.6)))

    @classmethod
    def any(cls, rng: np.random.Generator) -> Self:
        """Draw a pen from a hairline to a marker, one in seven with a broad nib, one in ten that blots."""
        width = float(np.clip(np.exp(rng.normal(np.log(0.09), 0.5)), 0.015, 0.22))
        if rng.random() < 1 / 10:
            return cls(1.3 * width, float(rng.uniform(0, 0.3)), lift=0.0, blot=float(rng.uniform(0.25, 0.5)))
        chisel = float(rng.uniform(0.3, 0.75)) if rng.random() < 1 / 7 else 0.0
        return cls(
            width,
            float(rng.uniform(0, 0.5)),
            float(rng.uniform(0, 0.6)),
            chisel=chisel,
            nib=float(rng.uniform(0.3, 1.0)),
        )


def render(
    strokes: list[Points],
    size: int | tuple[int, int],
    pen: Pen,
    extent: float = 20 / 28,
    centre: tuple[float, float] = (0.5, 0.5),
) -> Ink:
    """Draw strokes with a pen.

    Args:
        strokes: as `strokes.digit_strokes` returns them; without any, the image is blank.
        size: of the image in pixels: its side, or (height, width).
        pen: what to draw with.
        extent: longer side of the digit, ink included, as a share of the image's shorter side. The default is MNIST's:
            20 of 28 pixels.
        centre: where the middle of the digit's box stands: x, y as shares of the width and the height.

    Returns:
        float32 (H, W), 0 to 1: the share of each pixel that ink covers.
    """
    height, width = (size, size) if isinstance(size, int) else size
    scale = extent * min(height, width) / (1 + pen.width)
    middle = np.array([centre[0] * width, centre[1] * height])
    ink = np.zeros((height, width), np.float32)
    capsules = [np.empty((0, 6)), *(_capsules(stroke, pen) for stroke in strokes)]
    _lay(ink, np.concatenate(capsules) * scale, middle)
    return ink


def _capsules(stroke: Points, pen: Pen) -> Points:
    """Rows x0, y0, x1, y1, r0, r1 (S, 6): each step of the pen is a capsule between two radii."""
    radius = _radii(stroke, pen)
    return np.column_stack([stroke[:-1], stroke[1:], radius[:-1], radius[1:]])


def _radii(stroke: Points, pen: Pen) -> Points:
    """Half the width of the line at each point of an evenly spaced stroke, (P,).

    The straighter its path, the quicker is a pen (the 2/3 power law of Lacquaniti, Terzuolo, Viviani, 1983:
    speed goes with curvature to the power of -1/3), and it stands still at both ends.
    """
    heading = np.unwrap(np.arctan2(*np.gradient(stroke, axis=0).T[::-1]))
    step = max(float(np.linalg.norm(stroke[1] - stroke[0])), 1e-6)
    bend = np.abs(np.gradient(heading)) / step  # curvature, per digit height
    speed = (1 + bend) ** (-1 / 3)
    along = np.linspace(0, 1, len(stroke))
    speed *= np.sqrt(np.sin(np.pi * along.clip(0.02, 0.98)))
    speed = smooth(np.stack([speed, along], axis=1), 0.1)[:, 0].clip(0, 1)
    lifted = ((along - 0.75) / 0.25).clip(0, 1) ** 2
    along_edge = np.abs(np.cos(heading + pen.nib)) if pen.chisel else 0.0  # y points down, the angle up
    resting = (1 - np.minimum(along, 1 - along) * len(stroke) * step / pen.width).clip(0, 1)
    slimming = (1 - pen.lift * lifted) * (1 - pen.chisel * along_edge) * (1 - pen.blot * (1 - resting))
    return pen.width / 2 * (1 - pen.thinning * speed) * slimming


def _lay(ink: Ink, capsules: Points, middle: Points) -> None:
    """Fill `ink` with the coverage of capsules given in pixels around `middle`."""
    start, stop, radius = capsules[:, :2] + middle, capsules[:, 2:4] + middle, capsules[:, 4:]
    reach = radius.max(axis=1, keepdims=True) + 1
    low, high = np.minimum(start, stop) - reach, np.maximum(start, stop) + reach
    for y in range(0, ink.shape[0], _TILE):
        for x in range(0, ink.shape[1], _TILE):
            near = (high > (x, y)).all(axis=1) & (low < (x + _TILE, y + _TILE)).all(axis=1)
            if near.any():
                tile = ink[y : y + _TILE, x : x + _TILE]
                tile[:] = _cover(tile.shape, start[near] - (x, y), stop[near] - (x, y), radius[near])


def _cover(shape: tuple[int, ...], start: Points, stop: Points, radius: Points) -> Ink:
    """The coverage (H, W) of the union of capsules, from the distance to the nearest edge."""
    rows, columns = (np.arange(n, dtype=np.float32) + 0.5 for n in shape)
    a, ab, r = (v.astype(np.float32)[:, :, None, None] for v in (start, stop - start, radius))
    x, y = columns[None, None, :] - a[:, 0], rows[None, :, None] - a[:, 1]
    t = (x * ab[:, 0] + y * ab[:, 1]) / (ab**2).sum(axis=1).clip(1e-9)
    t = t.clip(0, 1)
    r_here = r[:, 0] + t * (r[:, 1] - r[:, 0])
    x, y = x - t * ab[:, 0], y - t * ab[:, 1]
    depth = r_here - np.sqrt(x * x + y * y) + 0.5  # np.hypot takes five times as long
    # a line thinner than a pixel can never cover a whole one
    coverage: Ink = np.minimum(depth, 2 * r_here).max(axis=0).clip(0, 1)
    return coverage
