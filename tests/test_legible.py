from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from train.contact_sheet import CELL
from train.data import Digits
from train.forms import FORMS, TYPEFACES
from train.handwriting import written
from train.legible import draw_digits, is_whole, sheet_of_forms
from train.typeset import PRINTED, typeset

Draw = Callable[..., Digits]


def by_hand(count: int, seed: int, workers: int = 1) -> Digits:
    return draw_digits(written, count, seed, workers=workers)


def by_machine(count: int, seed: int, workers: int = 1) -> Digits:
    return draw_digits(typeset, count, seed, media=PRINTED, workers=workers)


@pytest.fixture(scope="module", params=[by_hand, by_machine])
def draw(request: pytest.FixtureRequest) -> Draw:
    drawn: Draw = request.param
    return drawn


@pytest.fixture(scope="module")
def drawn(draw: Draw) -> Digits:
    return draw(300, seed=5)


def test_digits_are_balanced_canonical_and_never_blank(drawn: Digits) -> None:
    assert (drawn.images.shape, drawn.images.dtype) == ((300, 28, 28), np.uint8)
    assert drawn.labels.dtype == np.int64
    np.testing.assert_array_equal(np.bincount(drawn.labels), np.full(10, 30))
    assert drawn.images.any(axis=(1, 2)).all()
    inked = drawn.images > 76  # of the box of 20
    for axis in (1, 2):
        assert inked.any(axis=axis).sum(axis=1).max() <= 22


def test_workers_and_count_change_no_image(draw: Draw, drawn: Digits) -> None:
    np.testing.assert_array_equal(draw(260, seed=5, workers=2).images, drawn.images[:260])


def test_another_seed_draws_others(draw: Draw, drawn: Digits) -> None:
    assert (draw(20, seed=6).images != drawn.images[:20]).any(axis=(1, 2)).all()


def test_no_digits_are_an_empty_set(draw: Draw) -> None:
    assert draw(0, seed=1).images.shape == (0, 28, 28)


def test_a_digit_that_lost_a_piece_is_not_whole() -> None:
    ink = written(0, np.random.default_rng(3), "oval")
    whole = np.asarray(Image.fromarray(ink).resize((28, 28))).clip(0, 1)
    half = whole * (np.arange(28) < 14)[:, None]
    assert is_whole((255 * whole).astype(np.uint8), ink)
    assert not is_whole((255 * half).astype(np.uint8), ink)
    assert not is_whole((255 * (1 - whole)).astype(np.uint8), ink)


def test_a_sheet_has_a_row_for_each_form() -> None:
    assert sheet_of_forms(FORMS[:2], written).height == 2 * CELL
    assert sheet_of_forms(TYPEFACES[:3], typeset, PRINTED).height == 3 * CELL


def extents(ink: NDArray[np.float32]) -> tuple[int, int]:
    """Height and width of what is at least half covered."""
    inked = ink > 0.5
    return int(inked.any(axis=1).sum()), int(inked.any(axis=0).sum())


def test_printed_1s_are_upright_and_narrower_than_7s() -> None:
    one = np.array([extents(typeset(1, np.random.default_rng(seed), "flag")) for seed in range(24)])
    seven = np.array([extents(typeset(7, np.random.default_rng(seed), "straight")) for seed in range(24)])
    assert (one[:, 0] > one[:, 1]).all()
    assert np.median(seven[:, 1] / seven[:, 0]) > 1.25 * np.median(one[:, 1] / one[:, 0])


def test_a_printed_stroke_has_the_same_width_everywhere() -> None:
    for seed in range(8):
        ink = typeset(1, np.random.default_rng(seed), "stem")
        rows = (ink > 0.5).sum(axis=1)
        middle = rows[rows > 0][4:-4]
        assert np.ptp(middle) <= 1
