from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from mnistcls.evaluation.metrics import (
    BINS,
    LEAST_PROBABILITY,
    class_scores,
    expected_calibration_error,
    macro_average,
    negative_log_likelihood,
    reliability,
    wilson_interval,
)

# Labels and answers of N images, N >= 1; classes may be empty, never answered, or always mistaken.
PAIRS = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 11)), min_size=1, max_size=60)
ANSWERS = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),  # the example of R. G. Newcombe (1998), table I, method 3
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (9_920, 10_000, 0.99005, 0.99357),
    ],
)
def test_interval_is_the_published_one(correct: int, total: int, low: float, high: float) -> None:
    assert wilson_interval(correct, total) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("total", [1, 4, 19, 24, 10_000])
def test_all_or_none_are_at_the_end_of_their_interval(total: int) -> None:
    assert wilson_interval(total, total)[1] == 1.0
    assert wilson_interval(0, total)[0] == 0.0


def test_no_trials_tell_nothing() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("total", [1, 7, 10_000])
def test_all_or_none_correct_stays_between_0_and_1(total: int) -> None:
    none, every = wilson_interval(0, total), wilson_interval(total, total)
    assert 0.0 <= none[0] < 1e-12 < none[1] < 1.0
    assert 0.0 < every[0] < 1 - 1e-12 < every[1] <= 1.0
    assert every == pytest.approx((1 - none[1], 1 - none[0]))


def test_interval_holds_the_share_and_narrows_with_more_trials() -> None:
    few, many = wilson_interval(9, 10), wilson_interval(900, 1000)
    assert few[0] < many[0] < 0.9 < many[1] < few[1]


# --- against scikit-learn


@settings(deadline=None, max_examples=60)
@given(PAIRS)
def test_precision_recall_and_f1_are_scikit_learns(pairs: list[tuple[int, int]]) -> None:
    truth, answers = zip(*pairs, strict=True)
    confusion = confusion_matrix(truth, answers, labels=range(12))[:11]

    scores = class_scores(confusion)

    present = sorted(set(truth))
    assert list(scores) == present
    ours = [(s.precision or 0.0, s.recall, s.f1, s.support) for s in scores.values()]
    expected = precision_recall_fscore_support(truth, answers, labels=present, zero_division=0)
    np.testing.assert_allclose(np.transpose(ours), expected)
    assert [c for c, s in scores.items() if s.precision is None] == [c for c in present if c not in answers]
    macro = macro_average(scores)
    means = precision_recall_fscore_support(truth, answers, labels=present, zero_division=0, average="macro")[:3]
    np.testing.assert_allclose((macro.precision, macro.recall, macro.f1), means)
    assert macro.support == len(pairs)


@settings(deadline=None, max_examples=60)
@given(ANSWERS)
def test_reliability_is_scikit_learns_calibration_curve(answers: list[tuple[float, bool]]) -> None:
    confidence, right = map(np.array, zip(*answers, strict=True))

    bins = reliability(confidence, right)

    filled = [b for b in bins if b.right.total]
    shares, means = calibration_curve(right, confidence, n_bins=BINS)
    np.testing.assert_allclose([b.right.share for b in filled], shares)
    np.testing.assert_allclose([b.confidence for b in filled], means)
    assert sum(b.right.total for b in bins) == len(answers)
    assert sum(b.right.count for b in bins) == right.sum()


def probabilities(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels (N,) and float32 probabilities (N, 10), many of them extreme."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 30, (count, 10))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return rng.integers(0, 10, count), (p / p.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 500])
def test_log_loss_is_scikit_learns(count: int) -> None:
    labels, p = probabilities(5, count)
    assert (p[range(count), labels] < LEAST_PROBABILITY).any()

    ours = negative_log_likelihood(p[range(count), labels])

    assert ours == pytest.approx(log_loss(labels, p, labels=range(10)), rel=1e-5)


# --- calibration error, by hand


@pytest.mark.parametrize(
    ("confidence", "right", "error"),
    [
        ([1.0], [True], 0.0),
        ([1.0], [False], 1.0),
        ([0.75] * 4, [True, True, True, False], 0.0),
        ([0.9, 0.9, 0.3], [True, False, False], (2 * 0.4 + 0.3) / 3),
        ([1 / 15, 1 / 15 + 1e-9], [True, False], (14 / 15 + 1 / 15) / 2),  # an edge is the upper end of its bin
    ],
)
def test_calibration_error_is_that_counted_by_hand(
    confidence: Sequence[float], right: Sequence[bool], error: float
) -> None:
    assert expected_calibration_error(reliability(confidence, right)) == pytest.approx(error)


@settings(deadline=None, max_examples=60)
@given(ANSWERS)
def test_calibration_error_is_between_0_and_1(answers: list[tuple[float, bool]]) -> None:
    assert 0 <= expected_calibration_error(reliability(*zip(*answers, strict=True))) <= 1 + 1e-12


def test_nothing_answered_is_undefined_and_no_error() -> None:
    assert math.isnan(expected_calibration_error(reliability([], [])))
    assert math.isnan(negative_log_likelihood([]))
    assert class_scores(np.zeros((11, 12), np.intp)) == {}
    assert math.isnan(macro_average({}).f1)
