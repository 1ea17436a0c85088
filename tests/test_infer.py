from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from train.infer import BATCH_SIZE, logits_of, to_input
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
