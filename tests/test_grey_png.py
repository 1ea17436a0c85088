from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin
from png_files import SIGNATURE, chunk

from mnistcls.decode import decode, read_source
from mnistcls.decode.grey_png import read_grey_png
from mnistcls.errors import ErrorCode, ImageError
from mnistcls.sources import Source

MAX_PIXELS = 5_000
RAMP = np.add.outer(np.arange(0, 240, 8), np.arange(0, 12)).astype(np.uint8)  # 30 rows, 12 columns


def encode(image: NDArray[np.uint8], **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", **options)
    return file.getvalue()


def png(width: int, height: int, pixels: bytes, kind: tuple[int, ...] = (8, 0, 0, 0, 0)) -> bytes:
    """A file with correct CRCs, whatever its header and its compressed pixels hold."""
    header = chunk(b"IHDR", struct.pack(">2I5B", width, height, *kind))
    return SIGNATURE + header + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def outcome(content: bytes) -> tuple[object, ...]:
    """What comes of a file by way of `read_source`."""
    (decoded,) = read_source(Source("any", content), MAX_PIXELS)
    return _comparable(decoded.image)


def pillows(content: bytes) -> tuple[object, ...]:
    """What Pillow alone makes of it."""
    try:
        return _comparable(decode(io.BytesIO(content), MAX_PIXELS))
    except ImageError as error:
        return _comparable(error)


def _comparable(image: NDArray[np.generic] | ImageError) -> tuple[object, ...]:
    if isinstance(image, ImageError):
        return image.code, str(image)
    return image.shape, image.dtype, image.tobytes(), image.flags.writeable


@st.composite
def images(draw: st.DrawFn) -> NDArray[np.uint8]:
    """Noise, flat ones, slopes: so that encoders choose different filters for the rows."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    values = st.integers(0, 255)
    noise = draw(st.binary(min_size=height * width, max_size=height * width))
    slopes = np.add.outer(draw(values) * np.arange(height), draw(values) * np.arange(width))
    return (slopes + np.frombuffer(noise, np.uint8).reshape(height, width) % draw(st.integers(1, 255))).astype(np.uint8)


@given(images(), st.integers(-1, 9), st.booleans(), st.sampled_from([0, 1, 2, 3, 4]))
@settings(deadline=None, max_examples=100)
def test_what_pillow_saves_is_read_without_it_to_the_same_pixels(
    image: NDArray[np.uint8], level: int, optimize: bool, strategy: int
) -> None:
    content = encode(image, compress_level=level, optimize=optimize, compress_type=strategy)

    pixels = read_grey_png(content, MAX_PIXELS)

    assert pixels is not None
    np.testing.assert_array_equal(pixels, image)
    assert _comparable(pixels) == pillows(content)


@pytest.mark.parametrize("filter_type", range(6))
@given(rows=st.lists(st.binary(min_size=9, max_size=9), min_size=1, max_size=9), data=st.data())
@settings(deadline=None, max_examples=30)
def test_every_filter_is_undone_as_pillow_does(filter_type: int, rows: list[bytes], data: st.DataObject) -> None:
    others = data.draw(st.lists(st.integers(0, 4), min_size=len(rows), max_size=len(rows)))
    types = [filter_type, *others[1:]]
    content = png(9, len(rows), zlib.compress(b"".join(bytes([i]) + row for i, row in zip(types, rows, strict=True))))

    assert (read_grey_png(content, MAX_PIXELS) is None) == (filter_type == 5)
    assert outcome(content) == pillows(content)


@given(images(), st.data())
@settings(deadline=None, max_examples=300)
def test_a_damaged_file_ends_as_it_does_with_pillow(image: NDArray[np.uint8], data: st.DataObject) -> None:
    content = bytearray(encode(image))
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(content))] * 2)))
    damaged = {
        "flipped": content,
        "cut short": content[:end],
        "a piece lost": content[:start] + content[end:],
        "a piece twice": content[:end] + content[start:],
        "extended": content + data.draw(st.binary(max_size=20)),
    }
    damaged_content = bytes(damaged[data.draw(st.sampled_from(sorted(damaged)))])

    assert outcome(damaged_content) == pillows(damaged_content)


@given(
    size=st.tuples(*[st.sampled_from([0, 1, 9, 10, 70, 71, 2**16, 2**31])] * 2),
    kind=st.tuples(*[st.sampled_from([8, 0, 0, 0, 1, 2, 3, 4, 6, 16])] * 2, *[st.sampled_from([0, 0, 0, 1, 2])] * 3),
    raw=st.binary(max_size=200).map(lambda raw: b"\0" * 90 + raw),
    data=st.data(),
)
@settings(deadline=None, max_examples=300)
def test_pixels_and_headers_that_do_not_fit_end_as_they_do_with_pillow(
    size: tuple[int, int], kind: tuple[int, ...], raw: bytes, data: st.DataObject
) -> None:
    packed = bytearray(zlib.compress(raw, data.draw(st.integers(0, 9))))
    if data.draw(st.booleans()):
        packed[data.draw(st.integers(0, len(packed) - 1))] = data.draw(st.integers(0, 255))
    packed = packed[: data.draw(st.integers(0, len(packed)))] if data.draw(st.booleans()) else packed
    grey = data.draw(st.booleans())
    content = png(*size, bytes(packed) + data.draw(st.binary(max_size=4)), (8, 0, 0, 0, 0) if grey else kind)

    assert outcome(content) == pillows(content)


@pytest.mark.parametrize("rows", [0, 1, 29, 30, 31, 3000])
def test_too_few_rows_or_too_many_end_as_they_do_with_pillow(rows: int) -> None:
    content = png(12, 30, zlib.compress(b"\0123456789abc" * rows))

    assert outcome(content) == pillows(content)


@pytest.mark.parametrize(
    "name", [b"PLTE", b"tRNS", b"gAMA", b"iCCP", b"eXIf", b"acTL", b"tEXt", b"pHYs", b"IDAT", b"prIv", b"IHDR"]
)
@pytest.mark.parametrize(
    "body", [b"", b"\0\0", b"\0\0\0\1\0\0\0\0", b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"]
)
@pytest.mark.parametrize("behind", [False, True], ids=["before the pixels", "behind them"])
def test_a_file_with_any_other_chunk_is_pillows(name: bytes, body: bytes, behind: bool) -> None:
    content = encode(RAMP)
    at = len(content) - 12 if behind else 33

    content = content[:at] + chunk(name, body) + content[at:]

    assert read_grey_png(content, MAX_PIXELS) is None
    assert outcome(content) == pillows(content)


@pytest.mark.parametrize("name", [b"IDAT", b"IHDR", b"tRNS", b"acTL", b"IEN\0"])
def test_a_file_that_ends_otherwise_is_pillows(name: bytes) -> None:
    content = encode(RAMP)[:-12] + chunk(name, b"")

    assert read_grey_png(content, MAX_PIXELS) is None
    assert outcome(content) == pillows(content)


def test_what_other_chunks_ask_for_is_still_done(caplog: pytest.LogCaptureFixture) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "ramp")

    assert outcome(encode(RAMP, exif=exif)) == (*outcome(encode(RAMP[::-1, ::-1])),)
    assert outcome(encode(RAMP, pnginfo=text)) == outcome(encode(RAMP))
    assert outcome(encode(RAMP, transparency=0))[0] == (30, 12, 4)
    assert not caplog.messages
    outcome(encode(RAMP, save_all=True, append_images=[Image.fromarray(~RAMP)]))
    assert caplog.messages == ["any has several frames; only the first is read"]


@pytest.mark.parametrize(("max_pixels", "is_read"), [(360, True), (359, False)])
def test_max_pixels_is_the_last_size_that_is_read(max_pixels: int, is_read: bool) -> None:
    (decoded,) = read_source(Source("ramp", encode(RAMP)), max_pixels)

    if is_read:
        np.testing.assert_array_equal(decoded.image, RAMP)
    else:
        assert isinstance(decoded.image, ImageError)
        assert str(decoded.image).startswith("too_large: 12x30 is more than 359 pixels")


def test_large_images_and_long_files_are_pillows() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 256), np.uint8)

    assert read_grey_png(encode(np.zeros((256, 256), np.uint8)), 10**9) is not None
    assert read_grey_png(encode(np.zeros((256, 257), np.uint8)), 10**9) is None
    assert read_grey_png(encode(noise), 10**9) is None


def test_no_memory_is_too_large_here_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    content = encode(RAMP)
    monkeypatch.setattr(Image, "new", fail)
    monkeypatch.setattr(Image.core, "new", fail)

    assert outcome(content)[0] is ErrorCode.TOO_LARGE
