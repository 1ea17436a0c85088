from __future__ import annotations

import csv
import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from batches import batch_of
from idx_files import idx
from numpy.typing import NDArray
from PIL import Image
from running import one_of_each_status, run
from toy_model import canonical_glyphs, glyph, save

from mnistcls.batch import Batch
from mnistcls.canonical import canonicalize, canonicalize_all
from mnistcls.decode import read_image
from mnistcls.errors import OutputError
from mnistcls.inspection.debug import STEPS_COLUMNS, check_folder, file_name, recorded
from mnistcls.inspection.sheets import CELL_HEIGHT, CELL_WIDTH, COLUMNS, GAP, PAGE, ROWS, SIDE, Sheet, thumbnail
from mnistcls.limits import MAX_PIXELS
from mnistcls.results import Prediction, Status
from mnistcls.sources import Sources

HOSTILE = [b"a\nb.png", b"c\xff.png", b"-q.png", b"..png", b"e\rf.png", b"=1+1.png", b"a\\b.png", b"x" * 251 + b".png"]


pytestmark = pytest.mark.usefixtures("here")


def steps(folder: str = "seen") -> list[dict[str, str]]:
    with open(f"{folder}/steps.csv", encoding="utf-8", errors="surrogateescape", newline="") as file:
        return list(csv.DictReader(file))


def names(folder: str = "seen") -> list[str]:
    return sorted(os.listdir(folder))


def pixels(path: str) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image)


def three(path: str) -> Prediction:
    return Prediction(path, Status.OK, 3, 0.99999)


def record(*paths: str, folder: str = "seen") -> None:
    with recorded([batch_of(*map(three, paths))], Path(folder), MAX_PIXELS) as passing:
        assert [prediction.path for batch in passing for prediction in batch] == list(paths)


# --- what is written


def test_images_are_what_the_network_saw_and_steps_say_how(command: list[str]) -> None:
    one_of_each_status()
    plain = run(command, "d")

    result = run(command, "d", "--debug-dir", "to/seen")

    assert (result.stdout, result.returncode) == (plain.stdout, 1)
    rows = steps("to/seen")
    assert list(rows[0]) == list(STEPS_COLUMNS)
    assert [(row["path"], row["file"], row["status"], row["digit"]) for row in rows] == [
        ("d/7.png", "000001-d-7-png.png", "ok", "7"),
        ("d/8.png", "", "unreadable", ""),
        ("d/blank.png", "000003-d-blank-png.png", "no_digit", ""),
        ("d/doubtful.png", "000004-d-doubtful-png.png", "uncertain", rows[3]["digit"]),
    ]
    assert rows[0]["steps"].startswith("grey; dark ink")
    assert rows[0]["steps"] == "; ".join(canonicalize(glyph(7)).steps)
    assert rows[2]["steps"].endswith("no digit")
    assert [row["error"].partition(":")[0] for row in rows] == ["", "not_an_image", "", ""]
    table = list(csv.DictReader(result.stdout.splitlines()))
    assert [row["confidence"] for row in rows] == [row["confidence"] for row in table]
    files = [row["file"] for row in rows if row["file"]]
    assert names("to/seen") == [*files, "sheet-001.png", "steps.csv"]
    for row in rows:
        if row["file"]:
            seen = pixels(f"to/seen/{row['file']}")
            assert seen.dtype == np.uint8
            np.testing.assert_array_equal(seen, canonicalize_all([read_image(row["path"])])[0])


def test_the_sheet_has_the_image_beside_what_the_network_saw() -> None:
    Image.new("RGB", (100, 50), (200, 30, 40)).save("red.png")
    save(Path("3.png"), 3)

    record("red.png", "missing.png", "3.png")

    sheet = pixels("seen/sheet-001.png")
    assert sheet.shape == (CELL_HEIGHT + GAP, COLUMNS * CELL_WIDTH + GAP, 3)
    assert tuple(sheet[GAP + SIDE // 2, GAP + SIDE // 2]) == (200, 30, 40)
    assert tuple(sheet[GAP + 5, GAP + SIDE // 2]) == PAGE  # as wide as there is room for, so not as high
    assert (sheet[GAP : GAP + SIDE, GAP + CELL_WIDTH : GAP + 2 * CELL_WIDTH] == PAGE).all()  # no picture
    left = GAP + 2 * CELL_WIDTH + SIDE + GAP
    canonical = canonicalize_all([glyph(3)])[0].repeat(3, axis=0).repeat(3, axis=1)
    np.testing.assert_array_equal(sheet[GAP : GAP + SIDE, left : left + SIDE, 1], canonical)
    text = sheet[GAP + SIDE : GAP + CELL_HEIGHT - GAP]
    assert all((text[:, x : x + CELL_WIDTH] != PAGE).any() for x in range(0, 3 * CELL_WIDTH, CELL_WIDTH))


def test_a_full_sheet_is_written_at_once_and_the_next_one_has_the_rest() -> None:
    save(Path("3.png"), 3)

    with recorded([batch_of(three("3.png"))] * (COLUMNS * ROWS + 1), Path("seen"), MAX_PIXELS) as passing:
        stream = iter(passing)
        for _ in range(COLUMNS * ROWS):
            assert "sheet-001.png" not in names()
            next(stream)
        assert "sheet-001.png" in names()
        assert len(list(stream)) == 1

    assert pixels("seen/sheet-001.png").shape[0] == ROWS * CELL_HEIGHT + GAP
    assert pixels("seen/sheet-002.png").shape[0] == CELL_HEIGHT + GAP
    assert len({row["file"] for row in steps()}) == COLUMNS * ROWS + 1


def test_what_is_finished_stays_after_an_interruption() -> None:
    save(Path("3.png"), 3)

    def interrupted() -> Iterator[Batch]:
        yield batch_of(three("3.png"))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), recorded(interrupted(), Path("seen"), MAX_PIXELS) as passing:
        list(passing)

    assert names() == ["000001-3-png.png", "sheet-001.png", "steps.csv"]
    assert [row["path"] for row in steps()] == ["3.png"]


def test_an_image_that_has_gone_since_has_a_row_that_says_so() -> None:
    record("gone.png")

    (row,) = steps()
    assert (row["file"], row["digit"], row["status"]) == ("", "3", "ok")
    assert row["error"] == "not_found: no such file; check the spelling"


def test_a_warning_is_said_once(command: list[str]) -> None:
    frames = [Image.fromarray(glyph(digit)) for digit in (3, 4)]
    frames[0].save("two.gif", save_all=True, append_images=frames[1:])

    result = run(command, "two.gif", "--debug-dir", "seen")

    assert result.stderr.count("several frames") == 1
    assert names() == ["000001-two-gif.png", "sheet-001.png", "steps.csv"]


# --- names


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("scans/page 7.png", "000012-scans-page-7-png.png"),
        ("../../etc/7.png", "000012-etc-7-png.png"),
        ("/etc/7", "000012-etc-7.png"),
        ("..", "000012-.png"),
        ("C:\\con", "000012-C-con.png"),
        ("a\nb\0\x1b[2J\udcff.png", "000012-a-b-2J-png.png"),
        ("七.png", "000012-png.png"),
        ("y" * 4000 + ".png", f"000012-{'y' * 56}-png.png"),
    ],
    ids=range(8),
)
def test_a_file_is_named_after_its_number_and_the_end_of_its_path(path: str, name: str) -> None:
    assert file_name(12, path) == name


def test_hostile_names_stay_inside(command: list[str]) -> None:
    content = save(Path("work/scans/7.png"), 7).read_bytes()
    for name in HOSTILE:
        Path(os.fsdecode(b"work/scans/" + name)).write_bytes(content)
    Path("work/at").mkdir()
    save(Path("work/up.png"), 7)
    os.chdir("work/at")
    before = {path for path in Path("../..").rglob("*") if "at" not in path.parts}

    result = run(command, "../scans", "../up.png", "../up.png", "--debug-dir", "seen", LC_ALL="C")

    assert result.returncode == 0
    assert {path for path in Path("../..").rglob("*") if "at" not in path.parts} == before
    rows = steps()
    assert [row["path"] for row in rows] == [
        *(source.path for source in Sources(["../scans"])),
        "../up.png",
        "../up.png",
    ]
    assert {os.fsencode(row["path"]) for row in rows} >= {b"../scans/" + name for name in HOSTILE}
    assert sorted(row["file"] for row in rows) == names()[: len(HOSTILE) + 3]
    assert all(len(name) <= 80 and ".." not in name and name.isascii() for name in names())


# --- the folder


def test_a_folder_with_something_in_it_is_refused(command: list[str]) -> None:
    save(Path("7.png"), 7)
    save(Path("mine/8.png"), 8)

    result = run(command, "7.png", "-o", "out.csv", "--debug-dir", "mine")

    assert result.stderr == "Error: mine is not empty; use --overwrite, or another --debug-dir\n"
    assert (result.returncode, names("mine"), names(".")) == (2, ["8.png"], ["7.png", "mine"])


def test_overwriting_removes_the_earlier_run_and_nothing_else(command: list[str]) -> None:
    one_of_each_status()
    assert run(command, "d", "--debug-dir", "seen").returncode == 1
    for mine in ("notes.txt", "20240101.png", "sheet-1.png"):
        Path("seen", mine).write_text("mine")
    Path("seen/sheet-002.png").touch()

    assert run(command, "d/7.png", "--debug-dir", "seen", "--overwrite").returncode == 0

    assert names() == ["000001-d-7-png.png", "20240101.png", "notes.txt", "sheet-001.png", "sheet-1.png", "steps.csv"]
    assert [row["path"] for row in steps()] == ["d/7.png"]


def test_scans_that_look_like_ours_survive_in_a_folder_without_our_table() -> None:
    save(Path("3.png"), 3)
    kept = [save(Path("seen", name), 3) for name in ("20240101-a.png", "sheet-007.png")]

    record("3.png")

    assert all(path.exists() for path in kept)


@pytest.mark.parametrize("name", ["steps.csv", "sheet-001.png", "000001-3-png.png"])
def test_links_in_the_folder_are_replaced_and_not_followed(name: str) -> None:
    save(Path("3.png"), 3)
    Path("precious").write_text(",".join(STEPS_COLUMNS) + "\n")
    Path("seen").mkdir()
    Path("seen", name).symlink_to("../precious")

    record("3.png")

    assert Path("precious").read_text() == ",".join(STEPS_COLUMNS) + "\n"
    assert names() == ["000001-3-png.png", "sheet-001.png", "steps.csv"]
    assert not Path("seen", name).is_symlink()


@pytest.mark.parametrize("folder", ["scans", "scans/seen", "scans/../scans/a/b", "link/seen"])
def test_a_folder_among_the_images_is_refused(folder: str) -> None:
    Path("scans").mkdir()
    Path("link").symlink_to("scans")

    with pytest.raises(OutputError, match="is inside scans, where images are looked for"):
        check_folder(Path(folder), ["3.png", "scans"], overwrite=True)

    assert names("scans") == []


def test_an_image_in_the_folder_itself_is_refused_and_stays() -> None:
    image = Path("seen/000001-3-png.png")
    save(image, 3)
    with pytest.raises(OutputError, match="is inside seen, whose images are replaced; use another --debug-dir"):
        check_folder(Path("seen"), [str(image)], overwrite=True)
    assert image.exists()


def test_a_folder_beside_the_images_is_not() -> None:
    Path("scans").mkdir()

    check_folder(Path("scans-seen"), ["scans", "missing", "3.png"], overwrite=False)

    assert names(".") == ["scans"]


@pytest.mark.parametrize("folder", ["3.png", "3.png/seen"])
def test_a_file_where_the_folder_should_be_is_an_error_and_leaves_no_output(command: list[str], folder: str) -> None:
    save(Path("3.png"), 3)

    result = run(command, "3.png", "-o", "out.csv", "--debug-dir", folder, "--overwrite")

    assert result.stderr.startswith(f"Error: cannot write {folder}: ")
    assert (result.returncode, result.stdout, names(".")) == (2, "", ["3.png"])


# --- thumbnails


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((10, 20), (84, 42)),
        ((2000, 1000), (42, 84)),
        ((1, 5000), (84, 1)),
        ((5000, 1, 4), (1, 84)),
        ((7, 7, 2), (84, 84)),
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32, np.float32])
def test_a_thumbnail_keeps_the_aspect_whatever_the_image(
    shape: tuple[int, ...], size: tuple[int, int], dtype: type
) -> None:
    picture = thumbnail(np.linspace(0, 255, int(np.prod(shape))).reshape(shape).astype(dtype))

    assert (picture.size, picture.mode) == (size, "RGB")


def test_what_is_transparent_shows_the_board() -> None:
    picture = thumbnail(np.zeros((84, 84, 4), np.uint8))

    assert {colour for _, colour in picture.getcolors() or []} == {(110, 110, 110), (150, 150, 150)}


@pytest.mark.parametrize(
    "path", ["", "手書き" * 40, "e\u0301" * 99, "\u202e\x1b[2J\n\udcff", "\u0301" * 999, "🎲" * 60]
)
def test_no_text_runs_into_the_next_cell(path: str) -> None:
    sheet = Sheet()

    sheet.add(123456, Prediction(path, Status.UNREADABLE), "not_an_image: " + path)

    assert (np.asarray(sheet.image())[:, CELL_WIDTH:] == PAGE).all()


def test_what_came_out_of_archives_pages_and_idx_files_is_shown_too(command: list[str]) -> None:
    save(Path("d/7.png"), 7)
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.write("d/7.png", "7.png")
    pages = [Image.fromarray(glyph(digit)) for digit in (3, 4)]
    pages[0].save("p.tif", save_all=True, append_images=pages[1:])
    digits = canonical_glyphs()[:2]
    Path("t10k-images-idx3-ubyte").write_bytes(idx(digits))
    Path("list").write_text("p.tif\na.zip\nmissing.png\np.tif\nt10k-images-idx3-ubyte\nd\n")

    run(command, "--files-from", "list", "--debug-dir", "seen", "-j", "2")

    rows = steps()
    assert [(row["path"], row["digit"]) for row in rows] == [
        *(("p.tif#1", "3"), ("p.tif#2", "4"), ("a.zip/7.png", "7"), ("missing.png", "")),
        *(("p.tif#1", "3"), ("p.tif#2", "4")),
        *(("t10k-images-idx3-ubyte#0", "0"), ("t10k-images-idx3-ubyte#1", "1"), ("d/7.png", "7")),
    ]
    assert [row["error"].partition(":")[0] for row in rows if row["error"]] == ["not_found"]
    for row in rows:
        if row["digit"]:
            shown = glyph(int(row["digit"])) if "ubyte" not in row["path"] else digits[int(row["digit"])]
            np.testing.assert_array_equal(pixels(f"seen/{row['file']}"), canonicalize_all([shown])[0])


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be locked here")
def test_two_runs_do_not_fill_one_folder() -> None:
    folder = Path("seen")
    with recorded([], folder, MAX_PIXELS):
        with pytest.raises(OutputError, match="another run is writing seen; wait"), recorded([], folder, MAX_PIXELS):
            pass
        assert names() == ["steps.csv"]


def test_the_error_that_stopped_the_run_is_said_and_not_that_of_the_last_sheet() -> None:
    save(Path("7.png"), 7)
    with pytest.raises(KeyboardInterrupt):
        lose_the_folder_and_stop([batch_of(Prediction("7.png", Status.OK, 7, 0.9))])


def lose_the_folder_and_stop(batches: list[Batch]) -> None:
    with recorded(batches, Path("seen"), MAX_PIXELS) as passing:
        list(passing)
        shutil.rmtree("seen")
        raise KeyboardInterrupt
