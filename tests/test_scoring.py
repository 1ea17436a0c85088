from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcls.evaluation.metrics import wilson_interval
from train.calibrate import Calibration
from train.scoring import calibrated_scores, mistakes

CALIBRATION = Calibration(temperature=1.0, confidence_threshold=0.9, digit_score_threshold=0.5)


def answers(*rows: tuple[int, float]) -> NDArray[np.float32]:
    """Logits that give each answer that much more than the others, which have -10."""
    logits = np.full((len(rows), 10), -10.0, np.float32)
    for row, (digit, logit) in zip(logits, rows, strict=True):
        row[digit] = logit
    return logits


def surely_digits(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same answers, with so much of a digit that whether there is one counts for nothing."""
    return logits + np.float32(30)


def test_scores_count_what_is_right() -> None:
    logits = surely_digits(np.eye(10, dtype=np.float32)[[3, 1, 4, 1]] * 10)
    values = calibrated_scores(logits, np.array([3, 1, 4, 5]), "val", CALIBRATION)
    names = "images accuracy accuracy_low accuracy_high nll calibration_error no_digit ok ok_accuracy"
    assert set(values) == {f"val_{name}" for name in [*names.split(), "ok_accuracy_low", "ok_accuracy_high"]}
    assert values["val_accuracy"] == 0.75
    assert (values["val_accuracy_low"], values["val_accuracy_high"]) == wilson_interval(3, 4)
    assert values["val_images"] == 4
    assert values["val_nll"] == pytest.approx(10 / 4, abs=1e-3)


def test_scores_are_calibrated_by_the_temperature() -> None:
    logits = np.zeros((1, 10), np.float32)
    logits[0, 2] = 6.0
    values = calibrated_scores(surely_digits(logits), np.array([2]), "test", replace(CALIBRATION, temperature=2.0))
    assert values["test_nll"] == pytest.approx(math.log(math.exp(3) + 9) - 3, rel=1e-5)
    assert values["test_accuracy"] == 1.0


def test_scores_are_plain_numbers() -> None:
    values = calibrated_scores(np.zeros((2, 10), np.float32), np.array([0, 1]), "val", CALIBRATION)
    assert {type(value) for value in values.values()} == {float}


def test_thresholds_sort_the_answers_as_the_tool_does() -> None:
    # sure and right; sure and wrong; unsure (two alike); no digit at all, though right
    logits = answers((1, 5.0), (2, 5.0), (3, 4.0), (4, -5.0))
    logits[2, 7] = 4.0
    figures = calibrated_scores(logits, np.array([1, 9, 3, 4]), "val", CALIBRATION)
    assert figures["val_images"] == 4
    assert figures["val_accuracy"] == 0.75
    assert figures["val_no_digit"] == 0.25
    assert figures["val_ok"] == 0.5
    assert figures["val_ok_accuracy"] == 0.5
    assert figures["val_ok_accuracy_low"] < 0.5 < figures["val_ok_accuracy_high"]


def test_calibration_error_is_that_of_confidence_against_accuracy() -> None:
    right = answers(*[(1, 5.0)] * 3, (2, 5.0))
    figures = calibrated_scores(right, np.ones(4, np.int64), "test", CALIBRATION)
    assert figures["test_calibration_error"] == pytest.approx(0.25, abs=1e-3)


def test_nothing_ok_is_no_error() -> None:
    figures = calibrated_scores(answers((1, -9.0)), np.array([1]), "test", CALIBRATION)
    assert (figures["test_ok"], figures["test_ok_accuracy"], figures["test_no_digit"]) == (0, 0, 1)


def test_mistakes_are_found_and_counted() -> None:
    wrong = mistakes(answers((1, 5.0), (7, 5.0), (3, 5.0), (7, 5.0)), np.array([1, 1, 3, 1]))
    assert wrong.indices.tolist() == [1, 3]
    assert wrong.answers.tolist() == [7, 7]
    assert wrong.confusion.sum() == 4
    assert wrong.confusion[1, 7] == 2
