"""Handwritten digits as the paths of a pen: prototypes, and a hand that varies them.

A digit goes through three steps, each in its own part of this file: a *form* (which way of writing the digit)
gives joints, a *hand* (a writer's habits, and the chance of the moment) moves them, and a spline makes the
pen's path; `train.ink` draws along it. To teach a new way of writing, add a row to `FORMS`.
"""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

_STEP = 0.025  # between two points of a path, in digit heights: still round at 1000 pixels


@dataclass(frozen=True)
class Form:
    """One way of writing a digit.

    `path` lists the joints that the pen passes, as `x,y` in hundredths of the digit's height, y downwards.
    A joint with `!` is a corner, ` | ` lifts the pen. `weight` says how common the form is among the forms
    of its digit.
    """

    digit: int
    name: str
    weight: float
    path: str
    strokes: tuple["_Stroke", ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        strokes = tuple(_Stroke.parse(stroke) for stroke in self.path.split("|"))
        object.__setattr__(self, "strokes", strokes)


@dataclass(frozen=True)
class _Stroke:
    """The joints of one stroke, (K, 2) in digit heights, and which of them are corners."""

    joints: Points
    corners: tuple[int, ...]

    @classmethod
    def parse(cls, path: str) -> Self:
        words = path.split()
        joints = [[float(number) / 100 for number in word.rstrip("!").split(",")] for word in words]
        corners = tuple(k for k, word in enumerate(words) if word.endswith("!"))
        return cls(np.array(joints), corners)


FORMS = (
    Form(0, "plain", 6, "36,3 17,9 4,45 11,84 31,98 50,85 58,46 49,12 31,2 22,6"),
    Form(0, "clockwise", 2, "20,8 40,2 57,22 57,66 38,97 14,92 2,58 7,22 24,5 34,3"),
    Form(0, "curled", 2, "28,8 11,20 3,52 13,90 33,98 53,82 58,42 47,8 30,3 23,12 33,19"),
    Form(1, "plain", 5, "30,0 29,52 28,100"),
    Form(1, "upstroke", 4, "13,26 25,14 36,0! 34,48 32,100"),
    Form(1, "foot", 2, "13,23 24,12 34,0! 33,50 32,98 | 10,99 32,98 54,97"),
    Form(2, "plain", 5, "6,22 15,6 33,0 50,11 51,32 36,58 5,97! 30,96 60,95"),
    Form(2, "loop", 4, "7,20 18,4 38,1 53,16 49,40 32,70 16,91 5,92 4,81 16,79 36,91 62,94"),
    Form(2, "swan", 2, "8,28 12,8 31,0 50,12 50,33 36,57 18,80 3,97! 18,88 38,95 60,91"),
    Form(3, "round", 6, "6,12 22,1 43,4 50,23 40,39 22,46! 46,52 57,73 43,95 20,100 2,89"),
    Form(3, "flat", 3, "6,3 28,3 53,2! 40,20 25,40! 47,46 56,70 42,95 18,100 1,89"),
    Form(3, "loop", 2, "7,13 24,1 45,5 48,25 33,43 17,49 15,42 27,43 48,53 56,75 42,96 19,99 2,88"),
    Form(4, "open", 5, "18,3 11,28 3,57! 30,58 64,54 | 46,20 44,60 41,100"),
    Form(4, "closed", 5, "42,1 22,33 2,66! 32,67 65,64 | 44,2 43,50 41,100"),
    Form(4, "cup", 2, "8,4 4,26 9,46 27,50 50,43 | 52,3 50,50 45,100"),
    Form(5, "hat", 5, "12,5 10,26 8,45! 28,38 50,50 54,73 40,95 18,99 0,89 | 12,4 33,4 56,1"),
    Form(5, "one stroke", 4, "55,3 34,3 14,4! 12,22 9,45! 30,38 51,50 55,72 41,95 19,99 1,89"),
    Form(5, "soft", 2, "56,5 36,3 19,6 13,24 15,42 34,43 52,56 53,78 37,97 17,98 2,87"),
    Form(6, "curved", 5, "46,2 25,17 9,45 4,72 13,94 31,99 49,87 50,67 34,56 17,62 6,78"),
    Form(6, "straight", 3, "37,0 25,24 11,56 6,78 15,96 34,98 51,85 49,66 33,59 17,66 8,80"),
    Form(6, "hooked", 2, "51,11 38,1 18,13 5,46 5,80 25,99 47,89 51,68 34,55 15,61 6,75"),
    Form(7, "plain", 5, "0,6 30,5 64,3! 49,28 34,62 24,100"),
    Form(7, "barred", 4, "3,6 28,5 58,3! 46,30 34,62 25,100 | 15,51 34,49 55,46"),
    Form(7, "serif", 2, "0,18 3,5! 32,5 65,3! 48,32 35,66 28,100"),
    Form(8, "one stroke", 6, "50,13 31,1 11,10 12,31 32,47 53,66 50,91 28,100 5,89 6,68 27,49 48,31 51,13 44,5"),
    Form(8, "rings", 2, "31,46 12,37 11,12 31,0 50,11 49,35 29,46 | 29,46 8,57 3,81 28,100 55,84 53,59 27,47"),
    Form(8, "crossed", 2, "56,7 35,1 14,11 17,33 36,50 53,71 45,94 24,99 7,86 9,68 28,48 46,27 58,9"),
    Form(9, "straight leg", 5, "50,12 32,2 11,12 6,33 21,46 41,36 52,10! 50,50 47,100"),
    Form(9, "hook", 3, "50,12 32,2 11,11 6,32 20,46 40,37 53,9! 53,50 47,85 29,99 8,91"),
    Form(9, "curved", 3, "50,28 35,45 15,44 6,26 18,6 38,3 51,18 52,46 42,76 24,100"),
)
"""Every form this module can write; the order is part of what a seed means."""


@dataclass(frozen=True)
class Hand:
    """A writer's habits. Lengths are in digit heights, angles in radians."""

    slant: float = 0.1
    """Tangent of the lean; positive leans to the right, like italics."""
    aspect: float = 1.0
    """Width against the prototype's."""
    balance: float = 0.0
    """Four times how far the middle of the digit sinks: positive makes the upper half the larger one."""
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


def form_names(digit: int) -> tuple[str, ...]:
    """Return the names of the forms that `digit` (0-9) can be written in."""
    return tuple(form.name for form in _forms(digit))


def digit_strokes(
    digit: int, rng: np.random.Generator, form: str | None = None, hand: Hand | None = None
) -> list[Points]:
    """Write a digit once.

    Parameters
    ----------
    digit
        0-9.
    rng
        Where chance comes from: the same state writes the same strokes.
    form
        One of `form_names(digit)`; None draws one, the common ones more often.
    hand
        Who writes; None draws somebody.

    Returns
    -------
    One float64 array (P, 2) of x, y for each stroke, in the order of writing: points evenly spaced along
    the pen's path, y downwards, centred on the origin, the longer side of the box around all of them 1.

    Raises
    ------
    ValueError
        If there is no such digit or form.
    """
    strokes = _choose(digit, form, rng).strokes
    writer = hand or Hand.random(rng)
    warp = rng.uniform(-4.0, 4.0, (2, 3))  # radians per digit height: under one wave across the digit
    return _fit([_write(stroke, writer, warp, rng) for stroke in strokes])


def smooth(path: Points, length: float) -> Points:
    """Return an evenly spaced path, (P, 2), averaged over `length` digit heights; its ends stay where they are."""
    reach = min(round(length / _STEP), len(path) - 1)
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


def _write(stroke: _Stroke, hand: Hand, warp: Points, rng: np.random.Generator) -> Points:
    """Return one stroke of `hand`, evenly spaced points (P, 2)."""
    joints = stroke.joints + rng.normal(0.0, hand.looseness, stroke.joints.shape)
    joints += rng.normal(0.0, hand.looseness, 2)  # a pen set down again lands beside its mark
    joints[:, 1] += hand.balance * joints[:, 1] * (1 - joints[:, 1])
    joints += 1.5 * hand.looseness * np.sin(joints @ warp[:, :2].T + warp[:, 2])
    path = smooth(_evenly(_spline(joints, stroke.corners, hand.roundness)), hand.smoothing)
    return _evenly((path + _tremble(len(path), hand.tremor, rng)) @ _pose(hand))


def _spline(joints: Points, corners: tuple[int, ...], roundness: float) -> Points:
    """Return a path through all joints that is smooth but for its corners."""
    cuts = [0, *(k for k in corners if 0 < k < len(joints) - 1), len(joints) - 1]
    return np.concatenate([_catmull_rom(joints[a : b + 1], roundness) for a, b in pairwise(cuts)])


def _catmull_rom(joints: Points, roundness: float) -> Points:
    """Return 12 points for each span of a centripetal Catmull-Rom spline.

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


def _evenly(path: Points) -> Points:
    """Return the same path in steps of equal length, about `_STEP`."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    steps = np.linspace(0.0, along[-1], max(8, round(along[-1] / _STEP) + 1))
    return np.stack([np.interp(steps, along, path[:, axis]) for axis in (0, 1)], axis=1)


def _tremble(points: int, amplitude: float, rng: np.random.Generator) -> Points:
    """Return offsets (points, 2): a slow random walk of the hand, one knot for every eight points."""
    knots = rng.normal(0.0, amplitude, (points // 8 + 2, 2))
    at = np.linspace(0, len(knots) - 1, points)
    return smooth(np.stack([np.interp(at, np.arange(len(knots)), knots[:, k]) for k in (0, 1)], 1), 0.1)


def _pose(hand: Hand) -> Points:
    """Return the matrix (2, 2) that row vectors x, y are multiplied with: aspect, slant, then rotation."""
    cos, sin = np.cos(hand.rotation), np.sin(hand.rotation)
    lean = np.array([[hand.aspect, 0.0], [-hand.slant, 1.0]])
    pose: Points = lean @ np.array([[cos, sin], [-sin, cos]])
    return pose


def _fit(strokes: list[Points]) -> list[Points]:
    """Return the strokes moved and scaled to what `digit_strokes` promises."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    return [(stroke - (low + high) / 2) / (high - low).max() for stroke in strokes]
