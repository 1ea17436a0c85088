from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from mnistcls.errors import TrainingError
from train import unseen
from train.data import Digits, load_train
from train.ink import Pen, render
from train.outliers import HELD_OUT, HELD_OUT_KINDS, TRAINED, TRAINED_KINDS, Outliers, outliers, sample_sheet
from train.sketch import Picture, is_bar
from train.strokes import digit_strokes


@pytest.fixture(scope="module")
def digits(mnist_dir) -> Digits:
    return load_train(mnist_dir).take(np.arange(2000))


@pytest.fixture(scope="module")
def trained(digits) -> Outliers:
    return outliers(3 * len(TRAINED_KINDS) + 1, 7, digits=digits, workers=1)


def test_kinds_come_in_turn_and_every_form_has_ink(trained):
    assert trained.images.shape == (3 * len(TRAINED_KINDS) + 1, 28, 28)
    assert trained.images.dtype == np.uint8
    assert trained.kinds.tolist() == [*(3 * TRAINED_KINDS), TRAINED_KINDS[0]]
    assert (trained.images.max(axis=(1, 2)) > 128).all()


def test_an_outlier_hangs_on_its_seed_kind_and_number_alone(digits, trained):
    kinds = TRAINED_KINDS[3], TRAINED_KINDS[0]
    again, other = (outliers(4, seed, kinds, digits=digits, workers=1) for seed in (7, 8))
    for kind in kinds:
        np.testing.assert_array_equal(again.of(kind), trained.of(kind)[:2])
        assert (again.of(kind) != other.of(kind)).any(axis=(1, 2)).all()


def test_processes_make_the_same_as_one(digits, trained):
    several = outliers(len(trained), 7, digits=digits, workers=2)
    np.testing.assert_array_equal(several.images, trained.images)
    np.testing.assert_array_equal(several.kinds, trained.kinds)


def test_none_asked_for_is_none_made(digits):
    assert outliers(0, 7, digits=digits).images.shape == (0, 28, 28)


def test_an_unknown_kind_is_refused(digits):
    with pytest.raises(TrainingError, match="no kind of outlier ghosts"):
        outliers(1, 7, ("ghosts",), digits=digits)


def test_the_sheet_has_two_rows_a_kind(digits):
    sheet = sample_sheet(TRAINED_KINDS[:2], 0, digits)
    assert sheet.size == (150 + 20 * 60, 4 * 60)
    assert sheet.getextrema()[0] < 50


def test_what_is_measured_with_is_no_variation_of_what_is_trained_on():
    assert not set(TRAINED_KINDS) & set(HELD_OUT_KINDS)
    assert {maker.__module__ for maker in HELD_OUT.values()} == {"train.unseen"}
    assert "train.unseen" not in {maker.__module__ for maker in TRAINED.values()}
    tree = ast.parse(Path(unseen.__file__).read_text(encoding="utf-8"))
    borrowed = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    ours = {module for module in borrowed if module.startswith("train")}
    assert ours == {"train.data", "train.fonts", "train.photo", "train.sketch"}


@pytest.mark.parametrize("kind", HELD_OUT_KINDS)
def test_held_out_kinds_have_ink(digits, kind):
    forms = outliers(4, 3, (kind,), digits=digits, workers=1).images
    assert (forms.max(axis=(1, 2)) > 128).all()
    assert len(np.unique(forms, axis=0)) == 4


@pytest.mark.parametrize(("box", "bar"), [((20, 3), True), ((20, 14), False), ((3, 20), False)])
def test_an_upright_bar_is_a_one_and_nothing_else_is(box, bar):
    form = np.zeros((28, 28), np.uint8)
    form[4 : 4 + box[0], 4 : 4 + box[1]] = 255
    assert is_bar(form) == bar


def test_a_drawing_that_lost_a_part_is_no_outlier():
    digit = render(digit_strokes(3, np.random.default_rng(1)), 60, Pen())
    struck = digit.copy()
    struck[20:24, 4:56] = struck[36:40, 4:56] = 1
    whole, part = (np.rint(255 * (1 - ink)).astype(np.uint8) for ink in (struck, digit))
    assert Picture(whole, struck).canonical_form() is not None
    assert Picture(part, struck).canonical_form() is None
