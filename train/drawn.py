"""The images that a run draws itself, beside the real digits: handwriting that MNIST lacks, and what is no digit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save

from train.data import Digits
from train.files import write_whole
from train.handwriting import write_digits
from train.mixture import NO_DIGIT, Mixture
from train.outliers import outliers
from train.recipes import Recipe

POOL = 3
"""Epochs' worth of drawn images that are made; each epoch takes its share of them at random."""


def mix(training: Digits, recipe: Recipe, seed: int, kept: Path) -> Mixture:
    """The real digits and what the recipe asks for beside them.

    Args:
        training: the real digits; also raw material of outliers.
        recipe: says how many are drawn.
        seed: of the drawing; the same one draws the same.
        kept: file that keeps the drawn images, so that a resumed run does not draw them again.
    """
    written, strange = (round(share * len(training)) for share in (recipe.synthetic_share, recipe.outlier_share))
    if written + strange == 0:
        return Mixture(training.images, training.labels, real=len(training))
    if not kept.exists():
        _draw(training, POOL * written, POOL * strange, seed, kept)
    drawn = load_file(kept)
    images = np.concatenate([training.images, drawn["images"]])
    labels = np.concatenate([training.labels, drawn["labels"]])
    return Mixture(images, labels, real=len(training), drawn=written + strange)


def _draw(training: Digits, written: int, strange: int, seed: int, kept: Path) -> None:
    digits = write_digits(written, seed)
    images = np.concatenate([digits.images, outliers(strange, seed, digits=training).images])
    labels = np.concatenate([digits.labels, np.full(strange, NO_DIGIT)])
    write_whole(kept, save({"images": images, "labels": labels}))
