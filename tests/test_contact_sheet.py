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
