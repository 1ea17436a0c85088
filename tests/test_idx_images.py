from __future__ import annotations

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnistcls.decode import read_source
from mnistcls.errors import ErrorCode
from mnistcls.sources import Source, Sources, idx

IMAGES = np.random.default_rng(0).integers(0, 256, (700, 28, 28), np.uint8)
NAMES = ["t10k-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz", "t10k-images.idx3-ubyte"]


pytestmark = pytest.mark.usefixtures("here")


def header(count: int, height: int = 28, width: int = 28) -> bytes:
    return struct.pack(">4I", 0x0803, count, height, width)


WHOLE = header(700) + IMAGES.tobytes()


def write(name: str, content: bytes) -> None:
    Path(name).write_bytes(gzip.compress(content, compresslevel=1) if name.endswith(".gz") else content)


@pytest.mark.parametrize("name", [*NAMES, "digits", "digits.gz"])
def test_each_image_of_a_named_file_is_a_source_with_its_pixels(name: str) -> None:
    write(name, WHOLE)
    sources = Sources([name])

    decoded = [image for source in sources for image in read_source(source)]

    assert [image.path for image in decoded] == [f"{name}#{number}" for number in range(700)]
    np.testing.assert_array_equal([image.image for image in decoded], IMAGES)
    assert sources.count() == 700


@pytest.mark.parametrize("name", NAMES)
def test_in_a_folder_its_name_tells(name: str) -> None:
    Path("d").mkdir()
    write(f"d/{name}", header(2) + IMAGES[:2].tobytes())
    write("d/t10k-labels-idx1-ubyte", bytes(10))
    write("d/other", WHOLE)
    sources = Sources(["d"])

    assert [source.path for source in sources] == [f"d/{name}#0", f"d/{name}#1"]
    assert (sources.skipped, sources.count()) == (2, 2)


@pytest.mark.parametrize("shape", [(3, 20, 10), (2, 1, 1), (2, 600, 700)])
def test_images_may_be_of_any_size(shape: tuple[int, int, int]) -> None:
    images = np.arange(np.prod(shape)).astype(np.uint8).reshape(shape)
    write("digits", header(*shape) + images.tobytes())

    decoded = [image.image for source in Sources(["digits"]) for image in read_source(source)]

    np.testing.assert_array_equal(decoded, images)


def test_max_pixels_counts_for_them_as_for_others() -> None:
    write("digits", header(2) + IMAGES[:2].tobytes())

    for most, error in ((784, None), (783, "too_large: 28x28 is more than 783 pixels")):
        read = [image for source in Sources(["digits"]) for image in read_source(source, most)]
        assert len(read) == 2
        assert all(str(one.image).startswith(error) if error else not isinstance(one.image, Exception) for one in read)


def test_max_pixels_can_be_raised_for_them() -> None:
    write("digits", header(1, 7000, 7000) + bytes(49_000_000))

    for most, error in ((49_000_000, None), (40_000_000, "too_large: 7000x7000 is more than 40,000,000 pixels")):
        (image,) = (image for source in Sources(["digits"]) for image in read_source(source, most))
        assert str(image.image).startswith(error) if error else image.image.shape == (7000, 7000)


@pytest.mark.parametrize("tenth", range(1, 10))
@pytest.mark.parametrize("name", NAMES[:2])
def test_a_file_cut_short_keeps_what_is_whole(name: str, tenth: int) -> None:
    write(name, WHOLE)
    content = Path(name).read_bytes()
    Path(name).write_bytes(content[: len(content) * tenth // 10])

    *images, last = Sources([name])

    assert images == [Source(f"{name}#{i}", IMAGES[i].tobytes(), (28, 28)) for i in range(len(images))]
    assert (last.path, last.error and last.error.code) == (name, ErrorCode.TRUNCATED)
    whole = (len(WHOLE) * tenth // 10 - 16) // 784
    assert len(images) == whole if name == NAMES[0] else abs(len(images) - whole) <= 20, "noise packs evenly"


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"", ErrorCode.TRUNCATED, "header is cut short"),
        (b"hello hello hello hello", ErrorCode.NOT_AN_IMAGE, "not an IDX file of images"),
        (header(3)[:9], ErrorCode.TRUNCATED, "header is cut short"),
        (header(0), ErrorCode.NOT_AN_IMAGE, "no image in it"),
        (header(3, 0, 28), ErrorCode.TRUNCATED, "without pixels"),
        (header(2**32 - 1), ErrorCode.TRUNCATED, "announces 4,294,967,295 images and has 0"),
        (header(1, 2**32 - 1, 2**32 - 1), ErrorCode.TOO_LARGE, "4294967295x4294967295"),
    ],
)
@pytest.mark.parametrize("name", NAMES[:2])
def test_what_is_one_by_its_name_alone_is_one_row(name: str, content: bytes, code: ErrorCode, says: str) -> None:
    write(name, content)

    (source,) = Sources([name])

    assert source.path == name
    assert source.error
    assert source.error.code is code
    assert says in str(source.error)


def test_what_follows_the_last_image_is_said() -> None:
    write("digits", header(1) + bytes(785))

    first, last = Sources(["digits"])

    assert first.path == "digits#0"
    assert "it has more than the 1 image that it announces" in str(last.error)


def test_labels_say_that_they_are_none() -> None:
    write("t10k-labels-idx1-ubyte", b"\0\0\x08\1\0\0\0\2\1\2")

    ((decoded,),) = (list(read_source(source)) for source in Sources(["t10k-labels-idx1-ubyte"]))

    assert str(decoded.image) == "unsupported_format: IDX labels: name the file with the images"


def test_a_damaged_checksum_is_said() -> None:
    write("digits.gz", WHOLE)
    content = Path("digits.gz").read_bytes()
    Path("digits.gz").write_bytes(content[:-8] + bytes(8))

    *images, last = Sources(["digits.gz"])

    assert len(images) == 700
    assert str(last.error) == "truncated: its gzip data is cut short or damaged; copy or download it again"


def test_a_file_of_any_length_is_read_in_slices() -> None:
    with gzip.open("digits.gz", "wb", compresslevel=1) as file:
        file.write(header(10_000))
        for _ in range(10):
            file.write(bytes(784_000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in Sources(["digits.gz"])) == 10_000
        assert tracemalloc.get_traced_memory()[1] < 8 * idx.SLICE_BYTES
    finally:
        tracemalloc.stop()


@given(start=st.sampled_from([b"", header(2)[:4], header(2), header(2, 3, 3)]), rest=st.binary(max_size=64))
@settings(deadline=None, max_examples=60)
def test_any_bytes_end_in_sources(tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any-idx3-ubyte"
    path.write_bytes(start + rest)

    *images, last = Sources([str(path)])

    assert all(source.error is None for source in images)
    assert last.error or last.shape
