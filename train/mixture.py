"""Chooses the images of an epoch: all real digits, and some of the images that the project draws itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from train.data import CLASSES

NO_DIGIT = CLASSES
"""Label of images that show no digit."""


@dataclass(frozen=True, eq=False)  # == on arrays has no single answer
class Mixture:
    """Real digits and drawn images, canonical."""

    images: NDArray[np.uint8]
    """(N, 28, 28): the real ones first, then the drawn ones, of which `epoch_indices` takes some at random."""
    labels: NDArray[np.int64]
    """(N,), 0 to 9 or `NO_DIGIT`."""
    real: int
    """How many images are real; all are in every epoch, except those after its last whole batch."""
    drawn: int = 0
    """How many of the others are in an epoch."""

    def __len__(self) -> int:
        """Number of images in an epoch."""
        return self.real + self.drawn

    def is_real(self, indices: Tensor) -> Tensor:
        """Whether each index, int64 (B,), is that of a real digit, bool (B,)."""
        return indices < self.real

    def epoch_indices(self, generator: torch.Generator) -> Tensor:
        """Draw the indices of one epoch's images, int64 (len(self),), in random order."""
        others = torch.randperm(len(self.labels) - self.real, generator=generator, device=generator.device)
        chosen = torch.cat([torch.arange(self.real, device=generator.device), self.real + others[: self.drawn]])
        return chosen[torch.randperm(len(chosen), generator=generator, device=generator.device)]
