"""Reads MNIST (Y. LeCun, C. Cortes, C. Burges) as arrays, and holds its split into training and validation.

Reading checks that a file agrees with itself: header, length, checksum, as many labels as images. It does not
check that the file is the published one, so that a small data set in the same format can be trained on as well.
Which data it was is part of the model's provenance: `Digits.sha256`, which is `TRAIN_SHA256` for the published
training set.

`python -m train.data` is strict: it downloads what is missing and accepts the published bytes only.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from mnistcls.canonical import SIZE
from mnistcls.errors import DataError
from train.download import fetch
from train.idx import read_idx
from train.published import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS, PublishedFile, broken
from train.script import DataDir, run

CLASSES = 10  # the digits 0-9

VALIDATION_SHARE = 12  # one in this many is held out: 5,000 of 60,000
SPLIT_SEED = 2024  # never to change: every validation accuracy ever reported depends on it
TRAIN_SHA256 = "edc0d1098aa497be14ace79ddd5171e5a3dcf9c4d196c015389203eb3ba1f59b"  # of the published training set


@dataclass(frozen=True, eq=False)  # == on arrays has no single answer
class Digits:
    """Labelled images of digits, canonical: ink bright (255) on black (0)."""

    images: NDArray[np.uint8]
    """(N, 28, 28), 0 to 255."""
    labels: NDArray[np.int64]
    """(N,), 0 to 9."""

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def sha256(self) -> str:
        """Hex digest of all pixels, then all labels, one byte each: the IDX files without their headers."""
        digest = hashlib.sha256(np.ascontiguousarray(self.images).data)
        digest.update(self.labels.astype(np.uint8).data)
        return digest.hexdigest()

    def take(self, indices: NDArray[np.intp]) -> Digits:
        """A copy with only the images at `indices`, in that order."""
        return Digits(self.images[indices], self.labels[indices])


def resolve_data_dir(option: Path | None) -> Path:
    """The folder of the MNIST files: `option`, or else `$MNIST_DIR`, or else `data`."""
    return option or Path(os.environ.get("MNIST_DIR") or "data")


def load_train(data_dir: Path) -> Digits:
    """Read the training set, for MNIST 60,000 digits.

    Raises:
        DataError: a file is missing, cannot be read, or is not what it should be.
    """
    return _load(data_dir, TRAIN_IMAGES, TRAIN_LABELS)


def load_test(data_dir: Path) -> Digits:
    """Read the test set, for MNIST 10,000 digits. It raises what `load_train` raises."""
    return _load(data_dir, TEST_IMAGES, TEST_LABELS)


def split_validation(train: Digits, *, seed: int = SPLIT_SEED) -> tuple[Digits, Digits]:
    """Hold out one in `VALIDATION_SHARE` digits; both parts stay in the original order.

    What is held out is one stretch of the file. MNIST's training images are in the order of their writers, some
    hundred digits each, and its test images come from other people: digits picked one by one would mostly be from
    writers who are trained on, and flatter. The same arguments give the same split with every version of NumPy.

    Args:
        train: at least `VALIDATION_SHARE` digits.
        seed: chooses the stretch.

    Returns:
        The digits to train on, and those held out.

    Raises:
        DataError: there are too few to hold any out.
    """
    size = len(train) // VALIDATION_SHARE
    if size == 0:
        raise DataError(f"{len(train)} images are too few to hold some out for validation; at least {VALIDATION_SHARE}")
    start = int(np.random.PCG64(seed).random_raw()) % (len(train) - size + 1)
    indices = np.arange(len(train))
    held_out = (indices >= start) & (indices < start + size)
    return train.take(indices[~held_out]), train.take(indices[held_out])


def _load(data_dir: Path, images_file: PublishedFile, labels_file: PublishedFile) -> Digits:
    images_path, labels_path = images_file.require(data_dir), labels_file.require(data_dir)
    images, labels = read_idx(images_path), read_idx(labels_path)
    if images.shape[1:] != (SIZE, SIZE):
        raise broken(images_path, f"holds an array of shape {images.shape}, not images of 28 x 28 pixels")
    if labels.ndim != 1:
        raise broken(labels_path, f"holds an array of shape {labels.shape}, not one label after the other")
    if len(labels) != len(images):
        raise broken(labels_path, f"has {len(labels):,} labels for the {len(images):,} images in {images_path}")
    if labels.max() >= CLASSES:
        raise broken(labels_path, f"has the label {labels.max()}, and digits end at 9")
    return Digits(images, labels.astype(np.int64))


def main(data_dir: DataDir = None) -> None:
    """Get the four MNIST files where they are missing, and check that every byte is the published one."""
    folder = resolve_data_dir(data_dir)
    fetch(folder)
    typer.echo(f"{folder}: all four MNIST files are there, as they were published.")


if __name__ == "__main__":
    run(main)
