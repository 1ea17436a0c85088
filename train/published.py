"""Knows the four MNIST files as Y. LeCun, C. Cortes and C. Burges published them, and what to say when one fails."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from mnistcls.errors import DataError


@dataclass(frozen=True)
class PublishedFile:
    """One of the files that Y. LeCun, C. Cortes and C. Burges published."""

    name: str
    """Name of the unpacked file; mirrors have it with `.gz` at the end."""
    size: int
    """Number of bytes of the unpacked file."""
    sha256: str
    """SHA-256 of the unpacked file, in hexadecimal."""

    def find(self, data_dir: Path) -> Path | None:
        """The path of the file in `data_dir`, packed or else plain; None if it is not there."""
        candidates = (data_dir / f"{self.name}.gz", data_dir / self.name)
        # Path.exists raises in a folder that may not be searched; os.access answers.
        return next((path for path in candidates if os.access(path, os.F_OK)), None)

    def require(self, data_dir: Path) -> Path:
        """The path of the file in `data_dir`, packed or else plain.

        Raises:
            DataError: the file is not there; the message says how to get it.
        """
        if path := self.find(data_dir):
            return path
        raise DataError(f"{data_dir / self.name}.gz is missing; get it with `{fetch_command(data_dir)}`")


TRAIN_IMAGES = PublishedFile(
    "train-images-idx3-ubyte", 47_040_016, "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"
)
TRAIN_LABELS = PublishedFile(
    "train-labels-idx1-ubyte", 60_008, "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"
)
TEST_IMAGES = PublishedFile(
    "t10k-images-idx3-ubyte", 7_840_016, "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"
)
TEST_LABELS = PublishedFile(
    "t10k-labels-idx1-ubyte", 10_008, "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"
)
PUBLISHED = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)


def broken(path: Path, what: str) -> DataError:
    """The error for a data file that is there but cannot be used, with the way out."""
    return DataError(f"{path} {what}; delete it and get it anew with `{fetch_command(path.parent)}`")


def fetch_command(data_dir: Path) -> str:
    """The command that gets and checks the files in `data_dir`."""
    return f"python -m train.data --data-dir {shlex.quote(str(data_dir))}"
