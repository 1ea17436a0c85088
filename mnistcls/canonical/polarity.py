"""Decides whether ink is brighter or darker than its paper, where no even margin tells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.numerics.components import connected
from mnistcls.canonical.numerics.histogram import histogram, otsu
from mnistcls.canonical.numerics.stacks import border, corners

FLATNESS_WEIGHT = 10.0
"""Weight of the difference of the logarithms of two papers' variation, beside `SHAPE_WEIGHTS`."""

SHAPE_WEIGHTS = np.array([-6.91, -2.02, -8.09])
"""Weights of the shares of bright pixels, less a half, along the border, in all and in the corners, for bright ink:
logistic regression on MNIST training digits, cropped and with margins of up to 7 pixels; `python -m train.polarity`."""

MIN_LARGEST_SHARE = 0.95
"""Share of the ink that is in the largest component, in a picture that is cropped to a digit."""

_Planes = NDArray[np.uint8]
_Masks = NDArray[np.bool_]


def ink_is_bright(lightness: _Planes, flatness: NDArray[np.float64]) -> _Masks:
    """Whether ink is brighter than paper in each image: (N,).

    Args:
        lightness: (N, H, W), small images.
        flatness: (N,), log(variation of the paper if ink is dark / variation if it is bright): above 0, it speaks for
            bright ink.
    """
    brighter = _brighter(lightness)
    bright: _Masks = flatness * FLATNESS_WEIGHT + _shares(brighter) @ SHAPE_WEIGHTS > 0
    in_corners = (corners(brighter) == bright[:, None]).all(axis=1)
    for i in np.flatnonzero(in_corners):  # what has all four corners is no ink, but paper, if a digit lies between them
        bright[i] ^= _reaches_all_sides(brighter[i] ^ bright[i])
    return bright


def shape_evidence(lightness: _Planes) -> NDArray[np.float64]:
    """Shares of bright pixels along the border, in all and in the corners of each image (N, H, W), less 0.5: (N, 3)."""
    return _shares(_brighter(lightness))


def _brighter(lightness: _Planes) -> _Masks:
    """Which pixels of each image (N, H, W) belong to the brighter of its two classes."""
    brighter: _Masks = lightness > otsu(histogram(lightness))[:, None, None]
    return brighter


def _shares(mask: _Masks) -> NDArray[np.float64]:
    """Shares of True pixels along the border, in all and in the corners of each mask (N, H, W), less 0.5: (N, 3)."""
    places = border(mask), mask.reshape(len(mask), -1), corners(mask)
    return np.array([place.sum(axis=1) / place.shape[1] for place in places]).T - 0.5


def _reaches_all_sides(mask: _Masks) -> bool:
    """Whether nearly all of a mask (H, W) is one component that touches all four sides, as a tightly cropped digit."""
    labels = connected(mask)
    area = np.bincount(labels.ravel())[1:]
    if len(area) == 0 or area.max() < MIN_LARGEST_SHARE * area.sum():
        return False
    own = labels == area.argmax() + 1
    return bool(own[0].any() and own[-1].any() and own[:, 0].any() and own[:, -1].any())
