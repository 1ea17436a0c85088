from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import numpy as np
import pytest
from idx_files import idx
from numpy.typing import NDArray

from mnistcls.errors import DataError
from train.data import TRAIN_SHA256, Digits, load_test, load_train, resolve_data_dir, split_validation

IMAGES = np.arange(3 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(3, 28, 28)
LABELS = np.array([7, 0, 9], np.uint8)


def write_train(folder: Path, images: NDArray[np.uint8] = IMAGES, labels: NDArray[np.uint8] = LABELS) -> None:
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
    (folder / "train-labels-idx1-ubyte").write_bytes(idx(labels))


def digits_numbered(count: int) -> Digits:
    """Digits whose labels are their indices, so that a test can see where they went."""
    return Digits(np.zeros((count, 1, 1), np.uint8), np.arange(count))


# --- reading a data set


def test_command_in_an_error_can_be_pasted(tmp_path: Path) -> None:
    folder = tmp_path / "my data"
    with pytest.raises(DataError, match=r"--data-dir '.*/my data'`$"):
        load_train(folder)


def test_loads_a_small_data_set_of_the_same_format(tmp_path: Path) -> None:
    write_train(tmp_path)
    train = load_train(tmp_path)
    assert len(train) == 3
    np.testing.assert_array_equal(train.images, IMAGES, strict=True)
    np.testing.assert_array_equal(train.labels, [7, 0, 9])
    assert train.labels.dtype == np.int64
    assert train.sha256 == hashlib.sha256(IMAGES.tobytes() + LABELS.tobytes()).hexdigest() != TRAIN_SHA256


def test_take_copies_images_and_labels_in_the_order_asked_for(tmp_path: Path) -> None:
    write_train(tmp_path)
    train = load_train(tmp_path)
    taken = train.take(np.array([2, 0]))
    taken.images[:] = 0
    np.testing.assert_array_equal(taken.labels, [9, 7])
    np.testing.assert_array_equal(train.images, IMAGES)


@pytest.mark.parametrize(
    ("images", "labels", "problem"),
    [
        (
            LABELS,
            LABELS,
            r"images-idx3-ubyte.gz holds an array of shape \(3,\), not images of 28 x 28 pixels",
        ),
        (
            IMAGES[:, :, :27],
            LABELS,
            r"images-idx3-ubyte.gz holds an array of shape \(3, 28, 27\), not images",
        ),
        (IMAGES, IMAGES, r"labels-idx1-ubyte holds an array of shape \(3, 28, 28\), not one label"),
        (
            IMAGES,
            LABELS[:2],
            "labels-idx1-ubyte has 2 labels for the 3 images in .*train-images-idx3-ubyte.gz",
        ),
        (IMAGES, LABELS + 1, "labels-idx1-ubyte has the label 10, and digits end at 9"),
    ],
)
def test_refuses_images_and_labels_that_do_not_belong_together(
    tmp_path: Path, images: NDArray[np.uint8], labels: NDArray[np.uint8], problem: str
) -> None:
    write_train(tmp_path, images, labels)
    with pytest.raises(DataError, match=f"{problem}.*; delete it and get it anew with"):
        load_train(tmp_path)


def test_missing_file_is_named_with_the_command_that_gets_it(tmp_path: Path) -> None:
    write_train(tmp_path)
    with pytest.raises(DataError) as caught:
        load_test(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/t10k-images-idx3-ubyte.gz is missing; get it with `python -m train.data --data-dir {tmp_path}`"
    )


def test_folder_is_the_option_or_the_variable_or_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNIST_DIR", "elsewhere")
    assert resolve_data_dir(Path("here")) == Path("here")
    assert resolve_data_dir(None) == Path("elsewhere")
    monkeypatch.setenv("MNIST_DIR", "")
    assert resolve_data_dir(None) == Path("data")
    monkeypatch.delenv("MNIST_DIR")
    assert resolve_data_dir(None) == Path("data")


# --- MNIST itself


def test_published_training_set(mnist_dir: Path) -> None:
    train = load_train(mnist_dir)
    assert train.images.shape == (60_000, 28, 28)
    assert train.images.dtype == np.uint8
    assert np.bincount(train.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert train.sha256 == TRAIN_SHA256


def test_published_test_set(mnist_dir: Path) -> None:
    test = load_test(mnist_dir)
    assert test.images.shape == (10_000, 28, 28)
    assert test.labels.shape == (10_000,)
    assert test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert test.sha256 == "c3f9adf9c66efb572b1f9326c3a511b45910c7173b97be66ceceeeeaef6b802b"


# --- the validation split


def test_split_is_the_same_for_ever() -> None:
    np.random.seed(1)  # noqa: NPY002 - to show that the global state has no say
    training, held_out = split_validation(digits_numbered(60_000))
    start = 31_274
    assert (len(training), len(held_out)) == (55_000, 5_000)
    np.testing.assert_array_equal(np.sort(np.r_[training.labels, held_out.labels]), np.arange(60_000))
    assert held_out.labels.tolist() == list(range(start, start + 5_000))
    assert (np.diff(training.labels) > 0).all()


def test_split_of_fewer_digits_and_of_another_seed() -> None:
    digits = digits_numbered(512)
    training, held_out = split_validation(digits)
    assert (len(training), len(held_out)) == (470, 42)
    assert held_out.labels.tolist() != split_validation(digits, seed=1)[1].labels.tolist()


def test_split_of_too_few_digits() -> None:
    with pytest.raises(DataError, match="11 images are too few to hold some out for validation; at least 12"):
        split_validation(digits_numbered(11))
