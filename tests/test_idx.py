from __future__ import annotations

import gzip
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from idx_files import idx
from numpy.typing import NDArray

from mnistcls.errors import DataError
from train.idx import MAX_BYTES, read_idx

IMAGES = np.arange(3 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)
LABELS = np.array([7, 0, 9], np.uint8)


def packed(content: bytes) -> bytes:
    return gzip.compress(content, compresslevel=1, mtime=0)  # the same bytes in every run


@pytest.mark.parametrize("array", [IMAGES, LABELS, IMAGES[0]], ids=["3-d", "1-d", "2-d"])
@pytest.mark.parametrize("gzipped", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", ["digits", "digits.gz"])
def test_reads_what_was_written_whatever_the_name(
    tmp_path: Path, array: NDArray[np.uint8], gzipped: bool, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(packed(idx(array)) if gzipped else idx(array))
    read = read_idx(path)
    np.testing.assert_array_equal(read, array, strict=True)
    assert read.flags.writeable  # torch warns of arrays that are not


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is empty"),
        (packed(b""), "is empty"),
        (b"\0\0", "is not an IDX file of MNIST: it starts with the bytes 00 00"),
        (b"<!DOCTYPE html>", "is not an IDX file of MNIST: it starts with the bytes 3c 21 44 4f"),
        (b"\0\0\x0d\3" + bytes(40), "is not an IDX file of MNIST: it starts with the bytes 00 00 0d 03"),
        (b"\0\0\x08\0", "is not an IDX file of MNIST: it starts with the bytes 00 00 08 00"),
        (b"\0\0\x08\4" + bytes(40), "is not an IDX file of MNIST: it starts with the bytes 00 00 08 04"),
        (b"\0\0\x08\3\0\0\0\1\0", "is cut short in its header"),
        (idx(IMAGES)[:-1], "is cut short: its header announces 2,352 bytes of data, it has 2,351"),
        (idx(IMAGES) + b"\0", "goes on after the 2,352 bytes of data that its header announces"),
        (packed(idx(IMAGES) + b"\0"), "goes on after the 2,352 bytes"),
        (packed(idx(IMAGES))[:-20], "is cut short or damaged (Compressed file ended before"),
        (packed(idx(IMAGES))[:-4], "is cut short or damaged (Compressed file ended before"),
        (packed(idx(IMAGES))[:-8] + bytes(8), "is cut short or damaged (CRC check failed"),
        (packed(idx(IMAGES)) + b"more", "is cut short or damaged (Not a gzipped file"),
        (packed(idx(IMAGES))[:10] + b"\xff" * 40, "is cut short or damaged (Error -3"),
        (b"\0\0\x08\1\0\0\0\0", "announces no data at all"),
        (b"\0\0\x08\3\0\0\0\0" + b"\xff" * 8, "announces no data at all"),
        (
            b"\0\0\x08\3" + b"\xff" * 12,
            "announces 79,228,162,458,924,105,385,300,197,375 bytes of data, far more",
        ),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else "",
)
def test_refuses_a_broken_file_and_says_how_to_get_it_anew(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "my digits"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_idx(path)
    message = str(caught.value)
    assert message.startswith(f"{path} {problem}")
    assert message.endswith(f"; delete it and get it anew with `python -m train.data --data-dir {tmp_path}`")
    assert "\n" not in message


def test_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"digits cannot be read \(No such file or directory\); check"):
        read_idx(tmp_path / "digits")
    with pytest.raises(DataError, match="is not a file; delete it"):
        read_idx(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_named_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="pipe is not a file"):
        read_idx(tmp_path / "pipe")


def test_file_without_read_permission(tmp_path: Path) -> None:
    path = tmp_path / "digits"
    path.write_bytes(idx(LABELS))
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(DataError, match=r"digits cannot be read \(Permission denied\); check the file and its"):
        read_idx(path)


def test_gzip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(packed(idx(LABELS) + bytes(MAX_BYTES)))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="goes on after the 3 bytes"):
            read_idx(path)
        assert tracemalloc.get_traced_memory()[1] < 4 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_no_flipped_bit_in_a_gzip_file_goes_unnoticed(tmp_path: Path) -> None:
    path = tmp_path / "digits.gz"
    whole = packed(idx(LABELS))
    for bit in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            read = read_idx(path)
        except DataError:
            continue
        np.testing.assert_array_equal(read, LABELS)  # the bit was in the time stamp, say


@settings(max_examples=60, deadline=None)
@given(
    start=st.sampled_from([b"", b"\0\0\x08\1", b"\0\0\x08\3\0\0\0\2", b"\x1f\x8b\x08"]),
    rest=st.binary(max_size=64),
)
def test_any_bytes_give_an_array_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, start: bytes, rest: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any-bytes"
    path.write_bytes(start + rest)
    try:
        assert idx(read_idx(path)) == start + rest
    except DataError as error:
        assert str(error).startswith(f"{path} ")  # noqa: PT017 - either outcome is right
