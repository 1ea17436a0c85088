"""Reads classified images again, to show them."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistcls.canonical import Canonical, canonicalize
from mnistcls.decode import read_source
from mnistcls.decode.pixels import Decoded
from mnistcls.errors import ErrorCode, ImageError
from mnistcls.files import is_url
from mnistcls.results import Prediction, Status
from mnistcls.sources import Source, Sources, is_image_name, with_objects
from mnistcls.sources.containers import container_by_name

_logger = logging.getLogger("mnistcls")


@dataclass(frozen=True)
class Seen:
    """An image, and what the network sees of it."""

    decoded: NDArray[np.generic]
    """The pixels as `read_image` returns them."""
    canonical: Canonical


class SecondLook:
    """Finds classified images by their paths, and reads them again.

    Ask for the images of one archive, TIFF or IDX file in their order: then it is read only once.

    Args:
        max_pixels: that of the classifier.
    """

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._file = ""
        self._sources: Iterator[Source] = iter(())  # the rest of the file
        self._images: Iterator[Decoded] = iter(())  # the rest of the last source

    def at(self, predictions: Sequence[Prediction]) -> Iterator[Seen | str]:
        """Each image in turn, or why it cannot be shown; it may be gone by now.

        Objects in storage are read ahead.
        """
        sources = [Source(p.path if _is_at_hand(p) else "") for p in predictions]
        for prediction, source in zip(predictions, with_objects(sources), strict=True):
            yield self._at(prediction, source)

    def _at(self, prediction: Prediction, source: Source) -> Seen | str:
        path = prediction.path
        if prediction.status is Status.UNREADABLE:
            return prediction.error or ""
        with _without_warnings():
            image = _among(read_source(source, self._max_pixels), path) if source.path else self._search(path)
        if image is None:
            image = ImageError(ErrorCode.NOT_FOUND, "it is no longer there")
        return str(image) if isinstance(image, ImageError) else Seen(image, canonicalize(image))

    def _search(self, path: str) -> NDArray[np.generic] | ImageError | None:
        """The image from the file that contains it, which may be the file of the last image."""
        image = self._find(path) if path.startswith(f"{self._file}/") else None  # in the same archive
        if image is not None:
            return image
        file = _file_of(path)  # may query storage for each of its folders
        image = self._find(path) if file == self._file else None
        if image is None:  # in another file, or earlier in this one
            self._file, self._sources, self._images = file, _sources_in(file), iter(())
            image = self._find(path)
        return image

    def _find(self, path: str) -> NDArray[np.generic] | ImageError | None:
        """Continue in the file up to this image; None if it does not follow."""
        while True:
            image = _among(self._images, path)
            if image is not None:
                return image
            source = next((source for source in self._sources if _holds(source, path)), None)
            if source is None:
                return None
            self._images = read_source(source, self._max_pixels)


def _among(images: Iterator[Decoded], path: str) -> NDArray[np.generic] | ImageError | None:
    """The next of these images with this path."""
    return next((decoded.image for decoded in images if decoded.path == path), None)


def _is_at_hand(prediction: Prediction) -> bool:
    """Whether its name is that of an object in storage, which is read without a search."""
    path = prediction.path
    is_object = is_url(path) and is_image_name(path) and not any(map(container_by_name, path.split("/")))
    return is_object and prediction.status is not Status.UNREADABLE


def _file_of(path: str) -> str:
    """The file of an image, by its path in the results: itself, or the archive, TIFF or IDX file that contains it."""
    end = len(path)
    if not _is_there(path):
        whole, _, number = path.rpartition("#")
        end = len(whole) if number.isdecimal() else end
        while end > 0 and not _is_file(path[:end]):
            end = path.rfind("/", 0, end)
    return path[:end] if end > 0 else path


def _sources_in(file: str) -> Iterator[Source]:
    return iter(Sources([file]) if _is_file(file) else [Source(file)])  # if it is a folder by now, do not walk it


def _is_there(path: str) -> bool:
    """Whether the path is a file or object itself."""
    return _is_file(path) if is_url(path) else os.path.lexists(path)


def _is_file(path: str) -> bool:
    if not is_url(path):
        return os.path.isfile(path)  # noqa: PTH113 - Path raises if a name is too long
    from mnistcls.remote.objects import is_object  # noqa: PLC0415 - only for URLs

    return is_object(path)


def _holds(source: Source, path: str) -> bool:
    return path == source.path or path.startswith(f"{source.path}#")


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Suppress warnings: they were shown the first time."""
    level = _logger.level
    _logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        _logger.setLevel(level)
