from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mnistcls.canonical import VERSION
from mnistcls.model import CONTRACT, ModelMetadata
from train.calibrate import (
    DIGIT_ODDS_FACTOR,
    MIN_CONFIDENCE,
    Calibration,
    calibrate,
    confidence_threshold,
    confidence_threshold_from,
    digit_score_threshold,
    fit_temperature,
)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def sampled(count: int = 20_000, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits that are calibrated as they are: each label is drawn from the softmax of its row."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2.5, (count, 10)).astype(np.float32)
    sums = softmax(logits).cumsum(axis=1)
    return logits, (sums[:, :-1] < rng.random((count, 1))).sum(axis=1).astype(np.int64)


def judged(*answers: tuple[float, bool]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Probabilities and labels of images with these confidences, answered rightly or wrongly; the digit is 3."""
    confidence = np.array([answer[0] for answer in answers], np.float32)
    probabilities = np.repeat((1 - confidence[:, None]) / np.float32(9), 10, axis=1)
    probabilities[:, 3] = confidence
    return probabilities, np.array([3 if right else 4 for _, right in answers])


# --- temperature


@pytest.mark.parametrize("temperature", [0.25, 1.0, 3.0])
def test_finds_the_temperature_that_was_put_in(temperature: float) -> None:
    logits, labels = sampled()
    assert fit_temperature(logits * np.float32(temperature), labels) == pytest.approx(temperature, rel=0.03)


def test_temperature_does_not_hang_on_the_order() -> None:
    logits, labels = sampled(2_000)
    assert fit_temperature(logits[::-1].copy(), labels[::-1].copy()) == pytest.approx(fit_temperature(logits, labels))


@pytest.mark.parametrize("size", [1.0, 10.0, 1000.0])
def test_answers_that_are_all_right_give_a_finite_positive_temperature(size: float) -> None:
    labels = np.arange(100) % 10
    temperature = fit_temperature((np.eye(10)[labels] * size).astype(np.float32), labels)
    assert 0 < temperature <= 20
    assert np.isfinite(softmax(np.eye(10, dtype=np.float32) * size / temperature)).all()


def test_answers_that_are_all_wrong_give_a_finite_positive_temperature() -> None:
    labels = np.arange(100) % 10
    temperature = fit_temperature((np.eye(10)[(labels + 1) % 10] * 10).astype(np.float32), labels)
    assert 1 < temperature <= 20


# --- confidence threshold


def test_threshold_is_the_lowest_that_keeps_the_wrong_ones_out() -> None:
    assert confidence_threshold(*judged((0.99, True), (0.6, True), (0.9, True), (0.5, False), (0.4, True))) == (
        pytest.approx(0.6)
    )


def test_threshold_lets_one_error_in_a_thousand_pass() -> None:
    right = [(0.99 - k * 1e-4, True) for k in range(1_000)]
    wrong_second = [right[0], (0.98995, False), *right[1:]]
    assert confidence_threshold(*judged(*wrong_second)) == pytest.approx(right[-1][0])  # 1,000 of 1,001
    assert confidence_threshold(*judged(*wrong_second[:-2])) == pytest.approx(right[0][0])  # 998 of 999


def test_everything_is_ok_where_everything_is_right() -> None:
    assert confidence_threshold(*judged((0.9, True), (0.2, True), (0.7, True))) == pytest.approx(0.2)


def test_what_is_right_below_the_least_confidence_makes_up_for_nothing() -> None:
    answers = [(0.99, True)] * 1_000 + [(0.97, False)] * 2 + [(0.9, True)] * 3_000
    assert confidence_threshold(*judged(*answers)) == pytest.approx(0.9)
    assert confidence_threshold_from(0.93, *judged(*answers)) == pytest.approx(0.99)


def test_the_least_confidence_is_enough_where_all_from_there_on_are_let_in() -> None:
    assert confidence_threshold_from(0.93, *judged((0.99, True), (0.95, True), (0.9, False))) == 0.93


def test_no_confidence_is_enough_where_the_surest_answer_is_wrong() -> None:
    assert confidence_threshold(*judged((0.9, False), (0.8, True))) >= 1


def test_threshold_does_not_hang_on_the_order() -> None:
    answers = [(0.99, True), (0.95, True), (0.9, False), (0.3, True)]
    assert confidence_threshold(*judged(*answers)) == confidence_threshold(*judged(*reversed(answers)))


@pytest.mark.parametrize("wrong_first", [False, True])
def test_equal_confidences_are_let_in_together_or_not_at_all(wrong_first: bool) -> None:
    tied = [(0.9, True)] * 3 + [(0.9, False)]
    answers = [(0.95, True), *(reversed(tied) if wrong_first else tied)]
    assert confidence_threshold(*judged(*answers)) == pytest.approx(0.95)


def test_no_confidence_is_enough_where_a_certain_answer_is_wrong() -> None:
    probabilities, labels = judged((1.0, True), (1.0, False))
    threshold = confidence_threshold(probabilities, labels)
    assert not (probabilities.max(axis=1) >= threshold).any()


def test_threshold_that_nothing_reaches_can_stand_in_a_model() -> None:
    nobody = confidence_threshold(*judged((0.9, False)))
    metadata = ModelMetadata(CONTRACT, "reference", "1", VERSION, nobody, 0.5, {}, {})
    assert ModelMetadata.from_json(metadata.to_json()).confidence_threshold == nobody


# --- digit score and the whole


def test_digit_score_is_the_probability_of_ten_digits_against_none() -> None:
    logits, labels = sampled(1_000)
    probabilities, digit_scores = calibrate(logits, labels).apply(torch.from_numpy(logits))
    odds = DIGIT_ODDS_FACTOR * np.exp(logits.astype(np.float64)).sum(axis=1)
    np.testing.assert_allclose(digit_scores.numpy(), odds / (odds + 1), rtol=1e-5)
    np.testing.assert_allclose(probabilities.sum(dim=1).numpy(), 1, rtol=1e-5)


def test_an_answer_is_as_sure_as_that_there_is_a_digit() -> None:
    """At odds of 1 to 1 and 8 to 1, of a network that is otherwise sure which digit it would be."""
    logits = torch.full((2, 10), -40.0)
    logits[0, 7], logits[1, 7] = -math.log(DIGIT_ODDS_FACTOR), 0.0
    probabilities, digit_scores = Calibration(1.0, 0.9, 0.5).apply(logits)
    np.testing.assert_allclose(digit_scores.numpy(), [1 / 2, 8 / 9], rtol=1e-5)
    np.testing.assert_allclose(probabilities[:, 7].numpy(), [1 / 2 + 1 / 20, 8 / 9 + 1 / 90], rtol=1e-5)
    np.testing.assert_allclose(probabilities[:, 0].numpy(), [1 / 20, 1 / 90], rtol=1e-5)


def test_no_answer_is_sure_below_the_least_confidence() -> None:
    labels = np.arange(1_000) % 10
    logits = np.eye(10, dtype=np.float32)[labels] + np.random.default_rng(0).normal(0, 0.1, (1_000, 10)).astype(
        np.float32
    )
    assert confidence_threshold(softmax(logits), labels) < MIN_CONFIDENCE
    assert calibrate(logits, labels).confidence_threshold >= MIN_CONFIDENCE


def test_an_image_is_a_digit_at_even_odds() -> None:
    assert digit_score_threshold(np.linspace(0.7, 1, 10_000, dtype=np.float32)) == 0.5


def test_threshold_sinks_until_all_but_one_digit_in_a_thousand_pass() -> None:
    scores = np.linspace(0, 1, 10_000, dtype=np.float32)
    refused = (scores < digit_score_threshold(scores)).sum()
    assert 8 <= refused <= 10
    assert digit_score_threshold(np.zeros(10, np.float32)) == 0.0


def test_threshold_is_fitted_to_calibrated_probabilities() -> None:
    logits, labels = sampled(5_000)
    fitted = calibrate(logits * 4, labels)
    assert fitted.temperature == pytest.approx(4, rel=0.05)
    calibrated = softmax(logits * np.float32(4 / fitted.temperature))
    assert fitted.confidence_threshold == pytest.approx(confidence_threshold(calibrated, labels), abs=1e-5)
    accepted = calibrated.max(axis=1) >= fitted.confidence_threshold
    assert accepted.any()
    assert (calibrated.argmax(axis=1) == labels)[accepted].mean() >= 0.999


def test_logits_that_are_all_alike_give_finite_figures() -> None:
    fitted = calibrate(np.zeros((50, 10), np.float32), np.arange(50) % 10)
    assert fitted.temperature == pytest.approx(1)
    assert all(np.isfinite(value) for value in vars(fitted).values())
