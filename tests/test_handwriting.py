import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from train import handwriting
from train.contact_sheet import CELL
from train.forms import FORMS
from train.handwriting import drawing, is_whole, write_digits
from train.script import app


@pytest.fixture(scope="module")
def written():
    return write_digits(300, seed=5, workers=1)


def test_digits_are_balanced_canonical_and_never_blank(written):
    assert (written.images.shape, written.images.dtype) == ((300, 28, 28), np.uint8)
    assert written.labels.dtype == np.int64
    np.testing.assert_array_equal(np.bincount(written.labels), np.full(10, 30))
    assert written.images.any(axis=(1, 2)).all()
    inked = written.images > 76  # of the box of 20
    for axis in (1, 2):
        assert inked.any(axis=axis).sum(axis=1).max() <= 22


def test_workers_and_count_change_no_image(written):
    np.testing.assert_array_equal(write_digits(260, seed=5, workers=2).images, written.images[:260])


def test_another_seed_writes_others(written):
    assert (write_digits(20, seed=6, workers=1).images != written.images[:20]).any(axis=(1, 2)).all()


def test_no_digits_are_an_empty_set():
    assert write_digits(0, seed=1).images.shape == (0, 28, 28)


def test_a_digit_that_lost_a_piece_is_not_whole():
    ink = drawing(0, np.random.default_rng(3), "oval")
    whole = np.asarray(Image.fromarray(ink).resize((28, 28))).clip(0, 1)
    half = whole * (np.arange(28) < 14)[:, None]
    assert is_whole((255 * whole).astype(np.uint8), ink)
    assert not is_whole((255 * half).astype(np.uint8), ink)
    assert not is_whole((255 * (1 - whole)).astype(np.uint8), ink)


def test_the_command_shows_a_row_for_each_form(tmp_path, monkeypatch):
    monkeypatch.setattr(handwriting, "FORMS", FORMS[:2])
    result = CliRunner().invoke(app(handwriting.main), [str(tmp_path / "forms.png")])
    assert (result.exit_code, result.stdout) == (0, "")
    with Image.open(tmp_path / "forms.png") as image:
        assert image.height == 2 * CELL
