import numpy as np
import pytest

from train.forms import FORMS, Stroke

EVERY_FORM = pytest.mark.parametrize("form", [pytest.param(form, id=f"{form.digit} {form.name}") for form in FORMS])


def test_a_path_is_joints_and_corners():
    stroke = Stroke.parse("0,10 50,0! 100,-20")
    np.testing.assert_allclose(stroke.joints, [[0, 0.1], [0.5, 0], [1, -0.2]])
    assert stroke.corners == (1,)


def test_the_table_is_diverse():
    assert sum(len(form.extremes) for form in FORMS) > 200
    for digit in range(10):
        assert sum(form.digit == digit and len(form.extremes) > 1 for form in FORMS) >= 6


@EVERY_FORM
def test_extremes_have_the_same_joints_and_corners(form):
    kinds = {tuple((len(stroke.joints), stroke.corners) for stroke in extreme) for extreme in form.extremes}
    assert len(kinds) == 1
    assert form.weight > 0


@EVERY_FORM
def test_a_writer_lies_between_the_extremes(form):
    drawn = form.draw(np.random.default_rng(1))
    for number, stroke in enumerate(drawn):
        same = [extreme[number].joints for extreme in form.extremes]
        assert (stroke.joints >= np.min(same, axis=0) - 1e-9).all()
        assert (stroke.joints <= np.max(same, axis=0) + 1e-9).all()


@pytest.mark.parametrize("form", [form for form in FORMS if form.digit == 1 and "upstroke" in form.name])
def test_the_upstroke_of_a_1_is_steep(form):
    for extreme in form.extremes:
        start, end = extreme[0].joints[0], extreme[0].joints[np.argmin(extreme[0].joints[:, 1])]
        assert abs(end[0] - start[0]) <= np.tan(np.radians(50)) * abs(end[1] - start[1])


@pytest.mark.parametrize("form", [form for form in FORMS if form.digit == 7])
def test_the_top_of_a_7_is_wide_and_level(form):
    for extreme in form.extremes:
        top = extreme[0].joints[extreme[0].joints[:, 1] < 0.2]
        assert np.ptp(top[:, 0]) > 1 / 3
        assert np.ptp(top[-3:, 1]) <= 0.14
