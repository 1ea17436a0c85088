"""Writes digits as the paths of a pen: forms, and a hand that varies them.

A digit goes through three steps: a *form* (`train.forms`: which way of writing the digit) gives joints, a *hand*
(a writer's habits, and the chance of the moment) moves them, and a spline makes the pen's path; `train.ink`
draws along it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from train.forms import FORMS, Form, Stroke

Points = NDArray[np.float64]
"""(P, 2) of x, y."""

_MIDDLE = 0.3  # digit heights: x of the axis around which most forms are drawn
STEP = 0.025  # digit heights between two points of a path: still round at 1000 pixels


@dataclass(frozen=True)
class Hand:
    """A writer's habits. Lengths are in digit heights, angles in radians."""

    slant: float = 0.1
    """Tangent of the lean; positive leans to the right, like italics."""
    aspect: float = 1.0
    """Width relative to the prototype's."""
    balance: float = 0.0
    """Four times how far the middle of the digit sinks: positive makes the upper half the larger one."""
    taper: float = 0.0
    """How much wider the bottom is than the top, as a share of the width at half height."""
    rotation: float = 0.0
    """Clockwise turn of the whole digit."""
    roundness: float = 1.0
    """Length of the spline's tangents: under 1 angular, over 1 bulging."""
    smoothing: float = 0.06
    """Length over which the path is smoothed; quick hands cut their corners."""
    looseness: float = 0.02
    """Standard deviation of a joint, and amplitude of the warp that bends all joints together."""
    tremor: float = 0.003
    """Standard deviation of the path around its curve."""
    haste: float = 0.0
    """Standard deviation of how far the ends of a stroke overshoot their place, or fall short of it."""

    @classmethod
    def random(cls, rng: np.random.Generator) -> Self:
        """Draw a legible adult's hand."""
        return cls(
            slant=float(np.clip(rng.normal(0.12, 0.16), -0.25, 0.5)),
            aspect=float(np.exp(np.clip(rng.normal(0.03, 0.18), -0.3, 0.45))),
            balance=float(np.clip(rng.normal(0.0, 0.2), -0.4, 0.4)),
            rotation=float(rng.normal(0.0, 0.05)),
            roundness=float(rng.uniform(0.75, 1.15)),
            smoothing=float(rng.uniform(0.04, 0.14)),
            looseness=float(rng.uniform(0.01, 0.032)),
            tremor=float(rng.uniform(0.001, 0.005)),
        )

    @classmethod
    def anyone(cls, rng: np.random.Generator) -> Self:
        """Draw a hand from the whole world's: children's, hurried, slanted either way, broad or narrow.

        One in eight writes in straight pieces, and one in eight shakes, as people do with a mouse.
        """
        angular, shaky = rng.random(2) < 1 / 8
        return cls(
            slant=float(np.clip(rng.normal(0.08, 0.24), -0.45, 0.7)),
            aspect=float(np.exp(np.clip(rng.normal(0.05, 0.26), -0.45, 0.65))),
            balance=float(np.clip(rng.normal(0.0, 0.25), -0.5, 0.5)),
            taper=float(np.clip(rng.normal(0.0, 0.12), -0.3, 0.3)),
            rotation=float(np.clip(rng.normal(0.0, 0.06), -0.15, 0.15)),
            roundness=float(rng.uniform(0.0, 0.5) if angular else rng.uniform(0.55, 1.2)),
            smoothing=float(rng.uniform(0.0, 0.05) if angular or shaky else rng.uniform(0.02, 0.16)),
            looseness=float(rng.uniform(0.005, 0.035)),
            tremor=float(rng.uniform(0.01, 0.025) if shaky else 0.001 + 0.012 * rng.random() ** 3),
            haste=float(rng.uniform(0.0, 0.035)),
        )


def form_names(digit: int) -> tuple[str, ...]:
    """The names of the forms that `digit` (0-9) can be written in."""
    return tuple(form.name for form in _forms(digit))


def digit_strokes(
    digit: int, rng: np.random.Generator, form: str | None = None, hand: Hand | None = None
) -> list[Points]:
    """Write a digit once.

    Args:
        digit: 0-9.
        rng: source of all randomness: the same state writes the same strokes.
        form: one of `form_names(digit)`; None draws one, the common ones more often.
        hand: who writes; None draws somebody.

    Returns:
        One float64 array (P, 2) of x, y for each stroke, in the order of writing: points evenly spaced along the pen's
        path, y downwards, centred on the origin, the longer side of the box around all of them 1.

    Raises:
        ValueError: there is no such digit or form.
    """
    strokes = _choose(digit, form, rng).draw(rng)
    writer = hand or Hand.random(rng)
    warp = rng.uniform(-4.0, 4.0, (2, 3))  # radians per digit height: under one wave across the digit
    return fitted([_write(stroke, writer, warp, rng) for stroke in strokes])


def smooth(path: Points, length: float) -> Points:
    """An evenly spaced path, (P, 2), averaged over `length` digit heights; its ends stay where they are."""
    reach = min(round(length / STEP), len(path) - 1)
    kernel = np.hanning(2 * reach + 3)
    padded = np.pad(path, ((reach + 1, reach + 1), (0, 0)), mode="reflect", reflect_type="odd")
    return np.stack([np.convolve(padded[:, k], kernel / kernel.sum(), "valid") for k in (0, 1)], axis=1)


def _forms(digit: int) -> list[Form]:
    return [form for form in FORMS if form.digit == digit]


def _choose(digit: int, name: str | None, rng: np.random.Generator) -> Form:
    forms = [form for form in _forms(digit) if name in (None, form.name)]
    if not forms:
        raise ValueError(f"no form {name!r} of digit {digit!r}; see form_names()")
    weights = np.array([form.weight for form in forms])
    return forms[int(rng.choice(len(forms), p=weights / weights.sum()))]


def _write(stroke: Stroke, hand: Hand, warp: Points, rng: np.random.Generator) -> Points:
    """One stroke of `hand`, evenly spaced points (P, 2)."""
    joints = stroke.joints + rng.normal(0.0, hand.looseness, stroke.joints.shape)
    joints += rng.normal(0.0, hand.looseness, 2)  # a pen set down again lands beside its mark
    joints[:, 1] += hand.balance * joints[:, 1] * (1 - joints[:, 1])
    joints[:, 0] += hand.taper * (joints[:, 0] - _MIDDLE) * (joints[:, 1] - 0.5)
    joints += 1.5 * hand.looseness * np.sin(joints @ warp[:, :2].T + warp[:, 2])
    path = smooth(evenly(_spline(joints, stroke.corners, hand.roundness)), hand.smoothing)
    if hand.haste:
        path = _hurry(path, *rng.normal(0.0, hand.haste, 2))
    return evenly((path + _tremble(len(path), hand.tremor, rng)) @ _pose(hand))


def _hurry(path: Points, before: float, after: float) -> Points:
    """An evenly spaced path, (P, 2), that begins and ends this much earlier or later, in digit heights."""
    for length in (before, after):  # each turn handles the first end, then turns the path around
        steps = round(abs(length) / STEP)
        if length < 0:
            path = path[min(steps, len(path) // 4) :]
        elif steps:
            ahead = (path[0] - path[3]) / 3
            path = np.concatenate([path[0] + ahead * np.arange(steps, 0, -1)[:, None], path])
        path = path[::-1]
    return path


def _spline(joints: Points, corners: tuple[int, ...], roundness: float) -> Points:
    """A path (P, 2) through all joints (K, 2) that is smooth but for its corners."""
    cuts = [0, *(k for k in corners if 0 < k < len(joints) - 1), len(joints) - 1]
    return np.concatenate([_catmull_rom(joints[a : b + 1], roundness) for a, b in pairwise(cuts)])


def _catmull_rom(joints: Points, roundness: float) -> Points:
    """12 points for each span of a centripetal Catmull-Rom spline.

    Centripetal, because the uniform kind makes cusps and loops where joints stand unevenly (Yuksel,
    Schaefer, Keyser: "On the Parameterization of Catmull-Rom Curves", 2009).
    """
    ends = 2 * joints[0] - joints[1], 2 * joints[-1] - joints[-2]
    p = np.vstack([ends[0], joints, ends[1]])
    dt = np.sqrt(np.linalg.norm(np.diff(p, axis=0), axis=1)).clip(1e-6)[:, None]
    slope = np.diff(p, axis=0) / dt
    tangent = (slope[:-1] * dt[1:] + slope[1:] * dt[:-1]) / (dt[:-1] + dt[1:])
    start, stop = joints[:-1, None], joints[1:, None]
    m0, m1 = (roundness * dt[1:-1] * m for m in (tangent[:-1], tangent[1:]))
    t = np.linspace(0, 1, 12)[None, :, None]
    hermite: Points = (2 * t**3 - 3 * t**2) * (start - stop) + start
    hermite = hermite + (t**3 - 2 * t**2 + t) * m0[:, None] + (t**3 - t**2) * m1[:, None]
    return hermite.reshape(-1, 2)


def evenly(path: Points) -> Points:
    """The path, (P, 2), resampled in steps of equal length, about `STEP`."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    steps = np.linspace(0.0, along[-1], max(8, round(along[-1] / STEP) + 1))
    return np.stack([np.interp(steps, along, path[:, axis]) for axis in (0, 1)], axis=1)


def _tremble(points: int, amplitude: float, rng: np.random.Generator) -> Points:
    """Offsets (points, 2): a slow random walk of the hand, one knot for every eight points."""
    knots = rng.normal(0.0, amplitude, (points // 8 + 2, 2))
    at = np.linspace(0, len(knots) - 1, points)
    return smooth(np.stack([np.interp(at, np.arange(len(knots)), knots[:, k]) for k in (0, 1)], 1), 0.1)


def _pose(hand: Hand) -> Points:
    """The matrix (2, 2) that row vectors x, y are multiplied with: aspect, slant, then rotation."""
    cos, sin = np.cos(hand.rotation), np.sin(hand.rotation)
    lean = np.array([[hand.aspect, 0.0], [-hand.slant, 1.0]])
    pose: Points = lean @ np.array([[cos, sin], [-sin, cos]])
    return pose


def fitted(strokes: list[Points]) -> list[Points]:
    """The strokes, each (P, 2), moved and scaled to what `digit_strokes` promises."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    return [(stroke - (low + high) / 2) / (high - low).max() for stroke in strokes]
