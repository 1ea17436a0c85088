from itertools import pairwise

import numpy as np
import pytest

from train.strokes import FORMS, Hand, Pen, digit_strokes, form_names, render

EVERY_FORM = pytest.mark.parametrize(
    ("digit", "form"), [pytest.param(form.digit, form.name, id=f"{form.digit} {form.name}") for form in FORMS]
)


def rng(seed=7):
    return np.random.default_rng(seed)


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


@EVERY_FORM
@pytest.mark.parametrize("size", [28, 97])
def test_ink_stays_in_the_box_and_reaches_its_sides(digit, form, size):
    ink = render(digit_strokes(digit, rng(), form), size, Pen(width=0.12), extent=20 / 28)
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


def test_forms_have_the_strokes_that_their_names_say():
    def strokes(digit, form):
        return len(digit_strokes(digit, rng(), form))

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
    (stroke,) = digit_strokes(1, rng(), "plain", Hand(slant=0.4, looseness=0.0, tremor=0.0))
    assert stroke[0, 0] - stroke[-1, 0] == pytest.approx(0.42, abs=0.03)


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


def test_centre_moves_the_digit():
    strokes = digit_strokes(8, rng())
    ink = render(strokes, (100, 200), Pen(), extent=0.3, centre=(0.75, 0.25))
    rows, columns = np.nonzero(ink)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(25, abs=1)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(150, abs=1)


def test_nothing_written_is_a_blank_image():
    np.testing.assert_array_equal(render([], (3, 5), Pen()), np.zeros((3, 5), np.float32))


@pytest.mark.parametrize(("digit", "form"), [(7, "rings"), (10, None)])
def test_an_unknown_form_is_refused(digit, form):
    with pytest.raises(ValueError, match="form_names"):
        digit_strokes(digit, rng(), form)
