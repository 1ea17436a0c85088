"""The pages of a TIFF file, each a separate image."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import IO, TYPE_CHECKING, TypeGuard

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcls.decode.pixels import Decoded, image_to_array, pillow_errors
from mnistcls.errors import ErrorCode, ImageError
from mnistcls.files import BoundedReader

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import TiffImageFile  # slow to load, and only for TIFF

MAX_TAG_BYTES = 64 << 20
"""Most that a page may have besides pixels: layers, colour profiles, comments."""

MAX_PIXEL_BYTES = 8
"""Largest size of a pixel, uncompressed: four channels of 16 bits."""

_LAYOUT = {256, 257, 258}  # the tags that every page has: its width, its height, the bits of its channels
_SUBFILE_TYPE, _REDUCED_OR_MASK = 254, 0b101  # a tag, and two bits of its value


def is_tiff(image: Image.Image) -> TypeGuard[TiffImageFile]:
    """Whether Pillow has opened a TIFF file."""
    return image.format == "TIFF"


def has_layout(file: IO[bytes]) -> bool:
    """Whether a TIFF file's first page has readable tags, so that Pillow refuses it for its kind, not for damage."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2  # noqa: PLC0415 - slow to load, and only for TIFF

    file.seek(0)
    header = file.read(8)
    header += file.read(8) if header[2:3] == b"+" else b""  # BigTIFF
    try:
        with pillow_errors():
            tags = ImageFileDirectory_v2(header)
            file.seek(tags.next)
            tags.load(file)
            return set(tags) >= _LAYOUT
    except ImageError:
        return False


def unsupported() -> ImageError:
    """The error for a page whose tags are sound, but whose pixels or compression Pillow does not know."""
    problem = "TIFF of a kind that cannot be read"
    return ImageError(ErrorCode.UNSUPPORTED_FORMAT, f"{problem}; save it as 8- or 16-bit TIFF, or as PNG")


def read_pages(image: TiffImageFile, path: str, max_pixels: int) -> Iterator[Decoded]:
    """The pages, with `#1`, `#2`, ... after the path; a single page has the path alone.

    Each page is decoded on demand. If the link to the next page is damaged, that error is the last row.

    Args:
        image: opened, its file still open; if that is a `BoundedReader`, each page gets an allowance of its own.
        path: of the file.
        max_pixels: larger pages are refused before decoding.
    """
    file = image.fp  # the image forgets it between pages
    several = _has_second_page(image, file)
    number = 0
    try:
        for number in _page_numbers(image, file):
            _allow(file, MAX_PIXEL_BYTES * max_pixels)
            yield Decoded(f"{path}#{number}" if several else path, _page(image, max_pixels))
    except ImageError as error:
        yield Decoded(f"{path}#{number + 1}", error)


def _page(image: TiffImageFile, max_pixels: int) -> NDArray[np.generic] | ImageError:
    try:
        return image_to_array(image, max_pixels)
    except ImageError as error:
        return error


def _has_second_page(image: TiffImageFile, file: IO[bytes] | None) -> bool:
    try:
        return any(number == 2 for number in _page_numbers(image, file))
    except ImageError:
        return True


def _page_numbers(image: TiffImageFile, file: IO[bytes] | None) -> Iterator[int]:
    """Seek to each page in turn, from 1; thumbnails and masks of a page do not count."""
    number = 0
    for frame in count():
        _allow(file, MAX_TAG_BYTES)
        with pillow_errors():
            try:
                image.seek(frame)
            except EOFError:
                return
            except (KeyError, SyntaxError):  # its compression, its pixels
                if set(image.tag_v2) >= _LAYOUT:
                    raise unsupported() from None
                raise
            is_page = frame == 0 or not image.tag_v2.get(_SUBFILE_TYPE, 0) & _REDUCED_OR_MASK
        if is_page:
            number += 1
            yield number


def allow_pixels(image: Image.Image, max_pixels: int) -> None:
    """Allow a TIFF image to read its pixels, after its tags."""
    if is_tiff(image):
        _allow(image.fp, MAX_PIXEL_BYTES * max_pixels)


def _allow(file: IO[bytes] | None, allowance: int) -> None:
    if isinstance(file, BoundedReader):
        file.allowance = allowance
