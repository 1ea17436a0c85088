"""What the everyday kinds of picture are drawn with: pages, pens, lines, print, tables, cameras.

Pages are float32 (H, W, 3) and ink is coverage, float32 (H, W), both 0 to 1. Points are pixels (P, 2), x before y.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from train.enlarged import Digit, Frame
from train.photo import Colour, Field, Shape, clouds, enlarge, room_light, sensed, sheet, to_8_bit
from train.strokes import Points

Rng = np.random.Generator

SQUARE: Shape = (200, 200)
MIDDLE = np.array([100.0, 100.0])

PAPER: Colour = (0.94, 0.94, 0.92)
BLACK: Colour = (0.12, 0.12, 0.14)
BLUE: Colour = (0.12, 0.20, 0.55)
RED: Colour = (0.80, 0.12, 0.12)
PRINT: Colour = (0.20, 0.20, 0.22)
WOOD: Colour = (0.62, 0.43, 0.26)

_FINE = 3  # pixels that are drawn for each, so that edges are smooth

_Any = TypeVar("_Any")

Centre = Sequence[float] | NDArray[np.floating[Any] | np.integer[Any]]
"""A point."""


def one_of(rng: Rng, *choices: _Any) -> _Any:
    """One of these, each as likely as the others."""
    return choices[rng.integers(len(choices))]


def page(rng: Rng, colour: Colour = PAPER, shape: Shape = SQUARE, grain: float = 0.012) -> Field:
    """Paper, or anything else with a little grain."""
    return sheet(shape, colour, rng, grain)


def pen(rng: Rng) -> Colour:
    """The colour of an everyday pen: black or blue."""
    return one_of(rng, BLACK, BLUE)


def lay(digit: Digit, rng: Rng, extent: tuple[float, float] = (0.45, 0.6), shape: Shape = SQUARE) -> Field:
    """A digit's ink near the middle; `extent` as in `Frame`."""
    return Frame(shape, extent).lay(digit, rng)


def placed(ink: Field, centre: Centre, shape: Shape = SQUARE) -> Field:
    """Ink (h, w) with its middle at a point, x before y, of a page of this shape; what lies outside is cut off."""
    height, width = ink.shape
    left, top = round(centre[0] - width / 2), round(centre[1] - height / 2)
    margin = max(height, width)
    whole = np.zeros((shape[0] + 2 * margin, shape[1] + 2 * margin), np.float32)
    whole[top + margin : top + margin + height, left + margin : left + margin + width] = ink
    return whole[margin:-margin, margin:-margin]


def painted(page: Field, cover: Field, colour: Colour) -> Field:
    """A page under paint through which nothing shows, of one colour."""
    return page + cover[..., None] * (np.asarray(colour, np.float32) - page)


def lines(paths: Sequence[Points], width: float, shape: Shape = SQUARE) -> Field:
    """The ink of lines through points, `width` pixels wide."""
    canvas = Image.new("L", (_FINE * shape[1], _FINE * shape[0]))
    draw = ImageDraw.Draw(canvas)
    for path in paths:
        points = [tuple(point) for point in (_FINE * np.asarray(path)).tolist()]
        draw.line(points, 255, max(1, round(_FINE * width)), joint="curve")
    return _reduced(canvas)


def filled(outlines: Sequence[Points], shape: Shape = SQUARE) -> Field:
    """The ink of filled outlines."""
    canvas = Image.new("L", (_FINE * shape[1], _FINE * shape[0]))
    draw = ImageDraw.Draw(canvas)
    for outline in outlines:
        draw.polygon([tuple(point) for point in (_FINE * np.asarray(outline)).tolist()], 255)
    return _reduced(canvas)


def _reduced(canvas: Image.Image) -> Field:
    return np.asarray(canvas.reduce(_FINE), np.float32) / 255


def circle(radius: float, centre: Centre = MIDDLE) -> Points:
    """The outline of a circle, closed."""
    turn = np.linspace(0, 2 * np.pi, 90)
    points: Points = np.asarray(centre) + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return points


def rectangle(left: float, top: float, right: float, bottom: float) -> Points:
    """The outline of a rectangle, closed."""
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], float)


def print_of(words: str, size: float, at: tuple[float, float], shape: Shape = SQUARE) -> Field:
    """The ink of printed words, `size` pixels high, their upper left corner at a point, x before y."""
    canvas = Image.new("L", shape[::-1])
    ImageDraw.Draw(canvas).text(at, words, 255, ImageFont.load_default(size))
    return np.asarray(canvas, np.float32) / 255


def grid(shape: Shape = SQUARE) -> tuple[Field, Field]:
    """The row and the column of each pixel, both (H, W)."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return y, x


def wood(rng: Rng, shape: Shape = SQUARE, colour: Colour = WOOD) -> Field:
    """The top of a table, with the grain of planed wood."""
    y, _ = grid(shape)
    fibres = enlarge(rng.standard_normal((shape[0] // 3, shape[1] // 60 + 3), np.float32), shape)
    rings = np.sin(y / 7 + 3 * clouds(shape, 80, rng))
    return (1 + 0.05 * fibres + 0.1 * rings)[..., None] * np.asarray(colour, np.float32)


def turned(page: Field, degrees: float) -> Image.Image:
    """A page turned about its middle, with black corners."""
    return to_8_bit(page).rotate(degrees, Image.Resampling.BICUBIC)


def jpeg(page: Field, quality: int = 85) -> Image.Image:
    """The picture of a page, as a JPEG file of this quality gives it back."""
    file = io.BytesIO()
    to_8_bit(page).save(file, "JPEG", quality=quality)
    return Image.open(file)


def photographed(page: Field, rng: Rng, defocus: float = 0.8) -> Image.Image:
    """A page in the light of a room, as a camera stores it; `defocus` is in pixels."""
    return jpeg(sensed(page * room_light(page.shape[:2], rng)[..., None], rng, defocus))
