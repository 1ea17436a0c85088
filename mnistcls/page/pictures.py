"""The two small pictures of an image: as it came, and as the network saw it."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcls.inspection.seen import Seen
from mnistcls.inspection.sheets import thumbnail

LARGE, SMALL, FEW = 256, 128, 1_000
"""Pixels of a thumbnail's longer side: `LARGE` on a page of up to `FEW` images, `SMALL` on others."""

EXACT = 32
"""Pixels: images up to this side are kept pixel by pixel."""

PICTURE_BYTES = 8_000
"""Of a thumbnail, however much room there is."""

_ATTEMPTS = ((1, 70), (1, 40), (2, 40), (4, 30), (8, 20))
"""By what the side is divided, and WebP's quality, of a thumbnail: the first that fits its room is taken."""


@dataclass(frozen=True)
class Pictures:
    """WebP files."""

    original: bytes
    """The image as it came, made small; what is transparent lies on a chequered board."""
    canonical: bytes
    """28x28, exactly what the network saw."""


def draw(seen: Seen, side: int, room: int) -> Pictures:
    """The pictures of an image.

    Args:
        seen: the image.
        side: longer side of the thumbnail, in pixels; smaller images are not enlarged.
        room: bytes that both pictures may take together; the thumbnail gives way.
    """
    canonical = _webp(Image.fromarray(seen.canonical.image), lossless=True)
    return Pictures(_original(seen.decoded, side, min(room - len(canonical), PICTURE_BYTES)), canonical)


def _original(decoded: NDArray[np.generic], side: int, room: int) -> bytes:
    longer = max(decoded.shape[:2])
    picture = thumbnail(decoded, min(side, longer))
    if longer <= EXACT:
        return _webp(picture, lossless=True)
    for divisor, quality in _ATTEMPTS:
        data = _webp(picture.reduce(divisor), quality=quality)
        if len(data) <= room:
            break
    return data


def _webp(picture: Image.Image, **options: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, "WEBP", **options)
    return file.getvalue()
