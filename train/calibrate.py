"""Fits what turns logits into answers, on validation images alone: temperature, digit score, two thresholds.

The rules, as the model card states them:

- temperature: least negative log-likelihood (Guo et al., "On Calibration of Modern Neural Networks", 2017)
- confidence threshold: the lowest at which what is `ok` is at least 99.9 % right
- digit score: a sigmoid of the energy logsumexp(logits) (Liu et al., "Energy-based Out-of-distribution Detection",
  2020), scaled so that its threshold of 0.5 lets 99.9 % of the validation digits pass
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

OK_ACCURACY = 0.999
PASSING_DIGITS = 0.999
ROUNDING = 1e-3
"""Of an energy, more than any two machines differ by: the digit at the threshold passes on all of them."""

NONE_IS_SURE = 1.01
"""Confidence threshold of a model whose surest answers are wrong too often: over 1, so that nothing reaches it."""

DIGIT_SCORE_THRESHOLD = 0.5


@dataclass(frozen=True)
class Calibration:
    """What the exported graph and its metadata need beside the weights."""

    temperature: float
    energy_offset: float
    """Energy at which the digit score is 0.5."""
    energy_scale: float
    """Energy over which the digit score's odds change by a factor of e."""
    confidence_threshold: float
    digit_score_threshold: float

    def apply(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities (N, 10) and digit scores (N,), 0 to 1, of logits (N, 10)."""
        energy = torch.logsumexp(logits, dim=1)
        score = torch.sigmoid((energy - self.energy_offset) / self.energy_scale)
        return torch.softmax(logits / self.temperature, dim=1), score


def calibrate(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Calibration:
    """Fit on validation images.

    Args:
        logits: (N, 10).
        labels: (N,), 0 to 9.
    """
    temperature = fit_temperature(logits, labels)
    probabilities = torch.softmax(torch.from_numpy(logits) / temperature, dim=1).numpy()
    energy = torch.logsumexp(torch.from_numpy(logits), dim=1).numpy()
    return Calibration(
        temperature=temperature,
        energy_offset=float(np.quantile(energy, 1 - PASSING_DIGITS, method="lower")) - ROUNDING,
        energy_scale=float(energy.std()) + 1e-6,
        confidence_threshold=confidence_threshold(probabilities, labels),
        digit_score_threshold=DIGIT_SCORE_THRESHOLD,
    )


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature under which the labels are likeliest; positive."""
    x, y = torch.from_numpy(logits).double(), torch.from_numpy(labels)
    log_temperature = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([log_temperature], max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(x / log_temperature.exp(), y)
        loss.backward()
        return loss

    optimizer.step(closure)
    return float(log_temperature.detach().exp().clamp(0.05, 20))  # an untrained network has no best temperature


def confidence_threshold(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The lowest confidence from which on at least 99.9 % of the images are right; just over 1 if there is none."""
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    right = (probabilities.argmax(axis=1) == labels)[order]
    accuracy = np.cumsum(right) / np.arange(1, len(right) + 1)
    ordered = confidence[order]
    last_of_equals = np.append(ordered[1:] != ordered[:-1], True)  # equal confidences are let in together
    good = np.flatnonzero((accuracy >= OK_ACCURACY) & last_of_equals)
    return float(ordered[good[-1]]) if len(good) else NONE_IS_SURE
