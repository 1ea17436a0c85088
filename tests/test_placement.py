from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mnistcls.canonical.numerics.shapes import stroke_width
from mnistcls.canonical.placement import (
    BOX,
    CENTRE,
    FINE_SIDE,
    MAX_STROKE_WIDTH,
    MIN_STROKE_WIDTH,
    SIZE,
    centres_of_mass,
    place,
)
from train.ink import Pen, render
from train.strokes import digit_strokes

Ink = NDArray[np.uint8]


def drawn(digit: int, width: float, size: int = 100) -> Ink:
    """A digit of even lines, as wide as this share of it."""
    pen = Pen(width=width, thinning=0, lift=0)
    ink = render(digit_strokes(digit, np.random.default_rng(digit)), size, pen, extent=1.0)
    return np.pad(np.rint(255 * ink).astype(np.uint8), 1)


def box(form: NDArray[np.uint8]) -> tuple[int, int]:
    rows, columns = np.flatnonzero(form.any(axis=1)), np.flatnonzero(form.any(axis=0))
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


@pytest.mark.parametrize("digit", range(10))
@pytest.mark.parametrize("width", [0.03, 0.1, 0.22])
def test_digits_of_any_line_fill_the_box_and_stand_on_their_centre_of_mass(digit: int, width: float) -> None:
    form = place([drawn(digit, width)])[0]
    assert form.shape == (SIZE, SIZE)
    assert form.dtype == np.uint8
    assert form.max() == 255
    assert BOX - 1 <= max(box(form)) <= BOX
    assert centres_of_mass(form[None].astype(np.float32))[0] == pytest.approx((CENTRE, CENTRE), abs=0.55)


def test_aspect_is_kept() -> None:
    wide = np.full((40, 80), 255, np.uint8)
    wide[8:-8, 8:-8] = 0
    assert box(place([wide])[0]) == (10, 20)
    assert box(place([wide.T])[0]) == (20, 10)


@pytest.mark.parametrize("width", [0.02, 0.05, 0.1, 0.16, 0.25])
def test_lines_come_out_as_wide_as_those_of_mnist(width: float) -> None:
    thinnest, thickest = (pixels * BOX / FINE_SIDE for pixels in (MIN_STROKE_WIDTH, MAX_STROKE_WIDTH))
    for digit in (0, 1, 2, 3, 7):
        form = place([drawn(digit, width)])[0]
        assert thinnest - 0.8 <= stroke_width(form > 127) <= thickest + 0.8


def test_centre_of_mass_counts_from_the_edge_of_the_first_pixel() -> None:
    ink = np.zeros((4, 6), np.float32)
    ink[1, 2] = ink[1, 3] = 1
    assert centres_of_mass(ink[None]).tolist() == [[1.5, 3.0]]


def test_digits_of_all_sizes_placed_together_are_as_each_alone() -> None:
    inks = [drawn(digit, width, 40 + 7 * digit) for digit in range(10) for width in (0.02, 0.1, 0.3)]
    assert np.array_equal(place(inks), [place([ink])[0] for ink in inks])
    assert place([]).shape == (0, SIZE, SIZE)


@settings(max_examples=60, deadline=None)
@given(height=st.integers(1, 120), width=st.integers(1, 120), seed=st.integers(0, 2**16))
def test_ink_of_any_size_has_a_form(height: int, width: int, seed: int) -> None:
    ink = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    ink[0, 0] = 255
    form = place([np.pad(ink, 1)])[0]
    assert form.shape == (SIZE, SIZE)
    assert max(box(form)) <= BOX
