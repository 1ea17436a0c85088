from __future__ import annotations

import numpy as np
import pytest
from masks import Mask, digit_in, empty, seven, slanted


@pytest.mark.parametrize(("reach", "line"), [(56, 2), (50, 3), (40, 6), (30, 4)])
def test_a_printed_box_goes_empty_or_not(reach: int, line: int) -> None:
    y, x = np.abs(np.mgrid[:120, :120] - 60)
    distance = np.maximum(y, x)
    box: Mask = (distance <= reach) & (distance > reach - line)
    assert digit_in(box)[0] is None
    if reach > 45:
        np.testing.assert_array_equal(digit_in(box | seven())[0], seven())


def test_a_round_0_is_no_printed_box() -> None:
    y, x = np.mgrid[:120, :120] - 59.5
    radius = np.hypot(y / 1.2, x)
    zero: Mask = (radius < 45) & (radius > 36)
    np.testing.assert_array_equal(digit_in(zero)[0], zero)


def ring(radius: int = 52, width: int = 4, gap: float = 0.0, side: int = 120) -> Mask:
    """A circle around the middle, with a gap of this share of the turn."""
    y, x = np.mgrid[:side, :side] - side / 2 + 0.5
    on_ring: Mask = (np.abs(np.hypot(y, x) - radius) < width / 2) & (np.arctan2(y, x) / (2 * np.pi) + 0.5 >= gap)
    return on_ring


@pytest.mark.parametrize("gap", [0.0, 0.1])
def test_a_ring_around_a_digit_goes(gap: float) -> None:
    digit, steps = digit_in(seven() | ring(gap=gap))

    assert digit is not None
    np.testing.assert_array_equal(digit, seven())
    assert "ring removed" in steps


def test_a_box_drawn_by_hand_in_strokes_goes() -> None:
    box = empty()
    slanted(box.T, range(8, 112), lambda column: 8 + column // 14, 3)
    slanted(box.T, range(10, 114), lambda column: 108 - column // 16, 3)
    slanted(box, range(6, 110), lambda row: 6 + row // 15, 3)
    slanted(box, range(12, 116), lambda row: 112 - row // 13, 3)

    digit, steps = digit_in(seven() | box)

    assert digit is not None
    np.testing.assert_array_equal(digit, seven())
    assert "ring removed" in steps


def test_a_digit_in_pieces_stays_whole_in_a_ring() -> None:
    broken = seven()
    rows = np.flatnonzero(broken.any(axis=1))
    broken[rows[len(rows) // 3] : rows[len(rows) // 3] + 2] = False
    digit, steps = digit_in(broken | ring())
    assert digit is not None
    np.testing.assert_array_equal(digit, broken)
    assert "ring removed" in steps


@pytest.mark.parametrize("width", [8, 12])
def test_a_0_with_a_dot_or_a_slash_inside_is_no_ring(width: int) -> None:
    zero = ring(radius=30, width=width)
    for inside in ((slice(56, 64), slice(56, 64)), (slice(48, 72), slice(57, 63))):
        mask = zero.copy()
        mask[inside] = True
        digit, steps = digit_in(mask)
        assert digit is not None
        assert "ring removed" not in steps
        assert (digit & zero).sum() == zero.sum()


def test_half_a_ring_beside_a_digit_is_none() -> None:
    digit, steps = digit_in(seven() | ring(gap=0.5))
    assert digit is not None
    assert "ring removed" not in steps
