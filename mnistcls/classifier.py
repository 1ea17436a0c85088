"""The classifier: paths or images in, predictions out, in order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
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
from mnistcls.engine import OnSource, answers, unwatched
from mnistcls.errors import ErrorCode, ImageError, MnistclsError
from mnistcls.files import shown_path
from mnistcls.limits import MAX_PIXELS, TIMEOUT
from mnistcls.model import Model, bundled_model
from mnistcls.outputs.columns import Columns
from mnistcls.results import STATUS_INDEX, Prediction, Status
from mnistcls.sources import Source, Sources, with_objects
from mnistcls.sources.containers import container_by_name

_OTHER_KINDS = {ErrorCode.UNSUPPORTED_FORMAT, ErrorCode.NOT_AN_IMAGE}
_NO_DIGIT = STATUS_INDEX[Status.NO_DIGIT]

ImageLike = NDArray[np.generic] | Image.Image | bytes | bytearray | memoryview | str | os.PathLike[str]


class Classifier:
    """Reads handwritten digits.

    Args:
        model: an ONNX file made by `mnistcls export`; the bundled model if None.
        min_confidence: a confidence under this is `uncertain`, 0 to 1; the model's own threshold if None.
        max_pixels: larger files and PIL images are `unreadable` (`too_large`); arrays may have any size.

    Raises:
        ModelError: the model file cannot be used.
        MnistclsError: `min_confidence` is not between 0 and 1.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        min_confidence: float | None = None,
        max_pixels: int = MAX_PIXELS,
    ) -> None:
        self.model = Model(bundled_model() if model is None else model)
        threshold = self.model.metadata.confidence_threshold
        self.min_confidence = threshold if min_confidence is None else min_confidence
        self.max_pixels = max_pixels
        if min_confidence is not None and not 0 <= min_confidence <= 1:
            raise MnistclsError(f"min_confidence must be between 0 and 1, got {min_confidence}")

    def classify(
        self,
        paths: Iterable[str | os.PathLike[str]] | Sources,
        *,
        recursive: bool = True,
        workers: int = 0,
        timeout: float = TIMEOUT,
    ) -> Iterator[Prediction]:
        """Classify image files and folders of them: a lazy stream, one prediction per image, in order.

        What cannot be read is a prediction, `unreadable`, and raises nothing.

        Args:
            paths: image files, folders, archives, IDX files, patterns and URLs of any of these, as for `Sources`;
                pass a `Sources` to read its counts afterwards.
            recursive: whether to enter subfolders.
            workers: number of worker processes; 0 for none. The answers are the same, to the bit. `multiprocessing`
                starts them: a script needs its `if __name__ == "__main__":`.
            timeout: longest time for one image in a worker, in seconds; 0 for no limit.

        Raises:
            TypeError: one path instead of a list; at once, unlike the others.
            StorageError: a URL's storage cannot be reached or listed, or needs a package that is not installed.
            MnistclsError: a list of paths in a `Sources` cannot be read, worker processes cannot be started, or
                `workers` or `timeout` is negative.
        """
        if isinstance(paths, str | os.PathLike):
            raise TypeError("pass a list of paths")
        sources = paths if isinstance(paths, Sources) else Sources(paths, recursive=recursive)
        return chain.from_iterable(answers(sources, self.answer, workers=workers, timeout=timeout))

    def answer(self, sources: Sequence[Source], on_source: OnSource = unwatched) -> Batch:
        """The answers for some sources, computed in this process.

        Args:
            sources: read one by one: their decoded images must not be in memory together.
            on_source: see `engine.Answer`.
        """
        return replace(self._judge_decoded(self._decoded(sources, on_source)), sources=len(sources))

    def _decoded(self, sources: Sequence[Source], on_source: OnSource) -> Iterator[Decoded]:
        complete = with_objects(sources)
        for index in range(len(sources)):
            on_source(index)  # first: waiting for its bytes counts for this source
            for decoded in read_source(next(complete), self.max_pixels):
                on_source(len(sources))
                yield decoded
                on_source(index)
        on_source(len(sources))

    def __call__(self, batch: Mapping[str, Iterable[Any]] | Any) -> Any:
        """Classify the files of a table in this process: a stage for Ray Data and the like.

        Args:
            batch: a mapping of columns (lists or arrays), or a `pyarrow.Table`. `path`: text or bytes. `bytes`: the
                encoded images (bytes-like); without this column, or for None in it, the file at the path is read.

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
        contents = [content if content is None else bytes(memoryview(content)) for content in contents]
        sources = [Source(os.fsdecode(path), content) for path, content in zip(paths, contents, strict=True)]
        return pa.Table.from_batches([record_batch(self.answer(sources), Columns())])

    def predict(self, images: Sequence[ImageLike] | NDArray[np.generic]) -> list[Prediction]:
        """Classify images in memory, or files by their paths.

        Args:
            images: paths, encoded images (bytes-like), PIL images, or arrays: (H, W) or (H, W, 1) grey, (H, W, 2) grey
                and alpha, (H, W, 3) RGB or (H, W, 4) RGBA; an array (N, H, W) is N grey images, unless W is less than
                5: that is one image, so pass a list of images that narrow. uint8 is taken as it is, 0 to 255; other
                types are stretched from the least to the greatest value of the image. Ink may be bright or dark. Only
                the first page of a TIFF file is read, with a warning; `classify` reads all.

        Returns:
            One prediction per image, in order; `unreadable` for one that cannot be read.

        Raises:
            TypeError: one image instead of a list, or something that is not an image.
        """
        if not _are_several(images):
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
                case bytes() | bytearray() | memoryview():
                    return Decoded(path, decode(BytesIO(bytes(image)), self.max_pixels))
                case str() | os.PathLike():
                    return Decoded(path, read_image(os.fspath(image), self.max_pixels))
        except ImageError as error:
            if error.code in _OTHER_KINDS and container_by_name(path):
                error = ImageError(error.code, "it may hold many images, and predict reads one; pass it to classify")
            return Decoded(path, error)
        raise TypeError(f"not an image: {type(image).__name__}; pass paths, bytes, PIL images or arrays")

    def judge(
        self, paths: Sequence[str], canonical: NDArray[np.uint8], errors: Mapping[int, str] = MappingProxyType({})
    ) -> Batch:
        """The answers for canonical images: whether there is a digit, which, and how sure.

        Args:
            paths: N.
            canonical: (M, 28, 28), the readable ones.
            errors: why the N - M others are unreadable, by index.
        """
        outputs = self.model.run(canonical)
        probabilities = outputs.probabilities
        scores = np.where(canonical.any(axis=(1, 2)), outputs.digit_scores, np.float32(0))  # a blank form has no digit
        least_score = self.model.metadata.digit_score_threshold
        statuses = statuses_of(probabilities.max(axis=1, initial=0), scores, self.min_confidence, least_score)

        digits = np.where(statuses == _NO_DIGIT, -1, probabilities.argmax(axis=1)).astype(np.int8)
        return Batch.of(
            paths, errors, statuses=statuses, digits=digits, probabilities=probabilities, digit_scores=scores
        )

    def _judge_decoded(self, images: Iterable[Decoded]) -> Batch:
        """The answers for images, which are taken one by one."""
        paths: list[str] = []
        errors: dict[int, str] = {}
        canonical = canonicalize_all(_readable(images, paths, errors))
        return self.judge(paths, canonical, errors)


def _are_several(images: object) -> bool:
    """Whether this can be a list of images, of any length, and is not one image."""
    if isinstance(images, np.ndarray):
        return images.ndim > 3 or (images.ndim == 3 and not 1 <= images.shape[2] <= 4)
    if isinstance(images, str | bytes | bytearray | memoryview | os.PathLike | Image.Image):
        return False
    try:
        iter(images)  # type: ignore[call-overload] # whether it can be is the question
    except TypeError:
        return False
    return True


def _readable(images: Iterable[Decoded], paths: list[str], errors: dict[int, str]) -> Iterator[NDArray[np.generic]]:
    """The images that have pixels; records the path of every image, and the errors by index."""
    for decoded in images:
        paths.append(decoded.path)
        if isinstance(decoded.image, ImageError):
            errors[len(paths) - 1] = str(decoded.image)
        else:
            yield decoded.image
