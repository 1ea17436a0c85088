"""Puts drawings of what is no digit on paper and into canonical form: common to all kinds of `train.outliers`.

Ink is coverage, float32 (H, W) in [0, 1]; a drawing fills about 96 pixels, so that thousands take a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from mnistcls.canonical import canonicalize, place
from train.photo import Field, blur, box, clouds, gapped, to_8_bit
from train.strokes import Points, evenly, fitted, smooth

SIDES = (28, 96)  # pixels, of a drawing's longer side

MIN_COSINE = 0.75
"""Cosine of a drawing's canonical form with what was drawn: under this, part was taken for clutter, and what is left
may well be a digit."""

WORN_SHARE = 0.3
"""Share of the drawings for training that have gaps, or are out of focus."""

MAX_BAR_ASPECT = 0.5
"""Width / length, in standard deviations of the ink: what is thinner than this and upright is a 1 to the eye."""


@dataclass(frozen=True, eq=False)
class Picture:
    """An image that shows no digit, as a file would have it."""

    image: NDArray[np.uint8]
    """(H, W), grey."""
    ink: Field | None = None
    """(h, w), what was drawn, of any size; None if nobody drew it and any part may stand for the whole."""

    def canonical_form(self) -> NDArray[np.uint8] | None:
        """What a network sees of it, (28, 28); None if that is blank, or may be a digit for all that is known."""
        form = canonicalize(self.image).image
        if not form.any():
            return None
        if self.ink is None:
            return None if is_bar(form) else form
        (drawn,) = place([np.asarray(to_8_bit(cropped(self.ink)))])
        return form if cosine(form, drawn) >= MIN_COSINE else None


def cosine(a: NDArray[np.generic], b: NDArray[np.generic]) -> float:
    """The cosine of two images of the same shape as vectors, 0 to 1."""
    x, y = a.ravel().astype(np.float64), b.ravel().astype(np.float64)
    return float(x @ y / max(float(np.linalg.norm(x)) * float(np.linalg.norm(y)), 1e-9))


def is_bar(form: NDArray[np.uint8]) -> bool:
    """Whether all the ink of (28, 28) is one thin upright bar, leaning by no more than 55 degrees."""
    y, x = np.nonzero(form > 64)
    if len(y) < 3:
        return True
    spread, axes = np.linalg.eigh(np.cov(np.stack([x, y])))
    return bool(spread[0] < MAX_BAR_ASPECT**2 * spread[1] and abs(axes[1, 1]) > 0.57)


def cropped(ink: Field) -> NDArray[np.float32]:
    """The box (h, w) of ink over 0.3, with a pixel to spare; the whole image if there is none."""
    inside = ink > 0.3
    return np.pad(box(ink, inside), 1).astype(np.float32) if inside.any() else ink.astype(np.float32)


def on_paper(ink: Field, rng: np.random.Generator) -> Picture:
    """Put ink on a plain page of a random size: mostly dark on light, a little noise, blur and shade."""
    tight = cropped(ink)
    margin = np.rint(max(tight.shape) * rng.uniform(0.08, 0.4, 4)).astype(int)
    page = np.pad(tight, margin.reshape(2, 2))
    picture = to_8_bit(page)
    picture.thumbnail((int(rng.integers(*SIDES)),) * 2, Image.Resampling.BOX)
    if rng.random() < 0.3:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 0.8)))
    drawn: Field = np.asarray(picture, np.float32) / 255
    paper, full = rng.uniform(0.75, 1), rng.uniform(0, 0.45)
    grey = (paper + drawn * (full - paper)) * (1 - rng.choice([0, 0.12]) * _slope(drawn.shape, rng))
    grey += rng.choice([0, 0.02]) * rng.standard_normal(drawn.shape)
    seen = grey if rng.random() < 0.8 else 1 - grey
    return Picture(np.asarray(to_8_bit(seen)), tight)


def worn_on_paper(ink: Field, rng: np.random.Generator) -> Picture:
    """Put ink on a page as `on_paper` does, sometimes with gaps or out of focus, as digits are in `train.pictured`.

    It is for outliers to train with: if digits alone were worn, wear would tell them from the rest.
    """
    return on_paper(_worn(ink, rng), rng)


def _worn(ink: Field, rng: np.random.Generator) -> Field:
    """The ink, `WORN_SHARE` of the time with gaps or out of focus."""
    chance, side = rng.random(), max(ink.shape)
    if chance >= WORN_SHARE:
        return ink
    if chance < WORN_SHARE / 2:
        return gapped(ink, rng.uniform(0.02, 0.3), 0.06 * side, rng)
    soft = blur(ink, rng.uniform(0.005, 0.05) * side)
    unit: Field = soft / max(float(soft.max()), 1e-6)
    return unit


def _slope(shape: tuple[int, ...], rng: np.random.Generator) -> Field:
    """Light that falls off across the page, 0 to 1."""
    across, down = rng.uniform(-0.5, 0.5, 2)
    slope: Field = 0.5 + np.linspace(-down, down, shape[0])[:, None] + np.linspace(-across, across, shape[1])[None]
    return slope


def tilted(ink: Field, rng: np.random.Generator, turn: float = 0.12, lean: float = 0.2) -> Field:
    """Turn (standard deviation in radians), lean and stretch a square drawing a little about its middle."""
    side, angle, shear = ink.shape[0], rng.normal(0, turn), rng.normal(0, lean)
    cos, sin = np.cos(angle), np.sin(angle)
    a = np.array([[cos, -sin], [sin, cos]]) @ [[1, shear], [0, 1]] @ np.diag(rng.uniform(0.85, 1.25, 2))
    shift = side / 2 - a @ np.full(2, side / 2)
    coefficients = (*a[0], shift[0], *a[1], shift[1])
    image = Image.fromarray(np.asarray(ink, np.float32))
    moved = image.transform((side, side), Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR)
    return np.asarray(moved, np.float32)


def rounded(joints: Points, length: float) -> Points:
    """A path (P, 2) through joints (K, 2) in equal steps, corners rounded over `length`."""
    return smooth(evenly(joints), length)


def by_hand(strokes: Sequence[Points], rng: np.random.Generator) -> list[Points]:
    """Strokes, joints (K, 2) y downwards, as a hand writes them: each joint off, all of them bent and leaning."""
    joints = np.concatenate(strokes)
    low, height = joints.min(axis=0), np.ptp(joints, axis=0).max()
    waves, loose = rng.uniform(-4, 4, (2, 3)), rng.uniform(0.01, 0.035)
    lean = np.array([[rng.uniform(0.75, 1.25), 0], [-rng.normal(0.1, 0.15), 1]])
    length = rng.uniform(0.03, 0.12)
    paths = []
    for stroke in strokes:
        unit = (stroke - low) / height
        unit = unit + rng.normal(0, loose, unit.shape) + rng.normal(0, loose, 2)
        unit += 1.5 * loose * np.sin(unit @ waves[:, :2].T + waves[:, 2])
        paths.append(rounded(unit @ lean, length))
    return fitted(paths)


def mottled(shape: tuple[int, int], rng: np.random.Generator) -> Field:
    """Smooth noise 0 to 1 with bumps of any size between a 16th and all of the image."""
    cell = max(shape) * float(np.exp(rng.uniform(np.log(1 / 16), 0)))
    noise = clouds(shape, cell, rng)
    unit: Field = (noise - noise.min()) / max(float(np.ptp(noise)), 1e-6)
    return unit
