"""An evaluation as JSON; README.md describes the keys."""

from __future__ import annotations

import math
from typing import Any

from mnistcls.evaluation import Evaluation
from mnistcls.evaluation.label_files import NO_DIGIT
from mnistcls.evaluation.metrics import Bin, ClassScores, Proportion
from mnistcls.evaluation.names import ANSWERS, LABELS

SCHEMA = 1
"""Changes when a key is removed or changes its meaning, not when one is added."""


def as_dict(evaluation: Evaluation, *, unlabelled: int) -> dict[str, Any]:
    """All figures, in plain types; what is undefined is None, never NaN.

    Args:
        evaluation: the figures.
        unlabelled: images not scored, as they have no label.
    """
    return {
        "schema": SCHEMA,
        "images": evaluation.accuracy.total,
        "unlabelled": unlabelled,
        "accuracy": _proportion(evaluation.accuracy),
        "accuracy_of_ok": _proportion(evaluation.accuracy_of_ok),
        "coverage": _proportion(evaluation.coverage),
        "calibration_error": _finite(evaluation.calibration_error),
        "negative_log_likelihood": _finite(evaluation.log_loss),
        "statuses": {str(s): {"images": p.total, "right": p.count} for s, p in evaluation.statuses.items()},
        "labels": [{"label": LABELS[label], **_scores(scores)} for label, scores in evaluation.scores.items()],
        "macro": _scores(evaluation.macro),
        "reliability": [_bin(b) for b in evaluation.bins],
        "confusion": {"labels": LABELS, "answers": ANSWERS, "images": evaluation.confusion.tolist()},
        "worst": [
            {"path": m.path, "label": None if m.label == NO_DIGIT else m.label, "digit": m.digit}
            | {"confidence": round(m.confidence, 6)}
            for m in evaluation.worst
        ],
        "unreadable": [{"path": p.path, "error": p.error} for p in evaluation.unreadable],
    }


def _proportion(proportion: Proportion) -> dict[str, Any]:
    low, high = proportion.interval
    return {
        "count": proportion.count,
        "total": proportion.total,
        "share": _finite(proportion.share),
        "low": _finite(low),
        "high": _finite(high),
    }


def _scores(scores: ClassScores) -> dict[str, Any]:
    return {
        "images": scores.support,
        "precision": None if scores.precision is None else _finite(scores.precision),
        "recall": _finite(scores.recall),
        "f1": _finite(scores.f1),
    }


def _bin(b: Bin) -> dict[str, Any]:
    return {
        "low": _finite(b.low),
        "high": _finite(b.high),
        "images": b.right.total,
        "right": b.right.count,
        "confidence": _finite(b.confidence),
    }


def _finite(value: float) -> float | None:
    """Round to six decimals, as everywhere; JSON has no NaN."""
    return round(value, 6) if math.isfinite(value) else None
