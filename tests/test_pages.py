from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistcls.decode import read_image, read_source
from mnistcls.decode.pixels import Decoded
from mnistcls.errors import ErrorCode, ImageError
from mnistcls.sources import Source

RAMPS = [np.add.outer(np.arange(0, 60, 3), np.arange(n, n + 15)).astype(np.uint8) for n in range(4)]


pytestmark = pytest.mark.usefixtures("here")


def tiff(number: int, **options: object) -> bytes:
    first, *others = map(Image.fromarray, RAMPS[:number])
    file = io.BytesIO()
    first.save(file, "TIFF", save_all=True, append_images=others, **options)
    return file.getvalue()


def pages(content: bytes, max_pixels: int = 40_000_000) -> list[Decoded]:
    Path("scan.tif").write_bytes(content)
    by_path = list(read_source(Source("scan.tif"), max_pixels))
    in_memory = list(read_source(Source("scan.tif", content), max_pixels))
    assert [(page.path, str(page.image)) for page in by_path] == [(page.path, str(page.image)) for page in in_memory]
    return by_path


def codes(content: bytes) -> list[tuple[str, ErrorCode | None]]:
    return [(page.path, page.image.code if isinstance(page.image, ImageError) else None) for page in pages(content)]


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("number", [1, 2, 4])
def test_each_page_is_a_row_and_a_single_one_has_no_number(number: int, compression: str) -> None:
    found = pages(tiff(number, compression=compression))

    assert [page.path for page in found] == (
        ["scan.tif"] if number == 1 else [f"scan.tif#{i}" for i in range(1, number + 1)]
    )
    for page, ramp in zip(found, RAMPS, strict=False):
        np.testing.assert_array_equal(page.image, ramp)


def test_each_page_is_turned_by_its_own_orientation() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    first, second = Image.fromarray(RAMPS[0]), Image.fromarray(np.ascontiguousarray(np.rot90(RAMPS[1])))
    second.encoderinfo = {"exif": turned}
    first.save("scan.tif", save_all=True, append_images=[second])

    _, page = read_source(Source("scan.tif"))

    np.testing.assert_array_equal(page.image, RAMPS[1])


def ifds(content: bytes) -> list[int]:
    """Where the directory of each page begins."""
    found, (position,) = [], struct.unpack_from("<I", content, 4)
    while position:
        found.append(position)
        (entries,) = struct.unpack_from("<H", content, position)
        (position,) = struct.unpack_from("<I", content, position + 2 + 12 * entries)
    return found


def with_tag(content: bytes, page: int, tag: int, *, becomes: tuple[int, int, int, int]) -> bytes:
    """The same file; one entry of a page's directory is replaced by (tag, type, count, value)."""
    changed = bytearray(content)
    start = ifds(content)[page] + 2
    while struct.unpack_from("<H", changed, start)[0] != tag:
        start += 12
    struct.pack_into("<HHII", changed, start, *becomes)
    return bytes(changed)


@pytest.mark.parametrize("kind", [1, 4, 5])
def test_thumbnails_and_masks_are_no_pages(kind: int) -> None:
    content = tiff(2, tiffinfo={254: 0})
    single = with_tag(content, 1, 254, becomes=(254, 4, 1, kind))

    (page,) = pages(single)

    assert page.path == "scan.tif"
    np.testing.assert_array_equal(page.image, RAMPS[0])


def test_pages_of_one_document_are_pages() -> None:
    content = with_tag(tiff(2, tiffinfo={254: 0}), 1, 254, becomes=(254, 4, 1, 2))

    assert codes(content) == [("scan.tif#1", None), ("scan.tif#2", None)]


def test_a_damaged_page_is_one_row_and_the_others_are_read() -> None:
    content = with_tag(tiff(3), 1, 273, becomes=(273, 4, 1, 2**31))  # its pixels lie beyond the file's end

    assert codes(content) == [("scan.tif#1", None), ("scan.tif#2", ErrorCode.TRUNCATED), ("scan.tif#3", None)]


def test_a_page_that_is_too_large_is_one_row() -> None:
    content = with_tag(tiff(2), 0, 256, becomes=(256, 4, 1, 2**20))

    first, second = pages(content, max_pixels=400)

    assert isinstance(first.image, ImageError)
    assert first.image.code is ErrorCode.TOO_LARGE
    np.testing.assert_array_equal(second.image, RAMPS[1])


def test_where_the_way_to_the_next_page_is_cut_is_the_last_row() -> None:
    content = tiff(3)
    last = ifds(content)[2]

    found = codes(content[: last + 1])

    assert found[:2] == [("scan.tif#1", None), ("scan.tif#2", None)]
    assert found[2:] == [("scan.tif#3", ErrorCode.TRUNCATED)]


def test_directories_in_a_circle_end() -> None:
    content = bytearray(tiff(2))
    first, second = ifds(content)
    (entries,) = struct.unpack_from("<H", content, second)
    struct.pack_into("<I", content, second + 2 + 12 * entries, first)

    assert codes(bytes(content)) == [("scan.tif#1", None), ("scan.tif#2", None)]


def test_reading_one_image_takes_the_first_page_and_warns(caplog: pytest.LogCaptureFixture) -> None:
    Path("scan.tif").write_bytes(tiff(2))

    np.testing.assert_array_equal(read_image("scan.tif"), RAMPS[0])
    assert caplog.messages == ["scan.tif has several frames; only the first is read"]


def test_an_animation_is_one_row() -> None:
    first, second = map(Image.fromarray, RAMPS[:2])
    first.save("a.gif", save_all=True, append_images=[second])

    assert [page.path for page in read_source(Source("a.gif"))] == ["a.gif"]


@pytest.mark.parametrize(("tag", "value"), [(258, 64), (259, 34712)], ids=["bits", "compression"])
def test_a_sound_file_of_a_kind_that_cannot_be_read_is_not_called_damaged(tag: int, value: int) -> None:
    (page,) = pages(with_tag(tiff(1), 0, tag, becomes=(tag, 3, 1, value)))

    assert str(page.image) == (
        "unsupported_format: TIFF of a kind that cannot be read; save it as 8- or 16-bit TIFF, or as PNG"
    )


def test_a_sound_bigtiff_of_a_kind_that_cannot_be_read_is_not_called_damaged() -> None:
    content = tiff(1, big_tiff=True).replace(struct.pack("<HHQH", 258, 3, 1, 8), struct.pack("<HHQH", 258, 3, 1, 64))

    assert codes(content) == [("scan.tif", ErrorCode.UNSUPPORTED_FORMAT)]


@pytest.mark.parametrize(("tag", "value"), [(258, 64), (259, 34712)], ids=["bits", "compression"])
def test_a_later_page_of_a_kind_that_cannot_be_read_is_not_called_damaged_either(tag: int, value: int) -> None:
    found = codes(with_tag(tiff(2), 1, tag, becomes=(tag, 3, 1, value)))

    assert found == [("scan.tif#1", None), ("scan.tif#2", ErrorCode.UNSUPPORTED_FORMAT)]


@pytest.mark.parametrize("length", [4, 6, 8, 12, 30])
def test_a_file_that_is_cut_short_in_its_tags_is_damaged(length: int) -> None:
    content = with_tag(tiff(1), 0, 258, becomes=(258, 3, 1, 64))[:length]

    assert codes(content) == [("scan.tif", ErrorCode.TRUNCATED)]
