from __future__ import annotations

import numpy as np
import pytest

from mnistcls.errors import TrainingError
from train.data import Digits, load_train
from train.outliers import TRAINED, TRAINED_KINDS, Outliers, outliers, sample_sheet


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
    assert len(TRAINED) == len(TRAINED_KINDS)
