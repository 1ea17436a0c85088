"""The pages of a TIFF file, each a separate image."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import IO, TYPE_CHECKING, TypeGuard

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcls.decode.pixels import Decoded, image_to_array, pillow_errors
from mnistcls.errors import ImageError
from mnistcls.files import BoundedReader

if TYPE_CHECKING:
    from PIL.TiffImagePlugin import TiffImageFile  # slow to load, and only for TIFF

MAX_TAG_BYTES = 64 << 20
"""Most that a page may have besides pixels: layers, colour profiles, comments."""

MAX_PIXEL_BYTES = 8
"""Largest size of a pixel, uncompressed: four channels of 16 bits."""

_SUBFILE_TYPE, _REDUCED_OR_MASK = 254, 0b101  # a tag, and two bits of its value


def is_tiff(image: Image.Image) -> TypeGuard[TiffImageFile]:
    """Whether Pillow has opened a TIFF file."""
    return image.format == "TIFF"


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
