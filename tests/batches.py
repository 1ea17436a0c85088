"""Predictions, and batches made of them."""

from __future__ import annotations

import numpy as np

from mnistcls.batch import Batch
from mnistcls.results import STATUSES, Prediction, Status


def eight(path: str, confidence: float = 0.9996) -> Prediction:
    """An 8 that is `ok`."""
    rest = (1 - confidence) / 9
    return Prediction(path, Status.OK, 8, confidence, 0.95, (*[rest] * 8, confidence, rest))


def batch_of(*predictions: Prediction) -> Batch:
    """The batch that iterates as these."""
    return Batch(
        paths=[p.path for p in predictions],
        errors={i: p.error for i, p in enumerate(predictions) if p.error},
        statuses=np.array([STATUSES.index(p.status) for p in predictions], np.uint8),
        digits=np.array([-1 if p.digit is None else p.digit for p in predictions], np.int8),
        probabilities=np.array([p.probabilities or [0.0] * 10 for p in predictions], np.float32).reshape(-1, 10),
        digit_scores=np.array([p.digit_score or 0.0 for p in predictions], np.float32),
    )
