"""One thing to read, and which names are those of images."""

from __future__ import annotations

from dataclasses import dataclass

from mnistcls.errors import ImageError

_RAW_SUFFIXES = frozenset("3fr arw cr2 cr3 dng nef nrw orf pef raf rw2 srw".split())  # noqa: SIM905 - words
_OTHER_SUFFIXES = frozenset("jp2 jxl jxr pdf psd svg".split())  # noqa: SIM905 - words
_READ_SUFFIXES = frozenset(
    "avif bmp dib gif heic heif hif jfif jpe jpeg jpg mpo pbm pgm png pnm ppm tif tiff webp".split()  # noqa: SIM905 - words
)
IMAGE_SUFFIXES = _READ_SUFFIXES | _RAW_SUFFIXES | _OTHER_SUFFIXES
"""Suffixes of image files in a folder. Some formats cannot be read; the rows of such files say what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to read: a file or object by its name, or the content of an archive member or IDX image.

    Cheap to send to another process, and all that reading needs.
    """

    path: str
    """The path as the user would type it and its row shows it; for the pages of a TIFF file, decoding adds `#1`, `#2`,
    and so on."""
    content: bytes | None = None
    """The encoded image, or raw pixels if `shape` is given; None if `path` is still to be read."""
    shape: tuple[int, int] | None = None
    """(H, W) if `content` is raw pixels, uint8, row by row."""
    error: ImageError | None = None
    """Why it cannot be read, if that is known already; becomes its row."""


def is_image_name(path: str) -> bool:
    """Whether a name has an image's suffix, in upper or lower case, and is not a `._` file of macOS."""
    name = path[path.rfind("/") + 1 :]
    stem, _, suffix = name.rpartition(".")
    return bool(stem) and suffix.lower() in IMAGE_SUFFIXES and not name.startswith("._")


def is_raw_name(path: str) -> bool:
    """Whether a name has the suffix of a camera's raw file."""
    return path.rpartition(".")[2].lower() in _RAW_SUFFIXES
