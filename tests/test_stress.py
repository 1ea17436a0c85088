import numpy as np
import pytest
from PIL import Image, ImageOps
from typer.testing import CliRunner

from mnistcls.errors import DataError, OutputError
from train import stress
from train.data import Digits
from train.script import app
from train.stress import ROWS, choose, paint, write_stress

COUNT = 3
LONGEST = 120  # pixels; of a crop to the ink, to about one of MNIST's 28
PROMISED = {
    "canonical": ("PNG", "L", (28, 28)),
    "dim": ("PNG", "L", (28, 28)),
    "tight-dark": ("PNG", "L", None),
    "tight-bright": ("PNG", "L", None),
    "tight-bold": ("PNG", "L", None),
    "tight-bold-bright": ("PNG", "L", None),
    "alpha-black": ("PNG", "RGBA", (180, 180)),
    "alpha-white": ("PNG", "RGBA", (180, 180)),
    "alpha-grey": ("PNG", "LA", (180, 180)),
    "palette": ("PNG", "P", (180, 180)),
    "bilevel": ("PNG", "1", (180, 180)),
    "cmyk": ("JPEG", "CMYK", (180, 180)),
    "deep-16": ("PNG", "I;16", (180, 180)),
    "float-32": ("TIFF", "F", (180, 180)),
    "jpeg-20": ("JPEG", "RGB", (80, 80)),
    "phone": ("JPEG", "RGB", (1000, 1300)),
    "pasted": ("PNG", "L", (280, 280)),
    "tiny-14": ("PNG", "L", (14, 14)),
    "tiny-16": ("PNG", "L", (16, 16)),
    "large": ("PNG", "L", (2000, 1500)),
    "small-on-page": ("PNG", "L", (600, 800)),
    "corner": ("PNG", "RGB", (200, 200)),
    "wide": ("PNG", "L", (200, 60)),
    "tall": ("PNG", "L", (60, 200)),
    "hairline": ("PNG", "L", (300, 300)),
    "coarse": ("PNG", "L", (24, 24)),
}
GREY = {"dark-on-white", "grey-dark", "grey-bright", "neighbour", "broken"}
EVERY_ROW = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])


@pytest.fixture(scope="module")
def written(tmp_path_factory, test_digits):
    folder = tmp_path_factory.mktemp("stress")
    write_stress(folder, test_digits, count=COUNT)
    return folder


@EVERY_ROW
def test_files_have_the_promised_format_mode_and_size(written, row):
    expected = PROMISED.get(row.name)
    if expected is None:
        expected = "JPEG" if row.suffix == ".jpg" else "PNG", "L" if row.name in GREY else "RGB", (180, 180)
    for path in (written / row.name).rglob("*.*"):
        with Image.open(path) as image:
            image.load()
            size = image.size if expected[2] else None
            assert (image.format, image.mode, size) == expected
            if not size:
                assert max(image.size) == pytest.approx(LONGEST, abs=LONGEST / 20)
            assert image.getexif().get(0x0112, 1) == row.orientation


@EVERY_ROW
def test_folders_are_named_by_the_labels_and_files_by_the_digit(written, test_digits, row):
    paths = [path for path in (written / row.name).rglob("*") if path.is_file()]
    assert len(paths) == COUNT
    for path in paths:
        assert path.relative_to(written).parts[:-1] == (row.name, str(test_digits.labels[int(path.stem)]))


def test_every_row_shows_the_same_digits(written):
    shown = {frozenset(path.stem for path in (written / row.name).rglob("*.*")) for row in ROWS}
    assert len(shown) == 1


@EVERY_ROW
def test_a_seed_gives_the_same_pixels_and_another_seed_others(test_digits, row):
    first, again, other = (np.asarray(paint(row, test_digits, 7, seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    if row.name not in {"canonical", "dim"} and not row.name.startswith("tight"):
        assert not np.array_equal(first, other)


def test_another_seed_chooses_other_digits(tmp_path, test_digits):
    for seed in (0, 1):
        write_stress(tmp_path / str(seed), test_digits, choose(["canonical"]), count=COUNT, seed=seed)
    first, other = ({path.stem for path in (tmp_path / seed).rglob("*.png")} for seed in "01")
    assert first != other


def test_the_baseline_is_mnist_itself(written, test_digits):
    for path in (written / "canonical").rglob("*.png"):
        np.testing.assert_array_equal(np.asarray(Image.open(path)), test_digits.images[int(path.stem)])


@EVERY_ROW
def test_the_picture_is_not_blank(written, row):
    for path in (written / row.name).rglob("*.*"):
        with Image.open(path) as file:
            image = np.asarray(ImageOps.exif_transpose(file).convert("RGBA" if file.mode in {"P", "LA"} else file.mode))
        values = image.astype(np.float64)
        assert np.ptp(values) > 0.1 * values.max()


@pytest.mark.parametrize("name", ["tight-dark", "tight-bright", "tight-bold", "tight-bold-bright"])
def test_a_tight_crop_has_ink_at_all_four_borders(test_digits, name):
    (row,) = choose([name])
    for index in range(20):
        image = np.asarray(paint(row, test_digits, index, 0), np.float64) / 255
        ink = image if name.endswith("bright") else 1 - image
        assert all(border.max() > 0.3 for border in (ink[0], ink[-1], ink[:, 0], ink[:, -1]))


def test_only_the_alpha_of_the_palette_row_shows_the_digit(test_digits):
    (row,) = choose(["palette"])
    image = paint(row, test_digits, 0, 0)
    assert np.asarray(image.convert("RGBA"))[..., 3].std() > 50
    assert np.asarray(image.convert("L")).max() < 100  # what a reader without an eye for transparency gets


def test_a_hairline_is_one_pixel_wide(test_digits):
    (row,) = choose(["hairline"])
    ink = np.asarray(paint(row, test_digits, 0, 0)) < 128
    solid = ink[:-1, :-1] & ink[1:, :-1] & ink[:-1, 1:] & ink[1:, 1:]
    assert ink.sum() > 100
    assert not solid.any()


def test_rows_have_names_and_severities_of_their_own():
    for texts in ([row.name for row in ROWS], [row.severity for row in ROWS]):
        assert len(texts) == len(set(texts)) >= 24


def test_a_row_is_never_mixed_with_an_older_one(tmp_path, test_digits):
    write_stress(tmp_path, test_digits, choose(["dim"]), count=1)
    with pytest.raises(OutputError, match=r"dim cannot be written \(File exists\); choose another folder"):
        write_stress(tmp_path, test_digits, choose(["dim"]), count=1)


def test_more_digits_than_there_are():
    few = Digits(np.zeros((2, 28, 28), np.uint8), np.zeros(2, np.int64))
    with pytest.raises(DataError, match="has only 2 digits"):
        write_stress(stress.Path("nowhere"), few, count=3)


def run(*arguments):
    return CliRunner().invoke(app(stress.main), [str(argument) for argument in arguments])


def test_command_writes_the_chosen_rows_and_a_contact_sheet(tmp_path, mnist_dir):
    sheet = tmp_path / "sheet.png"
    options = ("--count", 2, "--rows", "tiny-14,exif-half", "--picture", sheet, "--data-dir", mnist_dir)
    result = run(tmp_path / "set", *options)
    assert (result.exit_code, result.stdout) == (0, "")
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == ["exif-half", "tiny-14"]
    assert len(list((tmp_path / "set").rglob("*.*"))) == 4
    with Image.open(sheet) as image:
        assert image.height == 2 * 104


def test_command_names_the_rows_that_it_has(tmp_path):
    result = run(tmp_path, "--rows", "upside-down")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: there is no row upside-down; choose from canonical, dim,")
