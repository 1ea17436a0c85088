from __future__ import annotations

import pytest

from mnistcls.metrics import wilson_interval


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
