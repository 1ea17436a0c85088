"""Refits `mnistcls.canonical.polarity.SHAPE_WEIGHTS`: `python -m train.polarity`.

Logistic regression on where the bright pixels of a small black and white image of a digit are. Such images leave
nothing else by which to tell ink from paper, and a crop that touches all four borders has no margin to ask either.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image

from mnistcls.canonical.polarity import shape_evidence
from train.data import Digits, load_train, resolve_data_dir
from train.photo import box
from train.script import DataDir, run

DIGITS = 6_000
"""Training digits that are used: three weights need no more."""

HELD_OUT = 0.25
"""Share of the digits that measures accuracy."""

INK = 100  # of 255: brighter pixels are inside a digit's box
SIDES = (16, 64)  # pixels, of the longer side
MAX_SIDE = 48  # pixels, of a crop's longer side after it is reduced
LEVELS = (0.3, 0.7)  # of full ink, at which an image is made black and white
STEPS = 1_000  # of gradient descent: the kinds are all but separable, so the weights would never stop growing
RATE = 2.0  # of learning, per step

_Features = NDArray[np.float64]


class Margin(StrEnum):
    """How a digit is cropped."""

    NONE = "none"
    EVEN = "even"
    RANDOM = "random"

    def widths(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """The pixels above, below, left and right of a digit, (4,), drawn at random."""
        match self:
            case Margin.NONE:
                return np.zeros(4, np.int64)
            case Margin.EVEN:
                return np.full(4, rng.integers(1, 4, endpoint=True))
            case Margin.RANDOM:
                return rng.integers(0, 7, 4, endpoint=True)


def paint(digit: NDArray[np.uint8], margin: Margin, rng: np.random.Generator, *, bright_ink: bool) -> NDArray[np.uint8]:
    """Draw a crop of an MNIST digit (28, 28) in black (0) and white (255), (H, W); every other one is a square."""
    tight = box(digit, digit > INK)
    side = int(rng.integers(*SIDES, endpoint=True))
    shape = np.array([side, side] if rng.random() < 0.5 else tight.shape)
    height, width = np.maximum(1, np.rint(shape * (side / shape.max()))).astype(int).tolist()
    grey = np.asarray(Image.fromarray(tight).resize((width, height), Image.Resampling.BILINEAR))
    ink = grey > rng.uniform(*LEVELS) * grey.max()
    return np.where(np.pad(ink, margin.widths(rng).reshape(2, 2)) == bright_ink, 255, 0).astype(np.uint8)


def fit(features: _Features, bright_ink: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The weights (3,) of a logistic regression without a constant, by gradient descent.

    Args:
        features: (N, 3), inverted where an image is.
        bright_ink: (N,), whether the ink of each image is bright.
    """
    weights = np.zeros(features.shape[1])
    for _ in range(STEPS):
        probability = 1 / (1 + np.exp(-features @ weights))
        weights += RATE * (bright_ink - probability) @ features / len(features)
    return weights


def main(
    data_dir: DataDir = None,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the digits and all that is left to chance.")] = 0,
) -> None:
    """Fit the weights that tell bright ink from dark ink by shape alone, and print how often they are right."""
    digits = load_train(resolve_data_dir(data_dir))
    features, bright_ink, margins = _examples(digits, np.random.default_rng(seed))
    held_out = np.arange(len(features)) < HELD_OUT * len(features)
    weights = fit(features[~held_out], bright_ink[~held_out])
    typer.echo(f"SHAPE_WEIGHTS = [{', '.join(f'{weight:.2f}' for weight in weights)}]")
    right = (features @ weights > 0) == bright_ink
    for margin in Margin:
        typer.echo(f"margin {margin}: {right[held_out & (margins == margin)].mean():.1%} right")


def _examples(digits: Digits, rng: np.random.Generator) -> tuple[_Features, NDArray[np.bool_], NDArray[np.str_]]:
    """Features (N, 3), whether the ink is bright (N,), and the kind of margin (N,)."""
    chosen = rng.permutation(len(digits))[:DIGITS]
    margins = rng.choice(list(Margin), len(chosen))
    bright_ink = rng.random(len(chosen)) < 0.5
    features = [
        shape_evidence(_small(paint(digits.images[index], Margin(margin), rng, bright_ink=bool(bright)))[None])[0]
        for index, margin, bright in zip(chosen, margins, bright_ink, strict=True)
    ]
    return np.array(features), bright_ink, margins


def _small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image (H, W), reduced by a whole factor so that it has at most `MAX_SIDE` pixels a side."""
    return np.asarray(Image.fromarray(image).reduce(-(-max(image.shape) // MAX_SIDE)))


if __name__ == "__main__":
    run(main)
