"""Everyday pictures of digits on a ground smaller than the picture: discs, notes, scraps, prints with bars or rims."""

from __future__ import annotations

import numpy as np
from PIL import Image

from train.enlarged import Digit
from train.everyday_page import (
    BLACK,
    PAPER,
    SQUARE,
    Rng,
    circle,
    filled,
    grid,
    jpeg,
    lay,
    one_of,
    page,
    painted,
    pen,
    photographed,
    turned,
    wood,
)
from train.photo import Colour, Field, Shape, clouds, inked, sensed, to_8_bit

WHITE: Colour = (1, 1, 1)
NOTE: Shape = (120, 120)
SIGNAL: tuple[Colour, ...] = ((0.75, 0.1, 0.12), (0.1, 0.2, 0.6), (0.1, 0.4, 0.2), (0.3, 0.3, 0.35))


def badge(digit: Digit, rng: Rng) -> Image.Image:
    """A white digit on a disc of a strong colour, on white, as in an app."""
    disc = painted(page(rng, WHITE, grain=0), filled([circle(rng.uniform(80, 92))]), one_of(rng, *SIGNAL))
    return to_8_bit(painted(disc, lay(digit, rng, (0.42, 0.52)), WHITE))


def pool_ball(digit: Digit, rng: Rng) -> Image.Image:
    """A dark digit on a white disc on a coloured ground."""
    disc = painted(page(rng, one_of(rng, *SIGNAL), grain=0.005), filled([circle(rng.uniform(70, 82))]), PAPER)
    return photographed(painted(disc, lay(digit, rng, (0.4, 0.48)), BLACK), rng)


def round_view(digit: Digit, rng: Rng) -> Image.Image:
    """Paper seen through a tube: black outside a disc."""
    paper = inked(page(rng), lay(digit, rng, (0.4, 0.5)), pen(rng))
    y, x = grid()
    distance = np.hypot(x - 100 - rng.uniform(-6, 6), y - 100 - rng.uniform(-6, 6))
    light = 1 / (1 + np.exp((distance - rng.uniform(88, 98)) / 2))
    return jpeg(sensed(paper * light[..., None] + 0.02, rng, 0.8))


def torn_scrap(digit: Digit, rng: Rng) -> Image.Image:
    """A scrap of torn paper on a dark table."""
    y, x = grid()[0] - 100, grid()[1] - 100
    waves = np.sin(np.arctan2(y, x)[..., None] * (3, 5, 13) + rng.uniform(0, 6, 3))
    reach = 78 + waves @ (7, 5, 2) + 1.5 * clouds((200, 200), 4, rng)
    distance = 0.6 * np.maximum(np.abs(x), np.abs(y)) + 0.5 * np.hypot(x, y)
    paper = inked(page(rng), lay(digit, rng, (0.34, 0.42)), pen(rng))
    return photographed(_over(paper, page(rng, (0.22, 0.2, 0.2), grain=0.05), (reach - distance).clip(0, 1)), rng)


def sticky_note(digit: Digit, rng: Rng) -> Image.Image:
    """A sticky note in a bright colour, turned a little, on a wooden table."""
    colour = one_of(rng, (0.98, 0.9, 0.4), (1.0, 0.6, 0.7), (0.6, 0.9, 0.6))
    note = inked(page(rng, colour, NOTE), lay(digit, rng, (0.48, 0.66), NOTE), pen(rng))
    opaque = Image.fromarray((255 * np.dstack([note, np.ones(NOTE)]).clip(0, 1)).astype(np.uint8))
    lying = opaque.rotate(rng.uniform(-12, 12), Image.Resampling.BICUBIC, expand=True)
    return photographed(_laid(np.asarray(lying, np.float32) / 255, wood(rng), rng), rng)


def page_edge(digit: Digit, rng: Rng) -> Image.Image:
    """A page that ends in the picture, where a dark table begins."""
    paper = inked(page(rng), lay(digit, rng, (0.34, 0.44)), pen(rng))
    turn = rng.integers(4) * np.pi / 2 + rng.normal(0, 0.08)
    along = (grid()[1] - 100) * np.cos(turn) + (grid()[0] - 100) * np.sin(turn)
    covered = ((along - 100 + rng.uniform(30, 60)) / 1.5).clip(0, 1)
    return photographed(_over(wood(rng, colour=(0.35, 0.24, 0.16)), paper, covered), rng)


def letterbox(digit: Digit, rng: Rng) -> Image.Image:
    """A picture with black bars above and below it, or at its sides."""
    bar = int(rng.integers(20, 45))
    paper = inked(page(rng, shape=(200 - 2 * bar, 200)), lay(digit, rng, (0.55, 0.72), (200 - 2 * bar, 200)), pen(rng))
    if rng.random() < 0.5:
        return jpeg(np.pad(paper, ((bar, bar), (0, 0), (0, 0))))
    paper = inked(page(rng, shape=(200, 200 - 2 * bar)), lay(digit, rng, (0.55, 0.72), (200, 200 - 2 * bar)), pen(rng))
    return jpeg(np.pad(paper, ((0, 0), (bar, bar), (0, 0))))


def white_rim(digit: Digit, rng: Rng) -> Image.Image:
    """A photo's print: a grey picture of a dark digit in a white rim."""
    paper = inked(page(rng, (0.6, 0.6, 0.6), grain=0.03), lay(digit, rng), BLACK)
    return jpeg(np.pad(paper, ((20, 20), (20, 20), (0, 0)), constant_values=1))


def turned_scan(digit: Digit, rng: Rng) -> Image.Image:
    """A scan that was turned by up to 20 degrees, with black corners."""
    return turned(inked(page(rng), lay(digit, rng, (0.45, 0.55)), pen(rng)), one_of(rng, -1, 1) * rng.uniform(5, 20))


def scanner_edge(digit: Digit, rng: Rng) -> Image.Image:
    """A scan with a black edge, a little askew, along one or two sides."""
    scan, (y, x) = inked(page(rng), lay(digit, rng, (0.45, 0.58)), pen(rng)), grid()
    sides = x, y, 199 - x, 199 - y
    for side in rng.choice(4, int(rng.integers(1, 3)), replace=False):
        covered = rng.uniform(8, 28) - sides[side] + rng.normal(0, 0.03) * sides[1 - side % 2]
        scan = painted(scan, covered.clip(0, 1), (0.04, 0.04, 0.05))
    return to_8_bit(scan)


def screen(digit: Digit, rng: Rng) -> Image.Image:
    """A photo of a screen with a black edge, and of a little of the wall behind it."""
    off = np.maximum(abs(grid()[1] - 100), abs(grid()[0] - 100))
    shown = painted(page(rng, (0.9, 0.92, 0.95), grain=0.005), lay(digit, rng, (0.4, 0.5)), pen(rng))
    edge, wall = page(rng, (0.04, 0.04, 0.05)), page(rng, (0.75, 0.72, 0.68))
    reach = rng.uniform(84, 92)
    device = _over(shown, edge, (reach - 10 - off).clip(0, 1))
    return photographed(_over(device, wall, (reach - off).clip(0, 1)), rng)


def black_square(digit: Digit, rng: Rng) -> Image.Image:
    """MNIST's own image, a black square, on a larger white page."""
    square = Image.fromarray(digit).resize((224, 224), Image.Resampling.NEAREST)
    whole = Image.new("L", (224 + 2 * int(rng.integers(30, 70)), 224 + 2 * int(rng.integers(20, 60))), 255)
    whole.paste(square, ((whole.width - 224) // 2, (whole.height - 224) // 2))
    return whole


def _over(upper: Field, lower: Field, cover: Field) -> Field:
    """One page (H, W, 3) over another where it covers (H, W) it, 0 to 1."""
    return lower + cover[..., None] * (upper - lower)


def _laid(sheet: Field, table: Field, rng: Rng) -> Field:
    """A table (H, W, 3) with a sheet (h, w, 4), the last its coverage, near the middle, and the sheet's shadow."""
    height, width = sheet.shape[:2]
    top, left = ((np.array(SQUARE) - (height, width)) // 2 + rng.integers(-10, 11, 2)).tolist()
    cover = sheet[..., 3]
    table[top + 4 :, left + 3 :][:height, :width] *= 1 - 0.45 * cover[..., None]
    beneath = table[top:, left:][:height, :width]
    beneath[:] = _over(sheet[..., :3], beneath, cover)
    return table
