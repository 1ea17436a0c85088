from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistcls.canonical.plane import Plane, colour_weights, to_planes, to_uint8


def dot(paper: int, ink: int) -> NDArray[np.uint8]:
    """A square of ink in the middle of its paper, 20x20."""
    image = np.full((20, 20), paper, np.uint8)
    image[7:13, 7:13] = ink
    return image


def to_plane(image: NDArray[np.uint8]) -> Plane:
    return to_planes([image])[0]


def test_uint8_stays_the_very_same() -> None:
    image = dot(200, 10)
    assert to_uint8(image).base is image


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[False, True]]), [[0, 255]]),
        (np.array([[400, 2000, 3600]], np.uint16), [[0, 128, 255]]),
        (np.array([[-1.0, 0.0, 1.0]]), [[0, 128, 255]]),
        (np.array([[np.nan, 0.0, 1.0, np.inf, -np.inf]]), [[0, 0, 255, 0, 0]]),
        (np.array([[-1.7e308, 1.7e308]]), [[0, 255]]),
        (np.array([[-(2**63), 2**63 - 1]], np.int64), [[0, 255]]),
        (np.array([[3.0, 3.0]]), [[0, 0]]),
        (np.array([[np.nan, np.nan]]), [[0, 0]]),
    ],
)
def test_other_numbers_are_relative_to_their_own_range(values: NDArray[np.generic], expected: list[list[int]]) -> None:
    result = to_uint8(values)
    assert result.dtype == np.uint8
    assert result.tolist() == expected


@pytest.mark.parametrize("shape", [(40, 30), (1, 1200), (1200, 1), (20, 30, 2)])
@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_an_image_in_pieces_is_the_same_as_whole(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], dtype: type
) -> None:
    image = np.random.default_rng(0).integers(100, 60_000, shape).astype(dtype)
    whole = to_uint8(image)
    assert np.ptp(whole) > 200
    monkeypatch.setattr("mnistcls.canonical.plane.NUMBERS_AT_ONCE", 100)
    np.testing.assert_array_equal(to_uint8(image), whole)


@pytest.mark.parametrize("channels", [1, 3])
def test_channels_without_alpha_are_relative_to_their_own_range(channels: int) -> None:
    image = np.dstack([np.array([[1000, 1005], [1010, 1000]], np.uint16)] * channels)
    assert to_uint8(image)[..., 0].tolist() == [[0, 128], [255, 0]]


def test_alpha_is_relative_to_zero() -> None:
    image = np.full((2, 2, 2), 1000, np.uint16)
    image[0, 0, 1] = 500
    assert to_uint8(image)[..., 1].tolist() == [[128, 255], [255, 255]]


@pytest.mark.parametrize("shape", [(20, 20), (20, 20, 1)])
def test_grey_is_its_own_plane(shape: tuple[int, ...]) -> None:
    plane = to_plane(dot(200, 10).reshape(shape))
    np.testing.assert_array_equal(plane.values, dot(200, 10))
    assert (plane.ink_is_bright, plane.step) == (None, "grey")


def test_colourless_rgb_is_grey() -> None:
    plane = to_plane(np.dstack([dot(200, 10)] * 3))
    np.testing.assert_array_equal(plane.values, dot(200, 10))
    assert plane.step == "grey"


@pytest.mark.parametrize("level", [0, 128, 255])
def test_ink_of_one_colour_on_nothing_is_its_alpha(level: int) -> None:
    alpha = dot(0, 255)
    for image in (
        np.dstack([np.full_like(alpha, level), alpha]),
        np.dstack([np.full_like(alpha, level)] * 3 + [alpha]),
    ):
        plane = to_plane(image)
        np.testing.assert_array_equal(plane.values, alpha)
        assert (plane.ink_is_bright, plane.step) == (True, "ink in alpha")


@pytest.mark.parametrize(("levels", "ground", "step"), [((0, 100), 255, "over white"), ((255, 150), 0, "over black")])
def test_several_shades_on_nothing_lie_on_the_ground_that_differs(
    levels: tuple[int, int], ground: int, step: str
) -> None:
    grey, alpha = dot(levels[0], levels[0]), dot(0, 255)
    grey[7:10] = levels[1]
    plane = to_plane(np.dstack([grey, alpha]))
    assert (plane.ink_is_bright, plane.step) == (None, step)
    assert plane.values[0, 0] == ground
    assert {int(plane.values[8, 8]), int(plane.values[12, 12])} == set(levels)


@pytest.mark.parametrize("contrast", [10, 190])
@pytest.mark.parametrize("beneath", [0, 255])
def test_a_transparent_rim_has_the_colour_of_the_paper(contrast: int, beneath: int) -> None:
    whole = dot(200, 200 - contrast)
    alpha = np.full_like(whole, 255)
    alpha[:2], alpha[:, -1] = 0, 100
    grey = np.where(alpha == 0, beneath, whole).astype(np.uint8)
    for image in (np.dstack([grey, alpha]), np.dstack([grey] * 3 + [alpha])):
        plane = to_plane(image)
        np.testing.assert_array_equal(plane.values, whole)
        assert (plane.ink_is_bright, plane.step) == (None, "grey")


def test_a_hole_in_one_colour_may_be_ink() -> None:
    alpha = dot(255, 0)
    plane = to_plane(np.dstack([np.full_like(alpha, 30), alpha]))
    np.testing.assert_array_equal(plane.values, alpha)
    assert (plane.ink_is_bright, plane.step) == (None, "ink in alpha")


@pytest.mark.parametrize("alpha", [1, 128, 255])
def test_an_even_alpha_tells_nothing(alpha: int) -> None:
    grey = dot(200, 10)
    plane = to_plane(np.dstack([grey, np.full_like(grey, alpha)]))
    np.testing.assert_array_equal(plane.values, grey)
    assert (plane.ink_is_bright, plane.step) == (None, "grey")


def test_all_transparent_is_blank_whatever_lies_beneath() -> None:
    plane = to_plane(np.dstack([dot(0, 255), np.zeros((20, 20), np.uint8)]))
    assert not plane.values.any()
    assert plane.step == "all transparent"


def test_a_signalling_nan_is_no_number_like_any_other() -> None:
    """NumPy warns when it converts one, and a warning is an error here."""
    image = np.linspace(0, 1, 16, dtype=np.float32).reshape(4, 4)
    image[1, 1] = np.nan
    expected = to_uint8(image)
    image.view(np.uint32)[1, 1] = 0x7FA00000

    np.testing.assert_array_equal(to_uint8(image), expected)


def test_red_on_green_of_equal_luminance_is_told_apart() -> None:
    red, green = (np.array(colour, np.uint8) for colour in ((200, 40, 40), (40, 122, 40)))
    plane = to_plane(np.where((dot(0, 1) > 0)[..., None], red, green))
    ink, paper = plane.values[8:12, 8:12], plane.values[:6]
    assert plane.step == "colour"
    assert abs(float(ink.mean()) - float(paper.mean())) > 200


def test_colour_keeps_light_light() -> None:
    navy, cream = np.array((20, 30, 90), np.uint8), np.array((250, 240, 200), np.uint8)
    plane = to_plane(np.where((dot(0, 1) > 0)[..., None], navy, cream))
    assert plane.values[0, 0] == 255
    assert plane.values[10, 10] == 0


@pytest.mark.parametrize("channels", [3, 4])
def test_images_of_one_shape_are_as_each_alone(channels: int) -> None:
    random = np.random.default_rng(channels)
    stack = list(random.integers(0, 256, (5, 50, 60, channels), np.uint8))
    stack[1][...] = 200  # no colour between two that have
    stack[2][..., 3:] = 128  # an alpha that tells nothing
    for plane, alone in zip(to_planes(stack), map(to_plane, stack), strict=True):
        np.testing.assert_array_equal(plane.values, alone.values)
        assert (plane.ink_is_bright, plane.step) == (alone.ink_is_bright, alone.step)


def test_grey_is_as_pillow_makes_it() -> None:
    grey = np.random.default_rng(0).integers(1, 255, (90, 120, 1), np.uint8)
    pixels = grey + np.random.default_rng(1).integers(0, 2, (90, 120, 3), np.uint8)
    np.testing.assert_array_equal(to_plane(pixels).values, np.asarray(Image.fromarray(pixels).convert("L")))


@pytest.mark.parametrize("seed", range(8))
def test_colour_is_as_pillow_projects_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 256, (40, 30, 3), np.uint8) // random.integers(1, 9, 3, np.uint8)
    (weights,) = colour_weights(pixels[None].astype(np.float32))
    expected = Image.fromarray(pixels).convert("L", tuple(map(float, weights)))
    np.testing.assert_array_equal(to_plane(pixels).values, np.asarray(expected))
