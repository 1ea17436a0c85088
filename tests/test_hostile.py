"""Files made to break a batch: each is a row that says why, and the good ones beside them are read as ever."""

from __future__ import annotations

import io
import os
import socket
import struct
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistcls.decode import read_source
from mnistcls.errors import ErrorCode, ImageError
from mnistcls.sources import Source, Sources

NOISE = np.random.default_rng(0).integers(0, 256, (30, 30), np.uint8)


pytestmark = pytest.mark.usefixtures("here")


def encode(kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(NOISE).convert("RGB").save(file, kind)
    return file.getvalue()


def codes(*paths: str) -> list[tuple[str, str]]:
    decoded = [image for source in Sources(paths) for image in read_source(source)]
    return [(image.path, str(image.image.code) if isinstance(image.image, ImageError) else "ok") for image in decoded]


@pytest.mark.skipif(os.name == "nt", reason="needs names and kinds of files that Windows has not")
def test_a_folder_of_hostile_files_is_a_row_each_and_the_good_ones_are_unchanged() -> None:
    good = encode("PNG")
    content: dict[bytes, bytes] = {
        b"a good one.png": good,
        b"bytes \xff\xfe.png": good,
        b"=1+1.png": good,
        b"-o.png": good,
        b'"quo\'ted", twice.png': good,
        b"new\nline.png": good,
        b"carriage\r.png": good,
        b"y" * 251 + b".png": good,
        b"empty.png": b"",
        b"flipped.png": good[:60] + bytes([good[60] ^ 0xFF]) + good[61:],
        b"html.jpg": b"<!DOCTYPE html>",
        b"zip.png": b"PK\3\4" + bytes(100),
    }
    content |= {b"cut %d.png" % tenth: good[: len(good) * tenth // 10] for tenth in range(1, 10)}
    Path("d").mkdir()
    for name, bytes_ in content.items():
        Path(os.fsdecode(b"d/" + name)).write_bytes(bytes_)
    os.mkfifo("d/pipe.png")
    Path("d/device.png").symlink_to("/dev/zero")
    Path("d/loop.png").symlink_to("loop.png")
    Path("d/again").symlink_to(".")
    Path("d/folder.png").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("d/socket.png")

    found = dict(codes("d"))

    assert len(found) == len(content) + 4
    assert {os.fsencode(path)[2:] for path, code in found.items() if code == "ok"} == {
        name for name, bytes_ in content.items() if bytes_ == good
    }
    assert {found[f"d/{name}.png"] for name in ("pipe", "device", "socket")} == {"not_a_file"}
    assert found["d/loop.png"] == "not_found"
    assert {found[f"d/cut {tenth}.png"] for tenth in range(1, 10)} == {"truncated"}
    assert (found["d/empty.png"], found["d/html.jpg"]) == ("not_an_image", "not_an_image")
    assert (found["d/zip.png"], found["d/flipped.png"]) == ("unsupported_format", "truncated")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
@pytest.mark.parametrize("name", ["pipe", "pipe.png", "pipe.zip", "pipe.tar.gz", "t10k-images-idx3-ubyte"])
def test_a_named_pipe_is_one_row_and_is_never_opened(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(name)
    monkeypatch.setattr(os, "open", lambda *_: pytest.fail("opened"))

    assert codes(name) == [(name, "not_a_file")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_pipe_in_an_archives_or_images_place_is_a_row() -> None:
    Path("d").mkdir()
    os.mkfifo("d/t10k-images-idx3-ubyte")

    assert codes("d") == [("d/t10k-images-idx3-ubyte", "not_a_file")]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other limits")
def test_folders_too_deep_to_name_are_a_row(tmp_path: Path) -> None:
    name = "x" * 200
    Path("d").mkdir()
    os.chdir("d")
    for _ in range(25):  # 5,000 bytes, where a path may have 4,095
        Path(name).mkdir()
        os.chdir(name)
    os.chdir(tmp_path)
    Path("d/z.png").write_bytes(encode("PNG"))

    (deep, code), last = codes("d")

    assert len(deep) > 4000
    assert code == "io_error"
    assert last == ("d/z.png", "ok")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
@pytest.mark.parametrize(
    ("replace", "code"),
    [
        (lambda _: None, ErrorCode.NOT_FOUND),
        (lambda path: path.mkdir(), ErrorCode.NOT_A_FILE),
        (os.mkfifo, ErrorCode.NOT_A_FILE),
        (lambda path: path.write_bytes(b"hello"), ErrorCode.NOT_AN_IMAGE),
        (lambda path: path.symlink_to(path), ErrorCode.NOT_FOUND),
    ],
    ids=["deleted", "folder", "pipe", "other content", "loop"],
)
def test_what_changes_between_listing_and_reading_is_a_row(replace: Callable[[Path], object], code: ErrorCode) -> None:
    for name in ("1.png", "2.png", "3.png"):
        Path(name).write_bytes(encode("PNG"))
    sources = list(Sources(["."]))
    Path("2.png").unlink()
    replace(Path("2.png"))

    first, second, third = (image.image for source in sources for image in read_source(source))

    assert isinstance(first, np.ndarray)
    assert isinstance(second, ImageError)
    assert second.code is code
    np.testing.assert_array_equal(first, third)


def test_a_folder_deleted_while_it_is_walked_is_a_row() -> None:
    Path("d/b").mkdir(parents=True)
    Path("d/a.png").touch()
    sources = iter(Sources(["d"]))
    assert next(sources) == Source("d/a.png")
    Path("d/b").rmdir()

    (source,) = sources

    assert (source.path, source.error and source.error.code) == ("d/b", ErrorCode.NOT_FOUND)


# --- length without content: bounded memory and time


def tiff_with_a_long_tag() -> bytes:
    file = io.BytesIO()
    Image.fromarray(NOISE).save(file, "TIFF", tiffinfo={305: "x" * 100})
    content = bytearray(file.getvalue())
    start = content.index(struct.pack("<HHI", 305, 2, 101))
    struct.pack_into("<I", content, start + 4, 1_900_000_000)
    return bytes(content)


def png_with_a_long_chunk() -> bytes:
    return encode("PNG")[:33] + struct.pack(">I", 1_900_000_000) + b"tEXt"


HUGE = {
    "gif": encode("GIF")[:-1],
    "jpg": encode("JPEG")[:200],
    "webp": encode("WEBP"),
    "png": png_with_a_long_chunk(),
    "bmp": encode("BMP")[:60],
    "ppm": b"P3 30 30 255\n",
    "tif": tiff_with_a_long_tag(),
    "zip": b"PK\3\4",
    "tar": tarfile.TarInfo("1.png").tobuf(),
    "idx3-ubyte": struct.pack(">4I", 0x0803, 2**32 - 1, 2**16, 2**16),
}

READ = """
import resource, sys, time
import numpy, PIL.Image
from mnistcls.decode import read_source
from mnistcls.sources import Sources
before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
rows = [image for source in Sources(sys.argv[1:2]) for image in read_source(source)]
used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(len(rows), used // 1024, time.process_time() - started, getattr(rows[-1].image, "code", "ok"))
"""


def read_apart(path: str) -> tuple[int, int, float, str]:
    """Rows, MB of memory they took, seconds of CPU, and the last one's code: read in a process of its own."""
    command = [sys.executable, "-c", READ, path]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    number, memory, seconds, code = result.stdout.split()
    return int(number), int(memory), float(seconds), code


@pytest.mark.skipif(sys.platform != "linux", reason="sparse files, and memory in KiB")
@pytest.mark.parametrize("suffix", ["gif", "webp", "tif", "zip", "idx3-ubyte"])
def test_2_gb_behind_a_good_start_cost_nothing(suffix: str) -> None:
    path = f"huge-images-{suffix}" if suffix == "idx3-ubyte" else f"huge.{suffix}"
    with open(path, "wb") as file:
        file.write(HUGE[suffix])
        file.truncate(2**31)

    number, memory, seconds, code = read_apart(path)

    assert (number, code) == (1, "truncated" if suffix == "zip" else "too_large")
    assert memory < 150
    assert seconds < 10


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="sparse files, and memory in KiB")
@pytest.mark.parametrize("megabytes", [1, 39, 79, 159, 319, 2048])
@pytest.mark.parametrize("suffix", ["gif", "jpg", "webp", "png", "bmp", "ppm", "tif", "tar"])
def test_any_length_behind_a_good_start_costs_bounded_memory_and_time(suffix: str, megabytes: int) -> None:
    with open(f"huge.{suffix}", "wb") as file:
        file.write(HUGE[suffix])
        file.truncate(megabytes * 10**6)

    number, memory, seconds, _ = read_apart(f"huge.{suffix}")

    assert number == 1
    assert memory < 350
    assert seconds < 20


def test_a_search_through_zeros_ends() -> None:
    content = encode("JPEG")[:200] + bytes(1 << 20)
    started = time.process_time()

    (decoded,) = read_source(Source("a.jpg", content))

    assert isinstance(decoded.image, ImageError)
    assert time.process_time() - started < 5
