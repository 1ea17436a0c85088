from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mnistcls.canonical.numerics.shapes import (
    axis_ratio,
    filled,
    largest,
    rectangularity,
    solidity,
    stroke_width,
    within_reach,
)

Mask = NDArray[np.bool_]

Y, X = np.mgrid[:100, :100] - 49.5
DISC = np.hypot(Y, X) < 40
RING = DISC & (np.hypot(Y, X) > 25)
SQUARE = (abs(Y) < 30) & (abs(X) < 30)
TURNED = abs(Y) + abs(X) < 40
TRIANGLE = (Y < 40) & (abs(X) < (Y + 41) / 2)
BAR = (abs(Y) < 5) & (abs(X) < 40)
CROSS = BAR | BAR.T
NOTHING = np.zeros((100, 100), np.bool_)


@pytest.mark.parametrize(
    ("mask", "share"),
    [(DISC, 1), (SQUARE, 1), (TURNED, 1), (TRIANGLE, 1), (BAR, 1), (RING, 0.61), (CROSS, 0.38), (NOTHING, 0)],
)
def test_solidity_is_the_share_of_the_hull(mask: Mask, share: float) -> None:
    assert solidity(mask) == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize(
    ("mask", "share"), [(DISC, np.pi / 4), (SQUARE, 1), (TURNED, 1), (TRIANGLE, 0.5), (BAR, 1), (NOTHING, 0)]
)
def test_rectangularity_is_the_share_of_the_smallest_rectangle(mask: Mask, share: float) -> None:
    assert rectangularity(mask) == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize(
    ("mask", "ratio"), [(DISC, 1), (SQUARE, 1), (TURNED, 1), (BAR, 10 / 80), (BAR.T, 10 / 80), (CROSS, 1), (NOTHING, 1)]
)
def test_axis_ratio_is_that_of_the_moments(mask: Mask, ratio: float) -> None:
    assert axis_ratio(mask) == pytest.approx(ratio, abs=0.02)


@pytest.mark.parametrize("width", [3, 6, 12])
def test_stroke_width_is_that_of_the_line(width: int) -> None:
    y, x = np.mgrid[:200, :200] - 99.5
    circle = np.abs(np.hypot(y, x) - 70) < width / 2
    assert stroke_width(circle) == pytest.approx(width, rel=0.08)


def test_stroke_width_of_nothing_is_zero() -> None:
    assert stroke_width(np.zeros((5, 5), bool)) == 0


def test_a_ring_is_filled_and_a_gap_in_it_lets_nothing_be() -> None:
    np.testing.assert_array_equal(filled(RING), DISC)
    open_ring = RING & ~((abs(Y) < 2) & (X > 0))
    np.testing.assert_array_equal(filled(open_ring), open_ring)


def test_the_largest_part_is_alone() -> None:
    beside = NOTHING.copy()
    beside[:5, :5] = True
    np.testing.assert_array_equal(largest(SQUARE | beside), SQUARE)
    np.testing.assert_array_equal(largest(SQUARE), SQUARE)
    np.testing.assert_array_equal(largest(NOTHING), NOTHING)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 1_000), st.floats(0.02, 1))
def test_any_mask_has_measures_between_0_and_1(height: int, width: int, seed: int, share: float) -> None:
    mask = np.random.default_rng(seed).random((height, width)) < share
    for measure in (solidity, rectangularity, axis_ratio):
        assert 0 <= measure(mask) <= 1 + 1e-9
    assert not (mask & ~filled(mask)).any()
    assert not (within_reach(mask, 1, np.logical_and) & ~mask).any()
    assert not (mask & ~within_reach(mask, 1, np.logical_or)).any()
