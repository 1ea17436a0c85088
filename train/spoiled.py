"""Makes outliers of MNIST's digits: several, cut, laid over each other, struck out.

None are turned or mirrored: MNIST's slant makes too many lying 2s, 4s, 5s and 7s legible, as themselves or as another.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from mnistcls.canonical import SIZE
from train.data import Digits
from train.photo import Field
from train.sketch import Picture, cosine, cropped, worn_on_paper

SCALE = 3  # pixels for each of MNIST's: lines are drawn over a digit at this size

CUTS = {0: "tb", 2: "b", 4: "t", 5: "t", 9: "l"}
"""Ends (top, bottom, left) of a digit that nobody reads as a digit: not the rings of 6, 8 and 9, not the right
of a 3 or 8 (a 3), not the left of a 5 (an S), not the lines that are left of 1, 3, 4 and 7."""

CUT_AT = (0.3, 0.46)
"""Share of the digit that is left: half of a digit, slanted as MNIST's are, is still too legible."""

RINGED = (0, 6, 8, 9)
"""Digits with a ring. Rings over rings are an 8 or a 6, so of two overlaid digits at most one has a ring."""

OPEN = (2, 3, 4, 5, 7)
"""Digits without a ring, but for the 1, which hides in all others."""

GRIDS = (1, 2), (1, 3), (1, 5), (2, 1), (2, 1), (3, 1), (3, 1), (5, 1), (2, 2), (3, 3)
"""Rows and columns in which digits stand apart. In a single column, a ring under a ring is an 8, and a 1 under a 1 is a
1 with a gap; so only the first may be any digit."""

MAX_COSINE = 0.76
"""Cosine of two digits laid over each other with one of them: above this, that one can still be read."""


def several(rng: np.random.Generator, digits: Digits) -> Picture:
    """Two or three digits side by side, often touching."""
    row = _digit(rng, digits)
    for _ in range(rng.choice([1, 2], p=[0.75, 0.25])):
        other = _digit(rng, digits)
        gap = int(rng.integers(-1, 6))  # more overlap, and a 1 vanishes in its neighbour
        height = max(row.shape[0], other.shape[0])
        page = np.zeros((height + 8, row.shape[1] + other.shape[1] + gap), np.float32)
        top = rng.integers(0, height + 9 - np.array([row.shape[0], other.shape[0]]))
        page[top[0] : top[0] + row.shape[0], : row.shape[1]] = row
        corner = page[top[1] : top[1] + other.shape[0], row.shape[1] + gap :]
        np.maximum(corner, other, out=corner)
        row = cropped(page)[1:-1, 1:-1]
    return worn_on_paper(_enlarged(row), rng)


def apart(rng: np.random.Generator, digits: Digits) -> Picture:
    """Two to five digits that do not touch: in a row, in a column, strewn about."""
    rows, columns = GRIDS[rng.integers(len(GRIDS))]
    count = rng.integers(2, min(rows * columns, 5), endpoint=True)
    side = SIZE + int(rng.integers(0, SIZE))
    page = np.zeros((rows * side, columns * side), np.float32)
    for number, cell in enumerate(rng.permutation(rows * columns)[:count].tolist()):
        ink = _digit(rng, digits, OPEN if columns == 1 and number else tuple(range(10)))
        top, left = np.multiply(divmod(cell, columns), side) + rng.integers(0, side - np.array(ink.shape) + 1)
        page[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return worn_on_paper(_enlarged(page), rng)


def part(rng: np.random.Generator, digits: Digits) -> Picture:
    """An end of a digit."""
    label = int(rng.choice(list(CUTS)))
    half = _digit(rng, digits, (label,))
    at = rng.uniform(*CUT_AT)
    row, column = round(at * half.shape[0]), round(at * half.shape[1])
    windows = {
        "t": half[:row],
        "b": half[half.shape[0] - row :],
        "l": half[:, :column],
    }
    left = windows[str(rng.choice(list(CUTS[label])))]
    return Picture(worn_on_paper(_enlarged(left), rng).image)


def overlaid(rng: np.random.Generator, digits: Digits) -> Picture | None:
    """Two different digits over each other; None if one of them hides the other."""
    labels = np.concatenate([rng.choice(RINGED, 1), rng.permutation(OPEN)])[rng.choice([0, 1]) :][:2]
    both = [np.zeros((SIZE + 8, SIZE + 8), np.float32) for _ in labels]
    for page, label in zip(both, labels.tolist(), strict=True):
        y, x = rng.integers(0, 9, 2)
        page[y : y + SIZE, x : x + SIZE] = _whole(rng, digits, (label,))
    union = np.maximum(*both)
    if max(cosine(union, page) for page in both) > MAX_COSINE:
        return None
    return worn_on_paper(_enlarged(union), rng)


def struck(rng: np.random.Generator, digits: Digits) -> Picture:
    """A digit crossed out: several lines, a zigzag or a double cross from edge to edge."""
    ink = cropped(np.pad(_whole(rng, digits, (0, 2, 3, 4, 5, 6, 7, 8, 9)), 8))
    ink = np.pad(ink, 5)
    image = Image.fromarray((255 * _enlarged(ink)).astype(np.uint8))
    draw, width = ImageDraw.Draw(image), int(rng.integers(4, 10))
    middle, half = np.array(image.size) / 2, np.array(image.size) / 2 - 4
    for line in _strikes(rng):
        points = middle + line * half + rng.normal(0, 2.5, line.shape)
        draw.line([(float(x), float(y)) for x, y in points], 255, width, "curve")
    return worn_on_paper(np.asarray(image, np.float32) / 255, rng)


def _strikes(rng: np.random.Generator) -> list[Field]:
    """Polylines (K, 2) in [-1, 1] that leave nothing legible: all go from one edge to the other."""
    match rng.integers(3):
        case 0:  # a zigzag
            legs = int(rng.integers(5, 10))
            x = np.where(np.arange(legs) % 2, 1.0, -1.0)
            return [np.stack([x, np.linspace(-0.8, 0.8, legs)], axis=1)[:, :: int(rng.choice([1, -1]))]]
        case 1:  # a hatching, one way
            slope, count = rng.uniform(-0.9, 0.9), int(rng.integers(3, 6))
            levels = np.linspace(-0.6, 0.6, count)
            return [np.array([[-1, y + slope / 2], [1, y - slope / 2]]).clip(-1, 1) for y in levels]
        case _:  # two lines each way
            offsets = rng.uniform(0.1, 0.35, 2)
            falling = [np.array([[-1, -1 + 2 * o], [1, 1]]) - o / 2 for o in (0, offsets[0])]
            rising = [np.array([[-1, 1], [1, -1 + 2 * o]]) - o / 2 for o in (0, offsets[1])]
            return falling + rising


def _whole(rng: np.random.Generator, digits: Digits, labels: tuple[int, ...]) -> Field:
    """Draw a digit with one of these labels; its ink, (28, 28)."""
    candidates = rng.integers(len(digits), size=400)
    fitting = candidates[np.isin(digits.labels[candidates], labels)]
    if not len(fitting):
        fitting = np.flatnonzero(np.isin(digits.labels, labels))
    ink: Field = digits.images[fitting[0]].astype(np.float32) / 255
    return ink


def _digit(rng: np.random.Generator, digits: Digits, labels: tuple[int, ...] = tuple(range(10))) -> Field:
    """Draw a digit as `_whole` does, cropped to its ink."""
    return cropped(_whole(rng, digits, labels))[1:-1, 1:-1]


def _enlarged(ink: Field) -> Field:
    """Ink three times as large, its edges smooth."""
    image = Image.fromarray(ink.astype(np.float32))
    size = image.width * SCALE, image.height * SCALE
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.float32).clip(0, 1)
