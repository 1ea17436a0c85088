from __future__ import annotations

import numpy as np
import pytest
from masks import Mask, digit_in, empty, seven, slanted

from mnistcls.canonical.clutter import find_digits


def test_a_bar_beside_its_digit_is_part_of_it() -> None:
    mask = seven()
    mask[56:62, 82:92] = True
    digit, steps = digit_in(mask)
    np.testing.assert_array_equal(digit, mask)
    assert steps == ()


def test_a_stroke_that_is_broken_in_two_is_one_digit() -> None:
    mask = leaning_one()
    mask[56:63] = False  # a quarter of either half
    digit, steps = digit_in(mask)
    np.testing.assert_array_equal(digit, mask)
    assert steps == ()


def leaning_one() -> Mask:
    """A line of 4 from (90, 40) up to (30, 70)."""
    return slanted(empty(), range(30, 91), lambda row: 40 + (90 - row) // 2, width=4)


@pytest.mark.parametrize(("elsewhere", "stays"), [(2, True), (3, False)])
def test_what_is_like_specks_all_over_the_page_is_no_part(elsewhere: int, stays: bool) -> None:
    mask = leaning_one()
    mask[35:39, 50:54] = True  # beside the 1, in the box around it
    for left in (5, 55, 110)[:elsewhere]:
        mask[3:7, left : left + 4] = True
    digit, steps = digit_in(mask)
    assert digit is not None
    assert digit[36, 51] == stays
    assert digit[leaning_one()].all()
    assert steps[-1] == f"{elsewhere + (not stays)} other marks removed"


def test_a_faint_bar_shows_through_from_the_back() -> None:
    mask = seven()
    mask[56:62, 82:92] = True
    strength = np.where(seven(), 200, 60) * mask
    np.testing.assert_array_equal(digit_in(mask, strength)[0], seven())


def one(top: int, bottom: int, left: int) -> Mask:
    """An upright stroke of 8 pixels in 120x120."""
    mask = empty()
    mask[top:bottom, left : left + 8] = True
    return mask


def crowd(mask: Mask) -> Mask | None:
    """All that is as much like a digit as the one that is found; None if that is alone."""
    masks = np.stack([np.zeros_like(mask), mask])
    digits = find_digits(masks, masks * np.uint8(200))
    assert not set(digits.crowds) - {1}
    return digits.crowds[1].masks[0] if digits.crowds else None


@pytest.mark.parametrize(("top", "bottom", "left"), [(20, 80, 102), (50, 92, 12)])
def test_another_mark_as_large_as_the_digit_makes_a_crowd(top: int, bottom: int, left: int) -> None:
    mask = seven() | one(top, bottom, left)
    _, steps = digit_in(mask)
    assert steps == ("several marks alike",)
    np.testing.assert_array_equal(crowd(mask), mask)


@pytest.mark.parametrize(
    ("top", "bottom", "left"),
    [
        pytest.param(40, 70, 106, id="small"),
        pytest.param(0, 60, 106, id="cut by the border"),
    ],
)
def test_what_is_smaller_or_cut_by_the_border_makes_none(top: int, bottom: int, left: int) -> None:
    mask = seven() | one(top, bottom, left)
    digit, steps = digit_in(mask)
    np.testing.assert_array_equal(digit, seven())
    assert steps == ("1 other marks removed",)
    assert crowd(mask) is None


def test_digits_that_both_touch_the_border_make_a_crowd() -> None:
    digit = seven()[30:90]
    mask = np.hstack([digit[:, 30:90], digit[:, 30:90]])
    np.testing.assert_array_equal(crowd(mask), mask)


def test_an_underline_goes_and_a_low_bar_of_the_digit_stays() -> None:
    lined = seven()
    bottom = int(np.flatnonzero(seven().any(axis=1))[-1]) + 1
    lined[bottom + 6 : bottom + 10, 40:85] = True
    digit, _ = digit_in(lined)
    assert digit is not None
    np.testing.assert_array_equal(digit, seven())

    near = seven()
    near[bottom + 1 : bottom + 5, 40:85] = True
    digit, _ = digit_in(near)
    assert digit is not None
    np.testing.assert_array_equal(digit, near)


@pytest.mark.parametrize("size", [10, 18])
def test_small_marks_beside_the_digit_are_a_unit_or_a_colon_and_no_parts(size: int) -> None:
    mask = seven()
    mask[90 - size : 90, 92 : 92 + size] = True
    digit, steps = digit_in(mask)
    np.testing.assert_array_equal(digit, seven())
    assert steps == ("1 other marks removed",)


@pytest.mark.parametrize(
    "beside",
    [
        (slice(40, 90), slice(90, 98)),  # as high as a digit
        (slice(82, 90), slice(84, 92)),  # too near
    ],
)
def test_what_is_beside_the_digit_stays_if_it_is_large_or_near(beside: tuple[slice, slice]) -> None:
    mask = seven()
    mask[beside] = True
    digit, _ = digit_in(mask)
    np.testing.assert_array_equal(digit, mask)


def test_pieces_of_a_broken_digit_stay_wherever_they_are() -> None:
    mask = seven()
    mask[60:90] = False  # what is left of the 7 is not as high as the digit
    mask[66:90, 50:56] = True
    mask[66:90, 86:92] = True
    digit, _ = digit_in(mask)
    np.testing.assert_array_equal(digit, mask)


@pytest.mark.parametrize(("left", "right", "stays"), [(36, 84, False), (40, 84, True)])
def test_a_bar_above_that_is_longer_than_the_digit_is_no_part(left: int, right: int, stays: bool) -> None:
    mask = seven()
    mask[18:22, left:right] = True
    digit, _ = digit_in(mask)
    np.testing.assert_array_equal(digit, mask if stays else seven())
