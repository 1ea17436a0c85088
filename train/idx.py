"""Reads IDX files of unsigned bytes, plain or gzipped, and trusts no header.

The format is described at http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnistcls.errors import DataError
from mnistcls.sources.signatures import GZIP_MAGIC
from train.published import broken

UNSIGNED_BYTE = 0x08  # the IDX code of the only element type that MNIST uses
MAX_BYTES = 64 * 1024 * 1024  # unpacked; MNIST's largest file has 45 MiB, and a header may claim anything
GZIP_ERRORS = (EOFError, gzip.BadGzipFile, zlib.error)  # of files that are cut short or damaged


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, plain or gzipped.

    However much it holds, no more than one byte past what its header announces is read.

    Returns:
        uint8, writable, with 1 to 3 dimensions, as the file says.

    Raises:
        DataError: the file is missing, not a file, unreadable, empty, damaged, shorter or longer than its header says,
            of another format or element type, or larger than `MAX_BYTES` when unpacked.
    """
    with open_unpacked(path) as stream:
        shape = _read_shape(path, stream)
        size = math.prod(shape)  # exact: NumPy's own product would overflow on a hostile header
        if size > MAX_BYTES:
            raise broken(path, f"announces {size:,} bytes of data, far more than any file of MNIST")
        if size == 0:
            raise broken(path, "announces no data at all")
        data = stream.read(size + 1)
    if len(data) < size:
        raise broken(path, f"is cut short: its header announces {size:,} bytes of data, it has {len(data):,}")
    if len(data) > size:
        raise broken(path, f"goes on after the {size:,} bytes of data that its header announces")
    return np.frombuffer(data, np.uint8).reshape(shape).copy()  # (d0, d1, …); frombuffer's is read-only


@contextmanager
def open_unpacked(path: Path) -> Iterator[BufferedIOBase]:
    """Open a file for reading, unpacked if it starts as gzip does, whatever its name.

    Reading to the end checks the gzip checksum.

    Raises:
        DataError: the file cannot be read, or is damaged; also while the caller reads.
    """
    try:
        if path.exists() and not path.is_file():  # opening a named pipe would wait for ever
            raise broken(path, "is not a file")
        with path.open("rb") as raw:
            if not raw.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC):
                yield raw
                return
            with gzip.open(raw) as unpacked:
                yield unpacked
    except GZIP_ERRORS as error:
        raise broken(path, f"is cut short or damaged ({error})") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}); check the file and its access rights") from error


def _read_shape(path: Path, stream: BufferedIOBase) -> tuple[int, ...]:
    """Read the IDX header: two zeros, the element type, how many dimensions, the length of each."""
    magic = stream.read(4)
    if not magic:
        raise broken(path, "is empty")
    if len(magic) < 4 or magic[:3] != bytes([0, 0, UNSIGNED_BYTE]) or not 1 <= magic[3] <= 3:
        raise broken(path, f"is not an IDX file of MNIST: it starts with the bytes {magic.hex(' ')}")
    lengths = stream.read(4 * magic[3])
    if len(lengths) < 4 * magic[3]:
        raise broken(path, "is cut short in its header")
    return struct.unpack(f">{magic[3]}I", lengths)
