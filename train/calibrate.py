"""Fits on validation images what turns logits into answers: temperature, digit score, two thresholds.

The rules, as the model card states them:

- temperature: least negative log-likelihood (Guo et al., "On Calibration of Modern Neural Networks", 2017)
- confidence threshold: the lowest from 0.93 up at which what is `ok` is at least 99.9 % right
- digit score: the probability that the network gives the ten digits together, against no digit (`with_no_digit`), at
  odds multiplied by `DIGIT_ODDS_FACTOR`
- its threshold: even odds, or what 99.9 % of the validation digits reach, if that is lower
- a digit's probability is its share of the digit score, and a tenth of what is left: whether an image shows a digit at
  all counts for how sure an answer is
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

MIN_OK_ACCURACY = 0.999
"""Share of right answers among the validation images that are `ok`."""

MIN_CONFIDENCE = 0.93
"""The confidence threshold is at least this. Validation digits would do with less, but two fifths of the outliers that
are taken for digits are below it. It was chosen on other draws of the kinds that training never sees, and on digits
of other writers; see train/LOG.md."""

MAX_DIGIT_SCORE_THRESHOLD = 1 / 2
"""The digit score's threshold is at most this: even odds. It was chosen like `MIN_CONFIDENCE`. Digits of other writers
reach it, too, since ones and nines as Italians write them are drawn for training."""

DIGIT_ODDS_FACTOR = 8.0
"""How much higher the odds of a digit are where images are classified than where the default is trained: one image in
nine shows none there, and one in 65 is assumed here. M. Saerens et al., "Adjusting the Outputs of a Classifier to New a
Priori Probabilities" (2002). Chosen on validation digits, their pictures and outliers; see train/LOG.md."""

MIN_PASSING_SHARE = 0.999
"""Share of the validation digits whose digit score reaches its threshold."""

ROUNDING = 1e-4
"""Difference of a digit score that no two machines exceed, so that the digit at the threshold passes on all of them."""

NONE_IS_SURE = 1.01
"""Confidence threshold of a model whose surest answers are wrong too often: over 1, so that nothing reaches it."""


@dataclass(frozen=True)
class Calibration:
    """What the exported graph and its metadata need beside the weights."""

    temperature: float
    confidence_threshold: float
    digit_score_threshold: float

    def apply(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities (N, 10) and digit scores (N,), 0 to 1, of logits (N, 10)."""
        digit_scores = torch.sigmoid(torch.logsumexp(logits, dim=1) + math.log(DIGIT_ODDS_FACTOR))
        shows_digit = digit_scores.unsqueeze(1)
        each = torch.softmax(logits / self.temperature, dim=1)
        return shows_digit * each + (1 - shows_digit) / logits.shape[1], digit_scores


def calibrate(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Calibration:
    """Fit the temperature and both thresholds on validation images.

    Args:
        logits: (N, 10).
        labels: (N,), 0 to 9.
    """
    scaled = Calibration(fit_temperature(logits, labels), confidence_threshold=0, digit_score_threshold=0)
    probabilities, digit_scores = (output.numpy() for output in scaled.apply(torch.from_numpy(logits)))
    return replace(
        scaled,
        confidence_threshold=confidence_threshold_from(MIN_CONFIDENCE, probabilities, labels),
        digit_score_threshold=digit_score_threshold(digit_scores),
    )


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature, 0.05 to 20, at which the labels are likeliest."""
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


def confidence_threshold_from(least: float, probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The threshold `least`, or a higher one if less than 99.9 % of the images that reach it are right."""
    sure = probabilities.max(axis=1) >= least
    right = probabilities[sure].argmax(axis=1) == labels[sure]
    if right.sum() >= MIN_OK_ACCURACY * len(right):
        return least
    return confidence_threshold(probabilities[sure], labels[sure])


def confidence_threshold(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The lowest threshold at which 99.9 % of the images that reach it are right; `NONE_IS_SURE` if there is none."""
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence, kind="stable")
    right = (probabilities.argmax(axis=1) == labels)[order]
    accuracy = np.cumsum(right) / np.arange(1, len(right) + 1)
    ordered = confidence[order]
    last_of_equals = np.append(ordered[1:] != ordered[:-1], True)  # equal confidences are let in together
    good = np.flatnonzero((accuracy >= MIN_OK_ACCURACY) & last_of_equals)
    return float(ordered[good[-1]]) if len(good) else NONE_IS_SURE


def digit_score_threshold(digit_scores: NDArray[np.float32]) -> float:
    """The digit score, 0 to 1/2, from which on an image counts as a digit, by the scores (N,) of validation digits."""
    reached = float(np.quantile(digit_scores, 1 - MIN_PASSING_SHARE, method="lower")) - ROUNDING
    return min(MAX_DIGIT_SCORE_THRESHOLD, max(reached, 0.0))
