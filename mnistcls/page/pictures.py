"""The two small pictures of an image: the original, and what the network saw."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcls.inspection.seen import Seen
from mnistcls.inspection.sheets import thumbnail

LARGE, SMALL, FEW = 256, 128, 1_000
"""Longer side of a thumbnail, in pixels: `LARGE` on a page of up to `FEW` images, else `SMALL`."""

EXACT = 32
"""Longest side, in pixels, of an image that is kept pixel by pixel."""

PICTURE_BYTES = 8_000
"""Largest thumbnail, however much room there is."""

_ATTEMPTS = ((1, 70), (1, 40), (2, 40), (4, 30), (8, 20))
"""Divisor of a thumbnail's side, and its WebP quality; the first that fits its room is taken."""


@dataclass(frozen=True)
class Pictures:
    """WebP files."""

    original: bytes
    """The original image, made small; see `on_board`."""
    canonical: bytes
    """28x28, exactly what the network saw."""


def draw(seen: Seen, side: int, room: int) -> Pictures:
    """The pictures of an image.

    Args:
        seen: the image.
        side: longer side of the thumbnail, in pixels; smaller images are not enlarged.
        room: bytes for both pictures together; the thumbnail shrinks to fit.
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
