from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from train.augment import Augmentation, distort, elastic_field
from train.data import load_train
from train.recipes import STRONG

NONE = Augmentation()
ALL = replace(STRONG, untouched=0)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def blobs(count: int, width: float = 3.0) -> Tensor:
    """A round spot in the middle of each of `count` images, float (N, 1, 28, 28)."""
    y, x = torch.meshgrid(torch.arange(28) - 13.5, torch.arange(28) - 13.5, indexing="ij")
    return torch.exp(-(x**2 + y**2) / (2 * width**2)).mul(y.abs().lt(12) & x.abs().lt(12)).expand(count, 1, 28, 28)


def discs(count: int) -> Tensor:
    """A disc in the middle of each of `count` images, 16 pixels wide, ink on paper."""
    return blobs(count, width=7).gt(0.5).float()


def bars(count: int) -> Tensor:
    """An upright bar in the middle of each of `count` images."""
    image = torch.zeros(count, 1, 28, 28)
    image[:, :, 5:23, 12:16] = 1
    return image


def moments(images: Tensor) -> tuple[Tensor, Tensor]:
    """Centre of mass (N, 2) as x, y and covariance (N, 2, 2) of the ink, in pixels."""
    y, x = torch.meshgrid(torch.arange(28) - 13.5, torch.arange(28) - 13.5, indexing="ij")
    points = torch.stack([x, y], dim=-1).reshape(-1, 2)
    weights = images.reshape(len(images), -1)
    weights = weights / weights.sum(dim=1, keepdim=True)
    centre = weights @ points
    offsets = points - centre[:, None]
    return centre, torch.einsum("np,npi,npj->nij", weights, offsets, offsets)


def test_zero_ranges_change_nothing_of_ink_on_paper() -> None:
    images = bars(5)
    torch.testing.assert_close(distort(images, NONE, generator()), images, atol=1e-5, rtol=0)


def test_edges_stay_as_sharp_as_they_are_in_mnist(mnist_dir: Path) -> None:
    images = torch.from_numpy(load_train(mnist_dir).images[:1000]).unsqueeze(1) / 255
    distorted = distort(images, replace(STRONG, pen=0), generator())
    before, after = (float(((x > 0.1) & (x < 0.9)).float().mean()) for x in (images, distorted))
    assert before == pytest.approx(0.0865, abs=0.001)
    assert after == pytest.approx(before, rel=0.05)


def test_strong_ranges_change_every_image() -> None:
    images = bars(50)
    change = (distort(images, ALL, generator()) - images).abs().amax(dim=(1, 2, 3))
    assert (change > 0.05).all()


def test_same_generator_state_gives_the_same_images_and_another_seed_others() -> None:
    first, again, other = (distort(bars(4), ALL, generator(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_draws_from_the_given_generator_alone() -> None:
    before = torch.get_rng_state()
    distort(bars(4), ALL, generator())
    assert torch.equal(torch.get_rng_state(), before)


def test_equal_images_of_a_batch_are_distorted_differently() -> None:
    distorted = distort(bars(20), ALL, generator()).reshape(20, -1)
    assert len(torch.unique(distorted, dim=0)) == 20


def test_an_image_does_not_touch_its_neighbours() -> None:
    images = bars(3).clone()
    expected = distort(images, ALL, generator())
    images[1] = 0.5
    distorted = distort(images, ALL, generator())
    assert torch.equal(distorted[[0, 2]], expected[[0, 2]])
    assert not torch.equal(distorted[1], expected[1])


def test_background_stays_0_and_ink_keeps_its_range() -> None:
    assert not distort(torch.zeros(8, 1, 28, 28), ALL, generator()).any()
    distorted = distort(bars(50), ALL, generator())
    assert not distorted[:, :, [0, -1], :].any()
    assert not distorted[:, :, :, [0, -1]].any()
    assert distorted.min() == 0
    assert distorted.max() <= 1 + 1e-6


def test_outside_of_the_image_is_background() -> None:
    far = replace(NONE, shift=28.0)
    distorted = distort(torch.ones(200, 1, 28, 28), far, generator())
    assert (distorted.mean(dim=(1, 2, 3)) < 0.5).any()


def test_shape_dtype_and_input_are_kept() -> None:
    images = torch.rand(3, 1, 28, 28)
    original = images.clone()
    distorted = distort(images, ALL, generator())
    assert distorted.shape == images.shape
    assert distorted.dtype == torch.float32
    assert torch.equal(images, original)


def test_shift_moves_both_ways_on_both_axes_up_to_its_range() -> None:
    centre, _ = moments(distort(blobs(400), replace(NONE, shift=2.0), generator()))
    for axis in (0, 1):
        assert -2.05 < centre[:, axis].min() < -1.8
        assert 1.8 < centre[:, axis].max() < 2.05
    assert abs(np.corrcoef(centre.T.numpy())[0, 1]) < 0.2


def test_rotation_turns_up_to_its_range_in_degrees() -> None:
    _, covariance = moments(distort(bars(400), replace(NONE, rotation=20.0), generator()))
    angle = 0.5 * torch.atan2(2 * covariance[:, 0, 1], covariance[:, 1, 1] - covariance[:, 0, 0])
    degrees = torch.rad2deg(angle)
    assert -20.5 < degrees.min() < -18
    assert 18 < degrees.max() < 20.5


def test_scale_stretches_width_and_height_on_their_own() -> None:
    _, covariance = moments(distort(discs(400), replace(NONE, scale=0.2), generator()))
    _, original = moments(discs(1))
    for axis in (0, 1):
        size = (covariance[:, axis, axis] / original[0, axis, axis]).sqrt()
        assert 1 / 1.2 - 0.02 < size.min() < 0.88
        assert 1.18 < size.max() < 1 / 0.8 + 0.02
    sizes = covariance.diagonal(dim1=1, dim2=2).T.numpy()
    assert abs(np.corrcoef(sizes)[0, 1]) < 0.2


def test_shear_leans_the_bar_and_keeps_its_height() -> None:
    _, covariance = moments(distort(bars(400), replace(NONE, shear=0.3), generator()))
    lean = covariance[:, 0, 1] / covariance[:, 1, 1]  # pixels to the side for each pixel of height
    assert -0.31 < lean.min() < -0.27
    assert 0.27 < lean.max() < 0.31
    _, original = moments(bars(1))
    torch.testing.assert_close(covariance[:, 1, 1], original[0, 1, 1].expand(400), rtol=0.02, atol=0)


def test_elastic_field_has_the_asked_deviation_in_pixels_and_is_smooth() -> None:
    images = torch.zeros(500, 1, 28, 28)
    field = elastic_field(images, replace(NONE, elastic=1.5), generator()) * 28 / 2  # pixels
    assert field.shape == (500, 28, 28, 2)
    assert float(field[:, 0, 0].std()) == pytest.approx(1.5, rel=0.1)
    assert abs(float(field.mean())) < 0.05
    assert float(field.diff(dim=1).abs().mean()) < 0.3


def test_elastic_bends_the_bar() -> None:
    bent = distort(bars(50), replace(NONE, elastic=1.0), generator())
    centres = (bent[:, 0, 7:21] * torch.arange(28)).sum(dim=2) / bent[:, 0, 7:21].sum(dim=2)  # of each row: (N, 14)
    assert float(centres.std(dim=1).mean()) > 0.2


def test_pen_moves_both_sides_of_a_stroke_up_to_its_range() -> None:
    rows = distort(bars(400), replace(NONE, pen=0.5), generator())[:, 0, 14]
    width = rows.sum(dim=1)  # 4 pixels before
    assert 3.0 <= width.min() < 3.05
    assert 4.95 < width.max() <= 5.0
    assert 3.95 < width.mean() < 4.05
    torch.testing.assert_close(rows, rows.flip(1), atol=1e-5, rtol=0)


def test_some_images_are_left_as_they_are() -> None:
    images = bars(400)
    distorted = distort(images, Augmentation(rotation=10, untouched=0.25), generator())
    same = (distorted == images).flatten(1).all(dim=1)
    assert 70 <= int(same.sum()) <= 130
