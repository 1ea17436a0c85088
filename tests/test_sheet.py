from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from reading import right

from mnistcls.canonical import canonicalize
from mnistcls.classifier import Classifier
from train import photo, scenes
from train.data import Digits
from train.enlarged import Frame, written

Bytes = NDArray[np.uint8]
COUNT = 20


def on_ground(page: Image.Image, ground: int, turn: float, size: tuple[int, int] = (640, 480)) -> Bytes:
    """A page, turned by so many degrees, on a ground of one grey."""
    picture = Image.new("L", size, ground)
    sheet = page.convert("LA").rotate(turn, Image.Resampling.BICUBIC, expand=True)
    place = (size[0] - sheet.width) // 3, (size[1] - sheet.height) // 2
    picture.paste(sheet.getchannel("L"), place, sheet.getchannel("A"))
    return np.asarray(picture)


def written_page(digits: Digits, index: int, side: int = 260) -> Image.Image:
    chance = np.random.default_rng([7, index])
    return scenes.snapshot(digits.images[index], chance, frame=Frame((side, side), (0.35, 0.5))).convert("L")


@pytest.mark.parametrize("turn", [0, 6, -14])
@pytest.mark.parametrize("ground", [15, 110])
def test_a_digit_on_a_sheet_on_darker_ground_is_read(test_digits: Digits, ground: int, turn: float) -> None:
    pictures = [on_ground(written_page(test_digits, index), ground, turn) for index in range(COUNT)]
    assert right(pictures, test_digits) >= COUNT - 1


def cluttered(picture: Bytes, ground: int, seed: int) -> Bytes:
    """The ground, and nothing else, full of lighter and darker things."""
    chance = np.random.default_rng(seed)
    things = Image.new("L", picture.shape[::-1], ground)
    for x, y, width, height in zip(*chance.uniform(0, 1, (2, 40)), *chance.uniform(0.05, 0.15, (2, 40)), strict=True):
        box = [x * things.width, y * things.height, (x + width) * things.width, (y + height) * things.height]
        ImageDraw.Draw(things).rectangle(box, fill=int(chance.integers(ground // 2, 160)))
    return np.where(picture == ground, np.asarray(things), picture)


def test_a_sheet_is_found_before_things_that_hang_on_to_it(test_digits: Digits) -> None:
    sheets = [on_ground(written_page(test_digits, index), 60, 5) for index in range(COUNT)]
    pictures = [cluttered(sheet, 60, seed) for seed, sheet in enumerate(sheets)]
    assert right(pictures, test_digits) >= COUNT - 3


def test_a_sheet_that_is_small_in_its_picture_is_looked_at_from_nearer(test_digits: Digits) -> None:
    pictures = [on_ground(written_page(test_digits, index), 40, 5, size=(1600, 1200)) for index in range(COUNT)]
    assert right(pictures, test_digits) >= COUNT - 1


def test_bright_ink_on_a_dark_sheet_is_read_too(test_digits: Digits) -> None:
    pictures = [255 - on_ground(written_page(test_digits, index), 15, 3) for index in range(COUNT)]
    assert right(pictures, test_digits) >= COUNT - 1


@pytest.mark.parametrize("mode", ["L", "RGB", "LA", "RGBA"])
def test_a_sheet_is_found_in_pictures_of_every_mode(test_digits: Digits, mode: str) -> None:
    picture = on_ground(written_page(test_digits, 3), 15, 4)
    assert canonicalize(np.asarray(Image.fromarray(picture).convert(mode))).steps[1] == "dark ink"


@pytest.mark.parametrize("side", [20, 31, 33, 63, 64, 65, 127, 128, 129, 200, 301])
def test_sheets_in_pictures_of_any_size_give_a_form(side: int) -> None:
    """The sheet reaches the right and the lower border, where the last blocks of pixels are not whole."""
    picture = Image.new("L", (side, side), 10)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((side // 6, side // 6, side, side), fill=240)
    draw.line((side // 2, side // 3, side // 2, 2 * side // 3), fill=20, width=max(side // 20, 1))
    result = canonicalize(np.asarray(picture))
    assert result.image.shape == (28, 28)
    if side >= 64:
        assert result.steps[1] == "dark ink"


def test_a_blank_sheet_has_no_digit() -> None:
    blanks = [photo.to_8_bit(photo.sheet((260, 260), scenes.WHITE, np.random.default_rng(seed))) for seed in range(5)]
    answers = Classifier().predict([on_ground(blank.convert("L"), 15, 5) for blank in blanks])
    assert [answer.digit for answer in answers] == [None] * 5


def test_a_bold_closed_0_is_no_sheet() -> None:
    for width, height in ((60, 90), (80, 90), (90, 90)):
        picture = Image.new("L", (128, 128), 250)
        draw = ImageDraw.Draw(picture)
        draw.ellipse((64 - width // 2, 64 - height // 2, 64 + width // 2, 64 + height // 2), fill=10)
        draw.ellipse((56, 52, 72, 76), fill=250)
        assert canonicalize(np.asarray(picture)).steps[1] == "dark ink"
        assert canonicalize(255 - np.asarray(picture)).steps[1] == "bright ink"


@pytest.mark.parametrize(("outer", "counter"), [((49, 60), (13, 28)), ((32, 59), (8, 37)), ((35, 59), (11, 35))])
def test_a_bold_0_with_a_narrow_counter_is_no_1_on_a_sheet(outer: tuple[int, int], counter: tuple[int, int]) -> None:
    """These are the measures of the 0 in three bold typefaces."""
    picture = Image.new("L", (100, 100), 250)
    draw = ImageDraw.Draw(picture)
    for (width, height), radius, level in ((outer, 12, 10), (counter, 3, 250)):
        box = 50 - width // 2, 50 - height // 2, 50 - width // 2 + width - 1, 50 - height // 2 + height - 1
        draw.rounded_rectangle(box, radius, fill=level)
    for pixels in (np.asarray(picture), 255 - np.asarray(picture)):
        answer = Classifier().predict([pixels])[0]
        assert answer.digit == 0


@pytest.mark.parametrize("thickness", [5, 8])
def test_a_1_on_a_sheet_with_round_corners_is_read(thickness: int) -> None:
    picture = Image.new("L", (140, 140), 40)
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((30, 20, 110, 120), 16, fill=240)
    draw.line((74, 45, 66, 95), fill=30, width=thickness)
    answer = Classifier().predict([np.asarray(picture)])[0]
    assert answer.digit == 1


def on_disc(digits: Digits, index: int, page: int, ground: int) -> Bytes:
    """A digit on a disc: a badge, a ball, a round view."""
    side = 200
    y, x = np.mgrid[:side, :side] - side / 2
    ink = Frame((side, side), (0.35, 0.45)).lay(digits.images[index], np.random.default_rng([9, index]))
    return np.where(np.hypot(y, x) < 80, page + (ground - page) * ink, ground).astype(np.uint8)


@pytest.mark.parametrize(("page", "ground"), [(230, 20), (20, 230), (60, 200)])
def test_a_digit_on_a_disc_is_read(test_digits: Digits, page: int, ground: int) -> None:
    pictures = [on_disc(test_digits, index, page, ground) for index in range(COUNT)]
    assert right(pictures, test_digits) >= COUNT - 1


def test_a_digit_on_a_torn_scrap_is_read(test_digits: Digits) -> None:
    pictures = []
    for index in range(COUNT):
        chance = np.random.default_rng([10, index])
        y, x = np.mgrid[:240, :240] - 120
        angle = np.arctan2(y, x)
        edge = 95 + sum(chance.normal(0, 9 / n) * np.sin(n * angle + chance.uniform(0, 6)) for n in (2, 3, 5, 8))
        page = np.asarray(written_page(test_digits, index, 240))
        pictures.append(np.where(np.hypot(y, x) < edge, page, 25).astype(np.uint8))
    assert right(pictures, test_digits) >= COUNT - 3


@pytest.mark.parametrize("bold", [0.0, 0.4, 0.8])
def test_bold_digits_with_holes_are_no_sheets(test_digits: Digits, bold: float) -> None:
    chosen = np.flatnonzero(np.isin(test_digits.labels, (0, 6, 8, 9)))[:40]
    pictures = [(255 * np.pad(written(test_digits.images[i], 140, bold), 30)).astype(np.uint8) for i in chosen]
    answers = Classifier().predict(pictures)
    assert sum(answer.digit == test_digits.labels[i] for answer, i in zip(answers, chosen, strict=True)) >= 39
