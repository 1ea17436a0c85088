from __future__ import annotations

import numpy as np
import pytest

from mnistcls.canonical.numerics.filters import closed, smooth, variation


def test_smoothing_is_the_binomial_filter_with_edges_repeated() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 5, 7), np.uint8)
    padded = np.pad(images.astype(int), ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    expected = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:] + 8) // 16
    np.testing.assert_array_equal(smooth(images), expected)


@pytest.mark.parametrize("width", [1, 3])
def test_a_closing_fills_dark_strokes_narrower_than_its_window(width: int) -> None:
    page = np.full((20, 20), 200, np.int16)
    page[5:15, 8 : 8 + width] = 30
    stack = np.array([page, page.T])
    np.testing.assert_array_equal(closed(stack, share=0.2), np.full_like(stack, 200))
    np.testing.assert_array_equal(closed(stack, share=0.01), stack)


def test_a_closing_leaves_slopes_as_they_are() -> None:
    slope = np.add.outer(3 * np.arange(20), 2 * np.arange(30)).astype(np.int16)
    np.testing.assert_array_equal(closed(slope[None], share=0.3)[0], slope)


def test_variation_is_the_sum_of_all_steps_between_neighbours() -> None:
    image = np.array([[0, 5], [5, 5]], np.int16)
    assert variation(np.array([image, -image, image * 0])).tolist() == [10, 10, 0]
