"""Recognizes by their first bytes files that Pillow does not know, so that their rows say what to do."""

from __future__ import annotations

import math

from mnistcls.errors import ErrorCode, ImageError

HEAD_BYTES = 16
"""Number of bytes that tell the kinds apart."""

GZIP_MAGIC = b"\x1f\x8b"
BZIP2_MAGIC = b"BZh"
XZ_MAGIC = b"\xfd7zXZ\0"
ZIP_MAGICS = (b"PK\3\4", b"PK\5\6")  # the second: an empty archive
TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two: BigTIFF
IDX_IMAGES_MAGIC = b"\0\0\x08\3"  # unsigned bytes in three dimensions

_CAMERA_RAW = "camera raw: save it as PNG or JPEG first"
_UNREADABLE_KINDS = {
    **dict.fromkeys(ZIP_MAGICS, "a ZIP archive: give it a name that ends in .zip"),
    GZIP_MAGIC: "gzip: unpack it first",
    BZIP2_MAGIC: "bzip2: unpack it first",
    XZ_MAGIC: "XZ: unpack it first",
    IDX_IMAGES_MAGIC: "IDX images: give the file a name that ends in -idx3-ubyte",
    b"\0\0\x08\1": "IDX labels: name the file with the images",
    b"%PDF": "PDF: save its pages as PNG first",
    b"%!PS": "PostScript: save it as PNG first",
    b"<svg": "SVG: save it as PNG first",
    b"<?xm": "XML or SVG: save it as PNG first",
    b"8BPS": "Photoshop: save it as PNG first",
    b"\x00\x00\x00\x0cjP": "JPEG 2000: save it as PNG first",
    **dict.fromkeys((b"\xff\x0a", b"\0\0\0\x0cJXL "), "JPEG XL: save it as PNG or JPEG first"),
    b"II\xbc": "JPEG XR: save it as PNG or JPEG first",
    **dict.fromkeys((b"FUJIFILMCCD-RAW", b"IIRO", b"IIU\0", b"\0\0\0\x18ftypcrx "), _CAMERA_RAW),
}
_HEIC_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_SIGNATURES = (b"\x89PNG", b"\xff\xd8\xff", *TIFF_MAGICS, b"GIF8")

_PPM_MAGICS = tuple(f"P{kind}".encode() for kind in "123456")
_BYTES_PER_PIXEL = {b"GIF8": 1, b"\xff\xd8\xff": 2, b"\x89PNG": 8, b"BM": 4, **dict.fromkeys(_PPM_MAGICS, 18)}
"""Most bytes per pixel, by an image's first bytes: 16 bits per channel in PNG, five digits and a space in PPM."""


def bytes_per_pixel(head: bytes) -> float:
    """An upper bound of the bytes that an image needs per pixel, by the first `HEAD_BYTES` of its file.

    Infinite if the length of the file does not matter: TIFF is read page by page, and other files are not images.
    """
    if head.startswith(b"RIFF") or head[4:8] == b"ftyp":  # WebP, AVIF, HEIC
        return 4
    return next((most for magic, most in _BYTES_PER_PIXEL.items() if head.startswith(magic)), math.inf)


def is_heic(head: bytes) -> bool:
    """Whether a file that starts like this is HEIC, as phones write it."""
    return head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS


def camera_raw() -> ImageError:
    """The error for a TIFF file that a camera's raw file is: Pillow would find its thumbnail, or trip over it."""
    return ImageError(ErrorCode.UNSUPPORTED_FORMAT, _CAMERA_RAW)


def diagnose(head: bytes) -> ImageError:
    """Say why Pillow found no image: another kind of file, a broken header, or something unknown.

    Args:
        head: the first `HEAD_BYTES` bytes of the file, or all if it is shorter.
    """
    if not head:
        return ImageError(ErrorCode.NOT_AN_IMAGE, "the file is empty; copy it again")
    if is_heic(head):
        fix = 'pip install "mnistcls[heif]", or save it as JPEG'
        return ImageError(ErrorCode.UNSUPPORTED_FORMAT, f"HEIC: {fix}")
    for magic, advice in _UNREADABLE_KINDS.items():
        if head.startswith(magic):
            return ImageError(ErrorCode.UNSUPPORTED_FORMAT, advice)
    webp = head.startswith(b"RIFF") and head[8:12] in {b"", b"WEBP"}  # RIFF alone may be sound or video
    avif = head[4:8] == b"ftyp" and head[8:12] in _AVIF_BRANDS
    if webp or avif or head.startswith(_SIGNATURES):
        return ImageError(ErrorCode.TRUNCATED, "the image's header is cut short or damaged; copy it again")
    return ImageError(ErrorCode.NOT_AN_IMAGE, "not an image in any known format; save it as PNG or JPEG")
