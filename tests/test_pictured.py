from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnistcls.canonical import canonicalize
from train import pictured
from train.data import Digits, load_train
from train.pictured import MIN_LIKENESS, PAINTERS, likeness, picture_digits
from train.scenes import Paint


@pytest.fixture(scope="module")
def digits(tiny_mnist: Path) -> Digits:
    return load_train(tiny_mnist)


def test_every_picture_shows_its_digit_and_is_canonical(digits: Digits) -> None:
    made = picture_digits(60, 0, digits, workers=1)
    assert (made.images.shape, made.images.dtype) == ((60, 28, 28), np.uint8)
    assert not made.images[:, 0].any()
    own = {label: digits.images[digits.labels == label] for label in range(10)}
    for image, label in zip(made.images, made.labels, strict=True):
        assert max(likeness(digit, image) for digit in own[int(label)]) >= MIN_LIKENESS


def test_workers_and_count_change_no_image(digits: Digits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictured, "_BLOCK", 25)  # so that few images are work for two
    one, two = picture_digits(26, 5, digits, workers=1), picture_digits(27, 5, digits, workers=2)
    assert (one.images == two.images[:26]).all()
    assert (one.labels == two.labels[:26]).all()
    assert (one.images != picture_digits(26, 6, digits, workers=1).images).any()


def test_likeness_is_of_shape_not_of_place_or_strength(digits: Digits) -> None:
    digit = digits.images[0]
    moved = np.roll(digit // 2, 2, axis=1)
    assert likeness(digit, moved) > 0.99
    assert likeness(digit, digit[:, ::-1]) < 0.9


@pytest.mark.parametrize("painter", dict.fromkeys(PAINTERS), ids=lambda painter: painter.__name__)
def test_most_pictures_of_a_kind_can_be_read(digits: Digits, painter: Paint) -> None:
    forms = [
        canonicalize(np.asarray(painter(d, np.random.default_rng(i)))).image for i, d in enumerate(digits.images[:30])
    ]
    alike = [
        form.any() and likeness(digit, form) >= MIN_LIKENESS for digit, form in zip(digits.images, forms, strict=False)
    ]
    assert np.mean(alike) >= 0.8
