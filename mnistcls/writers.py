"""Results as CSV, to standard output or to a file that appears under its name only when it is complete."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from mnistcls.errors import OutputError
from mnistcls.results import Prediction

FIRST_COLUMNS = ("path", "digit", "confidence", "status", "error")

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Columns:
    """Which optional columns follow the first five."""

    top_k: int = 1
    """Digits a row in all; 2 and more add `digit_2`, `confidence_2` and so on."""
    probabilities: bool = False
    """Adds `p0` to `p9`."""
    scores: bool = False
    """Adds `digit_score`."""

    def header(self) -> list[str]:
        """Names of all columns."""
        names = list(FIRST_COLUMNS)
        for rank in range(2, self.top_k + 1):
            names += [f"digit_{rank}", f"confidence_{rank}"]
        names += [f"p{digit}" for digit in range(10)] if self.probabilities else []
        return names + (["digit_score"] if self.scores else [])

    def row(self, prediction: Prediction) -> list[str]:
        """One prediction as text, a cell for each column."""
        cells = [_safe_path(prediction.path), *_digit_cells(prediction)]
        cells += [prediction.status.value, prediction.error or ""]
        ranked = prediction.ranked()[1 : self.top_k]
        for digit, confidence in ranked:
            cells += [str(digit), _number(confidence)]
        cells += [""] * (2 * (self.top_k - 1 - len(ranked)))
        if self.probabilities:
            cells += [_number(p) for p in prediction.probabilities] if prediction.probabilities else [""] * 10
        return cells + ([_number(prediction.digit_score)] if self.scores else [])


def write_csv(predictions: Iterable[Prediction], columns: Columns, stream: TextIO) -> None:
    """Write one header and one row a prediction, flushing as rows are finished.

    Raises:
        OSError: the stream cannot be written.
    """
    writer = csv.writer(stream, lineterminator="\n")
    careful = csv.writer(stream, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(columns.header())
    for prediction in predictions:
        row = columns.row(prediction)
        (careful if "\r" in row[0] else writer).writerow(row)  # Python 3.11 leaves a bare \r unquoted
        stream.flush()


def write_json(value: Mapping[str, Any], stream: TextIO) -> None:
    r"""Write figures as JSON for people too; other letters and bytes of file names as \uNNNN, so that any reader copes.

    Raises:
        OSError: the stream cannot be written.
    """
    json.dump(value, stream, indent=2, allow_nan=False)
    stream.write("\n")


@contextmanager
def standard_output() -> Iterator[TextIO]:
    r"""Standard output as UTF-8 with `\n`; bytes of file names that are not UTF-8 pass as they are.

    A reader that goes away, as in `| head`, ends the block without an error.
    """
    if sys.stdout is None:
        raise OutputError("standard output is closed; write to a file with -o")
    sys.stdout.flush()
    stream = _utf8(sys.stdout.buffer)
    try:
        try:
            yield stream
        finally:
            stream.detach()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
    except OSError as error:
        raise OutputError(f"cannot write standard output: {error.strerror}") from None


@contextmanager
def output_file(path: Path, *, overwrite: bool, option: str = "-o") -> Iterator[TextIO]:
    """A text file written as `NAME.part` and renamed to `path` at the end.

    If the run is interrupted, `NAME.part` keeps the finished rows; if it fails, nothing is left.

    Args:
        path: the file.
        overwrite: whether it may be there already.
        option: what the user named it with, for the errors.

    Raises:
        OutputError: the file exists and `overwrite` is not set, or it cannot be written.
    """
    check_free(path, overwrite=overwrite, option=option)
    part = _part(path)
    try:
        stream = _utf8(part.open("wb"))
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; choose another folder with {option}") from None
    try:
        with stream:
            yield stream
        part.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; finished rows are in {part}") from None
    except Exception:
        part.unlink(missing_ok=True)
        raise
    except BaseException as stop:  # interrupted: what is finished stays
        stop.add_note(f"finished rows are in {part}")
        raise


def check_free(path: Path, *, overwrite: bool, option: str = "-o") -> None:
    """Whether `output_file` may write there.

    Raises:
        OutputError: the file exists and `overwrite` is not set, or its folder does not.
    """
    if os.path.isdir(path):
        raise OutputError(f"{path} is a folder; name a file in it with {option}")
    if not os.path.isdir(path.parent):
        fix = f"make it, or choose another with {option}"
        raise OutputError(f"cannot write {path}: there is no folder {path.parent}; {fix}")
    if overwrite:
        return
    if os.path.exists(path):
        raise OutputError(f"{path} exists; use --overwrite, or another {option}")
    if os.path.exists(_part(path)):
        raise OutputError(f"{_part(path)} is left of an unfinished run; use --overwrite, or another {option}")


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _utf8(binary: BinaryIO) -> TextIOWrapper:
    return TextIOWrapper(binary, encoding="utf-8", errors="surrogateescape", newline="", write_through=False)


def _safe_path(path: str) -> str:
    """The same file by a name that no spreadsheet runs as a formula."""
    return f"./{path}" if path.startswith(_FORMULA_STARTS) else path


def _digit_cells(prediction: Prediction) -> list[str]:
    return ["" if prediction.digit is None else str(prediction.digit), _number(prediction.confidence)]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"
