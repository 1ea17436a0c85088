from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from reading import right

from mnistcls.canonical.rim import inside_rim
from train import scenes
from train.data import Digits
from train.enlarged import Frame, written

Bytes = NDArray[np.uint8]
COUNT = 20


def page(digits: Digits, index: int, side: int = 240) -> Bytes:
    frame = Frame((side, side), (0.4, 0.6))
    return np.asarray(
        scenes.snapshot(digits.images[index], np.random.default_rng([8, index]), frame=frame).convert("L")
    )


def letterboxed(picture: Bytes, level: int) -> Bytes:
    return np.pad(picture, ((60, 70), (0, 0)), constant_values=level)


def rimmed(picture: Bytes, level: int) -> Bytes:
    return np.pad(picture, 40, constant_values=level)


def turned(picture: Bytes, level: int) -> Bytes:
    """Turned in its own frame, which fills the corners."""
    image = Image.fromarray(picture)
    return np.asarray(image.rotate(9, Image.Resampling.BICUBIC, fillcolor=level))


@pytest.mark.parametrize("framed", [letterboxed, rimmed, turned])
@pytest.mark.parametrize("level", [0, 255])
def test_a_picture_in_bars_a_rim_or_corners_of_one_level_is_read(
    test_digits: Digits, framed: object, level: int
) -> None:
    assert callable(framed)
    assert right([framed(page(test_digits, index), level) for index in range(COUNT)], test_digits) >= COUNT - 1


@pytest.mark.parametrize("framed", [letterboxed, rimmed, turned])
def test_what_is_inside_stays_and_the_rest_has_the_level_of_its_paper(test_digits: Digits, framed: object) -> None:
    assert callable(framed)
    picture = framed(page(test_digits, 3), 0)

    inside = inside_rim(picture)

    assert inside is not None
    kept = inside == picture
    assert 0.3 < kept.mean() < 1
    assert (picture[~kept] == 0).mean() > 0.5  # some of the picture's edge goes, too, which is soft
    assert len(np.unique(inside[~kept])) == 1


@pytest.mark.parametrize("bold", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("digit", [0, 8])
def test_what_a_bold_digit_leaves_in_the_corners_is_no_rim(test_digits: Digits, digit: int, bold: float) -> None:
    for index in np.flatnonzero(test_digits.labels == digit)[:COUNT]:
        ink = written(test_digits.images[index], 120, bold)
        for image in (255 * ink, 255 - 255 * ink):
            assert inside_rim(image.astype(np.uint8)) is None


@pytest.mark.parametrize("shape", [(40, 40), (90, 90, 4), (90, 90, 2)])
def test_tiny_and_transparent_pictures_have_none(shape: tuple[int, ...]) -> None:
    picture = np.zeros(shape, np.uint8)
    picture[10:-10, 10:-10] = 200
    assert inside_rim(picture) is None


def test_an_even_picture_has_none() -> None:
    assert inside_rim(np.full((100, 100), 90, np.uint8)) is None
