"""Everyday pictures of digits in odd ink and odd files: pens that skip, stamps, chalk, tight crops, transparency."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from train.enlarged import Digit, written
from train.everyday_page import (
    BLACK,
    MIDDLE,
    PAPER,
    RED,
    Rng,
    jpeg,
    lay,
    one_of,
    page,
    painted,
    pen,
    photographed,
    placed,
)
from train.photo import Field, blur, clouds, crumbled, gapped, inked, to_8_bit


def two_colours(digit: Digit, rng: Rng) -> Image.Image:
    """Red ink on green paper that is as light as the ink."""
    return jpeg(painted(page(rng, (0.28, 0.62, 0.35)), lay(digit, rng), (0.86, 0.33, 0.32)))


def skipping_pen(digit: Digit, rng: Rng) -> Image.Image:
    """A pen that runs dry: much of the line is faint."""
    ink = lay(digit, rng)
    faint = 0.4 + 0.6 * gapped(np.ones_like(ink), rng.uniform(0.2, 0.5), 25, rng)
    return to_8_bit(inked(page(rng, grain=0.006), ink * blur(faint, 4), BLACK))


def watercolour(digit: Digit, rng: Rng) -> Image.Image:
    """Watercolour: strong and pale pools in a wide stroke, with a darker rim."""
    ink = placed(written(digit, 120, 0.9), MIDDLE.tolist())
    pools = (0.5 + 0.3 * clouds(ink.shape, 25, rng)).clip(0.12, 0.95)
    colour = one_of(rng, (0.2, 0.35, 0.75), (0.75, 0.25, 0.35), (0.2, 0.55, 0.4))
    wet = (ink * pools + 0.6 * (ink - blur(ink, 3)).clip(0, 1)).clip(0, 1)
    return photographed(inked(page(rng, grain=0.03), wet, colour), rng)


def coloured_outline(digit: Digit, rng: Rng) -> Image.Image:
    """A fat digit drawn as an outline and coloured in, as on a child's poster."""
    whole, inside = _fat(digit, rng)
    poster = painted(page(rng), whole / 255, BLACK)
    return to_8_bit(painted(poster, inside / 255, one_of(rng, (0.95, 0.8, 0.3), (0.55, 0.75, 0.95), (0.95, 0.6, 0.65))))


def plain_outline(digit: Digit, rng: Rng) -> Image.Image:
    """A fat digit drawn as an outline with a pen."""
    whole, inside = _fat(digit, rng)
    return photographed(inked(page(rng), (whole - inside).clip(0) / 255, BLACK), rng)


def _fat(digit: Digit, rng: Rng) -> tuple[Field, Field]:
    """A fat digit, and what is inside of its outline, a line of 2 or 3 pixels: float32 (H, W), 0 to 255."""
    whole = to_8_bit(blur(placed(written(digit, 130, 1.0), MIDDLE.tolist()), 1))
    inside = whole.filter(ImageFilter.MinFilter(2 * int(rng.integers(2, 4)) + 1))
    return np.asarray(whole, np.float32), np.asarray(inside, np.float32)


def rubber_stamp(digit: Digit, rng: Rng) -> Image.Image:
    """A rubber stamp, its ink missing in blotches."""
    ink = lay(digit, rng)
    there = clouds(ink.shape, 5, rng) + 0.5 * clouds(ink.shape, 16, rng) > -1
    blotched = ink * np.where(there, (0.75 + 0.5 * clouds(ink.shape, 4, rng)).clip(0, 1), 0.08)
    return jpeg(inked(page(rng), blotched, (0.42, 0.25, 0.6)))


def chalk(digit: Digit, rng: Rng) -> Image.Image:
    """Chalk on a board with wiped smears of chalk."""
    smears = (0.14 * clouds((200, 200), 30, rng)).clip(0, 0.4)
    board = painted(page(rng, (0.13, 0.3, 0.22), grain=0.03), smears, PAPER)
    return photographed(painted(board, crumbled(lay(digit, rng), 1.6, rng), PAPER), rng)


def tight_crop(digit: Digit, rng: Rng) -> Image.Image:
    """A bold digit, cropped to its ink, either dark on light or light on dark."""
    ink = written(digit, int(rng.integers(60, 120)), rng.uniform(0.2, 1.2))
    return to_8_bit(one_of(rng, 0.95 - 0.85 * ink, 0.1 + 0.85 * ink))


def thick_brush(digit: Digit, rng: Rng) -> Image.Image:
    """A thick brush: strokes wider by a twentieth of the digit, which fills the picture but for a margin."""
    ink = placed(written(digit, int(rng.integers(150, 180)), 0.8), MIDDLE.tolist())
    return to_8_bit(0.97 - 0.9 * ink)


def stencil(digit: Digit, rng: Rng) -> Image.Image:
    """A plate of one colour with the digit cut out of it: RGBA, transparent where the digit is."""
    hole = to_8_bit(1 - lay(digit, rng, (0.5, 0.65)))
    plate = Image.new("RGBA", hole.size, one_of(rng, (40, 90, 160), (30, 30, 30), (250, 250, 250)))
    plate.putalpha(hole)
    return plate


def turned_with_alpha(digit: Digit, rng: Rng) -> Image.Image:
    """A scan that was turned by up to 12 degrees: RGBA, with transparent corners."""
    scan = to_8_bit(inked(page(rng), lay(digit, rng, (0.45, 0.55)), pen(rng))).convert("RGBA")
    return scan.rotate(one_of(rng, -1, 1) * rng.uniform(4, 12), Image.Resampling.BICUBIC, expand=True)


def thumbnail(digit: Digit, rng: Rng) -> Image.Image:
    """A picture of 14 to 32 pixels a side, JPEG."""
    side = int(rng.integers(14, 33))
    return jpeg(inked(page(rng, shape=(side, side)), lay(digit, rng, (0.6, 0.8), (side, side)), RED), 75)


def eight_pixels(digit: Digit, rng: Rng) -> Image.Image:
    """A picture of 8x8 pixels, as of old data sets, light on black or dark on white."""
    moved = np.roll(digit, rng.integers(-2, 3, 2), axis=(0, 1))
    small = np.asarray(Image.fromarray(moved).resize((8, 8), Image.Resampling.BOX))
    return Image.fromarray(one_of(rng, small, ~small))


def sticker(digit: Digit, rng: Rng) -> Image.Image:
    """A digit in one colour on nothing, black beneath: RGBA."""
    alpha = to_8_bit(lay(digit, rng, (0.5, 0.7)))
    pixels = np.where(np.asarray(alpha)[..., None] > 0, np.uint8(one_of(rng, 255, 120, 10)), np.uint8(0)).repeat(3, 2)
    image = Image.fromarray(pixels)
    image.putalpha(alpha)
    return image


def own_pixels(digit: Digit, rng: Rng) -> Image.Image:
    """MNIST's own 28x28 pixels, dark on white or light on black, as a PNG."""
    return Image.fromarray(one_of(rng, digit, ~digit))
