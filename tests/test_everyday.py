from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from toy_model import checkerboard, glyph

from mnistcls.classifier import Classifier
from mnistcls.errors import DataError
from mnistcls.evaluation.metrics import Proportion
from train import everyday_empty
from train.data import Digits
from train.everyday import EMPTY_KINDS, KINDS, Outcome, Pictures, draw, kinds_in, markdown, outcome

EVERY_KIND = pytest.mark.parametrize("kind", [*KINDS, *EMPTY_KINDS], ids=lambda kind: kind.name)
SMALL = {"eight pixels", "tight crop", "thumbnail", "own pixels"}
LIKE_EACH_OTHER = {"own pixels"}
"""Kinds that leave nothing but the polarity to chance."""


@EVERY_KIND
def test_a_kind_draws_pictures_with_something_to_see(validation_digits, kind):
    for image in draw(kind, validation_digits, count=2, seed=0).images:
        assert isinstance(image, Image.Image)
        assert image.mode in {"L", "RGB", "RGBA"}
        assert min(image.size) >= (8 if kind.name in SMALL else 120)
        assert np.asarray(image).std() > 1


@EVERY_KIND
def test_a_seed_gives_the_same_pixels_and_another_seed_others(validation_digits, kind):
    one = Digits(validation_digits.images[7:8], validation_digits.labels[7:8])
    first, again, *others = (np.asarray(draw(kind, one, count=1, seed=seed).images[0]) for seed in (0, 0, 1, 2, 3))
    np.testing.assert_array_equal(first, again)
    if kind.name not in LIKE_EACH_OTHER:
        assert not any(np.array_equal(first, other) for other in others)


def test_every_kind_shows_the_same_digits_each_once(validation_digits):
    labels = [draw(kind, validation_digits, count=3, seed=5).labels for kind in (KINDS[0], KINDS[-1])]
    assert labels[0] == labels[1]
    few = Digits(validation_digits.images[:3], np.array([4, 5, 6]))
    assert sorted(draw(KINDS[0], few, count=3, seed=0).labels) == [4, 5, 6]
    with pytest.raises(DataError, match="only 3 validation digits"):
        draw(KINDS[0], few, count=4, seed=0)


def test_kinds_have_names_and_texts_of_their_own():
    kinds = (*KINDS, *EMPTY_KINDS)
    for texts in ([kind.name for kind in kinds], [kind.text for kind in kinds]):
        assert len(texts) == len(set(texts)) >= 60
    assert not any("\n" in kind.text or kind.text.endswith(".") for kind in kinds)


def test_each_public_function_of_a_module_is_a_kind():
    names = [kind.name for kind in kinds_in(everyday_empty)]
    assert names[:2] == ["blank page", "blank under a lamp"]
    assert "blur" not in names  # imported there


def test_answers_are_counted_by_label_and_status(toy_model):
    pictures = Pictures("glyphs", [glyph(3, 4), glyph(5, 4), checkerboard()], [3, 4, 0])
    third = Proportion(1, 3)
    counted = Outcome(right=third, wrong_and_ok=third, no_digit=third, ok=Proportion(2, 3))
    assert outcome(pictures, Classifier(toy_model)) == counted


def test_the_tables_have_a_line_for_each_kind_and_one_for_the_mean():
    all_right = Outcome(Proportion(4, 4), Proportion(0, 4), Proportion(0, 4), Proportion(3, 4))
    half = Outcome(Proportion(2, 4), Proportion(1, 4), Proportion(1, 4), Proportion(2, 4))
    lines = markdown([(KINDS[0], all_right), (KINDS[1], half)], [(EMPTY_KINDS[0], half)]).splitlines()
    assert lines[2] == f"| {KINDS[0].name} | {KINDS[0].text} | 4 | 100.0% | 0.0% | 25.0% |"
    assert lines[3] == f"| {KINDS[1].name} | {KINDS[1].text} | 4 | 50.0% | 25.0% | 50.0% |"
    assert lines[4] == "| all | the mean of these 2 kinds | 8 | 75.0% | 12.5% | 37.5% |"
    assert lines[8] == f"| {EMPTY_KINDS[0].name} | {EMPTY_KINDS[0].text} | 4 | 25.0% | 50.0% |"
    assert lines[9] == "| all | the mean of these 1 kinds | 4 | 25.0% | 50.0% |"


def test_the_command_prints_both_tables(toy_model, mnist_dir):
    command = [sys.executable, "-m", "train.everyday", str(toy_model), "--count", "1", "--data-dir", str(mnist_dir)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    named = [line.split(" | ")[0].removeprefix("| ") for line in done.stdout.splitlines()]
    assert [name for name in named if name in {kind.name for kind in KINDS}] == [kind.name for kind in KINDS]
    assert [name for name in named if name in {kind.name for kind in EMPTY_KINDS}] == [
        kind.name for kind in EMPTY_KINDS
    ]


def test_a_missing_model_is_one_line_and_exit_code_2(tmp_path):
    command = [sys.executable, "-m", "train.everyday", str(tmp_path / "none.onnx")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no such model file" in done.stderr
    assert "Traceback" not in done.stderr
