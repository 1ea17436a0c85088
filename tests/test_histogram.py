from __future__ import annotations

import numpy as np
import pytest

from mnistcls.canonical.numerics.histogram import histogram, otsu, quantile, strongest


@pytest.mark.parametrize("zeros", [0, 3, 5, 500])
def test_a_histogram_counts_every_pixel_once_however_many_are_0(zeros: int) -> None:
    counts = histogram(np.array([[7] * 4 + [255] + [0] * zeros], np.uint8))
    expected = np.zeros((1, 256), int)
    expected[0, [0, 7, 255]] = zeros, 4, 1
    assert np.array_equal(counts, expected)


def test_a_histogram_of_masks_counts_the_pixels_in_them_alone() -> None:
    images = np.array([[[0, 3], [3, 9]], [[3, 4], [4, 4]], [[1, 1], [1, 1]]], np.uint8)
    masks = np.array([[[1, 1], [1, 0]], [[0, 1], [1, 1]], [[0, 0], [0, 0]]], np.bool_)
    expected = np.zeros((3, 256), int)
    expected[[0, 0, 1], [0, 3, 4]] = 1, 2, 3
    assert np.array_equal(histogram(images, masks), expected)


@pytest.mark.parametrize(
    ("values", "threshold"), [([10, 10, 20], (10, 20)), ([0, 255], (0, 255)), ([7, 8, 9, 100, 101], (9, 100))]
)
def test_otsu_separates_two_kinds(values: list[int], threshold: tuple[int, int]) -> None:
    low, high = threshold
    assert low < otsu(histogram(np.array([values], np.uint8)))[0] < high


def test_otsu_lies_in_the_middle_of_a_gap_and_above_what_is_all_the_same() -> None:
    counts = [histogram(np.array([values], np.uint8)) for values in ([10, 20], [10, 10], [])]
    assert otsu(np.concatenate(counts)).tolist() == [15, 255, 255]


def test_a_quantile_is_the_level_that_the_share_reaches() -> None:
    counts = histogram(np.array([[[10, 20], [30, 40]], [[7, 7], [7, 9]]], np.uint8))
    quantiles = [quantile(counts, share).tolist() for share in (0.25, 0.5, 0.75, 1)]
    assert quantiles == [[10, 7], [20, 7], [30, 7], [40, 9]]


@pytest.mark.parametrize(("bright", "level"), [(3, 100), (4, 255), (40, 255)])
def test_single_pixels_are_not_the_strongest(bright: int, level: int) -> None:
    values = np.full(5000, 100, np.uint8)
    values[:bright] = 255
    others = np.arange(5000).astype(np.uint8)
    assert strongest(histogram(np.array([others, values]))).tolist() == [255, level]
