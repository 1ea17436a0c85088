from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcls.canonical.detection import Detection, Verdict, detect
from train import photo, scenes
from train.ink import Pen, render
from train.strokes import digit_strokes

Floats = NDArray[np.floating]


def ink(digit: int, side: int, width: float = 0.1) -> Floats:
    """A digit of even lines, 1 on 0, that takes 0.7 of a square; its lines are as wide as this share of it."""
    strokes = digit_strokes(digit, np.random.default_rng(digit))
    return render(strokes, side, Pen(width=width, thinning=0, lift=0), extent=0.7)


def spot(side: int, variance: float) -> Floats:
    """A soft spot in the middle, from 1 down to 0."""
    y, x = np.mgrid[:side, :side] - side / 2
    return np.asarray(np.exp(-(y**2 + x**2) / variance))


def found_in(picture: Floats) -> Detection:
    """What is found in one picture, beside another one that must not matter."""
    image = np.clip(picture, 0, 255).astype(np.uint8)
    first, _ = detect([image, np.zeros_like(image)])
    return first


def test_one_look_is_enough_for_a_clear_digit() -> None:
    found = found_in(240 - 200 * ink(5, 120))
    assert found.steps == ("grey", "dark ink")
    assert found.verdict is Verdict.DIGIT
    assert found.digit is not None
    assert found.digit.extent == pytest.approx(0.7 * 120, abs=2)


def test_an_even_image_is_flat_and_clutter_alone_is_no_mark() -> None:
    assert found_in(np.full((90, 90), 200.0)).steps == ("grey", "dark ink", "nothing stands out")
    ruled = np.full((90, 90), 200.0)
    ruled[::15] = 30
    found = found_in(ruled)
    assert found.verdict is Verdict.NO_MARK
    assert found.steps == ("grey", "dark ink", "lines removed")


def test_a_sheet_of_paper_is_looked_at_inside() -> None:
    picture = np.full((200, 200), 30.0)
    picture[40:160, 50:150] = 235
    assert found_in(picture).steps[1] == "bright ink", "a blank sheet stands out from what it lies on"
    picture[50:150, 50:150] -= 200 * ink(3, 100)
    found = found_in(picture)
    assert found.steps == ("grey", "dark ink")
    assert found.digit is not None


def test_a_small_digit_is_looked_at_from_nearer() -> None:
    picture = np.full((400, 400), 240.0)
    picture[100:160, 200:260] -= 200 * ink(5, 60)
    found = found_in(picture)
    assert found.steps == ("grey", "dark ink")
    assert found.digit is not None
    assert found.digit.extent == pytest.approx(0.7 * 60, abs=2), "in its own pixels, not in those of the first look"


def test_a_small_mark_that_is_a_part_of_a_line_is_no_digit() -> None:
    pages = []
    for seed in range(12):
        chance = np.random.default_rng(seed)
        page = photo.ruled(photo.sheet((180, 180), scenes.WHITE, chance), 26, chance, squared=False)
        pages.append(np.asarray(photo.to_8_bit(page)))
    found = [one for one in detect(pages) if one.verdict is Verdict.RUNS_ON]
    assert found
    assert {one.steps[-1] for one in found} == {"a line that runs on"}
    assert [one.digit for one in found] == [None] * len(found)


@pytest.mark.parametrize("bright_ink", [False, True])
def test_where_only_shade_is_found_ink_may_be_the_other_way_round(bright_ink: bool) -> None:
    """The digit lies on a spot of light (or shadow) that stands out more than its ink."""
    sign = -1 if bright_ink else 1
    light = 128 + sign * 120 * spot(120, 800)
    assert found_in(light).steps[-1] == "no more than light and shadow"
    found = found_in(light - sign * 60 * ink(2, 120))
    assert found.steps == ("grey", "bright ink" if bright_ink else "dark ink")
    assert found.digit is not None
    assert found.digit.extent == pytest.approx(0.7 * 120, abs=2)


def test_a_picture_between_bars_is_looked_at_inside() -> None:
    page = np.full((140, 200), 220.0)
    page[:, 30:170] -= 190 * ink(2, 140)
    found = found_in(np.pad(page, ((50, 50), (0, 0))))
    assert found.steps == ("grey", "dark ink")
    assert found.digit is not None
    assert found.digit.extent == pytest.approx(0.7 * 140 / 2, abs=2)


@pytest.mark.parametrize(("sign", "name"), [(-1, "dark ink"), (1, "bright ink")])
def test_a_fine_pen_is_looked_for_where_nothing_else_is_found(sign: int, name: str) -> None:
    """The line is fainter than the light and shadow beside it."""
    y, x = np.mgrid[:120, :120]
    light = 255 * np.exp(-((y - 40) ** 2 + (x - 80) ** 2) / 1500)
    found = found_in(light + sign * 60 * ink(3, 120, width=0.015))
    assert found.steps == ("grey", name, "thin lines alone")
    assert found.digit is not None
    assert found_in(light).digit is None


def test_where_only_texture_is_found_ink_may_be_the_other_way_round() -> None:
    """The middle of a picture that gets darker all around is brighter than its paper, and not even in one piece."""
    y, x = np.mgrid[:128, :128] - 64
    light = 220 - 100 * (y**2 + x**2) / 90**2
    assert found_in(light).digit is None
    found = found_in(light - 90 * ink(2, 128, width=0.2))
    assert found.steps == ("grey", "dark ink")
    assert found.digit is not None
    assert found.digit.extent == pytest.approx(0.7 * 128, abs=2)


def test_an_outline_that_is_coloured_in_is_filled() -> None:
    picture = np.full((120, 120), 235.0)
    picture[30:90, 48:72] = 40
    picture[34:86, 52:68] = 160
    found = found_in(picture)
    assert found.steps == ("grey", "dark ink", "filled in")
    assert found.mark is not None
    assert found.digit is not None
    assert found.digit.ink[30, 12] == 255
    assert found.mark.ink[30, 12] < 200, "as a sheet of paper is known by its own ink"
