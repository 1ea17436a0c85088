"""What a network learns in place of labels: what its teachers make of the same images, each asked about once.

G. Hinton et al., "Distilling the Knowledge in a Neural Network" (2015), with L. Beyer et al., "Knowledge distillation:
A good teacher is patient and consistent" (2022): teachers answer to the very image that is learned from, distorted as
it is, and there are many epochs of it.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from train.networks import with_no_digit


class Teaches(Protocol):
    """What answers in place of the labels."""

    def logits(self, images: Tensor) -> Tensor:
        """Of the ten digits, float (N, 10), for images (N, 1, 28, 28) as the network sees them."""


class Lessons:
    """A teacher's answers, remembered by their place in training.

    Args:
        teacher: what answers.
        softness: temperature at which answers and logits are compared: the higher, the more do unlikely digits count.
    """

    def __init__(self, teacher: Teaches, softness: float) -> None:
        self._teacher, self._softness = teacher, softness
        self._answers: dict[tuple[int, int], Tensor] = {}  # 16 bits a logit: 1.5 MB for an epoch of 75,000 images

    def losses(self, logits: Tensor, images: Tensor, place: tuple[int, int]) -> Tensor:
        """How far logits, float (N, 10), are from the teacher's for images (N, 1, 28, 28), each: float (N,).

        Args:
            logits: the network's.
            images: asked about if this place is new, and otherwise those of the last time.
            place: epoch and step, of those that differ.
        """
        if place not in self._answers:
            self._answers[place] = self._teacher.logits(images).half()
        answers = with_no_digit(self._answers[place].float())
        targets = torch.softmax(answers / self._softness, dim=1)
        losses = F.cross_entropy(with_no_digit(logits) / self._softness, targets, reduction="none")
        return losses * self._softness  # a softer loss has the smaller gradient
