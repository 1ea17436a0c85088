from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from idx_files import idx

from train.data import Digits, load_test, load_train, resolve_data_dir, split_validation
from train.published import PUBLISHED, TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS


def pytest_configure() -> None:
    """Set what tests and the commands that they run inherit."""
    # Take Ctrl-C and a closed terminal as in a terminal: what a shell runs in the background ignores the one, what runs
    # under nohup the other, and so would every child.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.name != "nt":
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    # PyTorch's threads wait for each other in a loop that other processes interrupt: on a busy machine two take a
    # hundred times as long as one over what tests give them.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """The folder with the four MNIST files; without it the test is skipped, but in CI it fails."""
    folder = resolve_data_dir(None)
    missing = [file.name for file in PUBLISHED if file.find(folder) is None]
    if missing:
        reason = f"no {', '.join(missing)} in {folder}: set MNIST_DIR, or run `python -m train.data`"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def test_digits(mnist_dir: Path) -> Digits:
    """MNIST's test digits."""
    return load_test(mnist_dir)


@pytest.fixture(scope="session")
def validation_digits(mnist_dir: Path) -> Digits:
    """The training digits that are held out for validation."""
    return split_validation(load_train(mnist_dir))[1]


@pytest.fixture(scope="session")
def toy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file that knows the glyphs of `toy_model.glyph`; see there."""
    from toy_model import write_toy_model  # noqa: PLC0415 - needs onnx, which not every test does

    return write_toy_model(tmp_path_factory.mktemp("model") / "toy.onnx")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, which is the current one during the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are printed for 80 columns, without colours."""
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def command(toy_model: Path) -> list[str]:
    """`mnistcls classify` with the toy model."""
    return [sys.executable, "-m", "mnistcls", "classify", "--model", str(toy_model)]


@pytest.fixture(scope="session")
def tiny_mnist(mnist_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the first 480 training and 1,000 test digits of MNIST, in MNIST's own format."""
    folder = tmp_path_factory.mktemp("tiny-mnist")
    train, test = load_train(mnist_dir), load_test(mnist_dir)
    (folder / TRAIN_IMAGES.name).write_bytes(idx(train.images[:480]))
    (folder / TRAIN_LABELS.name).write_bytes(idx(train.labels[:480].astype(np.uint8)))
    (folder / TEST_IMAGES.name).write_bytes(idx(test.images[:1000]))
    (folder / TEST_LABELS.name).write_bytes(idx(test.labels[:1000].astype(np.uint8)))
    return folder
