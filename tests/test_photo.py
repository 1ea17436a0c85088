import numpy as np
import pytest

from train import photo

SHAPE = (120, 160)


def rng():
    return np.random.default_rng(3)


def test_a_box_holds_every_pixel_of_the_mask_and_no_empty_border():
    image = np.arange(30, dtype=np.uint8).reshape(5, 6)
    mask = np.zeros((5, 6), bool)
    mask[1, 4] = mask[3, 2] = True
    assert photo.box(image, mask).tolist() == [[8, 9, 10], [14, 15, 16], [20, 21, 22]]
    assert photo.box(image, np.ones((5, 6), bool)).tolist() == image.tolist()


def test_blur_keeps_the_light_and_spreads_a_point_by_sigma():
    point = np.zeros((41, 41), np.float32)
    point[20, 20] = 1
    blurred = photo.blur(point, 3.0)
    assert blurred.sum() == pytest.approx(1, abs=1e-5)
    assert ((np.arange(41) - 20) ** 2 * blurred.sum(axis=0)).sum() == pytest.approx(9, rel=0.05)


def test_blur_leaves_an_even_page_even_to_its_edges():
    np.testing.assert_allclose(photo.blur(np.full((20, 30, 3), 0.6, np.float32), 4.0), 0.6, atol=1e-6)


def test_a_sheet_has_its_colour_and_a_grain():
    sheet = photo.sheet(SHAPE, (0.9, 0.8, 0.7), rng(), grain=0.02)
    assert (sheet.shape, sheet.dtype) == ((*SHAPE, 3), np.float32)
    np.testing.assert_allclose(sheet.mean(axis=(0, 1)), (0.9, 0.8, 0.7), rtol=0.03)
    assert 0.01 < sheet[..., 0].std() / 0.9 < 0.03


@pytest.mark.parametrize(("squared", "ways"), [(False, 1), (True, 2)])
def test_ruled_paper_has_a_line_every_so_many_pixels(squared, ways):
    page = photo.ruled(np.ones((400, 400, 3), np.float32), 40, rng(), squared=squared)
    share = (page[..., 0] < 0.95).mean()
    assert share == pytest.approx(ways * 2.4 / 40, rel=0.3)  # a line is 1.4 pixels wide, and anti-aliased


def test_ink_filters_what_the_paper_reflects():
    half = photo.inked(np.full((1, 1, 3), 0.5, np.float32), np.full((1, 1), 1.0, np.float32), (0.2, 1.0, 0.0))
    np.testing.assert_allclose(half[0, 0], (0.1, 0.5, 0.0))


def test_room_light_only_takes_away_and_leaves_enough_to_read_by():
    light = photo.room_light(SHAPE, rng())
    assert light.shape == SHAPE
    assert 0.65 * 0.7 - 0.01 <= light.min() < light.max() <= 1


@pytest.mark.parametrize(("shape", "mode"), [((2, 3), "L"), ((2, 3, 3), "RGB")])
def test_8_bits_round_and_cut_off(shape, mode):
    image = photo.to_8_bit(np.full(shape, 1.7, np.float32))
    assert (image.mode, image.size) == (mode, (3, 2))
    assert np.asarray(image).min() == 255
    assert np.asarray(photo.to_8_bit(np.array([[-0.2, 0.5]], np.float32))).tolist() == [[0, 128]]
