"""Draws scribbles, textures, things and empty pages for training: what people photograph that is no digit."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from train.data import Digits
from train.ink import Pen, render
from train.photo import Field, blur, inked, lamp_light, room_light, ruled, sensed, shadow_light, sheet, to_8_bit
from train.sketch import Picture, mottled, rounded, worn_on_paper
from train.strokes import fitted


def scribble(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A long line to and fro, in one to three strokes, as people try out a pen."""
    paths = []
    for _ in range(rng.integers(1, 4)):
        joints = rng.uniform(0, 1, (int(rng.integers(9, 22)), 2)) * rng.uniform(0.6, 1, 2)
        if rng.random() < 0.3:  # to and fro
            joints[:, 0] = np.where(np.arange(len(joints)) % 2, 1, 0) + rng.normal(0, 0.12, len(joints))
            joints[:, 1] = np.sort(joints[:, 1])
        if rng.random() < 0.3:
            joints = np.vstack([joints, joints[:1]])
        paths.append(rounded(joints, rng.uniform(0.03, 0.25)))
    pen = Pen(float(np.exp(rng.uniform(np.log(0.025), np.log(0.12)))))
    return worn_on_paper(render(fitted(paths), 56, pen, 0.9), rng)


def texture(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A surface: noise, spots, stripes, checks, waves."""
    shape = _shape(rng)
    y, x = np.mgrid[: shape[0], : shape[1]] / max(shape)
    angle, count = rng.uniform(0, np.pi), rng.uniform(1.5, 9)
    along = (x * np.cos(angle) + y * np.sin(angle) + 0.1 * rng.choice([0, 1]) * mottled(shape, rng)) * count
    across = (y * np.cos(angle) - x * np.sin(angle)) * count
    match rng.integers(6):
        case 0:
            pattern = mottled(shape, rng)
        case 1:
            pattern = (mottled(shape, rng) > rng.uniform(0.35, 0.7)).astype(np.float32)
        case 2:
            pattern = 0.5 + 0.5 * np.sin(2 * np.pi * along)
        case 3:
            pattern = ((np.floor(along) + np.floor(across)) % 2).astype(np.float32)
        case 4:
            pattern = 0.5 + 0.5 * np.sin(2 * np.pi * along) * np.sin(2 * np.pi * across)
        case _:
            cells = rng.random([int(n) for n in rng.integers(3, 9, 2)], np.float32)
            image = Image.fromarray(cells).resize(shape[::-1], Image.Resampling(int(rng.choice([0, 2]))))
            pattern = np.asarray(image, np.float32)
    return _grey(pattern, rng)


def thing(rng: np.random.Generator, _digits: Digits) -> Picture:
    """Shaded solids of several sides before a background, as in a photo."""
    shape = _shape(rng)
    scene = rng.uniform(0.2, 1) * (0.6 + 0.4 * mottled(shape, rng))
    for _ in range(rng.integers(1, 7)):
        mask = Image.new("L", shape[::-1])
        corners = int(rng.integers(3, 9))
        angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
        radius = rng.uniform(0.1, 0.5) * max(shape) * rng.uniform(0.5, 1, corners)
        points = rng.uniform(0, 1, 2) * shape[::-1] + radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
        ImageDraw.Draw(mask).polygon([(float(px), float(py)) for px, py in points], 255)
        solid = blur(np.asarray(mask, np.float32) / 255, rng.uniform(0.4, 2.5))
        shade = rng.uniform(0, 1) * lamp_light(shape, rng, rng.uniform(0.2, 1))
        scene = scene * (1 - solid) + solid * shade
    return _grey(scene, rng)


def ruling(rng: np.random.Generator, _digits: Digits) -> Picture:
    """Grids, tables, form fields and what is left of them: at least two lines that cross or run side by side."""
    image = Image.new("L", (96, 96))
    draw, width = ImageDraw.Draw(image), int(rng.integers(1, 6))
    columns, rows = np.sort(rng.uniform(8, 88, rng.integers(0, 5))), np.sort(rng.uniform(8, 88, rng.integers(2, 6)))
    left, right = rng.uniform(4, 30), rng.uniform(66, 92)
    for y in rows.tolist():
        draw.line((left, y, right, y), 255, width)
    for x in columns.tolist():
        top, bottom = (rows[0], rows[-1]) if rng.random() < 0.6 else (2, 94)
        draw.line((x, top, x, bottom), 255, width)
    if rng.random() < 0.3:
        image = image.rotate(float(rng.choice([90, 45, rng.uniform(0, 90)])))
    ink = np.asarray(image, np.float32) / 255
    return Picture(worn_on_paper(ink, rng).image)


def paper(rng: np.random.Generator, _digits: Digits) -> Picture:
    """A page with nothing written on it: ruled, folded, stained, shaded, on a table."""
    shape = _shape(rng)
    colour = rng.uniform(0.7, 1)
    page = sheet(shape, (colour,) * 3, rng, rng.uniform(0.005, 0.06))
    if rng.random() < 0.6:
        page = ruled(page, rng.uniform(12, 50), rng, squared=bool(rng.random() < 0.5))
    if rng.random() < 0.6:
        stain = (mottled(shape, rng) > rng.uniform(0.6, 0.85)).astype(np.float32)
        page = inked(page, blur(stain, rng.uniform(0.5, 3)), (rng.uniform(0.3, 0.8),) * 3)
    if rng.random() < 0.4:  # the table beside it
        y, x = np.mgrid[: shape[0], : shape[1]]
        beyond = x * rng.normal() + y * rng.normal() > max(shape) * rng.uniform(0.2, 0.6)
        page = np.where(beyond[..., None], rng.uniform(0, 0.5), page)
    light = room_light(shape, rng) if rng.random() < 0.5 else shadow_light(shape, rng, rng.uniform(0.3, 0.8))
    scene = sensed(page * light[..., None], rng, rng.uniform(0.3, 1.2))
    return Picture(np.asarray(to_8_bit(scene[..., 0])))


def _shape(rng: np.random.Generator) -> tuple[int, int]:
    """A random height and width in pixels."""
    height, width = rng.integers(32, 97, 2).tolist()
    return height, width


def _grey(scene: Field, rng: np.random.Generator) -> Picture:
    """A scene of any range, brought to a random contrast, with noise."""
    unit = (scene - scene.min()) / max(float(np.ptp(scene)), 1e-6)
    low, high = np.sort(rng.uniform(0, 1, 2)) if rng.random() < 0.3 else (0.0, 1.0)
    noise = rng.choice([0, 0.03]) * rng.standard_normal(scene.shape)
    return Picture(np.asarray(to_8_bit(low + (high - low) * unit + noise)))
