import numpy as np
import pytest
from numpy.random import default_rng as rng

from train.forms import FORMS
from train.ink import Pen, render
from train.strokes import Hand, digit_strokes, form_names

EVERY_FORM = pytest.mark.parametrize(
    ("digit", "form"), [pytest.param(form.digit, form.name, id=f"{form.digit} {form.name}") for form in FORMS]
)


def test_every_digit_has_several_forms():
    for digit in range(10):
        names = form_names(digit)
        assert len(names) >= 2
        assert len(names) == len(set(names))


@EVERY_FORM
def test_strokes_fill_the_box_they_promise(digit, form):
    for seed in range(5):
        points = np.concatenate(digit_strokes(digit, rng(seed), form))
        assert points.dtype == np.float64
        np.testing.assert_allclose(points.min(axis=0), -points.max(axis=0), atol=1e-12)
        assert np.ptp(points, axis=0).max() == pytest.approx(1)


@EVERY_FORM
def test_the_same_seed_writes_the_same_digit_and_another_seed_another(digit, form):
    first, again, other = (
        render(digit_strokes(digit, rng(seed), form), 28, Pen.random(rng(seed))) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.5


def test_forms_have_the_strokes_that_their_names_say():
    def strokes(digit, form):
        return len(digit_strokes(digit, rng(7), form))

    assert [strokes(7, form) for form in ("plain", "barred")] == [1, 2]
    assert [strokes(8, form) for form in ("one stroke", "rings")] == [1, 2]
    assert [strokes(1, form) for form in ("plain", "upstroke", "foot")] == [1, 1, 2]


def test_a_steady_hand_repeats_itself_and_a_loose_one_does_not():
    def spread(looseness):
        hand = Hand(looseness=looseness, tremor=0.0)
        inks = [render(digit_strokes(3, rng(seed), "round", hand), 28, Pen()) for seed in range(8)]
        return np.std(inks, axis=0).mean()

    assert spread(0.0) < 1e-6
    assert 0 < spread(0.01) < spread(0.03)


def test_slant_leans_to_the_right():
    (stroke,) = digit_strokes(1, rng(7), "plain", Hand(slant=0.4, looseness=0.0, tremor=0.0))
    assert stroke[0, 0] - stroke[-1, 0] == pytest.approx(0.42, abs=0.03)


def test_taper_widens_the_bottom():
    def share_of_top(taper):
        (stroke,) = digit_strokes(0, rng(7), "plain", Hand(slant=0.0, taper=taper, looseness=0.0, tremor=0.0))
        top, bottom = (np.ptp(stroke[rows, 0]) for rows in (stroke[:, 1] < -0.3, stroke[:, 1] > 0.3))
        return top / bottom

    assert share_of_top(0.3) < share_of_top(0.0) < share_of_top(-0.3)


@pytest.mark.parametrize(("digit", "form"), [(7, "rings"), (10, None)])
def test_an_unknown_form_is_refused(digit, form):
    with pytest.raises(ValueError, match="form_names"):
        digit_strokes(digit, rng(7), form)
