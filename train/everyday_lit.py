"""Everyday pictures of digits in the light of lamps, flashes and rooms, in which some of the ink is hard to see."""

from __future__ import annotations

import numpy as np
from PIL import Image

from train.enlarged import Digit, thinned, written
from train.everyday_page import (
    BLACK,
    Rng,
    circle,
    filled,
    grid,
    jpeg,
    lay,
    lines,
    page,
    painted,
    pen,
    photographed,
    placed,
)
from train.photo import Field, blur, inked, lamp_light, room_light, sensed


def flash(digit: Digit, rng: Rng) -> Image.Image:
    """The glare of a flash over a part of the digit."""
    spot = _spot(rng.uniform(60, 140, 2), rng.uniform(22, 40))
    paper = inked(page(rng, (0.8, 0.8, 0.78)), lay(digit, rng), (0.2, 0.2, 0.3))
    return photographed(paper + 0.55 * spot[..., None], rng)


def desk_lamp(digit: Digit, rng: Rng) -> Image.Image:
    """The light of a lamp beside the page, which falls to an eighth across it."""
    light = lamp_light((200, 200), rng, 0.12)
    return jpeg(sensed(inked(page(rng), lay(digit, rng), pen(rng)) * light[..., None], rng, 0.8))


def hand_shadow(digit: Digit, rng: Rng) -> Image.Image:
    """The soft shadow of a hand with a pen, in which a part of the digit lies."""
    x, y = rng.uniform(90, 150, 2)
    hand, stick = circle(60, (x + 60, y + 60)), np.array([(x - 50, y - 60), (x + 50, y + 40)])
    shadow = blur(np.maximum(filled([hand]), lines([stick], 8)), 4)
    paper = inked(page(rng), lay(digit, rng, (0.42, 0.56)), pen(rng))
    return jpeg(sensed(paper * (1 - 0.5 * shadow)[..., None], rng, 0.8))


def vignette(digit: Digit, rng: Rng) -> Image.Image:
    """A phone's picture, dark in its corners, with a finger over one of them."""
    y, x = grid()
    light = 1 - 0.25 * (((x - 100) / 100) ** 2 + ((y - 100) / 100) ** 2)
    finger = blur(filled([circle(rng.uniform(35, 60), 200 * rng.integers(0, 2, 2))]), 4)
    paper = inked(page(rng), lay(digit, rng, (0.42, 0.56)), pen(rng)) * light[..., None]
    return jpeg(sensed(painted(paper, finger, (0.5, 0.33, 0.28)), rng, 0.8))


def night(digit: Digit, rng: Rng) -> Image.Image:
    """A picture taken with little light: strong noise in all colours, much compressed."""
    dark = 0.3 * inked(page(rng), lay(digit, rng), pen(rng)) * room_light((200, 200), rng)[..., None]
    return jpeg(dark + 0.035 * rng.standard_normal(dark.shape, np.float32), 60)


def fine_pen_in_a_room(digit: Digit, rng: Rng) -> Image.Image:
    """A thin line on a sheet of paper in a room with soft shadows."""
    line = thinned(lay(digit, rng, (0.3, 0.38), (320, 320)) > 0.5).astype(np.float32)
    ink = (2.5 * blur(line, 0.8)).clip(0, 1)
    shadow = blur(filled([circle(rng.uniform(60, 110), rng.uniform(0, 320, 2)) for _ in range(2)], (320, 320)), 12)
    room = inked(page(rng, shape=(320, 320)), ink, BLACK) * (1 - 0.35 * shadow[..., None])
    return photographed(room, rng, 0.6)


def small_in_a_photo(digit: Digit, rng: Rng) -> Image.Image:
    """A small digit somewhere in a large photo."""
    shape = 600, 800
    ink = placed(written(digit, int(rng.integers(60, 90))), rng.uniform((200, 150), (600, 450)), shape)
    return photographed(inked(page(rng, shape=shape), ink, pen(rng)), rng)


def _spot(centre: Field, radius: float) -> Field:
    """A soft round spot, 1 in its middle."""
    y, x = grid()
    spot: Field = np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / radius**2)
    return spot
