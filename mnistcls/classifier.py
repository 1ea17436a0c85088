"""The classifier: paths or images in, predictions out, in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcls.batch import Batch, statuses_of
from mnistcls.canonical import canonicalize_all
from mnistcls.decode import decode, read_image, read_source
from mnistcls.decode.pixels import Decoded, check_array, image_to_array
from mnistcls.engine import answers
from mnistcls.errors import ImageError, MnistclsError
from mnistcls.files import shown_path
from mnistcls.limits import MAX_PIXELS, TIMEOUT
from mnistcls.model import Model, bundled_model
from mnistcls.outputs.columns import Columns
from mnistcls.results import STATUS_INDEX, Prediction, Status
from mnistcls.sources import Source, Sources, with_objects

DEFAULT_MODEL = "default"

_NO_DIGIT = STATUS_INDEX[Status.NO_DIGIT]

ImageLike = NDArray[np.generic] | Image.Image | bytes | str | os.PathLike[str]


class Classifier:
    """Reads handwritten digits.

    Args:
        model: an ONNX file made by `mnistcls export`; the bundled model if None.
        min_confidence: a confidence under this is `uncertain`, 0 to 1; the model's own threshold if None.
        max_pixels: larger files and PIL images are `unreadable`, `too_large`; an array is in memory already.

    Raises:
        ModelError: the model file cannot be used.
        MnistclsError: `min_confidence` is no share.
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
        if min_confidence is not None and not 0 <= min_confidence <= 1:
            raise MnistclsError(f"min_confidence is a share, 0 to 1, and not {min_confidence}")

    def classify(
        self,
        paths: Iterable[str | os.PathLike[str]] | Sources,
        *,
        recursive: bool = True,
        workers: int = 0,
        timeout: float = TIMEOUT,
    ) -> Iterator[Prediction]:
        """Classify image files and folders of them: a lazy stream, one prediction an image, in order.

        Args:
            paths: image files and folders, as for `Sources`; that object itself if its counts are wanted.
            recursive: whether to enter subfolders.
            workers: worker processes that do the work; 0: this one. The answers are the same, to the bit. They are
                started as `multiprocessing` does: a script needs its `if __name__ == "__main__":`.
            timeout: seconds that a worker may take over one image; 0 for any.
        """
        if isinstance(paths, str | os.PathLike):
            raise TypeError("pass a list of paths")
        sources = paths if isinstance(paths, Sources) else Sources(paths, recursive=recursive)
        return chain.from_iterable(answers(sources, self.answer, workers=workers, timeout=timeout))

    def answer(self, sources: Sequence[Source], at: Callable[[int], None]) -> Batch:
        """The answers for some sources, here and now.

        Args:
            sources: one after the other, as their images, decoded, must not be in memory together.
            at: told the place of a source before each image of it is read, and `len(sources)` after that: from then on
                the work, which is done on several images together, may be at any of them.
        """
        return self._judge_decoded(self._decoded(sources, at))

    def _decoded(self, sources: Sequence[Source], at: Callable[[int], None]) -> Iterator[Decoded]:
        complete = with_objects(sources)
        for place in range(len(sources)):
            at(place)  # first: waiting for its bytes is this source's time
            for decoded in read_source(next(complete), self.max_pixels):
                at(len(sources))
                yield decoded
                at(place)
        at(len(sources))

    def __call__(self, batch: Mapping[str, Iterable[Any]] | Any) -> Any:
        """Classify the files of a table, here and now: a stage for Ray Data and its like.

        Args:
            batch: a mapping of columns (lists or arrays), or a `pyarrow.Table`. `path`: text or bytes. `bytes`: the
                encoded images; without this column, or where it has None, the file at the path is read.

        Returns:
            A `pyarrow.Table` with the columns path, digit, confidence, status and error: a row for each image in
            order, bad ones included. Needs the extra `parquet`.
        """
        import pyarrow as pa  # noqa: PLC0415 - an extra

        from mnistcls.outputs.parquet import record_batch  # noqa: PLC0415 - needs it

        columns = batch.to_pydict() if isinstance(batch, pa.Table) else batch
        if "path" not in columns:
            raise TypeError("a batch needs a column `path`, and may have one of `bytes`: the files' contents")
        paths = list(columns["path"])
        contents = columns.get("bytes", [None] * len(paths))
        sources = [Source(os.fsdecode(path), content) for path, content in zip(paths, contents, strict=True)]
        return pa.Table.from_batches([record_batch(self.answer(sources, lambda _: None), Columns())])

    def predict(self, images: Sequence[ImageLike] | NDArray[np.generic]) -> list[Prediction]:
        """Classify images at hand.

        Args:
            images: paths, encoded images as bytes, PIL images, or arrays: (H, W) or (H, W, 1) grey, (H, W, 2) grey and
                alpha, (H, W, 3) RGB or (H, W, 4) RGBA; an array (N, H, W) is N grey images. uint8 is taken as it is,
                0 to 255; other types are stretched from the least to the greatest value of the image. Ink may be
                bright or dark. Only the first page of a TIFF file is read, with a warning; `classify` reads all.

        Returns:
            One prediction an image, in order; `unreadable` for one that cannot be read.

        Raises:
            TypeError: one image in place of a list, or something that is no image.
        """
        if isinstance(images, str | bytes | os.PathLike) or (isinstance(images, np.ndarray) and images.ndim < 3):
            raise TypeError("pass a list of images, or an array (N, H, W)")
        return list(self._judge_decoded(map(self._decode, images)))

    def _decode(self, image: ImageLike) -> Decoded:
        path = shown_path(os.fspath(image)) if isinstance(image, str | os.PathLike) else ""
        try:
            match image:
                case np.ndarray():
                    return Decoded(path, check_array(image))
                case Image.Image():
                    return Decoded(path, image_to_array(image, self.max_pixels))
                case bytes():
                    return Decoded(path, decode(BytesIO(image), self.max_pixels))
                case str() | os.PathLike():
                    return Decoded(path, read_image(os.fspath(image), self.max_pixels))
        except ImageError as error:
            return Decoded(path, error)
        raise TypeError(f"no image: {type(image).__name__}; pass paths, bytes, PIL images or arrays")

    def judge(
        self, paths: Sequence[str], canonical: NDArray[np.uint8], errors: Mapping[int, str] = MappingProxyType({})
    ) -> Batch:
        """The answers for canonical images: is there a digit, which, and how sure.

        Args:
            paths: N.
            canonical: (M, 28, 28), of those that could be read.
            errors: N - M, by place: why the others could not.
        """
        outputs = self.model.run(canonical)
        probabilities = outputs.probabilities
        blank = ~canonical.any(axis=(1, 2))
        scores = np.where(blank, np.float32(0), outputs.digit_scores)
        least_score = self.model.metadata.digit_score_threshold
        statuses = statuses_of(probabilities.max(axis=1, initial=0), scores, self.min_confidence, least_score)
        statuses[blank] = _NO_DIGIT
        digits = np.where(statuses == _NO_DIGIT, -1, probabilities.argmax(axis=1)).astype(np.int8)
        return Batch.of(
            paths, errors, statuses=statuses, digits=digits, probabilities=probabilities, digit_scores=scores
        )

    def _judge_decoded(self, images: Iterable[Decoded]) -> Batch:
        """The answers for images, which are drawn one after the other."""
        paths: list[str] = []
        errors: dict[int, str] = {}
        canonical = canonicalize_all(_readable(images, paths, errors))
        return self.judge(paths, canonical, errors)


def _readable(images: Iterable[Decoded], paths: list[str], errors: dict[int, str]) -> Iterator[NDArray[np.generic]]:
    """The images that have pixels; the path of each, with pixels or not, and the errors by place are noted."""
    for decoded in images:
        paths.append(decoded.path)
        if isinstance(decoded.image, ImageError):
            errors[len(paths) - 1] = str(decoded.image)
        else:
            yield decoded.image
