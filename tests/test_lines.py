from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from masks import Mask, digit_in, empty, seven, slanted


@pytest.mark.parametrize("turned", [False, True])
def test_rulings_go_and_what_crosses_them_stays(turned: bool) -> None:
    ruled = seven()
    ruled[20:110:24] = True
    digit, steps = digit_in(ruled.T if turned else ruled)
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


def crossed_four() -> Mask:
    """The same, its bar 34 pixels past the stem and 6 past the slanted stroke, and a barb on that."""
    mask = hairline_four()
    mask[68:70, 20:106] = True
    mask[60:68, 50] = True
    mask[66, 51] = True
    return mask


@pytest.mark.parametrize("draw", [hairline_seven, hairline_four, crossed_four])
@pytest.mark.parametrize("turned", [False, True])
def test_strokes_as_long_and_thin_as_rulings_stay(draw: Callable[[], Mask], turned: bool) -> None:
    mask = draw().T if turned else draw()
    digit, steps = digit_in(mask)
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
    digit, steps = digit_in(underlined)
    np.testing.assert_array_equal(digit, hairline_seven())
    assert steps == ("lines removed",)


def test_squared_paper_alone_has_no_digit() -> None:
    squared = empty()
    squared[10::20] = True
    squared[:, 10::20] = True
    digit, steps = digit_in(squared)
    assert digit is None
    assert steps == ("lines removed",)


def test_rulings_alone_have_no_digit() -> None:
    ruled = empty()
    ruled[10::20] = True
    assert digit_in(ruled)[0] is None


def test_an_upright_line_may_be_a_1() -> None:
    one = empty()
    one[20:100, 58:61] = True
    np.testing.assert_array_equal(digit_in(one)[0], one)
