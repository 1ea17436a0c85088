"""Everyday pictures without a digit, or with two: empty pages in all lights, empty boxes and discs, surfaces."""

from __future__ import annotations

import numpy as np
from PIL import Image

from train.enlarged import Digit, written
from train.everyday_page import (
    PRINT,
    Rng,
    circle,
    filled,
    grid,
    jpeg,
    lines,
    one_of,
    page,
    painted,
    pen,
    photographed,
    placed,
    rectangle,
    wood,
)
from train.photo import blur, inked, lamp_light, ruled, sensed, shadow_light, to_8_bit
from train.scenes import dust


def blank_page(_digit: Digit, rng: Rng) -> Image.Image:
    """An empty page in the light of a room."""
    return photographed(page(rng, grain=rng.uniform(0.006, 0.05)), rng)


def blank_under_a_lamp(_digit: Digit, rng: Rng) -> Image.Image:
    """An empty page beside a lamp, whose light falls off across it."""
    return jpeg(sensed(page(rng) * lamp_light((200, 200), rng, rng.uniform(0.1, 0.5))[..., None], rng, 0.8))


def blank_in_shadow(_digit: Digit, rng: Rng) -> Image.Image:
    """An empty page with the edge of a shadow across it."""
    return jpeg(sensed(page(rng) * shadow_light((200, 200), rng, rng.uniform(0.3, 0.8))[..., None], rng, 0.8))


def shadows(_digit: Digit, rng: Rng) -> Image.Image:
    """An empty page with a few soft shadows on it."""
    spots = filled([circle(rng.uniform(20, 60), rng.uniform(0, 200, 2)) for _ in range(int(rng.integers(1, 4)))])
    return jpeg(sensed(page(rng) * (1 - 0.5 * blur(spots, rng.uniform(4, 9)))[..., None], rng, 0.8))


def glare(_digit: Digit, rng: Rng) -> Image.Image:
    """An empty page, dark in its corners, with the spot of a flash."""
    y, x = grid()
    (left, top), radius = rng.uniform(60, 140, 2), rng.uniform(20, 45)
    light = 0.9 - 0.25 * (((x - 100) / 100) ** 2 + ((y - 100) / 100) ** 2)
    light += 0.5 * np.exp(-((x - left) ** 2 + (y - top) ** 2) / radius**2)
    return jpeg(sensed(page(rng, (0.75, 0.75, 0.73)) * light[..., None], rng, 0.8))


def folded(_digit: Digit, rng: Rng) -> Image.Image:
    """An empty page that was folded once or twice."""
    light = np.ones((200, 200), np.float32)
    for turn in rng.uniform(0, 2 * np.pi, int(rng.integers(1, 3))):
        along = (grid()[1] - 100) * np.cos(turn) + (grid()[0] - 100) * np.sin(turn) + rng.uniform(-40, 40)
        light *= 1 - 0.12 / (1 + np.exp(-along / 1.5)) - 0.2 * np.exp(-((along / 1.6) ** 2))
    return photographed(page(rng) * light[..., None], rng)


def ruled_page(_digit: Digit, rng: Rng) -> Image.Image:
    """An empty page, ruled or squared."""
    return photographed(ruled(page(rng), rng.uniform(14, 36), rng, squared=bool(rng.random() < 0.5)), rng)


def flecked_page(_digit: Digit, rng: Rng) -> Image.Image:
    """An empty page with some specks and a hair."""
    specks = filled([circle(radius, (x, y)) for x, y, radius in rng.uniform((0, 0, 0.6), (200, 200, 2), (12, 3))])
    hair = rng.uniform(40, 160, 2) + np.cumsum(rng.normal(0, 1.5, (18, 2)) + rng.normal(0, 1.2, 2), axis=0)
    return photographed(inked(page(rng), np.maximum(specks, lines([hair], 1)), (0.3, 0.27, 0.25)), rng)


def noisy_page(_digit: Digit, rng: Rng) -> Image.Image:
    """An empty page with black and white pixels all over, as of a bad sensor."""
    return to_8_bit(dust(page(rng), rng, rng.uniform(0.008, 0.02)))


def empty_box(_digit: Digit, rng: Rng) -> Image.Image:
    """An empty box of a form, its lines thin or bold."""
    edge = rng.uniform(20, 50)
    return to_8_bit(inked(page(rng), lines([rectangle(edge, edge, 200 - edge, 200 - edge)], rng.uniform(2, 9)), PRINT))


def cut_form(_digit: Digit, rng: Rng) -> Image.Image:
    """An empty field, cut out of its form along the dashes around it."""
    starts = range(int(rng.integers(-10, 0)), 200, 45)
    dashes = [np.array([(x, y), (x + 20, y)]) for y in (1, 199) for x in starts]
    return to_8_bit(inked(page(rng), lines(dashes, 2), PRINT))


def disc(_digit: Digit, rng: Rng) -> Image.Image:
    """A disc of one colour, on white, or white on a colour."""
    colour, spot = one_of(rng, (0.75, 0.1, 0.12), (0.1, 0.2, 0.6), PRINT), filled([circle(rng.uniform(40, 90))])
    return jpeg(painted(page(rng, (0.97, 0.97, 0.97)), one_of(rng, spot, 1 - spot), colour))


def empty_sheet(_digit: Digit, rng: Rng) -> Image.Image:
    """An empty sheet on a wooden table."""
    corners = rectangle(35, 35, 165, 165) + rng.normal(0, 5, (5, 2))
    return photographed(painted(wood(rng), filled([corners[:4]]), (0.92, 0.92, 0.9)), rng)


def empty_letterbox(_digit: Digit, rng: Rng) -> Image.Image:
    """An empty page with black bars above and below."""
    bar = int(rng.integers(20, 45))
    return jpeg(np.pad(page(rng, shape=(200 - 2 * bar, 200)), ((bar, bar), (0, 0), (0, 0))))


def cloth(_digit: Digit, rng: Rng) -> Image.Image:
    """Woven cloth with wide checks."""
    y, x = grid()
    weave = 1 + 0.1 * np.sin(1.3 * x) * np.sin(1.3 * y) + 0.12 * np.sign(np.sin(x / 14)) * np.sign(np.sin(y / 14))
    return photographed(page(rng, (0.7, 0.65, 0.6)) * weave[..., None], rng)


def dark_room(_digit: Digit, rng: Rng) -> Image.Image:
    """A picture taken in the dark: nothing but noise."""
    return jpeg(0.06 + 0.03 * rng.standard_normal((200, 200, 3), np.float32), 60)


def twice(digit: Digit, rng: Rng) -> Image.Image:
    """The same digit twice, side by side: no single digit."""
    size = int(rng.integers(60, 80))
    ink = np.maximum(*(placed(written(digit, size), (x, rng.uniform(90, 110))) for x in (55, 145)))
    return to_8_bit(inked(page(rng), ink, pen(rng)))
