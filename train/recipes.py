"""The recipes of training runs: of the released models, their teachers and quick trials; chosen on validation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from train.augment import Augmentation


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run's outcome, next to its seed and the data."""

    network: str
    """Name in `train.networks.NETWORKS`."""
    version: str
    """Version of the model that this recipe makes, as in exported/CHANGELOG.md."""
    epochs: int
    """Passes over the real digits."""
    batch_size: int
    """Images in a training step."""
    lr: float
    """Peak of the one-cycle schedule."""
    weight_decay: float
    """Weight decay of AdamW."""
    warmup: float
    """Share of the steps in which the learning rate rises."""
    ema_decay: float
    """Decay per step of the exponential moving average of the weights."""
    augmentation: Augmentation | None
    """Distortions of the training images; None for none."""
    synthetic_share: float = 0.0
    """Digits of the project's own writing in an epoch, per real digit."""
    pictured_share: float = 0.0
    """Pictures of real digits in an epoch, brought back to canonical form, per real digit as it is."""
    outlier_share: float = 0.0
    """Images in an epoch that show no digit, per real digit."""
    teachers: int = 0
    """Networks of the `TEACHER` recipe whose answers are learned in place of real digits' labels; 0 for the labels."""


STRONG = Augmentation(rotation=12, scale=0.12, shear=0.15, shift=1.0, elastic=0.8, pen=0.5, untouched=0.25)
"""Distortions for networks that are large enough to learn from them."""

FULL = {
    "default": Recipe(
        network="default",
        version="4.2",
        epochs=50,
        batch_size=128,
        lr=0.006,
        weight_decay=0.03,
        warmup=0.2,
        ema_decay=0.9995,
        augmentation=STRONG,
        synthetic_share=0.2,
        pictured_share=0.4,
        outlier_share=0.2,
        teachers=4,
    ),
    "reference": Recipe(
        network="reference",
        version="2.1",
        epochs=60,
        batch_size=128,
        lr=0.006,
        weight_decay=0.01,
        warmup=0.2,
        ema_decay=0.998,
        augmentation=Augmentation(rotation=8, scale=0.08, shear=0.1, shift=0.75, elastic=0.8, untouched=0.25),
        synthetic_share=0.05,
        pictured_share=0.15,
        outlier_share=0.05,
        teachers=4,
    ),
}
"""The recipes of the released models, by network."""


def _of_real_digits(recipe: Recipe) -> Recipe:
    """The recipe without synthetic images and without teachers."""
    return replace(recipe, synthetic_share=0.0, pictured_share=0.0, outlier_share=0.0, teachers=0)


TEACHER = replace(_of_real_digits(FULL["default"]), epochs=30)
"""The recipe of the teachers: on real digits alone, since teachers answer for no other images."""


def _quick(recipe: Recipe, epochs: int, lr: float) -> Recipe:
    """A recipe as short as possible, on undistorted real images and their labels."""
    version = f"{recipe.version}-quick"
    plain = replace(_of_real_digits(recipe), augmentation=None)
    return replace(plain, version=version, epochs=epochs, lr=lr, ema_decay=0.99)


QUICK = {
    "default": _quick(FULL["default"], epochs=3, lr=0.006),
    "reference": _quick(FULL["reference"], epochs=2, lr=0.005),
}
"""Recipes for `--quick`, by network."""
