from itertools import pairwise

import numpy as np
import pytest
from numpy.random import default_rng as rng

from train.forms import FORMS
from train.ink import Pen, render
from train.strokes import digit_strokes


@pytest.mark.parametrize(("digit", "form"), [(form.digit, form.name) for form in FORMS])
@pytest.mark.parametrize("size", [28, 97])
def test_ink_stays_in_the_box_and_reaches_its_sides(digit, form, size):
    ink = render(digit_strokes(digit, rng(7), form), size, Pen(width=0.12), extent=20 / 28)
    assert ink.shape == (size, size)
    assert ink.dtype == np.float32
    assert ink.min() == 0
    assert 0.9 < ink.max() <= 1
    rows, columns = np.nonzero(ink)
    margin = size * 4 / 28
    for places in (rows, columns):
        assert places.min() >= np.floor(margin - 0.5)
        assert places.max() <= np.ceil(size - margin - 0.5)
    assert max(np.ptp(rows), np.ptp(columns)) >= 0.9 * size * 20 / 28


def test_ink_is_the_area_of_the_line():
    line = [np.stack([np.linspace(-0.5, 0.5, 41), np.zeros(41)], axis=1)]
    for width in (0.01, 0.1):  # a hairline is paler than a pixel, not wider
        ink = render(line, (50, 100), Pen(width, thinning=0.0, lift=0.0), extent=1.0)
        scale = 50 / (1 + width)
        assert ink.sum() == pytest.approx(scale * width * scale, rel=0.15)


def test_a_thinning_pen_is_widest_where_the_path_bends():
    down_and_up = np.array([[0, -0.5], [0, 0.5], [0.1, 0.5], [0.1, -0.5]])
    steps = np.concatenate([np.linspace(a, b, 40) for a, b in pairwise(down_and_up)])
    even, thinned = (render([steps], 200, Pen(0.06, thinning, 0.0)) for thinning in (0.0, 0.6))
    assert thinned[60:140].sum() < 0.75 * even[60:140].sum()
    assert thinned.sum() < even.sum()


def test_a_blotting_pen_is_widest_at_the_ends_of_a_stroke():
    line = [np.stack([np.linspace(-0.5, 0.5, 41), np.zeros(41)], axis=1)]
    ink = render(line, (50, 100), Pen(0.2, thinning=0.0, lift=0.0, blot=0.5), extent=1.0)
    middle, end = ink[:, 50].sum(), ink.sum(axis=0).max()
    assert middle == pytest.approx(0.5 * 0.2 * 50 / 1.2, rel=0.15)
    assert end > 1.5 * middle


def test_centre_moves_the_digit():
    strokes = digit_strokes(8, rng(7))
    ink = render(strokes, (100, 200), Pen(), extent=0.3, centre=(0.75, 0.25))
    rows, columns = np.nonzero(ink)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(25, abs=1)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(150, abs=1)


def test_nothing_written_is_a_blank_image():
    np.testing.assert_array_equal(render([], (3, 5), Pen()), np.zeros((3, 5), np.float32))
