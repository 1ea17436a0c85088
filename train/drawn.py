"""Draws the images that a run adds to MNIST: other handwriting, pictures of its digits, and what is no digit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from mnistcls.errors import CheckpointError
from train.data import Digits
from train.files import write_whole
from train.handwriting import write_digits
from train.mixture import NO_DIGIT, Mixture
from train.outliers import outliers
from train.pictured import picture_digits
from train.recipes import Recipe

POOL = 3
"""How many times the images of one epoch are drawn; each epoch takes its share of them at random."""

SEED = 0
"""Seed of the drawing, whatever the run's seed: runs that differ in that alone show what chance does to training."""


def mix(training: Digits, recipe: Recipe, kept: Path) -> Mixture:
    """The real digits, and the drawn images that the recipe asks for.

    Args:
        training: the real digits; also raw material of outliers.
        recipe: says how many are drawn.
        kept: the file that keeps the drawn images, so that a resumed run does not draw them again.

    Raises:
        CheckpointError: that file is damaged, or holds another number of images.
    """
    shares = recipe.synthetic_share, recipe.pictured_share, recipe.outlier_share
    counts = [round(share * len(training)) for share in shares]
    if not any(counts):
        return Mixture(training.images, training.labels, real=len(training))
    if not kept.exists():
        write_whole(kept, save(_draw(training, [POOL * count for count in counts])))
    drawn = _load(kept, POOL * sum(counts))
    images = np.concatenate([training.images, drawn["images"]])
    labels = np.concatenate([training.labels, drawn["labels"]])
    return Mixture(images, labels, real=len(training), drawn=sum(counts))


def _load(kept: Path, count: int) -> dict[str, NDArray[Any]]:
    """The `count` kept images and their labels, as `_draw` made them."""
    try:
        drawn = load_file(kept)
    except SafetensorError as error:
        raise CheckpointError(f"{kept} is damaged ({error}); delete it, and its images are drawn again") from None
    if set(drawn) != {"images", "labels"} or not count == len(drawn["images"]) == len(drawn["labels"]):
        raise CheckpointError(f"{kept} is not of this recipe; delete it, and its images are drawn again")
    return drawn


def _draw(training: Digits, counts: Sequence[int]) -> dict[str, NDArray[Any]]:
    """Digits of the project's writing, pictures of digits and outliers, as many of each as `counts` says."""
    written, pictured, strange = counts
    digits = write_digits(written, SEED), picture_digits(pictured, SEED, training)
    no_digits = outliers(strange, SEED, digits=training).images
    return {
        "images": np.concatenate([*(kind.images for kind in digits), no_digits]),
        "labels": np.concatenate([*(kind.labels for kind in digits), np.full(strange, NO_DIGIT)]),
    }
