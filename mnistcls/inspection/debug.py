"""What the network saw of each image, for people: the canonical forms, contact sheets, and the steps in between.

The images are read a second time, after their predictions. So classifying knows nothing of this and pays nothing for
it, wherever it reads its images, and no more than one decoded image is held here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from PIL import Image

from mnistcls.batch import Batch
from mnistcls.errors import OutputError
from mnistcls.files import is_url
from mnistcls.inspection.seen import SecondLook, Seen
from mnistcls.inspection.sheets import Sheet
from mnistcls.outputs.formats import csv_texts, safe_path
from mnistcls.outputs.part_file import lock_open
from mnistcls.results import Prediction
from mnistcls.text import NAME_ERRORS

STEPS = "steps.csv"
STEPS_COLUMNS = ("path", "file", "digit", "confidence", "status", "steps", "error")

NAME_TAIL = 60
"""Characters of a path that its file is named after: the end, where the names of one folder differ."""

_OURS = re.compile(r"(\d{6,}-[\w-]*|sheet-\d{3,})\.png")


def check_folder(folder: Path, inputs: Iterable[str], *, overwrite: bool) -> None:
    """Make sure, before the work starts, that a debug folder may be written.

    Args:
        folder: where `recorded` is to write; it need not exist.
        inputs: the paths to classify, and what else is written. Inside a folder of these, what is written would be the
            next run's images; a file of these in the folder would be replaced.
        overwrite: whether files of an earlier run may be replaced.

    Raises:
        OutputError: it may not.
    """
    real = Path(os.path.realpath(folder))
    for path in inputs:
        if os.path.isdir(path) and real.is_relative_to(os.path.realpath(path)):
            raise OutputError(f"{folder} is inside {path}, where images are looked for; use another --debug-dir")
        if not is_url(path) and real in Path(os.path.realpath(path)).parents:
            raise OutputError(f"{path} is inside {folder}, whose images are replaced; use another --debug-dir")
    with _writing(folder):
        if not overwrite and folder.exists() and any(folder.iterdir()):
            raise OutputError(f"{folder} is not empty; use --overwrite, or another --debug-dir")


@contextmanager
def recorded(batches: Iterable[Batch], folder: Path, max_pixels: int) -> Iterator[Iterable[Batch]]:
    """Pass the batches on, and write what the network saw of their images.

    Args:
        batches: the answers.
        folder: made if it is missing. Files of an earlier run are removed from it; others stay.
        max_pixels: that of the classifier.

    Raises:
        OutputError: the folder cannot be written.
    """
    with _locked(folder):
        with _writing(folder):
            _remove_earlier(folder)
        record = _Record(folder, max_pixels)
        try:
            yield record.follow(batches)
        except BaseException:
            with suppress(OutputError):  # what stopped the run says more
                record.close()
            raise
        record.close()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Make the folder, and keep a second run from writing to it."""
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY) if hasattr(os, "O_DIRECTORY") else None  # Windows opens no folder
    try:
        if descriptor is not None:
            lock_open(descriptor, folder, "--debug-dir")
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def file_name(number: int, path: str) -> str:
    """The canonical form's file, unique by its number, whatever the path is; its words only help people.

    Args:
        number: of the image in its run, from 1: a row of `steps.csv`, a cell of the contact sheets.
        path: the image.
    """
    words = re.sub(r"[^A-Za-z0-9]+", "-", path)[-NAME_TAIL:].strip("-")
    return f"{number:06}-{words}.png"


class _Record:
    """The files of a debug folder, one image after the other."""

    def __init__(self, folder: Path, max_pixels: int) -> None:
        self._folder, self._look = folder, SecondLook(max_pixels)
        self._number = 0
        self._sheet, self._sheets = Sheet(), 0
        with _writing(folder):
            path = _vacant(folder / STEPS)
            self._steps = path.open("x", encoding="utf-8", errors=NAME_ERRORS, newline="")
            self._steps.write(",".join(STEPS_COLUMNS) + "\n")

    def follow(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Pass the batches on, each when the files of its images are written."""
        for batch in batches:
            with _writing(self._folder):
                predictions = list(batch)
                for prediction, seen in zip(predictions, self._look.at(predictions), strict=True):
                    self._add(prediction, seen)
            yield batch

    def close(self) -> None:
        """Write the last sheet, however far it is."""
        with _writing(self._folder), self._steps:
            if self._sheet.cells:
                self._write_sheet()

    def _add(self, prediction: Prediction, seen: Seen | str) -> None:
        self._number += 1
        if isinstance(seen, Seen):
            file = file_name(self._number, prediction.path)
            _save(Image.fromarray(seen.canonical.image), self._folder / file)
            self._write_row(prediction, file, "; ".join(seen.canonical.steps), "")
        else:
            self._write_row(prediction, "", "", seen)
        self._sheet.add(self._number, prediction, seen)
        if self._sheet.is_full:
            self._write_sheet()

    def _write_row(self, prediction: Prediction, file: str, steps: str, error: str) -> None:
        digit = "" if prediction.digit is None else str(prediction.digit)
        confidence = "" if prediction.confidence is None else f"{prediction.confidence:.6f}"
        row = [safe_path(prediction.path), file, digit, confidence, prediction.status.value, steps, error]
        self._steps.write(",".join(csv_texts(row)) + "\n")
        self._steps.flush()

    def _write_sheet(self) -> None:
        self._sheets += 1
        _save(self._sheet.image(), self._folder / f"sheet-{self._sheets:03}.png")
        self._sheet = Sheet()


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"cannot write {folder}: {error.strerror}; choose another --debug-dir") from None


def _save(image: Image.Image, path: Path) -> None:
    with _vacant(path).open("xb") as file:
        image.save(file, "PNG")


def _vacant(path: Path) -> Path:
    """Remove what is at the path, and return the path: a link is replaced, never written through."""
    path.unlink(missing_ok=True)
    return path


def _remove_earlier(folder: Path) -> None:
    """Remove the images of an earlier run, known by its table: one sheet too many would mislead."""
    try:
        with (folder / STEPS).open("rb") as steps:
            ours = steps.readline().decode(errors="replace").rstrip() == ",".join(STEPS_COLUMNS)
    except FileNotFoundError:
        return
    for entry in folder.iterdir() if ours else ():
        if _OURS.fullmatch(entry.name):
            entry.unlink()
