"""A second look at an image that was classified before, for people who want to see it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical import Canonical, canonicalize
from mnistcls.decode import read_image
from mnistcls.errors import ImageError
from mnistcls.results import Prediction, Status

_logger = logging.getLogger("mnistcls")


@dataclass(frozen=True)
class Seen:
    """An image, and what the network sees of it."""

    decoded: NDArray[np.generic]
    """As `read_image` returns it."""
    canonical: Canonical


def look_again(prediction: Prediction, max_pixels: int) -> Seen | str:
    """What there is to see of a classified image, or why there is nothing; the file may have gone since.

    Args:
        prediction: of an image file.
        max_pixels: that of the classifier.
    """
    if prediction.status is Status.UNREADABLE:
        return prediction.error or ""
    try:
        with _without_warnings():
            decoded = read_image(prediction.path, max_pixels)
    except ImageError as error:
        return str(error)
    return Seen(decoded, canonicalize(decoded))


@contextmanager
def _without_warnings() -> Iterator[None]:
    """What reading an image warns of was said the first time."""
    level = _logger.level
    _logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        _logger.setLevel(level)
