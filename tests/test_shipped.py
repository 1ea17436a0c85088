"""The models in exported/, scored through the command line, as a user would."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnistcls.model import Model, bundled_model
from train.data import load_test


def classified(folder: Path, output: Path, *options: str) -> list[dict[str, str]]:
    command = [sys.executable, "-m", "mnistcls", "classify", str(folder), "-o", str(output), *options]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    with output.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def accuracy(rows: list[dict[str, str]]) -> float:
    """Of rows whose folder is named for the digit in it."""
    return float(np.mean([row["digit"] == Path(row["path"]).parent.name for row in rows]))


def write_png(images: NDArray[np.uint8], labels: NDArray[np.int64], folder: Path) -> None:
    for index, (image, label) in enumerate(zip(images, labels, strict=True)):
        path = folder / str(label) / f"{index:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path, compress_level=1)


@pytest.mark.slow
def test_the_reference_reads_the_mnist_test_set(mnist_dir: Path, tmp_path: Path) -> None:
    test = load_test(mnist_dir)
    write_png(test.images, test.labels, tmp_path / "mnist")

    rows = classified(tmp_path / "mnist", tmp_path / "results.csv")

    assert len(rows) == 10_000
    reached = accuracy(rows)
    assert reached >= 0.993
    card = Model(bundled_model("reference")).metadata.metrics
    assert reached == pytest.approx(card["test_accuracy"], abs=0.0005)  # a digit or two may count as no_digit


@pytest.mark.slow
def test_brightness_changes_hardly_any_digit(mnist_dir: Path, tmp_path: Path) -> None:
    test = load_test(mnist_dir)
    write_png(test.images, test.labels, tmp_path / "full")
    write_png(np.rint(test.images * 0.4).astype(np.uint8), test.labels, tmp_path / "dim")

    full = classified(tmp_path / "full", tmp_path / "full.csv", "--quiet")
    dim = classified(tmp_path / "dim", tmp_path / "dim.csv", "--quiet")

    assert sum(a["digit"] != b["digit"] for a, b in zip(full, dim, strict=True)) <= 5


def test_reads_the_samples() -> None:
    samples = Path(__file__).parent.parent / "data" / "samples"
    with (samples / "labels.csv").open(encoding="utf-8", newline="") as file:
        labels = {row["path"]: row["digit"] for row in csv.DictReader(file)}
    command = [sys.executable, "-m", "mnistcls", "classify", str(samples)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    answers = {Path(row["path"]).name: row["digit"] for row in csv.DictReader(run.stdout.splitlines())}
    assert answers == labels


def test_carries_no_path_of_the_machine_that_made_it() -> None:
    content = bundled_model("reference").read_bytes()

    assert b"/home/" not in content
    assert b"site-packages" not in content
    assert b".py" not in content
    assert str(Path(__file__).parent.parent).encode() not in content
