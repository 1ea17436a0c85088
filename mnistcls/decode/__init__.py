"""Decodes a file to an upright array of pixels, or raises an `ImageError` that says why not."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mnistcls.decode.grey_png import read_grey_png
from mnistcls.decode.pages import MAX_TAG_BYTES, allow_pixels, has_layout, is_tiff, read_pages, unsupported
from mnistcls.decode.pixels import Decoded, check_size, pillow_errors, to_array
from mnistcls.errors import ErrorCode, ImageError
from mnistcls.files import BoundedReader, open_regular, read_small
from mnistcls.limits import DRAFT_SIDE, MAX_PIXELS
from mnistcls.sources import Source
from mnistcls.sources.signatures import HEAD_BYTES, TIFF_MAGICS, bytes_per_pixel, camera_raw, diagnose, is_heic
from mnistcls.sources.source import is_raw_name

FORMATS = ("PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP", "PPM", "DIB", "AVIF")
"""Pillow's decoders that may run: common and well tested ones, none of which starts another program."""

MAX_UNCHECKED_BYTES = 1 << 20
"""A file up to this length is read whatever its content."""

MAX_TEXT_BYTES = 16 << 20
"""Longest text or colour profile in a PNG file, unpacked. Those of printers exceed the 1 MB that Pillow allows."""

_logger = logging.getLogger("mnistcls")


def read_source(source: Source, max_pixels: int = MAX_PIXELS) -> Iterator[Decoded]:
    """Decode a source: nearly always one image, several if it is a TIFF file of several pages.

    Each page is decoded on demand. Errors are not raised but yielded in place of the image.
    """
    try:
        yield from _decoded(source, max_pixels)
    except ImageError as error:
        yield Decoded(source.path, error)


def _decoded(source: Source, max_pixels: int) -> Iterator[Decoded]:
    if source.error:
        raise source.error
    if source.content is not None and source.shape:
        height, width = source.shape
        check_size(width, height, max_pixels)
        yield Decoded(source.path, np.frombuffer(source.content, np.uint8).reshape(source.shape))
        return
    content = read_small(source.path, MAX_UNCHECKED_BYTES) if source.content is None else source.content
    if content is not None and (grey := read_grey_png(content, max_pixels)) is not None:
        yield Decoded(source.path, grey)
        return
    with open_regular(source.path) if content is None else BytesIO(content) as file:
        with pillow_errors():
            image = _opened(file, source.path, max_pixels)
            pixels = None if is_tiff(image) else _first_frame(image, source.path, max_pixels)
        if pixels is not None:
            yield Decoded(source.path, pixels)
        elif is_tiff(image):
            yield from read_pages(image, source.path, max_pixels)


def read_image(path: str, max_pixels: int = MAX_PIXELS) -> NDArray[np.generic]:
    """Decode one image file.

    Args:
        path: the file; its content decides the format, not its suffix.
        max_pixels: larger images are refused before decoding.

    Returns:
        The first frame, turned upright by its EXIF orientation: shape (H, W) grey, (H, W, 2) grey and alpha,
        (H, W, 3) RGB or (H, W, 4) RGBA; uint8, or (H, W) in uint16, int32 or float32 if the file has that.

    Raises:
        ImageError: with the code that fits; a file's content causes no other exception.
    """
    with open_regular(path) as file:
        return decode(file, max_pixels, path)


def decode(file: BinaryIO, max_pixels: int = MAX_PIXELS, name: str = "an image") -> NDArray[np.generic]:
    """Decode an open image file; see `read_image`. Warnings use `name` for it, and its suffix tells camera raw."""
    with pillow_errors():
        return _first_frame(_opened(file, name, max_pixels), name, max_pixels)


def _first_frame(image: Image.Image, name: str, max_pixels: int) -> NDArray[np.generic]:
    if image.format != "MPO" and getattr(image, "is_animated", False):  # MPO: a photo and its own thumbnails
        _logger.warning("%s has several frames; only the first is read", name)
    if image.size[0] * image.size[1] <= max_pixels and image.format in {"JPEG", "MPO"}:
        _draft(image)
    allow_pixels(image, max_pixels)
    return to_array(image, max_pixels)


def _opened(file: BinaryIO, name: str, max_pixels: int) -> Image.Image:
    """The image, with only its header read.

    Raises:
        ImageError: it is not an image, or too large.
    """
    _raise_limits(max_pixels)
    return _identified(_bounded(file, max_pixels), name)


def _raise_limits(max_pixels: int) -> None:
    """Raise Pillow's own limits, which are those of the whole process; they are never lowered."""
    from PIL import PngImagePlugin  # noqa: PLC0415 - plain grey images need no plugin

    if Image.MAX_IMAGE_PIXELS is not None and max_pixels > Image.MAX_IMAGE_PIXELS:
        Image.MAX_IMAGE_PIXELS = max_pixels
    PngImagePlugin.MAX_TEXT_CHUNK = max(PngImagePlugin.MAX_TEXT_CHUNK, MAX_TEXT_BYTES)


def _bounded(file: BinaryIO, max_pixels: int) -> BinaryIO:
    """The file, unless it is too long for an image: some decoders read it whole, others search it byte by byte."""
    length = file.seek(0, os.SEEK_END)
    file.seek(0)
    if length <= MAX_UNCHECKED_BYTES:
        return file
    limit = max_pixels * bytes_per_pixel(file.read(HEAD_BYTES))
    file.seek(0)
    if length > max(limit, MAX_UNCHECKED_BYTES):
        problem = f"{length:,} bytes, more than any image of {max_pixels:,} pixels needs"
        raise ImageError(ErrorCode.TOO_LARGE, f"{problem}; save it again or raise --max-pixels")
    # An animation is read twice, and so are the profiles of a JPEG; the last read asks for more than is there.
    allowance = MAX_TAG_BYTES if limit == math.inf else 2 * length + MAX_UNCHECKED_BYTES
    return BoundedReader(file, allowance, "it claims more bytes than its image needs; save it again")


def _identified(file: BinaryIO, name: str) -> Image.Image:
    """The image, with only its header read; HEIC only if its extra is installed."""
    if is_raw_name(name):  # most are TIFF, and nothing else in them tells them apart
        if file.read(HEAD_BYTES).startswith(TIFF_MAGICS):
            raise camera_raw()
        file.seek(0)
    try:
        return Image.open(file, formats=FORMATS)
    except UnidentifiedImageError:
        file.seek(0)
        head = file.read(HEAD_BYTES)
        if is_heic(head) and _learn_heic():
            return Image.open(file, formats=("HEIF",))
        if head.startswith(TIFF_MAGICS) and has_layout(file):
            raise unsupported() from None
        raise diagnose(head) from None


@cache
def _learn_heic() -> bool:
    """Whether Pillow can read HEIC, after loading the extra for it."""
    try:
        import pillow_heif  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def _draft(image: Image.Image) -> None:
    """Let a large JPEG be decoded at 1/2, 1/4 or 1/8 of its size: much quicker, and still larger than needed."""
    width, height = image.size
    scale = DRAFT_SIDE / max(width, height)
    image.draft(None, (math.ceil(width * scale), math.ceil(height * scale)))
