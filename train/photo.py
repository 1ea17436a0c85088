"""Simulates what stands between ink and a file: paper, printed lines, light, lenses, sensors.

Images, colours and light are float32 in [0, 1], (H, W) or (H, W, 3), until `to_8_bit`. Shapes are
(height, width) in pixels, and all randomness comes from the generator that is passed.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

Field = NDArray[np.floating[Any]]  # float32, but NumPy's stubs make float32 * float a float64
Shape = tuple[int, int]
Colour = tuple[float, float, float]

_Pixel = TypeVar("_Pixel", bound=np.generic)

RULE_BLUE = (0.60, 0.70, 0.86)  # of ruled paper
RULE_GREY = (0.72, 0.74, 0.76)  # of squared paper

# How a camera turns its pixels for each EXIF orientation.
_STORED = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}


def enlarge(field: Field, shape: Shape) -> Field:
    """A field (h, w) smoothly stretched to `shape`, float32."""
    image = Image.fromarray(field).resize(shape[::-1], Image.Resampling.BICUBIC)
    return np.asarray(image, np.float32)


def box(image: NDArray[_Pixel], inside: NDArray[np.bool_]) -> NDArray[_Pixel]:
    """The smallest part (h, w) of an image (H, W) that holds every pixel of a mask (H, W), not empty."""
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def clouds(shape: Shape, cell: float, rng: np.random.Generator) -> Field:
    """Smooth noise (H, W) around 0, standard deviation about 0.8, with bumps of about `cell` pixels."""
    height, width = (int(side / cell) + 3 for side in shape)
    return enlarge(rng.standard_normal((height, width), np.float32), shape)


def blur(image: Field, sigma: float) -> Field:
    """An image (H, W) or (H, W, 3), blurred by a Gaussian of `sigma` pixels along both of its first axes."""
    reach = int(3 * sigma) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    for axis, side in enumerate(image.shape[:2]):
        margin = [(reach, reach) if k == axis else (0, 0) for k in range(image.ndim)]
        rows = np.moveaxis(np.pad(image, margin, mode="edge"), axis, 0)
        blurred = np.zeros_like(rows[:side])
        for k, weight in enumerate(kernel):
            blurred += weight * rows[k : k + side]
        image = np.moveaxis(blurred, 0, axis)
    return image


def sheet(shape: Shape, colour: Colour, rng: np.random.Generator, grain: float = 0.012) -> Field:
    """Paper (H, W, 3): fine grain, about `grain` of its brightness, over larger blotches."""
    texture: Field = 1 + grain * clouds(shape, 2.5, rng) + 0.6 * grain * clouds(shape, 40, rng)
    return texture[..., None] * np.asarray(colour, np.float32)


def ruled(paper: Field, spacing: float, rng: np.random.Generator, *, squared: bool = False) -> Field:
    """Paper (H, W, 3) with printed lines every `spacing` pixels, a little askew; `squared` has both ways."""
    turn, y0, x0 = rng.normal(0, 0.02), rng.uniform(0, spacing), rng.uniform(0, spacing)
    y, x = _grid(paper.shape[:2])
    width = max(1.0, spacing / 28)
    lines = _lines(y + turn * x + y0, spacing, width)
    if squared:
        lines = np.maximum(lines, _lines(x - turn * y + x0, spacing, width))
    return inked(paper, 0.75 * lines, RULE_GREY if squared else RULE_BLUE)


def inked(paper: Field, ink: Field, colour: Colour) -> Field:
    """Paper (H, W, 3) with ink (H, W), 0 to 1, of a colour on it; ink filters what the paper reflects."""
    return paper + ink[..., None] * (np.asarray(colour, np.float32) * paper - paper)


def uneven(ink: Field, amount: float, rng: np.random.Generator) -> Field:
    """Ink (H, W) that a pen gave off unevenly, up to the share `amount` less here and there."""
    dry: Field = (0.4 + 0.4 * clouds(ink.shape, 20, rng) + 0.1 * clouds(ink.shape, 3, rng)).clip(0, 1)
    return ink * (1 - amount * dry)


def gapped(ink: Field, share: float, cell: float, rng: np.random.Generator) -> Field:
    """Ink (H, W) with gaps, each of about `cell` pixels, on this share of the page."""
    pressure = clouds(ink.shape, cell, rng)
    left: Field = ink * (pressure >= np.quantile(pressure, share))
    return left


def crumbled(ink: Field, grain: float, rng: np.random.Generator) -> Field:
    """The mark (H, W) of a dry stick, chalk or graphite: it misses the dips, of about `grain` pixels."""
    tooth = clouds(ink.shape, grain, rng) + 0.6 * clouds(ink.shape, 3 * grain, rng)
    pressure = blur(ink, 1.2 * grain)
    mark: Field = 1 / (1 + np.exp(6.0 + 2 * tooth - 10 * pressure))
    mark *= (8 * pressure).clip(0, 1)
    return mark


def room_light(shape: Shape, rng: np.random.Generator) -> Field:
    """Light (H, W): it falls off by up to 35 % across the page, and a soft-edged shadow lies on it."""
    y, x = _grid(shape)
    y, x = (y - shape[0] / 2) / max(shape), (x - shape[1] / 2) / max(shape)
    angle, edge = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.3)
    falling = 1 - 0.35 * (0.5 + x * math.cos(angle) + y * math.sin(angle)).clip(0, 1)
    across = x * math.cos(angle + 1.9) + y * math.sin(angle + 1.9) - edge + 0.05 * np.sin(6 * (x - y) + angle)
    light: Field = falling * (1 - 0.3 / (1 + np.exp(-across / 0.02)))
    return light


def lamp_light(shape: Shape, rng: np.random.Generator, darkest: float) -> Field:
    """The light (H, W) of a lamp beside the page: 1 near it, falling evenly to `darkest` at the far end."""
    along = _along(shape, rng.uniform(0, 2 * np.pi))
    light: Field = 1 - (1 - darkest) * (along - along.min()) / np.ptp(along)
    return light


def shadow_light(shape: Shape, rng: np.random.Generator, left: float) -> Field:
    """Light (H, W) of 1, but of `left` beyond an edge, two pixels soft, that runs through the middle."""
    along = _along(shape, rng.uniform(0, 2 * np.pi)) + rng.uniform(-0.05, 0.05)
    light: Field = 1 - (1 - left) * (0.5 + along * max(shape) / 2).clip(0, 1)
    return light


def sensed(scene: Field, rng: np.random.Generator, sigma: float) -> Field:
    """What a camera makes of a scene (H, W, 3): defocus of `sigma` pixels, then sensor noise of 0.6 %."""
    noise = 0.012 * blur(rng.standard_normal(scene.shape[:2], np.float32), 0.6)
    return blur(scene, sigma) + noise[..., None]


def to_8_bit(image: Field) -> Image.Image:
    """A Pillow image, mode L of (H, W) or RGB of (H, W, 3); values outside [0, 1] are cut off."""
    return Image.fromarray((255 * image.clip(0, 1)).round().astype(np.uint8))


def save(image: Image.Image, path: Path, orientation: int = 1, **options: Any) -> None:
    """Write an upright image in the format of the suffix, as a camera held in some way stores it.

    Args:
        image: what is written, upright.
        path: its suffix names the format; replaced if it exists.
        orientation: the EXIF tag: 1, or 3, 6, 8 for pixels that are stored turned.
        options: the format's, see Pillow's `Image.save`.

    Raises:
        OSError: the file cannot be written.
    """
    exif = Image.Exif()
    if orientation != 1:
        image = image.transpose(_STORED[orientation])
        exif[ExifTags.Base.Orientation] = orientation
    image.save(path, exif=exif, **options)


def _grid(shape: Shape) -> tuple[Field, Field]:
    """The row (H, 1) and the column (1, W) of each pixel."""
    height, width = shape
    return np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]


def _along(shape: Shape, angle: float) -> Field:
    """How far each pixel (H, W) lies from the middle in the direction of `angle`, in longer sides."""
    y, x = _grid(shape)
    return ((x - shape[1] / 2) * math.cos(angle) + (y - shape[0] / 2) * math.sin(angle)) / max(shape)


def _lines(positions: Field, spacing: float, width: float) -> Field:
    """The coverage of lines that stand every `spacing` pixels along `positions`, 0 to 1, of the same shape."""
    distance = np.abs((positions + spacing / 2) % spacing - spacing / 2)
    lines: Field = (width / 2 - distance + 0.5).clip(0, 1)
    return lines
