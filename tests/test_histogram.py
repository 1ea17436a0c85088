from __future__ import annotations

import numpy as np
import pytest

from mnistcls.histogram import histogram, otsu, quantile, strongest


@pytest.mark.parametrize(
    ("values", "threshold"), [([10, 10, 20], (10, 20)), ([0, 255], (0, 255)), ([7, 8, 9, 100, 101], (9, 100))]
)
def test_otsu_separates_two_kinds(values: list[int], threshold: tuple[int, int]) -> None:
    low, high = threshold
    assert low < otsu(np.bincount(values, minlength=256)) < high


def test_otsu_lies_in_the_middle_of_a_gap_and_above_what_is_all_the_same() -> None:
    assert otsu(np.bincount([10, 20], minlength=256)) == 15
    assert otsu(np.bincount([10, 10], minlength=256)) == 255
    assert otsu(np.zeros(256, np.intp)) == 255


def test_a_quantile_is_the_level_that_the_share_reaches() -> None:
    counts = histogram(np.array([[10, 20], [30, 40]], np.uint8))
    assert [quantile(counts, share) for share in (0.25, 0.5, 0.75, 1)] == [10, 20, 30, 40]


@pytest.mark.parametrize(("bright", "level"), [(3, 100), (4, 255), (40, 255)])
def test_single_pixels_are_not_the_strongest(bright: int, level: int) -> None:
    values = np.full(5000, 100, np.uint8)
    values[:bright] = 255
    assert strongest(histogram(values)) == level
