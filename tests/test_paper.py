from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcls.canonical.paper import Contrast, measure_contrast
from mnistcls.canonical.plane import Plane
from train import photo

Bytes = NDArray[np.uint8]


def ring(side: int = 90) -> NDArray[np.bool_]:
    """A thick 0, in the middle."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    radius = np.hypot(y, x) / side
    result: NDArray[np.bool_] = (radius > 0.22) & (radius < 0.32)
    return result


def plane(values: NDArray[np.generic], ink_is_bright: bool | None = None) -> Plane:
    return Plane(np.clip(np.rint(values), 0, 255).astype(np.uint8), ink_is_bright, "test")


def contrast_of(image: Plane) -> Contrast:
    """Of one image beside others of its size, which must not matter; its parts alone."""
    others = np.random.default_rng(0).integers(0, 256, (2, *image.values.shape))
    contrast = measure_contrast([plane(others[0]), image, plane(others[1], ink_is_bright=True)])
    return Contrast(**{name: part[1] for name, part in vars(contrast).items()})


@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (0, 255), (158, 115), (115, 158), (250, 238), (12, 24)])
def test_polarity_and_contrast_of_even_paper(paper: int, ink: int) -> None:
    contrast = contrast_of(plane(np.where(ring(), ink, paper)))
    assert contrast.bright_ink == (ink > paper)
    assert contrast.stands_out
    assert contrast.values[~ring()].mean() < 0.2 * contrast.values[ring()].mean()
    assert contrast.values[45, 20:26].max() == pytest.approx(abs(ink - paper), abs=2)
    np.testing.assert_array_equal(contrast.counts, np.bincount(contrast.values.ravel(), minlength=256))


def test_transparency_has_the_last_word() -> None:
    values = np.where(ring(), 255, 0)
    contrast = contrast_of(plane(values, ink_is_bright=True))
    np.testing.assert_array_equal(contrast.values, values)
    assert (contrast.bright_ink, contrast.stands_out) == (True, True)


@pytest.mark.parametrize("bright", [False, True])
def test_a_crop_to_the_ink_keeps_its_polarity(bright: bool) -> None:
    ink = ring()[16:-16, 16:-16]
    contrast = contrast_of(plane(np.where(ink == bright, 240, 20)))
    assert contrast.bright_ink == bright


@pytest.mark.parametrize("darkest", [0.25, 0.5])
def test_under_a_lamp_ink_stands_out_alike_everywhere(darkest: float) -> None:
    light = photo.lamp_light((90, 90), np.random.default_rng(0), darkest)
    contrast = contrast_of(plane(np.where(ring(), 0.2, 0.95) * light * 255))
    assert not contrast.bright_ink
    ink = contrast.values[ring()]
    assert np.quantile(ink, 0.1) > 5 * max(np.quantile(contrast.values[~ring()], 0.8), 1)


def test_a_gradient_in_the_paper_is_no_contrast() -> None:
    contrast = contrast_of(plane(np.add.outer(np.arange(90), np.arange(90)) + 60.0))
    assert not contrast.stands_out


@pytest.mark.parametrize(("depth", "stands_out"), [(20, False), (120, True)])
def test_ink_has_to_stand_out_from_the_grain(depth: int, stands_out: bool) -> None:
    grain = np.random.default_rng(0).normal(0, 12, (90, 90))
    assert contrast_of(plane(np.where(ring(), 180 - depth, 180) + grain)).stands_out == stands_out


def test_darkness_is_the_plane_with_bright_ink() -> None:
    dark = contrast_of(plane(np.where(ring(), 50, 200))).darkness
    bright = contrast_of(plane(np.where(ring(), 205, 55))).darkness
    assert dark[ring()].mean() > dark[~ring()].mean()
    np.testing.assert_allclose(dark.astype(int), bright, atol=1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (2, 2), (300, 3)])
def test_images_of_hardly_any_width_are_no_trouble(shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).integers(0, 256, shape)
    assert contrast_of(plane(values)).values.shape == shape
