"""Turns an image that Pillow has opened into an upright array of pixels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from mnistcls.decode.messages import libtiff
from mnistcls.errors import ErrorCode, ImageError
from mnistcls.files import io_error
from mnistcls.limits import MAX_PIXELS

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
"""How to turn an image upright, by its EXIF orientation."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """One image of a source, which becomes one row."""

    path: str
    """The path as its row shows it."""
    image: NDArray[np.generic] | ImageError
    """Pixels as `decode.read_image` gives them, or why there are none."""


def image_to_array(image: Image.Image, max_pixels: int = MAX_PIXELS) -> NDArray[np.generic]:
    """Pixels of a Pillow image, upright; see `decode.read_image`."""
    with pillow_errors():
        return to_array(image, max_pixels)


def to_array(image: Image.Image, max_pixels: int) -> NDArray[np.generic]:
    """Pixels of a Pillow image, upright, as `image_to_array` gives them; Pillow's exceptions pass unchanged."""
    check_size(*image.size, max_pixels)
    return check_array(np.asarray(_plain(image)))


def check_size(width: int, height: int, max_pixels: int) -> None:
    """Check that an image has at most `max_pixels` pixels.

    Raises:
        ImageError: it has more.
    """
    if width * height > max_pixels:
        fix = "shrink it or raise --max-pixels"
        raise ImageError(ErrorCode.TOO_LARGE, f"{width}x{height} is more than {max_pixels:,} pixels; {fix}")


def check_array(image: NDArray[np.generic]) -> NDArray[np.generic]:
    """The array itself, if it can be an image.

    Raises:
        ImageError: it has no pixels, not the shape of an image, or values that are not real numbers.
    """
    if image.size == 0 or not (image.ndim == 2 or (image.ndim == 3 and 1 <= image.shape[2] <= 4)):
        raise ImageError(ErrorCode.NOT_AN_IMAGE, f"an array of shape {image.shape}; pass (H, W) or (H, W, 3)")
    if image.dtype.kind not in "buif":
        raise ImageError(ErrorCode.NOT_AN_IMAGE, f"an array of {image.dtype}; pass uint8")
    return image


@contextmanager
def pillow_errors() -> Iterator[None]:
    """Turn whatever Pillow raises into an `ImageError`, and suppress its warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they concern what becomes a row, or is harmless
        try:
            yield
        except ImageError:
            raise
        except Image.DecompressionBombError:
            raise ImageError(ErrorCode.TOO_LARGE, "too many pixels; shrink it or raise --max-pixels") from None
        except MemoryError:
            raise ImageError(ErrorCode.TOO_LARGE, "too many pixels to fit in memory; shrink it") from None
        except Exception as error:  # a decoder raises whatever its parser trips over
            raise _damaged(error) from None


def _plain(image: Image.Image) -> Image.Image:
    """The first frame, upright, in one of the modes that `read_image` promises."""
    with libtiff.at_work() if image.format == "TIFF" else nullcontext():
        image.load()
    method = _UPRIGHT.get(_orientation(image))
    upright = image if method is None else image.transpose(method)
    mode = upright.mode
    if "transparency" in upright.info and mode in {"1", "L", "P", "RGB"}:
        return upright.convert("RGBA")
    if mode in _PLAIN_MODES:
        return upright
    return upright.convert(_MODE_TO_PLAIN.get(mode, "RGB"))


def _orientation(image: Image.Image) -> object:
    """The orientation as in EXIF; 1, upright, if the EXIF data is damaged: the pixels may still be good."""
    if not image.info and image.format != "TIFF":  # quicker than asking; TIFF keeps it elsewhere
        return 1
    try:
        return image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # as with pixels: whatever the parser trips over
        return 1


def _damaged(error: Exception) -> ImageError:
    if isinstance(error, OSError) and error.errno is not None:
        return io_error(error)
    if "MAX_TEXT_" in str(error):  # the names of Pillow's limits for PNG; it has no exception of its own for them
        return ImageError(ErrorCode.TOO_LARGE, "its text or colour profile is too long; save it without")
    return ImageError(ErrorCode.TRUNCATED, "the image is cut short or damaged; copy or save it again")
