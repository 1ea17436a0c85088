from __future__ import annotations

import numpy as np
import pytest
from inked import SIDE, bar, blurred, marks_in

from mnistcls.canonical.clutter import find_digits
from mnistcls.canonical.marks import cut_out, marks_of
from mnistcls.canonical.paper import measure_contrast
from mnistcls.canonical.plane import Plane
from mnistcls.canonical.threshold import thresholds


def test_a_mark_is_measured_where_its_mask_is() -> None:
    mask = bar(10, 50, 30, 36)
    found = marks_in(mask, bar(), values=(np.where(mask, 90, 7).astype(np.uint8), blurred(bar(), 1)))
    assert found.boxes[0].tolist() == [10, 30, 50, 36]
    assert found.extents.tolist() == [40, 40]
    assert np.flatnonzero(found.counts[0]).tolist() == [90]
    assert found.counts.sum(axis=1).tolist() == [40 * 6, 40 * 8]
    assert found.full[0] == 90


def test_a_cut_out_is_the_mark_alone_with_its_soft_edge_and_paper_around() -> None:
    values = np.maximum(blurred(bar(), 1), blurred(bar(5, 15, 60, 70), 1))
    cut = cut_out(marks_in(bar(), values=(values,)))[0]
    assert cut.box == (20, 35, 60, 43)
    assert cut.extent == 40
    assert not cut.runs_on
    assert cut.ink.shape == (42, 10)
    assert (cut.ink[1:-1, 3:-3] >= 230).mean() > 0.9
    assert 0 < cut.ink[20, 0] < 128  # just outside
    far = cut_out(marks_in(bar(5, 15, 60, 70), values=(values,)))[0]
    assert far.ink.shape == (12, 12)


def test_a_cut_out_at_the_side_has_paper_there_as_well() -> None:
    edges = cut_out(marks_in(bar(0, 40, 0, 8), bar(0, SIDE, 30, 38), bar(50, 55, 0, SIDE)))
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
