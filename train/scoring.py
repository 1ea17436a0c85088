"""Scores a calibrated network on labelled digits, for its card."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from mnistcls.batch import statuses_of
from mnistcls.evaluation.metrics import (
    expected_calibration_error,
    negative_log_likelihood,
    reliability,
    wilson_interval,
)
from mnistcls.results import STATUS_INDEX, Status
from train.calibrate import Calibration
from train.data import CLASSES


@dataclass(frozen=True, eq=False)
class Mistakes:
    """The images whose answers and labels differ."""

    confusion: NDArray[np.int64]
    """(10, 10), images by label (rows) and answer (columns)."""
    indices: NDArray[np.int64]
    """(M,), indices of the images with a wrong answer, ascending."""
    answers: NDArray[np.int64]
    """(M,), the wrong answer to each of these images, 0 to 9."""


def calibrated_scores(
    logits: NDArray[np.float32], labels: NDArray[np.int64], prefix: str, calibration: Calibration
) -> dict[str, float]:
    """Compute figures, by names that start with `prefix`; shares are 0 to 1.

    `accuracy` is the network's own, before any refusal; `no_digit`, `ok` and `ok_accuracy` are those of
    `mnistcls evaluate`. `nll` is the negative log-likelihood, `calibration_error` the expected one over 15 bins; `low`
    and `high` are the ends of 95 % intervals.
    """
    probabilities, digit_scores = (part.numpy() for part in calibration.apply(torch.from_numpy(logits)))
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    least_confidence, least_score = calibration.confidence_threshold, calibration.digit_score_threshold
    statuses = statuses_of(confidence, digit_scores, least_confidence, least_score)
    ok, no_digit = (statuses == STATUS_INDEX[status] for status in (Status.OK, Status.NO_DIGIT))
    (low, high), (ok_low, ok_high) = (wilson_interval(int(r.sum()), len(r)) for r in (right, right[ok]))
    figures = {
        "images": float(len(labels)),
        "accuracy": float(right.mean()),
        "accuracy_low": low,
        "accuracy_high": high,
        "nll": negative_log_likelihood(probabilities[np.arange(len(labels)), labels]),
        "calibration_error": expected_calibration_error(reliability(confidence, right)),
        "no_digit": float(no_digit.mean()),
        "ok": float(ok.mean()),
        "ok_accuracy": float(right[ok].mean()) if ok.any() else 0.0,
        "ok_accuracy_low": ok_low,
        "ok_accuracy_high": ok_high,
    }
    return {f"{prefix}_{name}": value for name, value in figures.items()}


def mistakes(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> Mistakes:
    """Find the wrong answers, by logits (N, 10) and labels (N,)."""
    answers = logits.argmax(axis=1)
    confusion = np.bincount(labels * CLASSES + answers, minlength=CLASSES**2).reshape(CLASSES, CLASSES)
    wrong = np.flatnonzero(answers != labels)
    return Mistakes(confusion, wrong, answers[wrong])
