"""What a training run is made of: one frozen record for each, with the figures that were chosen on validation."""

from __future__ import annotations

from dataclasses import dataclass, replace

from train.augment import Augmentation


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run's outcome, next to its seed and the data."""

    network: str
    """Name in `train.networks.NETWORKS`."""
    version: str
    """Of the model that this recipe makes, as in exported/CHANGELOG.md."""
    epochs: int
    batch_size: int
    lr: float
    """Peak of the one-cycle schedule."""
    weight_decay: float
    warmup: float
    """Share of the steps in which the learning rate rises."""
    ema_decay: float
    """Of the exponential moving average of the weights, a step."""
    augmentation: Augmentation | None
    """None for the images as they are."""


FULL = {
    "reference": Recipe(
        network="reference",
        version="1.0",
        epochs=50,
        batch_size=128,
        lr=0.006,
        weight_decay=0.01,
        warmup=0.2,
        ema_decay=0.998,
        augmentation=Augmentation(rotation=8, scale=0.08, shear=0.1, shift=0.75, elastic=0.8),
    ),
}
"""The recipes of the released models, by network."""

QUICK = {
    "reference": replace(FULL["reference"], version="1.0-quick", epochs=2, lr=0.005, ema_decay=0.99, augmentation=None)
}
"""Recipes for `--quick`, by network."""
