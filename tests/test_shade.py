from __future__ import annotations

import numpy as np
import pytest
from inked import SIDE, bar, blurred, contrast_of, marks_in

from mnistcls.canonical.shade import are_shade, are_texture


def test_texture_is_what_stands_out_little_more_than_the_rest() -> None:
    noise = np.random.default_rng(0).integers(0, 40, (SIDE, SIDE)).astype(np.uint8)
    images = np.where(bar(), 45, noise).astype(np.uint8), np.where(bar(), 200, noise).astype(np.uint8)
    contrast = contrast_of(*images)
    found = marks_in(bar(), bar(), values=images)
    assert are_texture(found, contrast.counts, fine_pen=False).tolist() == [True, False]


def test_a_fine_pen_has_to_stand_out_from_nearly_all_of_the_rest() -> None:
    few = (np.random.default_rng(0).random((SIDE, SIDE)) < 0.2) * 50
    images = np.where(bar(), 200, few).astype(np.uint8), np.where(bar(), 200, few // 5).astype(np.uint8)
    found, counts = marks_in(bar(), bar(), values=images), contrast_of(*images).counts
    assert are_texture(found, counts, fine_pen=False).tolist() == [False, False]
    assert are_texture(found, counts, fine_pen=True).tolist() == [True, False]


@pytest.mark.parametrize(("radius", "in_doubt", "expected"), [(1, False, False), (1, True, False), (14, False, True)])
def test_shade_has_soft_edges(radius: float, in_doubt: bool, expected: bool) -> None:
    soft = blurred(bar(25, 55, 25, 55), radius)
    mask = soft > soft.max() / 2
    shade = are_shade(marks_in(mask, bar(), values=(soft, blurred(bar(), 1))), in_doubt=in_doubt)
    assert shade.tolist() == [expected, False]


def test_in_doubt_only_sharp_edges_count() -> None:
    soft = blurred(bar(25, 55, 25, 55), 2.5)
    found = marks_in(soft > soft.max() / 2, values=(soft,))
    assert [bool(are_shade(found, in_doubt=in_doubt)[0]) for in_doubt in (False, True)] == [False, True]


def test_what_fills_the_image_has_no_edge_and_is_no_shade() -> None:
    full = np.ones((SIDE, SIDE), np.bool_)
    assert not are_shade(marks_in(full, values=(np.full((SIDE, SIDE), 90, np.uint8),)), in_doubt=True)[0]


def test_an_edge_at_the_side_of_one_image_is_none_of_the_next() -> None:
    right, left = bar(0, SIDE, 60, SIDE), bar(0, SIDE, 0, 20)
    together = are_shade(marks_in(right, left, right), in_doubt=True)
    alone = [are_shade(marks_in(mask), in_doubt=True)[0] for mask in (right, left, right)]
    assert together.tolist() == alone
