"""The classifier: paths or images in, predictions out, in order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcls.canonical import canonicalize_all
from mnistcls.decode import read_image, read_source
from mnistcls.errors import ImageError
from mnistcls.model import BATCH_SIZE, Model, bundled_model
from mnistcls.pixels import Decoded, check_array, image_to_array
from mnistcls.results import Prediction, Status
from mnistcls.sources import MAX_PIXELS, Sources

DEFAULT_MODEL = "default"

ImageLike = NDArray[np.generic] | Image.Image | str | os.PathLike[str]


class Classifier:
    """Reads handwritten digits.

    Args:
        model: an ONNX file made by `mnistcls export`; the bundled model if None.
        min_confidence: a confidence under this is `uncertain`, 0 to 1; the model's own threshold if None.
        max_pixels: larger images are `unreadable`, `too_large`.

    Raises:
        ModelError: the model file cannot be used.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        min_confidence: float | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self.model = Model(bundled_model(DEFAULT_MODEL) if model is None else model)
        threshold = self.model.metadata.confidence_threshold
        self.min_confidence = threshold if min_confidence is None else min_confidence
        self.max_pixels = max_pixels

    def classify(
        self, paths: Iterable[str | os.PathLike[str]] | Sources, *, recursive: bool = True
    ) -> Iterator[Prediction]:
        """Classify image files and folders of them: a lazy stream, one prediction an image, in order.

        Args:
            paths: image files and folders, as for `Sources`; that object itself if its counts are wanted.
            recursive: whether to enter subfolders.
        """
        if isinstance(paths, str | os.PathLike):
            raise TypeError("pass a list of paths")
        sources = paths if isinstance(paths, Sources) else Sources(paths, recursive=recursive)
        images = chain.from_iterable(read_source(source, self.max_pixels) for source in sources)
        for first in images:
            yield from self._judge_all(chain([first], islice(images, BATCH_SIZE - 1)))

    def predict(self, images: Sequence[ImageLike] | NDArray[np.generic]) -> list[Prediction]:
        """Classify images at hand.

        Args:
            images: paths, PIL images, or arrays: (H, W) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4)
                RGBA; an array (N, H, W) is N grey images. Bright ink and dark ink are both understood.

        Returns:
            One prediction an image, in order; `unreadable` for one that cannot be read.
        """
        if isinstance(images, str | os.PathLike) or (isinstance(images, np.ndarray) and images.ndim < 3):
            raise TypeError("pass a list of images, or an array (N, H, W)")
        return self._judge_all(map(self._decode, images))

    def _decode(self, image: ImageLike) -> Decoded:
        path = _path_of(image)
        try:
            if isinstance(image, np.ndarray):
                return Decoded(path, check_array(image))
            if isinstance(image, Image.Image):
                return Decoded(path, image_to_array(image, self.max_pixels))
            return Decoded(path, read_image(os.fspath(image), self.max_pixels))
        except ImageError as error:
            return Decoded(path, error)

    def _judge_all(self, images: Iterable[Decoded]) -> list[Prediction]:
        """A prediction for each image, drawn one after the other, as large ones must not be in memory together."""
        rows: list[tuple[str, ImageError | None]] = []
        canonical = canonicalize_all(_readable(images, rows))
        outputs = self.model.run(canonical)
        seen = zip(canonical, outputs.probabilities, outputs.digit_scores, strict=True)
        return [Prediction.unreadable(path, error) if error else self._judge(path, *next(seen)) for path, error in rows]

    def _judge(
        self, path: str, image: NDArray[np.uint8], probabilities: NDArray[np.float32], digit_score: np.float32
    ) -> Prediction:
        """The prediction for one canonical image: is there a digit, which, and how sure."""
        if not image.any():
            return Prediction(path, Status.NO_DIGIT, digit_score=0.0)
        if digit_score < self.model.metadata.digit_score_threshold:
            return Prediction(path, Status.NO_DIGIT, digit_score=float(digit_score))
        digit = int(probabilities.argmax())
        confidence = float(probabilities[digit])
        status = Status.OK if confidence >= self.min_confidence else Status.UNCERTAIN
        return Prediction(path, status, digit, confidence, float(digit_score), tuple(probabilities.tolist()))


def _readable(images: Iterable[Decoded], rows: list[tuple[str, ImageError | None]]) -> Iterator[NDArray[np.generic]]:
    """The images that have pixels; every one, with its error if it has none, goes to `rows`."""
    for decoded in images:
        if isinstance(decoded.image, ImageError):
            rows.append((decoded.path, decoded.image))
        else:
            rows.append((decoded.path, None))
            yield decoded.image


def _path_of(image: ImageLike) -> str:
    if not isinstance(image, str | os.PathLike) or not os.fspath(image):
        return ""
    return PurePath(image).as_posix()
