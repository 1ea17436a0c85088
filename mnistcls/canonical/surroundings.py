"""Paints over what surrounds a picture within a larger one, be it a sheet of paper or what is inside a rim."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MIN_PICTURE_SIDE = 64
"""Pixels of the longer side: smaller pictures have no room for a sheet or a rim."""

EDGE_SOFTNESS = 4
"""Pixels over which the edge of a picture inside is soft; whatever is narrower than twice this is cut off from it."""

_Image = NDArray[np.uint8]
_Mask = NDArray[np.bool_]


def without_surroundings(pixels: _Image, part: _Mask, reduction: int) -> _Image:
    """Paint over everything but one part of a picture, with the median colour of that part, which is its paper.

    Args:
        pixels: the picture, (H, W) or (H, W, C).
        part: (ceil(H / reduction), ceil(W / reduction)), which blocks of the picture stay.
        reduction: side of a block in pixels, 1 or more.
    """
    whole = part.repeat(reduction, axis=0).repeat(reduction, axis=1)[: pixels.shape[0], : pixels.shape[1]]
    alone = pixels.copy()
    alone[~whole] = np.median(pixels[whole], axis=0).astype(np.uint8)
    return alone
