from __future__ import annotations

import numpy as np
import pytest
from inked import SEVEN, SIDE, Mask
from PIL import Image, ImageDraw

from mnistcls.canonical.outlines import inside_outline


def drawn(*loops: list[tuple[int, int]], width: int = 3) -> Mask:
    """Closed lines through points of x and y."""
    picture = Image.new("1", (SIDE, SIDE))
    for points in loops:
        ImageDraw.Draw(picture).line([*points, *points[:2]], fill=1, width=width, joint="curve")
    return np.asarray(picture)


SIX = [(44, 8), (52, 14), (36, 34), (54, 38), (62, 52), (54, 68), (36, 72), (22, 64), (18, 50), (26, 30)]
HOLE = [(38, 44), (50, 50), (46, 60), (36, 60), (32, 52)]


@pytest.mark.parametrize("loops", [[SEVEN], [SIX, HOLE]])
def test_a_plain_outline_is_filled_but_for_its_holes(loops: list[list[tuple[int, int]]]) -> None:
    mask = drawn(*loops)
    filling = inside_outline(mask)
    assert filling is not None
    assert not (filling & mask).any()
    picture = Image.new("1", (SIDE, SIDE))
    for points, level in zip(loops, (1, 0), strict=False):
        ImageDraw.Draw(picture).polygon(points, fill=level)
    whole = np.asarray(picture)
    assert np.count_nonzero((filling | mask) != (whole | mask)) <= 2


@pytest.mark.parametrize(
    "mask",
    [
        pytest.param(drawn([(20, 12), (60, 12), (60, 68), (20, 68)]), id="box"),
        pytest.param(drawn([(40, 10), (56, 24), (47, 40), (60, 56), (40, 72), (20, 56), (33, 40), (24, 24)]), id="8"),
        pytest.param(
            drawn([(44, 8), (60, 8), (34, 40), (48, 56), (40, 74), (24, 70), (22, 56), (56, 10)]), id="crossed 8"
        ),
        pytest.param(drawn(SEVEN) | drawn([(45, 66), (70, 76)]), id="loop with an end"),
        pytest.param(drawn(SIX, [(38, 50), (48, 58)]), id="stroke inside"),
        pytest.param(drawn(SEVEN) | drawn([(5, 5), (9, 9)]), id="stroke outside"),
    ],
)
def test_what_is_no_outline_of_a_digit_stays_open(mask: Mask) -> None:
    assert inside_outline(mask) is None
