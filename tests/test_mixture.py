from __future__ import annotations

import numpy as np
import torch

from train.mixture import Mixture


def epoch(mixture: Mixture, seed: int = 0) -> list[int]:
    return mixture.epoch_indices(torch.Generator().manual_seed(seed)).tolist()


def test_an_epoch_has_every_real_digit_once_and_its_share_of_the_drawn_images() -> None:
    mixture = Mixture(np.zeros((30, 28, 28), np.uint8), np.zeros(30, np.int64), real=10, drawn=5)
    order = epoch(mixture)
    assert len(order) == len(set(order)) == len(mixture) == 15
    assert set(range(10)) <= set(order)
    assert order != sorted(order)


def test_epochs_draw_other_images_and_the_same_seed_the_same() -> None:
    mixture = Mixture(np.zeros((1_000, 28, 28), np.uint8), np.zeros(1_000, np.int64), real=10, drawn=100)
    assert epoch(mixture, 1) == epoch(mixture, 1)
    assert set(epoch(mixture, 1)) != set(epoch(mixture, 2))
