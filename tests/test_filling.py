from __future__ import annotations

import numpy as np
import pytest
from inked import SIDE, Bytes, Mask, blurred, contrast_of

from mnistcls.canonical.clutter import find_digits
from mnistcls.canonical.filling import filled_outlines
from mnistcls.canonical.marks import Mark, Marks, cut_out, marks_of


def outline(width: int = 3) -> Mask:
    """The outline of an upright bar of 50x24 pixels."""
    bar = inside(0)
    bar[inside(width)] = False
    return bar


def inside(width: int = 3) -> Mask:
    """What lies within that outline."""
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[15 + width : 65 - width, 28 + width : 52 - width] = True
    return mask


def marks_in(values: Bytes) -> Marks:
    """The outline as a mark in an image of these values, after an empty image and beside a bar that is full."""
    images = np.zeros_like(values), values, np.where(inside(0), 200, 0).astype(np.uint8)
    contrast = contrast_of(*images)
    return marks_of(find_digits(np.stack([images[0] > 0, outline(), inside(0)]), contrast.values), contrast)


@pytest.mark.parametrize("level", [40, 90])
def test_an_outline_that_is_filled_outlines_is_filled(level: int) -> None:
    values = np.maximum(blurred(outline(), 0.7), np.where(inside(), level, 0)).astype(np.uint8)
    marks = marks_in(values)
    filled = filled_outlines(marks)
    assert list(filled) == [1]
    plain = cut_out(marks)[1]
    assert filled[1].box == plain.box
    assert ink_in_the_middle(plain) < 0.5 * 255
    assert ink_in_the_middle(filled[1]) == 255
    assert (filled[1].ink >= plain.ink).all()


def ink_in_the_middle(mark: Mark) -> int:
    height, width = mark.ink.shape
    return int(mark.ink[height // 2, width // 2])


@pytest.mark.parametrize("paper", [0, 60])
def test_an_outline_around_paper_stays_open(paper: int) -> None:
    """On grey paper its inside is as grey as what is around it."""
    values = np.maximum(blurred(outline(), 0.7), paper).astype(np.uint8)
    assert filled_outlines(marks_in(values)) == {}


def test_blur_in_a_small_loop_is_no_colour() -> None:
    loop = outline(width=10)
    images = np.where(inside(0), 200, 0).astype(np.uint8), np.maximum(blurred(loop, 4), 0)
    contrast = contrast_of(*images)
    assert images[1][inside(10)].min() > 40
    assert filled_outlines(marks_of(find_digits(np.stack([inside(0), loop]), contrast.values), contrast)) == {}
