from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from mnistcls.errors import CheckpointError
from train.data import Digits, load_train
from train.drawn import POOL, mix
from train.mixture import NO_DIGIT
from train.recipes import FULL

RECIPE = replace(FULL["default"], synthetic_share=0.5, pictured_share=0.75, outlier_share=0.25)


@pytest.fixture(scope="module")
def training(tiny_mnist: Path) -> Digits:
    return load_train(tiny_mnist).take(np.arange(20))


def test_recipe_says_how_many_images_are_drawn(training: Digits, tmp_path: Path) -> None:
    mixture = mix(training, RECIPE, tmp_path / "drawn.safetensors")
    drawn = mixture.labels[mixture.real :]
    assert (mixture.real, mixture.drawn) == (20, 10 + 15 + 5)
    assert (drawn == NO_DIGIT).sum() == POOL * 5
    assert np.bincount(drawn[: POOL * 10], minlength=10).tolist() == [POOL] * 10
    assert set(drawn[POOL * 10 : POOL * 25]) <= set(training.labels)
    assert (mixture.images[:20] == training.images).all()
    assert mixture.images.dtype == np.uint8
    assert mixture.images.any(axis=(1, 2)).all()


def test_drawn_images_are_kept_for_a_resumed_run_and_redrawn_alike(training: Digits, tmp_path: Path) -> None:
    kept = tmp_path / "drawn.safetensors"
    first = mix(training, RECIPE, kept)
    written = kept.stat().st_mtime_ns
    assert (mix(training, RECIPE, kept).images == first.images).all()
    assert kept.stat().st_mtime_ns == written
    kept.unlink()
    assert (mix(training, RECIPE, kept).images == first.images).all()


def test_without_shares_nothing_is_drawn(training: Digits, tmp_path: Path) -> None:
    mixture = mix(training, replace(RECIPE, synthetic_share=0, pictured_share=0, outlier_share=0), tmp_path / "kept")
    assert (len(mixture), mixture.drawn, list(tmp_path.iterdir())) == (20, 0, [])


@pytest.mark.parametrize("content", [b"", b"noise", save({"images": np.zeros((7, 28, 28), np.uint8)}), None])
def test_kept_images_that_are_not_the_recipes_are_an_error(
    training: Digits, tmp_path: Path, content: bytes | None
) -> None:
    kept = tmp_path / "drawn.safetensors"
    few = {"images": np.zeros((7, 28, 28), np.uint8), "labels": np.zeros(7, np.int64)}
    kept.write_bytes(save(few) if content is None else content)
    with pytest.raises(CheckpointError, match=r"drawn.safetensors is .*; delete it, and its images are drawn again"):
        mix(training, RECIPE, kept)
