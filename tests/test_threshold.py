from __future__ import annotations

import numpy as np
from inked import SIDE, bar, blurred, contrast_of

from mnistcls.canonical.numerics.histogram import histogram
from mnistcls.canonical.threshold import levels_of_ink, thresholds, with_faint_ink


def test_a_threshold_lies_between_paper_and_ink_whatever_lies_beside() -> None:
    grainy = np.random.default_rng(0).integers(0, 12, (SIDE, SIDE)).astype(np.uint8)
    strong, faint = (np.where(bar(), level, grainy).astype(np.uint8) for level in (220, 60))
    blank = np.zeros_like(strong)
    high, low, none = thresholds(histogram(np.stack([strong, faint, blank]))).tolist()
    assert 12 <= low < 60
    assert 66 <= high < 220
    assert none == 0


def test_a_threshold_is_never_over_half_of_the_strongest() -> None:
    shaded = np.where(bar(), 200, 0) + np.where(bar(20, 60, 10, 30), 190, 0)
    assert thresholds(histogram(shaded[None].astype(np.uint8)))[0] <= 100


def test_ink_that_fades_is_kept_and_faint_ink_by_itself_is_not() -> None:
    fading = np.where(bar(), np.interp(np.arange(SIDE), (20, 60), (220, 40))[:, None], 0).astype(np.uint8)
    apart = np.where(bar(20, 40), 220, np.where(bar(46, 60), 50, 0)).astype(np.uint8)
    too_faint = np.where(bar(20, 40), 220, np.where(bar(40, 60), 20, 0)).astype(np.uint8)
    contrast = contrast_of(fading, apart, too_faint)
    levels = levels_of_ink(contrast)
    sure = contrast.values > levels
    assert not sure[0, 45:].any()
    grown = with_faint_ink(sure, levels, contrast)
    np.testing.assert_array_equal(grown, [bar(), bar(20, 40), bar(20, 40)])


def test_soft_edges_stay_where_one_threshold_sets_them() -> None:
    contrast = contrast_of(blurred(bar(), 3))
    levels = levels_of_ink(contrast)
    sure = contrast.values > levels
    assert sure.any()
    np.testing.assert_array_equal(with_faint_ink(sure, levels, contrast), sure)


def test_a_rim_of_a_pixel_is_no_faint_ink() -> None:
    rim = np.where(bar(20, 60), 150, np.where(bar(20, 61), 90, 0)).astype(np.uint8)
    fading = np.where(bar(20, 60), 150, np.where(bar(20, 66), 90, 0)).astype(np.uint8)
    contrast, levels = contrast_of(rim, fading), np.full((2, 1, 1), 100, np.uint8)
    grown = with_faint_ink(contrast.values > levels, levels, contrast)
    np.testing.assert_array_equal(grown, [bar(20, 60), bar(20, 66)])
