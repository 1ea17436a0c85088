import numpy as np
import pytest
from numpy.random import default_rng as rng

from train.ink import Pen, render
from train.media import MEDIA, normalized, through_any, two_level
from train.strokes import digit_strokes

EVERY_MEDIUM = pytest.mark.parametrize("medium", MEDIA, ids=lambda medium: medium.__name__)


def ink(digit=3, width=0.1):
    return render(digit_strokes(digit, rng(7)), 60, Pen(width), extent=0.8)


@EVERY_MEDIUM
def test_a_medium_gives_grey_images_of_either_polarity_and_repeats_itself(medium):
    images = [medium(ink(), rng(seed)) for seed in range(12)]
    for seed, image in enumerate(images):
        assert (image.dtype, image.ndim) == (np.uint8, 2)
        np.testing.assert_array_equal(image, medium(ink(), rng(seed)))
    assert {bool(image.mean() > 127) for image in images} == {True, False}


@EVERY_MEDIUM
@pytest.mark.parametrize("width", [0.015, 0.4])
def test_a_medium_bears_hairlines_and_blocks(medium, width):
    for seed in range(12):
        assert np.ptp(medium(ink(1, width), rng(seed)).astype(int)) > 30


def test_two_levels_are_two():
    assert set(np.unique(two_level(ink(), rng(7)))) == {0, 255}


def test_normalized_digits_are_small_and_touch_the_frame():
    images = [normalized(ink(), rng(seed)) for seed in range(20)]
    assert all(8 <= image.shape[0] <= 36 for image in images)
    inks = [image if image.mean() < 127 else ~image for image in images]
    assert any((image[0] > 127).any() and (image[-1] > 127).any() for image in inks)
    assert len({image.shape[1] / image.shape[0] for image in images}) > 5


def test_all_media_come_up(monkeypatch):
    media = {(lambda _ink, _rng, number=number: number): share for number, share in enumerate(MEDIA.values())}
    monkeypatch.setattr("train.media.MEDIA", media)
    drawn = np.bincount([through_any(ink(), rng(seed)) for seed in range(2_000)], minlength=len(MEDIA))
    shares = np.array(list(MEDIA.values()))
    np.testing.assert_allclose(drawn / 2_000, shares / shares.sum(), atol=0.04)
