from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcls.canonical.clutter import find_digits

Mask = NDArray[np.bool_]


def empty(side: int = 120) -> Mask:
    return np.zeros((side, side), bool)


def seven() -> Mask:
    """A 7 of 60x40 pixels in the middle of 120x120, lines of 8."""
    mask = empty()
    mask[30:38, 40:80] = True
    return slanted(mask, range(38, 90), lambda row: 72 - (row - 38) * 26 // 52, width=8)


def slanted(mask: Mask, rows: range, left: Callable[[int], int], width: int) -> Mask:
    """The mask with a line in it that is so wide, and starts in each row at the column `left` of it."""
    for row in rows:
        mask[row, left(row) : left(row) + width] = True
    return mask


def found(mask: Mask, strength: NDArray[np.generic] | None = None) -> tuple[Mask | None, tuple[str, ...]]:
    """The digit, None if there is none, and the steps: beside other masks, which must not matter."""
    values = np.where(mask, 200, 0) if strength is None else strength
    others = [np.zeros_like(mask), np.random.default_rng(0).random(mask.shape) < 0.3]
    masks, strengths = np.stack([others[0], mask, others[1]]), np.stack([others[0], values, others[1] * 90])
    digits = find_digits(masks, strengths.astype(np.uint8))
    digit = digits.masks[1]
    if not digit.any():
        return None, digits.steps[1]
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    assert digits.boxes[1].tolist() == [rows[0], columns[0], rows[-1] + 1, columns[-1] + 1]
    return digit, digits.steps[1]


def test_a_digit_alone_stays_as_it_is() -> None:
    digit, _ = found(seven())
    np.testing.assert_array_equal(digit, seven())


def test_an_empty_mask_has_no_digit() -> None:
    assert found(empty())[0] is None


@pytest.mark.parametrize(
    "clutter",
    [
        pytest.param((slice(5, 12), slice(100, 107)), id="speck"),
        pytest.param((slice(20, 100), slice(0, 6)), id="neighbour at the border"),
        pytest.param((slice(110, 120), slice(0, 120)), id="thick bar below"),
    ],
)
def test_other_marks_are_removed_and_counted(clutter: tuple[slice, slice]) -> None:
    mask = seven()
    mask[clutter] = True
    digit, steps = found(mask)
    np.testing.assert_array_equal(digit, seven())
    assert steps[-1] == "1 other marks removed"


def test_a_bar_beside_its_digit_is_part_of_it() -> None:
    mask = seven()
    mask[56:62, 82:92] = True
    digit, steps = found(mask)
    np.testing.assert_array_equal(digit, mask)
    assert steps == ()


def test_a_stroke_that_is_broken_in_two_is_one_digit() -> None:
    mask = leaning_one()
    mask[56:63] = False  # a quarter of either half
    digit, steps = found(mask)
    np.testing.assert_array_equal(digit, mask)
    assert steps == ()


def test_what_the_border_cuts_has_no_parts_as_far_off() -> None:
    mask = empty()
    mask[0:40, 40:60] = True
    mask[50:58, 45:55] = True  # a quarter of its size below it
    digit, steps = found(mask)
    assert digit is not None
    assert digit[:40].any()
    assert not digit[40:].any()
    assert steps == ("1 other marks removed",)


def leaning_one() -> Mask:
    """A line of 4 from (90, 40) up to (30, 70)."""
    return slanted(empty(), range(30, 91), lambda row: 40 + (90 - row) // 2, width=4)


@pytest.mark.parametrize(("elsewhere", "stays"), [(2, True), (3, False)])
def test_what_is_like_specks_all_over_the_page_is_no_part(elsewhere: int, stays: bool) -> None:
    mask = leaning_one()
    mask[35:39, 50:54] = True  # beside the 1, in the box around it
    for left in (5, 55, 110)[:elsewhere]:
        mask[3:7, left : left + 4] = True
    digit, steps = found(mask)
    assert digit is not None
    assert digit[36, 51] == stays
    assert digit[leaning_one()].all()
    assert steps[-1] == f"{elsewhere + (not stays)} other marks removed"


def test_a_faint_bar_shows_through_from_the_back() -> None:
    mask = seven()
    mask[56:62, 82:92] = True
    strength = np.where(seven(), 200, 60) * mask
    np.testing.assert_array_equal(found(mask, strength)[0], seven())


@pytest.mark.parametrize("turned", [False, True])
def test_rulings_go_and_what_crosses_them_stays(turned: bool) -> None:
    ruled = seven()
    ruled[20:110:24] = True
    digit, steps = found(ruled.T if turned else ruled)
    assert digit is not None
    assert "lines removed" in steps
    expected = seven().T if turned else seven()
    assert (digit != expected).sum() < 0.06 * expected.sum()


def hairline_seven() -> Mask:
    """A 7 of 70x70 pixels in the middle of 120x120, lines of 2."""
    mask = empty()
    mask[25:27, 25:95] = True
    return slanted(mask, range(27, 95), lambda row: 93 - (row - 27) // 2, width=2)


def hairline_four() -> Mask:
    """A 4 with an upright of 70 and a bar of 70 pixels in 120x120, lines of 2."""
    mask = empty()
    mask[25:95, 70:72] = True
    mask[68:70, 25:95] = True
    return slanted(mask, range(25, 68), lambda row: 93 - row, width=2)


@pytest.mark.parametrize("draw", [hairline_seven, hairline_four])
@pytest.mark.parametrize("turned", [False, True])
def test_strokes_as_long_and_thin_as_rulings_stay(draw: Callable[[], Mask], turned: bool) -> None:
    mask = draw().T if turned else draw()
    digit, steps = found(mask)
    np.testing.assert_array_equal(digit, mask)
    assert steps == ()


@pytest.mark.parametrize(
    "line",
    [
        pytest.param((slice(100, 102), slice(4, 116)), id="across"),
        pytest.param((slice(100, 102), slice(15, 105)), id="beyond the digit at both ends"),
        pytest.param((slice(118, 120), slice(30, 110)), id="along the border"),
    ],
)
def test_a_line_beneath_a_digit_goes(line: tuple[slice, slice]) -> None:
    underlined = hairline_seven()
    underlined[line] = True
    digit, steps = found(underlined)
    np.testing.assert_array_equal(digit, hairline_seven())
    assert steps == ("lines removed",)


def test_squared_paper_alone_has_no_digit() -> None:
    squared = empty()
    squared[10::20] = True
    squared[:, 10::20] = True
    digit, steps = found(squared)
    assert digit is None
    assert steps == ("lines removed",)


def test_rulings_alone_have_no_digit() -> None:
    ruled = empty()
    ruled[10::20] = True
    assert found(ruled)[0] is None


def test_an_upright_line_may_be_a_1() -> None:
    one = empty()
    one[20:100, 58:61] = True
    np.testing.assert_array_equal(found(one)[0], one)


@pytest.mark.parametrize(("reach", "line"), [(56, 2), (50, 3), (40, 6), (30, 4)])
def test_a_printed_box_goes_empty_or_not(reach: int, line: int) -> None:
    y, x = np.abs(np.mgrid[:120, :120] - 60)
    distance = np.maximum(y, x)
    box: Mask = (distance <= reach) & (distance > reach - line)
    assert found(box)[0] is None
    if reach > 45:
        np.testing.assert_array_equal(found(box | seven())[0], seven())


def test_a_round_0_is_no_printed_box() -> None:
    y, x = np.mgrid[:120, :120] - 59.5
    radius = np.hypot(y / 1.2, x)
    zero: Mask = (radius < 45) & (radius > 36)
    np.testing.assert_array_equal(found(zero)[0], zero)


def test_a_speck_is_no_digit() -> None:
    speck = empty()
    speck[50:53, 50:53] = True
    assert found(speck)[0] is None


def test_texture_is_no_digit() -> None:
    dots = np.kron(np.random.default_rng(0).random((30, 30)) < 0.1, np.ones((4, 4))) > 0
    assert found(dots)[0] is None


def test_what_lies_along_the_border_is_no_digit_beside_one() -> None:
    mask = seven()
    mask[:, 100:] = True  # the table that the paper ends at
    digit, steps = found(mask)
    assert digit is not None
    np.testing.assert_array_equal(digit, seven())
    assert steps == ("1 other marks removed",)


def test_the_end_of_a_ruling_at_the_border_is_no_digit() -> None:
    mask = empty()
    mask[60:110, :2] = True
    mask[::12, ::12] = True  # more than one, as crossings of rulings leave them
    assert found(mask)[0] is None


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
    _, steps = found(mask)
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
    digit, steps = found(mask)
    np.testing.assert_array_equal(digit, seven())
    assert steps == ("1 other marks removed",)
    assert crowd(mask) is None


def test_digits_that_both_touch_the_border_make_a_crowd() -> None:
    digit = seven()[30:90]
    mask = np.hstack([digit[:, 30:90], digit[:, 30:90]])
    np.testing.assert_array_equal(crowd(mask), mask)


# --- rings


def ring(radius: int = 52, width: int = 4, gap: float = 0.0, side: int = 120) -> Mask:
    """A circle around the middle, with a gap of this share of the turn."""
    y, x = np.mgrid[:side, :side] - side / 2 + 0.5
    on_ring: Mask = (np.abs(np.hypot(y, x) - radius) < width / 2) & (np.arctan2(y, x) / (2 * np.pi) + 0.5 >= gap)
    return on_ring


@pytest.mark.parametrize("gap", [0.0, 0.1])
def test_a_ring_around_a_digit_goes(gap: float) -> None:
    digit, steps = found(seven() | ring(gap=gap))

    assert digit is not None
    np.testing.assert_array_equal(digit, seven())
    assert "ring removed" in steps


def test_a_box_drawn_by_hand_in_strokes_goes() -> None:
    box = empty()
    slanted(box.T, range(8, 112), lambda column: 8 + column // 14, 3)
    slanted(box.T, range(10, 114), lambda column: 108 - column // 16, 3)
    slanted(box, range(6, 110), lambda row: 6 + row // 15, 3)
    slanted(box, range(12, 116), lambda row: 112 - row // 13, 3)

    digit, steps = found(seven() | box)

    assert digit is not None
    np.testing.assert_array_equal(digit, seven())
    assert "ring removed" in steps


def test_a_digit_in_pieces_stays_whole_in_a_ring() -> None:
    broken = seven()
    rows = np.flatnonzero(broken.any(axis=1))
    broken[rows[len(rows) // 3] : rows[len(rows) // 3] + 2] = False
    digit, steps = found(broken | ring())
    assert digit is not None
    np.testing.assert_array_equal(digit, broken)
    assert "ring removed" in steps


@pytest.mark.parametrize("width", [8, 12])
def test_a_0_with_a_dot_or_a_slash_inside_is_no_ring(width: int) -> None:
    zero = ring(radius=30, width=width)
    for inside in ((slice(56, 64), slice(56, 64)), (slice(48, 72), slice(57, 63))):
        mask = zero.copy()
        mask[inside] = True
        digit, steps = found(mask)
        assert digit is not None
        assert "ring removed" not in steps
        assert (digit & zero).sum() == zero.sum()


def test_half_a_ring_beside_a_digit_is_none() -> None:
    digit, steps = found(seven() | ring(gap=0.5))
    assert digit is not None
    assert "ring removed" not in steps


# --- underlines


def test_an_underline_goes_and_a_low_bar_of_the_digit_stays() -> None:
    lined = seven()
    bottom = int(np.flatnonzero(seven().any(axis=1))[-1]) + 1
    lined[bottom + 6 : bottom + 10, 40:85] = True
    digit, _ = found(lined)
    assert digit is not None
    np.testing.assert_array_equal(digit, seven())

    near = seven()
    near[bottom + 1 : bottom + 5, 40:85] = True
    digit, _ = found(near)
    assert digit is not None
    np.testing.assert_array_equal(digit, near)
