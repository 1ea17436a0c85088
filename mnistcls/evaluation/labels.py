"""Which digit each image really shows: from folders named 0 to 9, a CSV file, or an IDX file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Protocol

from mnistcls.errors import ErrorCode, ImageError, LabelError
from mnistcls.evaluation.label_files import DIGITS, CsvRow, read_label_file
from mnistcls.files import holder, is_url, shown_path, unopened
from mnistcls.results import Prediction
from mnistcls.sources import is_image_name
from mnistcls.sources.patterns import fixed_part, is_pattern
from mnistcls.text import plural, printable, without_code

Labelled = Iterator[tuple[int, Prediction]]
"""Predictions, each with its label: 0-9, or `label_files.NO_DIGIT`."""

_EXPECTED = "expected folders named 0 to 9, each with images of that digit; or name a file of labels with --labels"


class Labels(Protocol):
    """Where labels come from."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Paths to classify, as the user would type them."""

    @property
    def unlabelled(self) -> int:
        """Number of images without a label; known after `pair`."""

    def pair(self, predictions: Iterable[Prediction]) -> Labelled:
        """Predictions for `inputs`, in order, with their labels; those without one are left out.

        Raises:
            LabelError: the labels are not those of these images.
        """


def find_labels(path: str, file: Path | None) -> Labels:
    """The labels of the images at a path.

    Args:
        path: a folder of folders named 0 to 9; or, with `file`, whatever can be classified.
        file: CSV with the columns `path` and `digit`, or IDX, a label for each image in turn.

    Raises:
        LabelError: there are none, or they cannot be read.
    """
    if file is None:
        return _folder_labels(path)
    content = read_label_file(file)
    if isinstance(content, bytes):
        return IdxLabels(path, file, content)
    return CsvLabels(path, file, content)


@dataclass(frozen=True)
class FolderLabels:
    """A folder that holds a folder of images for each digit."""

    path: str
    inputs: tuple[str, ...]
    """The folders of 0 to 9 that are there, in order."""
    unlabelled: int
    """Number of images directly in the folder."""

    def pair(self, predictions: Iterable[Prediction]) -> Labelled:
        """See `Labels`."""
        depth = len(PurePath(self.path).parts)
        return ((int(PurePath(prediction.path).parts[depth]), prediction) for prediction in predictions)


class CsvLabels:
    """A file that names images with their digits.

    Args:
        path: what is classified.
        file: the labels' file, for messages.
        rows: of the file; their paths are as in the results, or relative to `path` (of a pattern, to its fixed part).
    """

    def __init__(self, path: str, file: Path, rows: list[CsvRow]) -> None:
        self.inputs = (path,)
        self.unlabelled = 0
        self._file = file
        self._base = _absolute(fixed_part(path) if is_pattern(path) else path)
        self._rows: dict[str, CsvRow] = {}
        for row in rows:
            self._add(row)

    def pair(self, predictions: Iterable[Prediction]) -> Labelled:
        """See `Labels`; a label without an image comes last, as an unreadable one."""
        waiting, unknown = dict(self._rows), None
        for prediction in predictions:
            key = _absolute(prediction.path)
            waiting.pop(key, None)
            if row := self._rows.get(key):
                yield row.label, prediction
            else:
                self.unlabelled += 1
                unknown = unknown or prediction
        if len(waiting) == len(self._rows):
            raise self._none_fits(unknown)
        for row in waiting.values():
            fix = f"not among the images here; check line {row.line} of {self._file}"
            yield row.label, Prediction.unreadable(row.path, ImageError(ErrorCode.NOT_FOUND, fix))

    def _add(self, row: CsvRow) -> None:
        key, shown = self._key(row.path), printable(row.path)
        first = self._rows.setdefault(key, row)
        if first is not row:
            raise row.error(self._file, f"{shown} has a label already, in line {first.line}; keep one of them")
        if not (_is_utf8(row.path) or os.path.lexists(key) or holder(Path(key))):  # other bytes are rare, but legal
            raise row.error(self._file, f"{shown} is not UTF-8; save the file as CSV in UTF-8")

    def _key(self, path: str) -> str:
        """The absolute path: of the path as it is if that lies in what is classified, or else from there."""
        key = _absolute(path)
        if key == self._base or key.startswith((self._base.rstrip(os.sep) + os.sep, f"{self._base}#")):
            return key
        return _absolute(Path(self._base, path))

    def _none_fits(self, example: Prediction | None) -> LabelError:
        if not self._rows:
            return LabelError(f"{self._file}: no label in it; add a line for each image: path,digit")
        if error := _unread(self.inputs[0], example):
            return error
        named = printable(next(iter(self._rows.values())).path)
        image = printable(example.path) if example else ""
        return LabelError(
            f"{self._file}: none of its paths is among the images: it names {named}, an image is {image}; "
            "write them as in the results, or relative to the folder"
        )


@dataclass
class IdxLabels:
    """A label for each image, in their order."""

    path: str
    file: Path
    labels: bytes
    unlabelled: int = 0

    @property
    def inputs(self) -> tuple[str, ...]:
        """See `Labels`."""
        return (self.path,)

    def pair(self, predictions: Iterable[Prediction]) -> Labelled:
        """See `Labels`."""
        images, prediction = 0, None
        for images, prediction in enumerate(predictions, 1):
            if images <= len(self.labels):
                yield self.labels[images - 1], prediction
        if images != len(self.labels):
            raise _unread(self.path, prediction) or LabelError(
                f"{self.file} has {plural(len(self.labels), 'label')}, {self.path} has {plural(images, 'image')}; "
                "name the file of labels that belongs to the images"
            )


def _unread(path: str, prediction: Prediction | None) -> LabelError | None:
    """The error for a path that cannot be read itself, as its prediction shows: then the labels are not at fault."""
    if prediction and prediction.error and prediction.path in {path, shown_path(path)}:
        return LabelError(f"{printable(path)}: {without_code(prediction.error)}")
    return None


def _absolute(path: str | Path) -> str:
    """The absolute path, the same however the path is written; links are kept as they are."""
    return os.path.normpath(Path(path).absolute())


def _is_utf8(path: str) -> bool:
    return not any("\udc80" <= c <= "\udcff" for c in path)  # as surrogateescape has other bytes


def _folder_labels(path: str) -> FolderLabels:
    entries = _remote_entries(path) if is_url(path) else _entries(path)
    folders = [name for name, is_folder in entries if is_folder and not name.startswith((".", "__MACOSX"))]
    others = [name for name in folders if name not in DIGITS]
    if others or not folders:
        raise LabelError(f"{path}: {f'a folder named {others[0]!r}' if others else 'no folder in it'}; {_EXPECTED}")
    unlabelled = sum(not is_folder and is_image_name(name) for name, is_folder in entries)
    top = path.rstrip("/") if is_url(path) else PurePath(path).as_posix()
    return FolderLabels(path, tuple(f"{top}/{name}" for name in folders), unlabelled)


def _entries(path: str) -> list[tuple[str, bool]]:
    """The names in a folder, sorted, and whether each is a folder's."""
    try:
        with os.scandir(path) as found:
            return sorted((entry.name, os.path.isdir(entry)) for entry in found)
    except NotADirectoryError:
        raise LabelError(f"{path}: not a folder; name a file with its labels with --labels") from None
    except OSError as error:
        raise LabelError(f"{path}: {unopened(error, 'folder').args[0]}") from None


def _remote_entries(url: str) -> list[tuple[str, bool]]:
    """The names in a folder in storage, sorted, and whether each is a folder's."""
    from mnistcls.remote import listing  # noqa: PLC0415 - for those who name a URL

    try:
        return list(listing.entries(f"{url.rstrip('/')}/", ""))
    except ImageError as error:
        raise LabelError(f"{printable(url)}: {error.args[0]}") from None
