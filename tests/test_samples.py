import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from typer.testing import CliRunner

from train import samples
from train.samples import SAMPLES, paint, write_samples
from train.script import app

KEPT = Path(__file__).parents[1] / "data" / "samples"
EVERY_SAMPLE = pytest.mark.parametrize("name", [sample.name for sample in SAMPLES])


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder)
    return folder


def pixels(path):
    """Return the pixels as stored, in [0, 1]: 16-bit grey, or colours with the palette looked up."""
    with Image.open(path) as image:
        if image.mode.startswith("I;16"):
            return np.asarray(image) / 65535
        return np.asarray(image.convert("RGBA")) / 255


@EVERY_SAMPLE
def test_the_kept_file_is_what_the_code_makes(written, name):
    # Pixels, not bytes: the encoders' bytes belong to the zlib, libjpeg, libwebp and libtiff that Pillow was
    # built with. A mean difference, as a rounding that falls the other way on another processor may
    # change one grey level, and with it a JPEG coefficient or a whole 1-bit pixel.
    with Image.open(KEPT / name) as kept, Image.open(written / name) as new:
        assert (kept.format, kept.mode, kept.size) == (new.format, new.mode, new.size)
        assert kept.getexif() == new.getexif()
    assert np.abs(pixels(KEPT / name) - pixels(written / name)).mean() < 0.5 / 255


def test_labels_are_the_same_bytes_and_list_exactly_the_files(written):
    assert (KEPT / "labels.csv").read_bytes() == (written / "labels.csv").read_bytes()
    with (KEPT / "labels.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["path", "digit"]
    listed = [path for path, _ in rows]
    assert len(listed) == len(set(listed))
    assert set(listed) | {"labels.csv"} == {path.name for path in KEPT.iterdir()}


def test_every_digit_comes_about_three_times_and_one_page_is_blank():
    digits = [sample.digit for sample in SAMPLES]
    assert all(digits.count(digit) in (3, 4) for digit in range(10))
    assert digits.count(None) == 1


def test_file_names_say_the_digit():
    for sample in SAMPLES:
        assert Path(sample.name).stem.endswith("page" if sample.digit is None else f"-{sample.digit}")


@pytest.mark.parametrize(
    "name", ["mnist-like-2.png", "pencil-16bit-3.png", "chalkboard-5.png", "fax-1bit-4.tif", "blank-page.jpg"]
)
def test_a_sample_is_reproducible_bit_by_bit(name):
    (sample,) = (sample for sample in SAMPLES if sample.name == name)
    np.testing.assert_array_equal(np.asarray(paint(sample)), np.asarray(paint(sample)))


def test_the_collection_holds_the_formats_and_modes_that_people_have():
    found = set()
    for sample in SAMPLES:
        with Image.open(KEPT / sample.name) as image:
            found.add((image.format, image.mode))
    assert found >= {
        ("PNG", "L"), ("PNG", "I;16"), ("PNG", "RGB"), ("PNG", "RGBA"), ("JPEG", "RGB"), ("TIFF", "L"),
        ("TIFF", "1"), ("GIF", "P"), ("WEBP", "RGB"), ("BMP", "RGB"),
    }  # fmt: skip


def test_the_turned_photo_stands_upright_for_who_reads_its_orientation():
    with Image.open(KEPT / "phone-photo-turned-5.jpg") as image:
        assert image.getexif()[0x0112] == 6
        assert image.size == (800, 600)
        upright = np.asarray(ImageOps.exif_transpose(image).convert("L"), np.float32)
    (sample,) = (sample for sample in SAMPLES if sample.orientation == 6)
    expected = np.asarray(paint(sample).convert("L"), np.float32)
    assert np.abs(upright - expected).mean() < 3


def test_mnist_like_digits_keep_mnists_box_and_centre():
    for sample in SAMPLES:
        if not sample.name.startswith("mnist-like"):
            continue
        ink = np.asarray(paint(sample), np.float64)
        assert ink.shape == (28, 28)
        rows, columns = np.nonzero(ink)
        assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 22  # 20, and what anti-aliasing adds
        for places in np.indices(ink.shape):
            assert (places * ink).sum() / ink.sum() == pytest.approx(13.5, abs=0.3)


def test_the_collection_is_small():
    assert sum(path.stat().st_size for path in KEPT.iterdir()) < 1_500_000


def test_the_command_writes_where_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "SAMPLES", SAMPLES[:1])
    result = CliRunner().invoke(app(samples.main), ["-o", str(tmp_path / "new" / "samples")])
    assert (result.exit_code, result.stdout) == (0, "")
    assert sorted(path.name for path in (tmp_path / "new" / "samples").iterdir()) == [
        "labels.csv",
        "mnist-like-0.png",
    ]
