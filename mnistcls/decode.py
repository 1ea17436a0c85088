"""From a file to an upright array of pixels, or to an `ImageError` that says why not."""

from __future__ import annotations

import errno
import logging
import math
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from mnistcls.errors import ErrorCode, ImageError
from mnistcls.signatures import HEAD_BYTES, diagnose, is_heic
from mnistcls.sources import MAX_PIXELS, Source

FORMATS = ("PNG", "JPEG", "TIFF", "GIF", "WEBP", "BMP", "PPM", "DIB", "AVIF")
"""Pillow's decoders that may run: common, well tested, and none that starts another program."""

DRAFT_SIDE = 512
"""Longer side, in pixels, under which no JPEG is reduced while it is decoded."""

_logger = logging.getLogger("mnistcls")

_PLAIN_MODES = {"L", "RGB", "RGBA", "LA", "I;16", "I", "F"}
_MODE_TO_PLAIN = {"1": "L", "La": "LA", "RGBa": "RGBA", "PA": "RGBA", "I;16B": "I", "I;16L": "I", "I;16N": "I"}

_UPRIGHT: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns an image upright, by its EXIF orientation."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One image of a source: what becomes one row."""

    path: str
    """As its row shows it."""
    image: NDArray[np.generic] | ImageError
    """Pixels as `read_image` gives them, or why there are none."""


def read_source(source: Source, max_pixels: int = MAX_PIXELS) -> Iterator[Decoded]:
    """Decode what a source holds: one image nearly always, several where it is a TIFF file of several pages.

    The next page is decoded when it is drawn. No error is raised: it takes the place of the image.
    """
    try:
        image = _pixels(source, max_pixels)
    except ImageError as error:
        yield Decoded(source.path, error)
    else:
        yield Decoded(source.path, image)


def _pixels(source: Source, max_pixels: int) -> NDArray[np.generic]:
    if source.error:
        raise source.error
    if source.content is None:
        return read_image(source.path, max_pixels)
    if source.shape:
        return np.frombuffer(source.content, np.uint8).reshape(source.shape)
    return decode(BytesIO(source.content), max_pixels)


def read_image(path: str, max_pixels: int = MAX_PIXELS) -> NDArray[np.generic]:
    """Decode one image file.

    Args:
        path: the file; whatever its suffix, the content decides.
        max_pixels: larger images are refused before they are decoded.

    Returns:
        The first frame, turned upright by its EXIF orientation: shape (H, W) grey, (H, W, 2) grey and alpha,
        (H, W, 3) RGB or (H, W, 4) RGBA; uint8 as a rule, uint16, int32 or float32 (H, W) where the file has that.

    Raises:
        ImageError: always with the code that fits; no other exception comes from a file's content.
    """
    with _open_regular(path) as file:
        return decode(file, max_pixels)


def decode(file: BinaryIO, max_pixels: int = MAX_PIXELS) -> NDArray[np.generic]:
    """Decode an open image file; see `read_image`."""
    if Image.MAX_IMAGE_PIXELS is not None and max_pixels > Image.MAX_IMAGE_PIXELS:
        Image.MAX_IMAGE_PIXELS = max_pixels  # Pillow's own, for the whole process: raised where asked, never lowered
    with _pillow_errors(), _identified(file) as image:
        if image.format != "MPO" and getattr(image, "is_animated", False):  # MPO: a photo and its own thumbnails
            name = getattr(file, "name", "an image")
            _logger.warning("%s has several frames; only the first is read", name)
        if image.size[0] * image.size[1] <= max_pixels and image.format in {"JPEG", "MPO"}:
            _draft(image)
        return image_to_array(image, max_pixels)


def _identified(file: BinaryIO) -> Image.Image:
    """The image, its header read; HEIC only where the extra for it is installed."""
    try:
        return Image.open(file, formats=FORMATS)
    except UnidentifiedImageError:
        file.seek(0)
        head = file.read(HEAD_BYTES)
        if is_heic(head) and _learn_heic():
            return Image.open(file, formats=("HEIF",))
        raise diagnose(head) from None


@cache
def _learn_heic() -> bool:
    """Whether Pillow can read HEIC, once the extra has been asked."""
    try:
        import pillow_heif  # noqa: PLC0415 - an extra, and slow to load
    except ImportError:
        return False
    pillow_heif.register_heif_opener()
    return True


def image_to_array(image: Image.Image, max_pixels: int = MAX_PIXELS) -> NDArray[np.generic]:
    """Pixels of a Pillow image, upright; see `read_image`."""
    width, height = image.size
    if width * height > max_pixels:
        fix = "shrink it or raise --max-pixels"
        raise ImageError(ErrorCode.TOO_LARGE, f"{width}x{height} is more than {max_pixels:,} pixels; {fix}")
    with _pillow_errors():
        return check_array(np.asarray(_plain(image)))


def check_array(image: NDArray[np.generic]) -> NDArray[np.generic]:
    """The array itself, if it can be an image.

    Raises:
        ImageError: it has no pixels, no shape of an image, or values that are not real numbers.
    """
    if image.size == 0 or not (image.ndim == 2 or (image.ndim == 3 and 1 <= image.shape[2] <= 4)):
        raise ImageError(ErrorCode.NOT_AN_IMAGE, f"an array of shape {image.shape}; pass (H, W) or (H, W, 3)")
    if image.dtype.kind not in "buif":
        raise ImageError(ErrorCode.NOT_AN_IMAGE, f"an array of {image.dtype}; pass uint8")
    return image


@contextmanager
def _pillow_errors() -> Iterator[None]:
    """Turn whatever Pillow raises into an `ImageError`, and keep its warnings to ourselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # all are of what becomes a row here, or does no harm
        try:
            yield
        except ImageError:
            raise
        except Image.DecompressionBombError:
            raise ImageError(ErrorCode.TOO_LARGE, "too many pixels; shrink it or raise --max-pixels") from None
        except MemoryError:
            raise ImageError(ErrorCode.TOO_LARGE, "too many pixels for the memory; shrink it") from None
        except Exception as error:  # a decoder raises whatever its parser trips over
            raise _damaged(error) from None


@contextmanager
def _open_regular(path: str) -> Iterator[BinaryIO]:
    """Open a regular file, and nothing else."""
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115 - closed below; only opening is tried
    except (OSError, ValueError) as error:
        raise _unopened(error) from None
    with file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ImageError(ErrorCode.NOT_A_FILE, "a pipe, socket or device, not an image file")
        yield file


def _without_waiting(path: str, flags: int) -> int:
    """O_NONBLOCK keeps a FIFO that nobody writes to from hanging the batch."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _unopened(error: OSError | ValueError) -> ImageError:
    if isinstance(error, FileNotFoundError | NotADirectoryError | ValueError):
        return ImageError(ErrorCode.NOT_FOUND, "no such file; check the spelling")
    if isinstance(error, PermissionError):
        return ImageError(ErrorCode.PERMISSION_DENIED, "not readable for you; change its permissions")
    if isinstance(error, IsADirectoryError):
        return ImageError(ErrorCode.NOT_A_FILE, "a folder, not an image file")
    if error.errno == errno.ENXIO:
        return ImageError(ErrorCode.NOT_A_FILE, "a socket, not an image file")
    return ImageError(ErrorCode.IO_ERROR, f"{error.strerror}; try again")


def _plain(image: Image.Image) -> Image.Image:
    """The first frame, upright, in one of the modes that `read_image` promises."""
    image.load()
    method = _UPRIGHT.get(_orientation(image))
    upright = image if method is None else image.transpose(method)
    mode = upright.mode
    if "transparency" in upright.info and mode in {"1", "L", "P", "RGB"}:
        return upright.convert("RGBA")
    if mode in _PLAIN_MODES:
        return upright
    return upright.convert(_MODE_TO_PLAIN.get(mode, "RGB"))


def _draft(image: Image.Image) -> None:
    """Let a large JPEG be decoded at 1/2, 1/4 or 1/8 of its size: much quicker, and still larger than is looked at."""
    width, height = image.size
    scale = DRAFT_SIDE / max(width, height)
    image.draft(None, (math.ceil(width * scale), math.ceil(height * scale)))


def _orientation(image: Image.Image) -> object:
    """As EXIF has it; 1, upright, where the EXIF part is damaged: the pixels are still good."""
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # as with pixels: whatever the parser trips over
        return 1


def _damaged(error: Exception) -> ImageError:
    if isinstance(error, OSError) and error.errno is not None:
        return ImageError(ErrorCode.IO_ERROR, f"{error.strerror}; try again")
    return ImageError(ErrorCode.TRUNCATED, "the image is cut short or damaged; copy or save it again")
