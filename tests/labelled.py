"""Predictions with labels, whose figures are known."""

from __future__ import annotations

from mnistcls.errors import ErrorCode, ImageError
from mnistcls.evaluation.label_files import NO_DIGIT
from mnistcls.results import Prediction, Status

BROKEN = Prediction.unreadable("b.png", ImageError(ErrorCode.TRUNCATED, "cut short"))


def answer(digit: int, confidence: float, status: Status = Status.OK, path: str = "") -> Prediction:
    rest = (1 - confidence) / 9
    probabilities = tuple(confidence if d == digit else rest for d in range(10))
    return Prediction(path, status, digit, confidence, 0.9, probabilities)


BLANK = Prediction("", Status.NO_DIGIT)

# Of 12 images 9 are right; of 7 that are ok, 6.
LABELLED = [
    *[(0, answer(0, 0.99))] * 4,
    *[(7, answer(7, 0.99))] * 2,
    (7, answer(1, 0.99, path="seven.png")),
    *[(9, answer(9, 0.51, Status.UNCERTAIN))] * 2,
    (9, BLANK),
    (NO_DIGIT, BLANK),
    (9, BROKEN),
]
