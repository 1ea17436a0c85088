"""Paints MNIST digits as other people's images: on pages, under lights, in odd files and sizes.

The effects change a page; the functions after them paint a whole image each. All randomness comes from `rng`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image, ImageDraw

from train.enlarged import Digit, Frame, thinned, written
from train.photo import Colour, Field, Shape, gapped, inked, room_light, sensed, sheet, to_8_bit

Paint = Callable[[Digit, np.random.Generator], Image.Image]
"""Makes an image of a digit, upright."""

Effect = Callable[[Field, np.random.Generator], Field]
"""Changes a page, float32 (H, W, 3) in [0, 1]."""

WHITE = (0.93, 0.93, 0.91)  # paper
NAVY = (0.10, 0.14, 0.36)  # ink
SQUARE = Frame()  # where nothing else is said


def lit(light: Callable[[Shape, np.random.Generator], Field]) -> Effect:
    """The effect of a light, see `photo.room_light`."""
    return lambda page, rng: page * light(page.shape[:2], rng)[..., None]


def blots(page: Field, rng: np.random.Generator, count: int, radius: float) -> Field:
    """The page with `count` round blots, dark or white, of up to `radius` pixels."""
    image = to_8_bit(page)
    draw = ImageDraw.Draw(image)
    for x, y, r in rng.uniform(0, 1, (count, 3)) * (image.width, image.height, radius - 0.5) + (0, 0, 0.5):
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(35, 35, 40) if rng.random() < 0.7 else (255, 255, 255))
    return np.asarray(image, np.float32) / 255


def dust(page: Field, rng: np.random.Generator, share: float) -> Field:
    """The page with this share of its pixels black, and as many white."""
    chance = rng.random(page.shape[:2])[..., None]
    return np.where(chance < share, 0, np.where(chance > 1 - share, 1, page)).astype(np.float32)


def printed_box(page: Field, _rng: np.random.Generator, side: float, line: int) -> Field:
    """The page with a dark square frame around its middle: `side` of its width, lines `line` pixels wide."""
    height, width = page.shape[:2]
    reach = round(side * width / 2)
    y, x = np.abs(np.arange(height) - height // 2)[:, None], np.abs(np.arange(width) - width // 2)[None]
    distance = np.maximum(y, x)
    frame = ((distance <= reach) & (distance > reach - line)).astype(np.float32)
    return inked(page, frame, (0.25, 0.25, 0.27))


# --- whole images ---------------------------------------------------------------------------------------


def canonical(digit: Digit, _rng: np.random.Generator, *, brightness: float = 1.0) -> Image.Image:
    """The digit as MNIST has it, L, 28x28, times `brightness`."""
    return Image.fromarray((brightness * digit).round().astype(np.uint8))


def flat(digit: Digit, rng: np.random.Generator, *, ink: float, paper: float, frame: Frame = SQUARE) -> Image.Image:
    """Even ink on even paper, L; both are brightness, 0 to 1."""
    return to_8_bit(paper + frame.lay(digit, rng) * (ink - paper))


def tight(digit: Digit, _rng: np.random.Generator, *, ink: float, paper: float, bold: float = 0.0) -> Image.Image:
    """A digit cropped to its ink, L, 120 pixels long; `bold` as in `written`."""
    return to_8_bit(paper + written(digit, 120, bold) * (ink - paper))


def cut_out(digit: Digit, rng: np.random.Generator, *, level: int, mode: str) -> Image.Image:
    """Ink of one grey level, 0 to 255, on nothing; `mode` is LA or RGBA."""
    alpha = to_8_bit(SQUARE.lay(digit, rng))
    image = Image.new("L", alpha.size, level).convert(mode)
    image.putalpha(alpha)
    return image


def palette(digit: Digit, rng: np.random.Generator) -> Image.Image:
    """Black ink in two shades, P; the paper's index is transparent, and black beneath."""
    image = Image.fromarray((2 * SQUARE.lay(digit, rng)).round().astype(np.uint8))
    image.putpalette([0, 0, 0, 90, 90, 90, 0, 0, 0])
    image.info["transparency"] = 0
    return image


def bilevel(digit: Digit, rng: np.random.Generator, *, frame: Frame = SQUARE) -> Image.Image:
    """Black ink on white, 1 bit."""
    return Image.fromarray(frame.lay(digit, rng) < 0.5)


def deep(digit: Digit, rng: np.random.Generator, *, ink: float, paper: float, dtype: type) -> Image.Image:
    """Dark ink on paper with noise of 1 %, I;16 of uint16 or F of float32, in its own units."""
    noise = 0.01 * abs(paper - ink) * rng.standard_normal(SQUARE.shape)
    return Image.fromarray((paper + SQUARE.lay(digit, rng) * (ink - paper) + noise).astype(dtype))


def snapshot(  # noqa: PLR0913 - one photograph, described
    digit: Digit,
    rng: np.random.Generator,
    *,
    frame: Frame = SQUARE,
    ink: Colour = NAVY,
    paper: Colour = WHITE,
    grain: float = 0.012,
    before: tuple[Effect, ...] = (),
    after: tuple[Effect, ...] = (),
) -> Image.Image:
    """Ink on paper, RGB; `before` happens to the page before the digit is written, `after` after it."""
    page = sheet(frame.shape, paper, rng, grain)
    for effect in before:
        page = effect(page, rng)
    page = inked(page, frame.lay(digit, rng), ink)
    for effect in after:
        page = effect(page, rng)
    return to_8_bit(page)


def phone(digit: Digit, rng: np.random.Generator, *, size: tuple[int, int], extent: tuple[float, float]) -> Image.Image:
    """A phone's picture, RGB of `size` (width, height): room light, paper's grain, defocus, noise.

    It is painted at half the size and enlarged, as soft as a phone's pictures are when they are looked at closely.
    """
    frame = Frame((size[1] // 2, size[0] // 2), extent)
    sense = partial(sensed, sigma=0.8)
    picture = snapshot(digit, rng, frame=frame, grain=0.02, after=(lit(room_light), sense))
    return picture.resize(size, Image.Resampling.BICUBIC)


def neighbour(digit: Digit, rng: np.random.Generator, *, share: float) -> Image.Image:
    """A digit beside another one, L: its own mirror image, cut by the left edge to `share` of its width."""
    ink = SQUARE.lay(digit, rng)
    other = written(digit[:, ::-1], round(0.6 * ink.shape[0]))
    strip = other[:, -max(1, round(share * other.shape[1])) :]
    top = rng.integers(0, ink.shape[0] - strip.shape[0])
    corner = ink[top : top + strip.shape[0], : strip.shape[1]]
    np.maximum(corner, strip, out=corner)
    return to_8_bit(0.95 - 0.85 * ink)


def pasted(digit: Digit, rng: np.random.Generator, *, side: int, paper: Colour) -> Image.Image:
    """A grey scan, L, somewhere on a pure white square of `side` pixels."""
    scan = snapshot(digit, rng, paper=paper, grain=0.01).convert("L")
    white = Image.new("L", (side, side), 255)
    x, y = (int(v) for v in rng.integers(0, side - scan.width, 2, endpoint=True))
    white.paste(scan, (x, y))
    return white


def wide_gradient(digit: Digit, rng: np.random.Generator, *, frame: Frame, darkest: float) -> Image.Image:
    """Ink on paper that darkens from left to right, L; its rows are alike, so that the file stays small."""
    paper = np.linspace(0.95, darkest, frame.shape[1], dtype=np.float32)[None]
    return to_8_bit(paper * (1 - 0.85 * frame.lay(digit, rng)))


def hairline(digit: Digit, rng: np.random.Generator, *, frame: Frame) -> Image.Image:
    """A black line of one pixel on white, L."""
    return Image.fromarray(np.where(thinned(frame.lay(digit, rng) > 0.5), 20, 255).astype(np.uint8))


def broken(digit: Digit, rng: np.random.Generator, *, gaps: float) -> Image.Image:
    """A line that a threshold broke, two levels of L; about the share `gaps` of its ink is lost."""
    left = gapped(SQUARE.lay(digit, rng), gaps, 7, rng)
    return Image.fromarray(np.where(left > 0.5, 0, 255).astype(np.uint8))


def coarse(digit: Digit, rng: np.random.Generator, *, frame: Frame) -> Image.Image:
    """Black and white pixels, L, few of them."""
    return bilevel(digit, rng, frame=frame).convert("L")
