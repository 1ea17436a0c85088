"""Images of an IDX file, MNIST's format: a stream of raw pixels, plain or gzipped, whose header is not trusted.

The format is described at http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast

from mnistcls.errors import ErrorCode, ImageError
from mnistcls.files import io_error, open_regular
from mnistcls.sources.containers import Salvaged
from mnistcls.sources.signatures import GZIP_MAGIC, IDX_IMAGES_MAGIC
from mnistcls.sources.source import Source
from mnistcls.text import plural

SLICE_BYTES = 1 << 18
"""About how much of a file with small images is read at once."""

MAX_IMAGE_BYTES = 64 << 20
"""Largest image that is read, whatever the header says; the decoder checks the number of pixels."""


@dataclass(frozen=True)
class IdxHeader:
    """What the header of an IDX file of images announces."""

    count: int
    height: int
    width: int


def count_images(path: str) -> int:
    """The number of images that the file announces; 0 if it cannot be read."""
    try:
        with open_regular(path) as raw:
            return _read_header(_gunzipped(raw)).count
    except (ImageError, OSError, EOFError, zlib.error):
        return 0


def read_idx(path: str) -> Iterator[Source]:
    """The images of a file, with `#0`, `#1`, ... after its name; an error of the file comes last, under its name.

    They come in the file's order, and about `SLICE_BYTES` of it are held.
    """
    try:
        with open_regular(path) as raw:
            yield from _images(path, _gunzipped(raw))
    except ImageError as error:
        yield Source(path, error=error)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        yield Source(path, error=_broken("its gzip data is cut short or damaged"))
    except OSError as error:
        yield Source(path, error=io_error(error))


def _images(path: str, file: IO[bytes]) -> Iterator[Source]:
    header = _read_header(file)
    size = header.height * header.width
    a_slice = max(1, SLICE_BYTES // max(1, size))
    for start in range(0, header.count, a_slice):
        wanted = min(a_slice, header.count - start)
        pixels = file.read(wanted * size)
        for i in range(len(pixels) // size):
            yield Source(f"{path}#{start + i}", pixels[i * size : (i + 1) * size], (header.height, header.width))
        if len(pixels) < wanted * size:
            has = start + len(pixels) // size
            raise _broken(f"it announces {plural(header.count, 'image')} and has {has:,}")
    if file.read(1):
        raise _broken(f"it has more than the {plural(header.count, 'image')} that it announces")


def _read_header(file: IO[bytes]) -> IdxHeader:
    start = file.read(16)
    if start[:4] != IDX_IMAGES_MAGIC[: len(start)]:
        raise ImageError(ErrorCode.NOT_AN_IMAGE, "not an IDX file of images; check the name")
    if len(start) < 16:
        raise _broken("its header is cut short")
    header = IdxHeader(*struct.unpack(">3I", start[4:]))
    size = header.height * header.width
    if size > MAX_IMAGE_BYTES:
        problem = f"it announces images of {header.width}x{header.height}, more than {MAX_IMAGE_BYTES >> 20} MB each"
        raise ImageError(ErrorCode.TOO_LARGE, f"{problem}; shrink them")
    if size == 0 and header.count:
        raise _broken("it announces images without pixels")
    return header


def _gunzipped(raw: IO[bytes]) -> IO[bytes]:
    """The file's bytes, unpacked if they start as gzip does, whatever the file's name."""
    start = raw.read(len(GZIP_MAGIC))
    raw.seek(0)
    return cast("IO[bytes]", Salvaged(gzip.GzipFile(fileobj=raw))) if start == GZIP_MAGIC else raw


def _broken(problem: str) -> ImageError:
    return ImageError(ErrorCode.TRUNCATED, f"{problem}; copy or download it again")
