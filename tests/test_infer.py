from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from mnistcls.evaluation.metrics import wilson_interval
from train.infer import BATCH_SIZE, logits_of, scores, to_input
from train.networks import reference

CPU = torch.device("cpu")


def images(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, 28, 28), dtype=np.uint8)


def test_input_is_the_pixels_from_0_to_1_in_their_places() -> None:
    pixels = images(3)
    x = to_input(torch.from_numpy(pixels))
    assert x.shape == (3, 1, 28, 28)
    assert x.dtype == torch.float32
    np.testing.assert_allclose(x[:, 0].numpy(), pixels / 255, atol=1e-7)


def test_input_leaves_the_images_alone() -> None:
    pixels = torch.from_numpy(images(2))
    original = pixels.clone()
    to_input(pixels)
    assert torch.equal(pixels, original)


def test_logits_come_in_the_order_of_the_images_whatever_the_batch() -> None:
    torch.manual_seed(0)
    network, pixels = reference(), images(BATCH_SIZE + 3)
    together = logits_of(network, pixels, CPU)
    assert together.shape == (BATCH_SIZE + 3, 10)
    assert together.dtype == np.float32
    for index in (0, BATCH_SIZE - 1, BATCH_SIZE, BATCH_SIZE + 2):
        alone = logits_of(network, pixels[index : index + 1], CPU)
        np.testing.assert_allclose(together[index], alone[0], atol=1e-5)


def test_logits_are_without_dropout_and_gradients() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 10)).train()
    first, second = logits_of(network, images(20), CPU), logits_of(network, images(20), CPU)
    np.testing.assert_array_equal(first, second)
    assert all(p.grad is None for p in network.parameters())


def test_scores_count_what_is_right() -> None:
    logits = np.eye(10, dtype=np.float32)[[3, 1, 4, 1]] * 20
    values = scores(logits, np.array([3, 1, 4, 5]), "val", temperature=1.0)
    assert set(values) == {"val_accuracy", "val_accuracy_low", "val_accuracy_high", "val_nll", "val_images"}
    assert values["val_accuracy"] == 0.75
    assert (values["val_accuracy_low"], values["val_accuracy_high"]) == wilson_interval(3, 4)
    assert values["val_images"] == 4
    assert values["val_nll"] == pytest.approx(20 / 4, abs=1e-3)


def test_scores_are_calibrated_by_the_temperature() -> None:
    logits = np.zeros((1, 10), np.float32)
    logits[0, 2] = 6.0
    values = scores(logits, np.array([2]), "test", temperature=2.0)
    assert values["test_nll"] == pytest.approx(math.log(math.exp(3) + 9) - 3, rel=1e-5)
    assert values["test_accuracy"] == 1.0


def test_scores_are_plain_numbers() -> None:
    values = scores(np.zeros((2, 10), np.float32), np.array([0, 1]), "val", temperature=1.0)
    assert {type(value) for value in values.values()} == {float}
