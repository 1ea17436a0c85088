"""Tells whether ink is brighter than its paper, or darker, where no even margin says so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical.components import connected
from mnistcls.canonical.histogram import histogram, otsu
from mnistcls.canonical.stacks import border

FLATNESS_WEIGHT = 10.0
"""Weight of the difference of the logarithms of two papers' variation, beside `SHAPE_WEIGHTS`."""

SHAPE_WEIGHTS = np.array([-6.91, -2.02, -8.09])
"""Weights of the shares of bright pixels, less a half, along the border, in all and in the corners, for bright ink:
logistic regression on MNIST training digits, cropped and with margins of up to 7 pixels; `python -m train.polarity`."""

MOST = 0.95
"""Least share of the ink that the largest component has in a picture that is cropped to a digit."""

_Planes = NDArray[np.uint8]
_Masks = NDArray[np.bool_]


def ink_is_bright(lightness: _Planes, flatness: NDArray[np.float64]) -> _Masks:
    """Whether ink is the brighter one in each of N images.

    Args:
        lightness: (N, H, W), small.
        flatness: (N,), log(variation of the paper if ink is dark / variation if it is bright): over 0, it speaks for
            bright ink.
    """
    brighter = _brighter(lightness)
    bright: _Masks = flatness * FLATNESS_WEIGHT + _shares(brighter) @ SHAPE_WEIGHTS > 0
    in_corners = (_corners(brighter) == bright[:, None]).all(axis=1)
    for i in np.flatnonzero(in_corners):  # ink that has all four is paper, if there is a digit between them
        bright[i] ^= _reaches_all_sides(brighter[i] ^ bright[i])
    return bright


def shape_evidence(lightness: _Planes) -> NDArray[np.float64]:
    """Where the bright pixels of each image (N, H, W) are: shares, less a half, of the border, all and the corners.

    Returns:
        (N, 3).
    """
    return _shares(_brighter(lightness))


def _brighter(lightness: _Planes) -> _Masks:
    brighter: _Masks = lightness > otsu(histogram(lightness))[:, None, None]
    return brighter


def _shares(mask: _Masks) -> NDArray[np.float64]:
    shares = [
        where.sum(axis=1) / where.shape[1] for where in (border(mask), mask.reshape(len(mask), -1), _corners(mask))
    ]
    return np.array(shares).T - 0.5


def _corners(masks: _Masks) -> _Masks:
    """(N, 4)."""
    corners: _Masks = masks[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    return corners


def _reaches_all_sides(mask: _Masks) -> bool:
    """Whether nearly all of a mask (H, W) is one component that touches all four sides, as in a tight crop."""
    labels = connected(mask)
    area = np.bincount(labels.ravel())[1:]
    if len(area) == 0 or area.max() < MOST * area.sum():
        return False
    own = labels == area.argmax() + 1
    return bool(own[0].any() and own[-1].any() and own[:, 0].any() and own[:, -1].any())
