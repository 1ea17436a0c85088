from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from mnistcls.canonical.clutter import find_digits
from mnistcls.canonical.marks import Marks, cut_out, marks_of
from mnistcls.canonical.numerics.histogram import histogram
from mnistcls.canonical.paper import Contrast, measure_contrast
from mnistcls.canonical.plane import Plane
from mnistcls.canonical.shade import are_shade, are_texture
from mnistcls.canonical.threshold import levels_of_ink, thresholds, with_faint_ink

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

SIDE = 80


def bar(top: int = 20, bottom: int = 60, left: int = 35, right: int = 43) -> Mask:
    """An upright stroke of 8 pixels in the middle of 80x80."""
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[top:bottom, left:right] = True
    return mask


def blurred(mask: Mask, radius: float, level: int = 200) -> Bytes:
    """The mask in ink of one level on nothing, its edges as soft as asked."""
    image = Image.fromarray(np.where(mask, level, 0).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)))


def seen(*values: Bytes) -> Contrast:
    stack = np.stack(values)
    true = np.ones(len(stack), np.bool_)
    return Contrast(stack, histogram(stack), stack, grain=np.full(len(stack), 6.0), stands_out=true, bright_ink=true)


def marks(*masks: Mask, values: tuple[Bytes, ...] = ()) -> Marks:
    contrasts = seen(*(values or (blurred(mask, 1) for mask in masks)))
    return marks_of(find_digits(np.stack(masks), contrasts.values), contrasts)


def test_a_threshold_lies_between_paper_and_ink_whatever_lies_beside() -> None:
    grainy = np.random.default_rng(0).integers(0, 12, (SIDE, SIDE)).astype(np.uint8)
    strong, faint = (np.where(bar(), level, grainy).astype(np.uint8) for level in (220, 60))
    blank = np.zeros_like(strong)
    high, low, none = thresholds(histogram([strong, faint, blank])).tolist()
    assert 12 <= low < 60
    assert 66 <= high < 220
    assert none == 0


def test_a_threshold_is_never_over_half_of_the_strongest() -> None:
    shaded = np.where(bar(), 200, 0) + np.where(bar(20, 60, 10, 30), 190, 0)
    assert thresholds(histogram([shaded.astype(np.uint8)]))[0] <= 100


def test_ink_that_fades_is_kept_and_faint_ink_by_itself_is_not() -> None:
    fading = np.where(bar(), np.interp(np.arange(SIDE), (20, 60), (220, 40))[:, None], 0).astype(np.uint8)
    apart = np.where(bar(20, 40), 220, np.where(bar(46, 60), 50, 0)).astype(np.uint8)
    too_faint = np.where(bar(20, 40), 220, np.where(bar(40, 60), 20, 0)).astype(np.uint8)
    contrasts = seen(fading, apart, too_faint)
    levels = levels_of_ink(contrasts)
    sure = contrasts.values > levels
    assert not sure[0, 45:].any()
    grown = with_faint_ink(sure, levels, contrasts)
    np.testing.assert_array_equal(grown, [bar(), bar(20, 40), bar(20, 40)])


def test_soft_edges_stay_where_one_threshold_sets_them() -> None:
    contrasts = seen(blurred(bar(), 3))
    levels = levels_of_ink(contrasts)
    sure = contrasts.values > levels
    assert sure.any()
    np.testing.assert_array_equal(with_faint_ink(sure, levels, contrasts), sure)


def test_a_rim_of_a_pixel_is_no_faint_ink() -> None:
    rim = np.where(bar(20, 60), 150, np.where(bar(20, 61), 90, 0)).astype(np.uint8)
    fading = np.where(bar(20, 60), 150, np.where(bar(20, 66), 90, 0)).astype(np.uint8)
    contrasts, levels = seen(rim, fading), np.full((2, 1, 1), 100, np.uint8)
    grown = with_faint_ink(contrasts.values > levels, levels, contrasts)
    np.testing.assert_array_equal(grown, [bar(20, 60), bar(20, 66)])


def test_a_mark_is_measured_where_its_mask_is() -> None:
    mask = bar(10, 50, 30, 36)
    found = marks(mask, bar(), values=(np.where(mask, 90, 7).astype(np.uint8), blurred(bar(), 1)))
    assert found.boxes[0].tolist() == [10, 30, 50, 36]
    assert found.extents.tolist() == [40, 40]
    assert np.flatnonzero(found.counts[0]).tolist() == [90]
    assert found.counts.sum(axis=1).tolist() == [40 * 6, 40 * 8]
    assert found.full[0] == 90


def test_texture_is_what_stands_out_little_more_than_the_rest() -> None:
    noise = np.random.default_rng(0).integers(0, 40, (SIDE, SIDE)).astype(np.uint8)
    images = np.where(bar(), 45, noise).astype(np.uint8), np.where(bar(), 200, noise).astype(np.uint8)
    contrasts = seen(*images)
    found = marks(bar(), bar(), values=images)
    assert are_texture(found, contrasts.counts, fine_pen=False).tolist() == [True, False]


def test_a_fine_pen_has_to_stand_out_from_nearly_all_of_the_rest() -> None:
    few = (np.random.default_rng(0).random((SIDE, SIDE)) < 0.2) * 50
    images = np.where(bar(), 200, few).astype(np.uint8), np.where(bar(), 200, few // 5).astype(np.uint8)
    found, counts = marks(bar(), bar(), values=images), seen(*images).counts
    assert are_texture(found, counts, fine_pen=False).tolist() == [False, False]
    assert are_texture(found, counts, fine_pen=True).tolist() == [True, False]


@pytest.mark.parametrize(("radius", "in_doubt", "expected"), [(1, False, False), (1, True, False), (14, False, True)])
def test_shade_has_soft_edges(radius: float, in_doubt: bool, expected: bool) -> None:
    soft = blurred(bar(25, 55, 25, 55), radius)
    mask = soft > soft.max() / 2
    shade = are_shade(marks(mask, bar(), values=(soft, blurred(bar(), 1))), in_doubt=in_doubt)
    assert shade.tolist() == [expected, False]


def test_in_doubt_only_sharp_edges_count() -> None:
    soft = blurred(bar(25, 55, 25, 55), 2.5)
    found = marks(soft > soft.max() / 2, values=(soft,))
    assert [bool(are_shade(found, in_doubt=in_doubt)[0]) for in_doubt in (False, True)] == [False, True]


def test_what_fills_the_image_has_no_edge_and_is_no_shade() -> None:
    full = np.ones((SIDE, SIDE), np.bool_)
    assert not are_shade(marks(full, values=(np.full((SIDE, SIDE), 90, np.uint8),)), in_doubt=True)[0]


def test_an_edge_at_the_side_of_one_image_is_none_of_the_next() -> None:
    right, left = bar(0, SIDE, 60, SIDE), bar(0, SIDE, 0, 20)
    together = are_shade(marks(right, left, right), in_doubt=True)
    alone = [are_shade(marks(mask), in_doubt=True)[0] for mask in (right, left, right)]
    assert together.tolist() == alone


def test_a_cut_out_is_the_mark_alone_with_its_soft_edge_and_paper_around() -> None:
    values = np.maximum(blurred(bar(), 1), blurred(bar(5, 15, 60, 70), 1))
    cut = cut_out(marks(bar(), values=(values,)))[0]
    assert cut.box == (20, 35, 60, 43)
    assert cut.extent == 40
    assert not cut.runs_on
    assert cut.ink.shape == (42, 10)
    assert (cut.ink[1:-1, 3:-3] >= 230).mean() > 0.9
    assert 0 < cut.ink[20, 0] < 128  # just outside
    far = cut_out(marks(bar(5, 15, 60, 70), values=(values,)))[0]
    assert far.ink.shape == (12, 12)


def test_a_cut_out_at_the_side_has_paper_there_as_well() -> None:
    edges = cut_out(marks(bar(0, 40, 0, 8), bar(0, SIDE, 30, 38), bar(50, 55, 0, SIDE)))
    assert [mark.runs_on for mark in edges] == [False, True, True]
    assert [mark.ink.shape for mark in edges] == [(42, 10), (82, 10), (7, 82)]
    assert not edges[0].ink[0].any()
    assert not edges[0].ink[:, 0].any()
    assert edges[0].ink[1, 1] > 0


def test_ink_on_uneven_paper_is_cut_out_whole() -> None:
    light = np.linspace(250, 130, SIDE)[:, None]
    page = np.where(bar(), 0.2 * light, light).astype(np.uint8)
    found = measure_contrast([Plane(page, None, "grey")])
    digits = find_digits(found.values > thresholds(found.counts)[:, None, None], found.values)
    cut = cut_out(marks_of(digits, found))[0]
    assert cut.box == pytest.approx((20, 35, 60, 43), abs=1)
    assert (cut.ink[3:-3, 3:-3] > 200).all()
