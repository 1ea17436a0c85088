from __future__ import annotations

import numpy as np
import pytest
from masks import digit_in, empty, seven


def test_a_digit_alone_stays_as_it_is() -> None:
    digit, _ = digit_in(seven())
    np.testing.assert_array_equal(digit, seven())


def test_an_empty_mask_has_no_digit() -> None:
    assert digit_in(empty())[0] is None


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
    digit, steps = digit_in(mask)
    np.testing.assert_array_equal(digit, seven())
    assert steps[-1] == "1 other marks removed"


def test_a_speck_is_no_digit() -> None:
    speck = empty()
    speck[50:53, 50:53] = True
    assert digit_in(speck)[0] is None


def test_texture_is_no_digit() -> None:
    dots = np.kron(np.random.default_rng(0).random((30, 30)) < 0.1, np.ones((4, 4))) > 0
    assert digit_in(dots)[0] is None


def test_what_lies_along_the_border_is_no_digit_beside_one() -> None:
    mask = seven()
    mask[:, 100:] = True  # the table that the paper ends at
    digit, steps = digit_in(mask)
    assert digit is not None
    np.testing.assert_array_equal(digit, seven())
    assert steps == ("1 other marks removed",)
