from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from toy_model import canonical_glyphs

from mnistcls.evaluation import Proportion
from mnistcls.model import Model, Outputs
from train.data import Digits
from train.outliers import Outliers
from train.refusal import StatusCounts, auroc, count_statuses, refusal


def test_auroc_counts_pairs_and_half_of_the_ties():
    high, low = np.array([0.9, 0.5, 0.5], np.float32), np.array([0.5, 0.1], np.float32)
    pairs = [(a > b) + 0.5 * (a == b) for a in high for b in low]
    assert auroc(high, low) == pytest.approx(np.mean(pairs))
    assert auroc(low, high) == pytest.approx(1 - np.mean(pairs))


def test_answers_are_the_statuses_that_classify_gives():
    probabilities = np.full((4, 10), 0.0, np.float32)
    probabilities[:, 3] = [0.99, 0.8, 0.5, 0.99]
    outputs = Outputs(probabilities, np.array([0.9, 0.7, 0.7, 0.2], np.float32))
    assert count_statuses(outputs, 0.7, 0.8) == StatusCounts(Proportion(1, 4), Proportion(1, 4), Proportion(2, 4))


def test_each_kind_is_measured_by_the_thresholds_of_the_model(toy_model):
    glyphs = canonical_glyphs()
    stripes = np.zeros((2, 28, 28), np.uint8)
    stripes[:, 4:24:2, 4:24] = 255
    others = Outliers(np.concatenate([stripes, glyphs[:1]]), np.array(["stripes", "stripes", "glyphs"]))
    digits = Digits(glyphs, np.arange(10))
    measured = refusal(Model(toy_model), digits, others)
    assert measured.digits.ok == Proportion(10, 10)
    assert measured.kinds["stripes"].no_digit == Proportion(2, 2)
    assert measured.kinds["glyphs"].ok == Proportion(1, 1)
    assert measured.auroc["stripes"] == 1
    assert measured.share_not_ok(("stripes", "glyphs")) == Proportion(2, 3)


def test_a_missing_model_is_one_line_and_exit_code_2(tmp_path):
    command = [sys.executable, "-m", "train.refusal", str(tmp_path / "none.onnx")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no such model file" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_table_has_a_row_for_each_kind(toy_model, mnist_dir):
    command = [sys.executable, "-m", "train.refusal", str(toy_model), "--count", "1", "--data-dir", str(mnist_dir)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for name in ("MNIST test digits", "photographs", "struck digits"):
        (row,) = [line for line in done.stdout.splitlines() if name in line]
        assert row.count("%") == 3
