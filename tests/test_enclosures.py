from __future__ import annotations

import numpy as np
import pytest
from masks import Mask, digit_in, empty, seven, slanted
from PIL import Image, ImageDraw


def frame(line: int = 3, reach: int = 50) -> Mask:
    """A printed box around the middle."""
    y, x = np.abs(np.mgrid[:120, :120] - 60)
    distance = np.maximum(y, x)
    box: Mask = (distance <= reach) & (distance > reach - line)
    return box


@pytest.mark.parametrize(("reach", "line"), [(56, 2), (50, 3), (40, 6), (30, 4)])
def test_a_printed_box_goes_empty_or_not(reach: int, line: int) -> None:
    box = frame(line, reach)
    assert digit_in(box)[0] is None
    if reach > 45:
        np.testing.assert_array_equal(digit_in(box | seven())[0], seven())


def test_a_round_0_is_no_printed_box() -> None:
    y, x = np.mgrid[:120, :120] - 59.5
    radius = np.hypot(y / 1.2, x)
    zero: Mask = (radius < 45) & (radius > 36)
    np.testing.assert_array_equal(digit_in(zero)[0], zero)


def ring(radius: int = 52, width: int = 4, gap: float = 0.0, side: int = 120) -> Mask:
    """A circle around the middle, with a gap of this share of the turn."""
    y, x = np.mgrid[:side, :side] - side / 2 + 0.5
    on_ring: Mask = (np.abs(np.hypot(y, x) - radius) < width / 2) & (np.arctan2(y, x) / (2 * np.pi) + 0.5 >= gap)
    return on_ring


@pytest.mark.parametrize("gap", [0.0, 0.1])
def test_a_ring_around_a_digit_goes(gap: float) -> None:
    digit, steps = digit_in(seven() | ring(gap=gap))

    assert digit is not None
    np.testing.assert_array_equal(digit, seven())
    assert "ring removed" in steps


@pytest.mark.parametrize(("slope", "step"), [(14, "box removed"), (7, "ring removed")])
def test_a_box_drawn_by_hand_in_strokes_goes(slope: int, step: str) -> None:
    box = empty()
    slanted(box.T, range(8, 112), lambda column: 8 + column // slope, 3)
    slanted(box.T, range(10, 114), lambda column: 108 - column // (slope + 2), 3)
    slanted(box, range(6, 110), lambda row: 6 + row // (slope + 1), 3)
    slanted(box, range(12, 116), lambda row: 112 - row // (slope - 1), 3)

    digit, steps = digit_in(seven() | box)

    assert digit is not None
    np.testing.assert_array_equal(digit, seven())
    assert step in steps


def test_a_digit_in_pieces_stays_whole_in_a_ring() -> None:
    broken = seven()
    rows = np.flatnonzero(broken.any(axis=1))
    broken[rows[len(rows) // 3] : rows[len(rows) // 3] + 2] = False
    digit, steps = digit_in(broken | ring())
    assert digit is not None
    np.testing.assert_array_equal(digit, broken)
    assert "ring removed" in steps


@pytest.mark.parametrize("width", [8, 12])
def test_a_0_with_a_dot_or_a_slash_inside_is_no_ring(width: int) -> None:
    zero = ring(radius=30, width=width)
    for inside in ((slice(56, 64), slice(56, 64)), (slice(48, 72), slice(57, 63))):
        mask = zero.copy()
        mask[inside] = True
        digit, steps = digit_in(mask)
        assert digit is not None
        assert "ring removed" not in steps
        assert (digit & zero).sum() == zero.sum()


def test_half_a_ring_beside_a_digit_is_none() -> None:
    digit, steps = digit_in(seven() | ring(gap=0.5))
    assert digit is not None
    assert "ring removed" not in steps


@pytest.mark.parametrize("side", range(4))
def test_a_box_without_one_of_its_sides_goes_whole(side: int) -> None:
    """Three sides of it are rulings, which go; of a bent one something would stay, and look like a 1."""
    box = frame()
    box[:14] = False  # it has three sides
    box[40:80, 8:11], box[40:80, 11:14] = False, True  # the left one is bent
    turned = np.rot90(box, side)
    assert digit_in(turned)[0] is None
    digit, steps = digit_in(turned | seven())
    np.testing.assert_array_equal(digit, seven())
    assert steps == ("box removed",)


def test_a_box_that_the_digit_touches_stays() -> None:
    y, x = np.mgrid[:120, :120]
    joined = seven() | frame() | ((x >= 76) & (y >= 32) & (y < 36) & (x < 110))
    digit, steps = digit_in(joined)
    assert "box removed" not in steps
    assert digit is not None
    assert digit[seven()].all()


def test_the_outline_of_a_6_is_no_ring_around_its_hole() -> None:
    picture = Image.new("1", (120, 120))
    draw = ImageDraw.Draw(picture)
    outer = [(66, 8), (78, 16), (54, 50), (80, 56), (92, 78), (80, 102), (54, 108), (32, 96), (26, 74), (38, 44)]
    draw.line([*outer, *outer[:2]], fill=1, width=3)
    draw.ellipse((46, 66, 72, 92), outline=1, width=3)
    mask = np.asarray(picture)
    digit, steps = digit_in(mask)
    np.testing.assert_array_equal(digit, mask)
    assert steps == ()
