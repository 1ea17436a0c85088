"""How often the tool is right: folders of labelled images in, figures out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from mnistcls.errors import MnistclsError
from mnistcls.metrics import wilson_interval
from mnistcls.results import Prediction, Status
from mnistcls.sources import is_image_name

NONE = 10
"""Column of the confusion matrix for images without an answer: `no_digit` and `unreadable`."""

LABELS = tuple("0123456789")

_EXPECTED = "expected are folders named 0 to 9, each with images of that digit"


@dataclass(frozen=True)
class LabelledFolder:
    """A folder that holds a folder of images for each digit."""

    path: str
    digit_folders: tuple[str, ...]
    """Those of 0 to 9 that are there, in order, as the user would type them."""
    unlabelled: int
    """Images directly in the folder: of what digit, nobody says."""

    def label(self, path: str) -> int:
        """The label, 0-9, of an image in one of the digit folders: that folder's name."""
        return int(PurePath(path).parts[len(PurePath(self.path).parts)])


@dataclass(frozen=True)
class Proportion:
    """Of so many, so many."""

    count: int
    total: int

    @property
    def share(self) -> float:
        """0 to 1; NaN of nothing."""
        return self.count / self.total if self.total else float("nan")

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, by Wilson; see `wilson_interval`."""
        return wilson_interval(self.count, self.total)


@dataclass(frozen=True)
class Evaluation:
    """Predictions held against their labels; an image without an answer counts as wrong."""

    confusion: NDArray[np.intp]
    """(10, 11), images by label (rows) and answered digit (columns); column `NONE`: no answer."""
    statuses: Mapping[Status, Proportion]
    """For each status: right answers, of images with it."""

    @property
    def accuracy(self) -> Proportion:
        """Right answers, of all images."""
        return Proportion(int(self.confusion.trace()), int(self.confusion.sum()))

    @property
    def accuracy_of_ok(self) -> Proportion:
        """Right answers, of the images with the status `ok`."""
        return self.statuses[Status.OK]

    @property
    def coverage(self) -> Proportion:
        """Images with the status `ok`, of all images."""
        return Proportion(self.accuracy_of_ok.total, self.accuracy.total)

    def of_digit(self, digit: int) -> Proportion:
        """Right answers, of the images of one digit."""
        return Proportion(int(self.confusion[digit, digit]), int(self.confusion[digit].sum()))


def evaluate(labelled: Iterable[tuple[int, Prediction]]) -> Evaluation:
    """Hold predictions against labels.

    Args:
        labelled: (label 0-9, prediction) of each image; drawn from once, so that a stream will do.
    """
    counts = np.zeros((len(Status), 10, 11), np.intp)
    order = list(Status)
    for label, prediction in labelled:
        answer = NONE if prediction.digit is None else prediction.digit
        counts[order.index(prediction.status), label, answer] += 1
    statuses = {
        status: Proportion(int(of_status.trace()), int(of_status.sum()))
        for status, of_status in zip(order, counts, strict=True)
    }
    return Evaluation(counts.sum(axis=0), statuses)


def labelled_folder(path: str) -> LabelledFolder:
    """Find the digit folders in a folder.

    Raises:
        MnistclsError: it is no folder, cannot be listed, has no digit folder, or has one of another name in view.
    """
    try:
        with os.scandir(path) as found:
            entries = sorted((entry.name, os.path.isdir(entry)) for entry in found)
    except OSError as error:
        raise MnistclsError(f"{path}: {error.strerror}; {_EXPECTED}") from None
    folders = [name for name, is_folder in entries if is_folder and not name.startswith((".", "__MACOSX"))]
    others = [name for name in folders if name not in LABELS]
    if others or not folders:
        raise MnistclsError(f"{path}: {f'a folder named {others[0]!r}' if others else 'no folder in it'}; {_EXPECTED}")
    unlabelled = sum(not is_folder and is_image_name(name) for name, is_folder in entries)
    return LabelledFolder(path, tuple((PurePath(path) / name).as_posix() for name in folders), unlabelled)
