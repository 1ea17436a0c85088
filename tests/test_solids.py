from __future__ import annotations

import numpy as np
import pytest
from inked import SEVEN, SIDE, Mask, bar, marks_in
from PIL import Image, ImageDraw, ImageFilter

from mnistcls.canonical import canonicalize
from mnistcls.canonical.solids import are_full_shapes


def polygon(*points: tuple[int, int]) -> Mask:
    picture = Image.new("1", (SIDE, SIDE))
    ImageDraw.Draw(picture).polygon(points, fill=1)
    return np.asarray(picture)


def ellipse(box: tuple[int, int, int, int], hole: tuple[int, int, int, int] | None = None) -> Mask:
    picture = Image.new("1", (SIDE, SIDE))
    ImageDraw.Draw(picture).ellipse(box, fill=1)
    if hole:
        ImageDraw.Draw(picture).ellipse(hole, fill=0)
    return np.asarray(picture)


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(ellipse((15, 15, 65, 65)), id="disc"),
        pytest.param(ellipse((22, 10, 58, 70)), id="egg"),
        pytest.param(polygon((20, 12), (60, 12), (60, 68), (20, 68)), id="sheet"),
        pytest.param(polygon((40, 10), (66, 40), (40, 70), (14, 40)), id="sheet, turned"),
        pytest.param(polygon((40, 12), (70, 64), (10, 64)), id="triangle"),
    ],
)
def test_full_shape_is_told(mask: Mask) -> None:
    assert are_full_shapes(marks_in(mask)).tolist() == [True]


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(bar(), id="1"),
        pytest.param(bar(left=30, right=48), id="bold 1"),
        pytest.param(polygon(*SEVEN), id="7"),
        pytest.param(ellipse((15, 15, 65, 65), (36, 30, 44, 50)), id="bold 0"),
        pytest.param(ellipse((30, 30, 46, 46)), id="small disc"),
    ],
)
def test_what_may_be_a_digit_is_no_full_shape(mask: Mask) -> None:
    assert are_full_shapes(marks_in(mask)).tolist() == [False]


@pytest.mark.parametrize("ink", [20, 160])
@pytest.mark.parametrize("shape", ["ellipse", "rectangle"])
def test_disc_and_blank_sheet_leave_nothing_to_read(shape: str, ink: int) -> None:
    picture = Image.new("L", (300, 300), 235)
    getattr(ImageDraw.Draw(picture), shape)((70, 60, 220, 240), fill=ink)
    canonical = canonicalize(np.asarray(picture.filter(ImageFilter.GaussianBlur(1))))
    assert not canonical.image.any()
    assert "a full shape without strokes" in canonical.steps
