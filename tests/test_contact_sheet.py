import pytest
from PIL import Image

from train.contact_sheet import CELL, COLUMNS, TEXT, contact_sheet


def test_images_stand_in_the_row_of_their_folder_as_a_person_sees_them(tmp_path):
    for name, colour in (("b", (200, 0, 0)), ("a", (0, 0, 200))):
        (tmp_path / name / "7").mkdir(parents=True)
        Image.new("RGB", (300, 300), colour).save(tmp_path / name / "7" / "0001.png")
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(tmp_path / "a" / "7" / "0002.png")
    sheet = contact_sheet(tmp_path, {"b": "red", "a": "blue"})
    assert sheet.size == (TEXT + COLUMNS * CELL, 2 * CELL)
    first, second = TEXT + CELL // 2, TEXT + CELL + CELL // 2
    assert sheet.getpixel((first, CELL // 2)) == (200, 0, 0)
    assert sheet.getpixel((first, CELL + CELL // 2)) == (0, 0, 200)
    assert sheet.getpixel((second, CELL + CELL // 2)) in {(150, 150, 150), (110, 110, 110)}  # nothing, over a board


@pytest.mark.parametrize(("mode", "suffix"), [("I;16", "png"), ("I", "tif"), ("F", "tif")])
def test_wide_values_are_stretched_and_one_value_is_black(tmp_path, mode, suffix):
    flat, ramp = Image.new(mode, (80, 80), 700), Image.new(mode, (80, 80), 700)
    ramp.paste(1700, (0, 0, 80, 40))
    for number, picture in enumerate((flat, ramp)):
        (tmp_path / "a").mkdir(exist_ok=True)
        picture.save(tmp_path / "a" / f"{number}.{suffix}")
    sheet = contact_sheet(tmp_path, {"a": "wide"})
    first, second = TEXT + CELL // 2, TEXT + CELL + CELL // 2
    assert sheet.getpixel((first, CELL // 2)) == (0, 0, 0)
    assert [sheet.getpixel((second, y)) for y in (CELL // 4, 3 * CELL // 4)] == [(255, 255, 255), (0, 0, 0)]
