from __future__ import annotations

import io
import os
import pickle
import socket
import struct
import subprocess
import warnings
import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFile, features
from PIL.PngImagePlugin import PngInfo
from png_files import SIGNATURE, chunk

from mnistcls.decode import FORMATS, decode, read_image, read_source
from mnistcls.decode.pixels import check_array, image_to_array
from mnistcls.errors import ErrorCode, ImageError
from mnistcls.sources import Source

RAMP = np.add.outer(np.arange(0, 240, 8), np.arange(0, 12)).astype(np.uint8)  # 30 rows, 12 columns, top left darkest
LOSSLESS: dict[str, dict[str, Any]] = {
    "WEBP": {"lossless": True},
    "AVIF": {"quality": 100, "subsampling": "4:4:4"},
    "JPEG": {"quality": 100},
}


def encode(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):
        image.save(file, kind, **{**LOSSLESS.get(kind, {}), **options})
    return file.getvalue()


def ramp(mode: str = "L") -> Image.Image:
    return Image.fromarray(RAMP).convert(mode)


def pixels(content: bytes, **options: Any) -> NDArray[np.generic]:
    return decode(io.BytesIO(content), **options)


def error_of(content: bytes, **options: Any) -> ImageError:
    with pytest.raises(ImageError) as caught:
        pixels(content, **options)
    return caught.value


def error_at(path: Path) -> ImageError:
    with pytest.raises(ImageError) as caught:
        read_image(str(path))
    return caught.value


# --- what can be read


@pytest.mark.parametrize(
    ("mode", "kind", "shape"),
    [
        ("L", "PNG", (30, 12)),
        ("LA", "PNG", (30, 12, 2)),
        ("P", "PNG", (30, 12, 3)),
        ("RGB", "PNG", (30, 12, 3)),
        ("RGBA", "PNG", (30, 12, 4)),
        ("L", "JPEG", (30, 12)),
        ("RGB", "JPEG", (30, 12, 3)),
        ("CMYK", "JPEG", (30, 12, 3)),
        ("L", "TIFF", (30, 12)),
        ("LA", "TIFF", (30, 12, 2)),
        ("P", "TIFF", (30, 12, 3)),
        ("PA", "TIFF", (30, 12, 4)),
        ("CMYK", "TIFF", (30, 12, 3)),
        ("YCbCr", "TIFF", (30, 12, 3)),
        ("L", "GIF", (30, 12, 3)),  # by way of a palette
        ("RGB", "WEBP", (30, 12, 3)),
        ("L", "BMP", (30, 12)),
        ("RGB", "BMP", (30, 12, 3)),
        ("L", "DIB", (30, 12)),
        ("L", "PPM", (30, 12)),
        ("RGB", "PPM", (30, 12, 3)),
        pytest.param(
            "RGB", "AVIF", (30, 12, 3), marks=pytest.mark.skipif(not features.check("avif"), reason="no AVIF here")
        ),
    ],
)
def test_reads_the_pixels_of_every_format_and_mode(mode: str, kind: str, shape: tuple[int, ...]) -> None:
    image = pixels(encode(ramp(mode), kind))

    assert image.shape == shape
    assert image.dtype == np.uint8
    grey = image if image.ndim == 2 else image[..., 0]
    assert np.abs(grey.astype(int) - RAMP).max() <= 4
    if shape[-1] in (2, 4):
        assert (image[..., -1] == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP", "PPM", "GIF"])
def test_reads_one_bit_as_black_and_white(kind: str) -> None:
    image = pixels(encode(Image.fromarray(RAMP > 100), kind))

    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, np.where(RAMP > 100, 255, 0))


@pytest.mark.parametrize(
    ("dtype", "kind"), [("uint16", "PNG"), ("uint16", "TIFF"), ("int32", "TIFF"), ("float32", "TIFF")]
)
def test_keeps_the_range_of_deep_pixels(dtype: str, kind: str) -> None:
    deep = RAMP.astype(dtype) * 200

    image = pixels(encode(Image.fromarray(deep), kind))

    assert image.dtype == dtype
    np.testing.assert_array_equal(image, deep)


@pytest.mark.parametrize("order", [">", "<"], ids=["big-endian", "little-endian"])
def test_keeps_the_range_of_a_16_bit_tiff_in_either_byte_order(order: str) -> None:
    deep = RAMP.astype(f"{order}u2") * np.uint16(200)
    tags = {256: 12, 257: 30, 258: 16, 259: 1, 262: 1, 273: 8, 277: 1, 278: 30, 279: deep.nbytes}
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags.items())
    directory = struct.pack(f"{order}H", len(tags)) + entries + bytes(4)
    start = (b"MM" if order == ">" else b"II") + struct.pack(f"{order}HI", 42, 8 + deep.nbytes)

    image = pixels(start + deep.astype(f"{order}u2").tobytes() + directory)

    np.testing.assert_array_equal(image, deep)


@pytest.mark.parametrize(("mode", "clear"), [("1", 0), ("L", 0), ("P", 0), ("RGB", (0, 0, 0))])
def test_a_transparent_colour_becomes_alpha(mode: str, clear: int | tuple[int, ...]) -> None:
    image = pixels(encode(ramp(mode), "PNG", transparency=clear))

    assert image.shape == (30, 12, 4)
    assert image[0, 0, 3] == 0
    assert image[-1, -1, 3] == 255


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".txt", ""])
def test_the_content_decides_not_the_suffix(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"ramp{suffix}"
    path.write_bytes(encode(ramp(), "PNG"))

    np.testing.assert_array_equal(read_image(str(path)), RAMP)


@pytest.mark.parametrize("name", ["a.dng", "b.CR2", "c.nef"])
def test_camera_raw_is_refused_though_it_is_tiff(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(encode(ramp(), "TIFF"))

    for error in (error_at(path), *(row.image for row in read_source(Source(str(path))))):
        assert str(error) == "unsupported_format: camera raw: save it as PNG or JPEG first"
    path.write_bytes(encode(ramp(), "PNG"))
    np.testing.assert_array_equal(read_image(str(path)), RAMP)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "WEBP", "PNG", "MPO"])
def test_reads_the_first_of_several_frames(kind: str) -> None:
    flipped = Image.fromarray(255 - RAMP).convert("RGB")

    image = pixels(encode(ramp("RGB"), kind, save_all=True, append_images=[flipped]))

    assert np.abs(image[..., 0].astype(int) - RAMP).max() <= 8


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "MPO"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_ends_upright(kind: str, orientation: int) -> None:
    stored = {
        1: RAMP,
        2: RAMP[:, ::-1],
        3: RAMP[::-1, ::-1],
        4: RAMP[::-1],
        5: RAMP.T,
        6: np.rot90(RAMP),
        7: RAMP[::-1, ::-1].T,
        8: np.rot90(RAMP, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation

    image = pixels(encode(Image.fromarray(np.ascontiguousarray(stored)).convert("RGB"), kind, exif=exif))

    assert image.shape == (30, 12, 3)
    assert np.abs(image[..., 0].astype(int) - RAMP).max() <= 8


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("exif", [b"garbage", b"Exif\0\0garbage garbage", b"Exif\0\0II*\0\xff\xff\xff\xff"])
def test_damaged_exif_does_not_cost_the_pixels(kind: str, exif: bytes) -> None:
    image = pixels(encode(ramp("RGB"), kind, exif=exif))

    assert np.abs(image[..., 0].astype(int) - RAMP).max() <= 4


def test_a_pillow_image_and_its_file_read_the_same() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encode(ramp("RGB"), "PNG", exif=exif)

    with Image.open(io.BytesIO(content)) as image:
        np.testing.assert_array_equal(image_to_array(image), pixels(content))


@pytest.mark.parametrize("size", [1_100_000, 2_000_000, 15_000_000])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_long_colour_profile_does_not_cost_the_pixels(kind: str, size: int) -> None:
    profile = np.random.default_rng(0).bytes(size)

    image = pixels(encode(ramp("RGB"), kind, icc_profile=profile))

    assert np.abs(image[..., 0].astype(int) - RAMP).max() <= 4


def test_long_text_does_not_cost_the_pixels() -> None:
    np.testing.assert_array_equal(pixels(encode(ramp(), "PNG", pnginfo=text_of(15_000_000))), RAMP)


def text_of(length: int, number: int = 1) -> PngInfo:
    """Compressed text for a PNG file, some of it like that of Photoshop."""
    text = PngInfo()
    for i in range(number):
        text.add_itxt("XML:com.adobe.xmp" if i == 0 else f"text {i}", "x" * length, zip=True)
    return text


# --- what cannot, and why


@pytest.mark.parametrize(("length", "number"), [(17_000_000, 1), (16_000_000, 5)])
def test_text_that_unpacks_without_end_is_too_large(length: int, number: int) -> None:
    content = encode(ramp(), "PNG", pnginfo=text_of(length, number))

    assert len(content) < 200_000
    assert str(error_of(content)) == "too_large: its text or colour profile is too long; save it without"


def test_no_such_file(tmp_path: Path) -> None:
    assert str(error_at(tmp_path / "missing.png")) == "not_found: no such file; check the spelling"


@pytest.mark.parametrize("name", ["file.txt/x.png", "nul\0.png", "\ud800.png", "dangling.png"])
def test_names_that_lead_nowhere_are_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").touch()
    (tmp_path / "dangling.png").symlink_to("nowhere.png")

    assert error_at(tmp_path / name).code is ErrorCode.NOT_FOUND


def test_a_broken_link_is_not_taken_for_a_wrong_name(tmp_path: Path) -> None:
    (tmp_path / "dangling.png").symlink_to("nowhere.png")

    problem = "no such file; it is a link that leads nowhere, to be repaired or removed"
    assert str(error_at(tmp_path / "dangling.png")) == f"not_found: {problem}"


def test_an_empty_name_is_not_found() -> None:
    with pytest.raises(ImageError, match=r"^not_found"):
        read_image("")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
def test_no_permission(tmp_path: Path, folder: bool) -> None:
    path = tmp_path / "locked.png"
    path.mkdir() if folder else path.touch()
    path.chmod(0)
    try:
        assert error_at(path).code is ErrorCode.PERMISSION_DENIED
    finally:
        path.chmod(0o700)


def test_a_refused_open_is_permission_denied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError

    (tmp_path / "a.png").touch()
    monkeypatch.setattr(os, "open", refuse)

    with pytest.raises(ImageError, match=r"^permission_denied: not readable for you"):
        read_image(str(tmp_path / "a.png"))


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    assert str(error_at(tmp_path)) == "not_a_file: a folder, not an image file"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_pipe_that_nobody_writes_to_is_not_a_file_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")

    assert error_at(tmp_path / "pipe.png").code is ErrorCode.NOT_A_FILE


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no such sockets here")
def test_a_socket_is_not_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the address has to be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.png")
        assert error_at(Path("s.png")).code is ErrorCode.NOT_A_FILE


def test_a_failing_disk_is_an_io_error() -> None:
    class Failing(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(ImageError) as caught:
        decode(Failing())
    assert str(caught.value) == "io_error: Input/output error; try again"


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"", ErrorCode.NOT_AN_IMAGE, "empty"),
        (b"hello, world\n", ErrorCode.NOT_AN_IMAGE, "save it as PNG or JPEG"),
        (b"\0" * 1000, ErrorCode.NOT_AN_IMAGE, "not an image"),
        (b"<!DOCTYPE html><html>", ErrorCode.NOT_AN_IMAGE, "not an image"),
        (b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0", ErrorCode.NOT_AN_IMAGE, "not an image"),
        (b"%PDF-1.7\n%\xe2\xe3", ErrorCode.UNSUPPORTED_FORMAT, "PDF"),
        (b"<svg xmlns='x'/>", ErrorCode.UNSUPPORTED_FORMAT, "SVG"),
        (b"8BPS\0\1", ErrorCode.UNSUPPORTED_FORMAT, "Photoshop"),
        (b"\xff\x0a\xfa\x7f", ErrorCode.UNSUPPORTED_FORMAT, "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", ErrorCode.UNSUPPORTED_FORMAT, "JPEG XL"),
        (b"II\xbc\x01\x08\0\0\0", ErrorCode.UNSUPPORTED_FORMAT, "JPEG XR"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1", ErrorCode.UNSUPPORTED_FORMAT, "camera raw"),
        (b"FUJIFILMCCD-RAW 0201", ErrorCode.UNSUPPORTED_FORMAT, "camera raw"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", ErrorCode.UNSUPPORTED_FORMAT, "JPEG 2000"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", ErrorCode.TRUNCATED, "copy"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", ErrorCode.TRUNCATED, "copy"),
        (b"\0\0\0\x20ftypavif\0\0\0\0avifmif1", ErrorCode.TRUNCATED, "copy it again"),
        (b"\x89PNG\r\n\x1a\n", ErrorCode.TRUNCATED, "copy"),
        (b"\xff\xd8\xff\xe0", ErrorCode.TRUNCATED, "copy"),
        (b"RIFF\x24\0\0\0WEBP", ErrorCode.TRUNCATED, "copy"),
        (b"GIF89a", ErrorCode.TRUNCATED, "copy"),
    ],
)
def test_says_what_other_content_is(content: bytes, code: ErrorCode, says: str) -> None:
    error = error_of(content)

    assert error.code is code
    assert says in str(error)


def test_reads_heic_with_its_extra() -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    picture = Image.new("RGB", (60, 80), "white")
    picture.paste("black", (20, 10, 40, 70))

    read = pixels(encode(picture, "HEIF"))

    assert read.shape == (80, 60, 3)
    assert read[40, 30].max() < 40
    assert read[40, 5].min() > 215


def test_says_how_to_read_heic_without_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnistcls.decode._learn_heic", lambda: False)

    error = error_of(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")

    assert error.code is ErrorCode.UNSUPPORTED_FORMAT
    assert 'pip install "mnistcls[heif]"' in str(error)


@pytest.mark.parametrize(
    ("size", "read"), [((1280, 1280), (640, 640)), ((600, 500), (500, 600)), ((4000, 1000), (125 * 2, 500 * 2))]
)
def test_large_jpegs_are_read_at_reduced_scale(size: tuple[int, int], read: tuple[int, int]) -> None:
    content = encode(Image.new("L", size, "white"), "JPEG")

    assert pixels(content).shape[:2] == tuple(read)


def test_warns_of_frames_that_are_not_read(caplog: pytest.LogCaptureFixture) -> None:
    black, white = Image.new("L", (9, 9), 0), Image.new("L", (9, 9), 255)

    pixels(encode(black, "GIF", save_all=True, append_images=[white]))
    assert "several frames; only the first is read" in caplog.text


def test_postscript_is_refused_and_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> None:
        pytest.fail("a program was started")

    monkeypatch.setattr(subprocess, "Popen", started)
    monkeypatch.setattr(os, "system", started)
    path = tmp_path / "page.png"
    path.write_bytes(encode(ramp(), "EPS"))

    assert str(error_at(path)) == "unsupported_format: PostScript: save it as PNG first"
    assert "EPS" not in FORMATS


@pytest.mark.parametrize("tenth", range(1, 10))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP", "PPM"])
def test_a_file_cut_short_says_so(kind: str, tenth: int) -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8))
    content = encode(noise, kind)

    error = error_of(content[: len(content) * tenth // 10])

    assert error.code is ErrorCode.TRUNCATED
    assert "copy" in str(error)


# --- too large


def png_that_claims(width: int, height: int) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return SIGNATURE + header + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def gif_that_claims(width: int, height: int) -> bytes:
    content = bytearray(encode(ramp(), "GIF"))
    content[6:10] = struct.pack("<HH", width, height)
    return bytes(content)


def bmp_that_claims(width: int, height: int) -> bytes:
    content = bytearray(encode(ramp(), "BMP"))
    content[18:26] = struct.pack("<ii", width, height)
    return bytes(content)


def tiff_that_claims(width: int, height: int) -> bytes:
    content = encode(ramp(), "TIFF")
    for tag, old, new in ((256, 12, width), (257, 30, height)):
        for kind in (3, 4):  # short or long
            entry = struct.pack("<HHI", tag, kind, 1)
            content = content.replace(entry + struct.pack("<I", old), struct.pack("<HHII", tag, 4, 1, new))
    return content


def webp_that_claims(width: int, height: int) -> bytes:
    content = bytearray(encode(ramp("RGB"), "WEBP", save_all=True, append_images=[ramp("RGB").rotate(180)]))
    content[24:30] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(content)


@pytest.mark.parametrize("claims", [png_that_claims, gif_that_claims, bmp_that_claims, tiff_that_claims])
@pytest.mark.parametrize("side", [10_000, 60_000], ids=["over ours", "over Pillow's"])
def test_a_header_that_claims_too_much_is_refused_before_decoding(claims: Any, side: int) -> None:
    error = error_of(claims(side, side))

    assert error.code is ErrorCode.TOO_LARGE
    assert "--max-pixels" in str(error)


def test_a_webp_that_claims_too_much_is_refused() -> None:
    assert error_of(webp_that_claims(16_384, 16_384)).code is ErrorCode.TOO_LARGE


@pytest.mark.parametrize("shape", [(30, 12), (1, 360), (360, 1)])
def test_max_pixels_is_the_last_size_that_is_read(shape: tuple[int, int]) -> None:
    content = encode(Image.fromarray(np.zeros(shape, np.uint8)), "PNG")

    assert pixels(content, max_pixels=360).shape == shape
    error = error_of(content, max_pixels=359)
    assert error.code is ErrorCode.TOO_LARGE
    assert f"{shape[1]}x{shape[0]} is more than 359 pixels" in str(error)


def test_max_pixels_goes_beyond_pillows_own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    content = encode(ramp(), "PNG")

    assert pixels(content, max_pixels=360).shape == (30, 12)


def test_no_memory_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise MemoryError

    content = encode(ramp(), "PNG")
    monkeypatch.setattr(ImageFile.ImageFile, "load", fail)

    assert error_of(content).code is ErrorCode.TOO_LARGE


def test_a_sparse_file_of_2_gb_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(2**31)

    assert error_at(path).code is ErrorCode.NOT_AN_IMAGE


# --- whatever comes


def ends_well(content: bytes) -> None:
    decoded = list(read_source(Source("any", content), max_pixels=100_000))
    assert decoded
    for image in decoded:
        assert isinstance(image.image, ImageError) or check_array(image.image) is image.image


STARTS = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"II*\0", b"MM\0+", b"BM", b"P6 ", b"RIFF\0\1\0\0WEBP"]


@given(st.binary(max_size=200), st.sampled_from(STARTS))
@settings(deadline=None, max_examples=200)
def test_any_bytes_end_in_pixels_or_an_image_error(content: bytes, head: bytes) -> None:
    ends_well(head + content)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "PPM", "TIFF", "AVIF"])
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_a_mutated_image_ends_in_pixels_or_an_image_error(kind: str, data: st.DataObject) -> None:
    ends_well(mutated(data, encoded(kind)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "PPM", "TIFF", "AVIF"])
@given(data=st.data())
@settings(deadline=None, max_examples=600, suppress_health_check=[HealthCheck.too_slow])
def test_any_number_of_mutated_images_end_in_pixels_or_an_image_error(kind: str, data: st.DataObject) -> None:
    ends_well(mutated(data, encoded(kind)))


@cache
def encoded(kind: str) -> bytes:
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("no AVIF here")
    several = {"save_all": True, "append_images": [ramp("RGB")]} if kind in {"TIFF", "GIF"} else {}
    return encode(ramp("RGB"), kind, **several)


def mutated(data: st.DataObject, content: bytes) -> bytes:
    """Some bytes changed, and perhaps a piece cut out or doubled."""
    changed = bytearray(content)
    for _ in range(data.draw(st.integers(0, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(changed)), st.integers(0, len(changed)))))
    pieces = {"whole": changed, "cut": changed[:start] + changed[end:], "doubled": changed[:end] + changed[start:]}
    return bytes(pieces[data.draw(st.sampled_from(sorted(pieces)))])


# --- arrays


@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (5, 4, 1), (5, 4, 2), (5, 4, 3), (5, 4, 4)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "int64", "float32", "float64", "bool"])
def test_an_array_that_can_be_an_image_passes_as_it_is(shape: tuple[int, ...], dtype: str) -> None:
    array = np.zeros(shape, dtype)

    assert check_array(array) is array


@pytest.mark.parametrize("shape", [(), (5,), (0, 5), (5, 0, 3), (5, 4, 5), (5, 4, 0), (1, 5, 4, 3)])
def test_an_array_of_another_shape_is_no_image(shape: tuple[int, ...]) -> None:
    with pytest.raises(ImageError, match=r"^not_an_image: an array of shape \("):
        check_array(np.zeros(shape))


@pytest.mark.parametrize("dtype", ["complex64", "object", "U1", "datetime64[s]"])
def test_an_array_of_no_real_numbers_is_no_image(dtype: str) -> None:
    with pytest.raises(ImageError, match=r"^not_an_image: an array of .*; pass uint8"):
        check_array(np.zeros((5, 5), dtype))


def test_reading_says_nothing_of_its_own() -> None:
    exif = Image.Exif()
    exif[0x0112] = (6, 6)  # Pillow warns of two values where one belongs; warnings are errors here
    assert pixels(encode(ramp("RGB"), "JPEG", exif=exif)).ndim == 3


# --- sources


def test_each_kind_of_source_becomes_its_rows_and_survives_the_way_to_a_worker(tmp_path: Path) -> None:
    content = encode(ramp(), "PNG")
    (tmp_path / "ramp.png").write_bytes(content)
    error = ImageError(ErrorCode.TRUNCATED, "cut short; copy it again")
    sources = [
        Source(f"{tmp_path}/ramp.png"),
        Source("a.zip/ramp.png", content),
        Source("a-idx3-ubyte#7", RAMP.tobytes(), RAMP.shape),
        Source("a.zip", error=error),
        Source("missing.png"),
    ]

    rows = [list(read_source(pickle.loads(pickle.dumps(source)))) for source in sources]  # noqa: S301 - our own

    assert [[row.path for row in of_one] for of_one in rows] == [[source.path] for source in sources]
    for (row,) in rows[:3]:
        np.testing.assert_array_equal(row.image, RAMP)
    assert [str(row.image).partition(";")[0] for (row,) in rows[3:]] == [
        "truncated: cut short",
        "not_found: no such file",
    ]
