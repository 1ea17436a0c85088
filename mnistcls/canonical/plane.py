"""From a decoded image of any mode to one plane of numbers in which ink and paper differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLOUR_SIDE = 40
"""Pixels of the longer side at which the colour of the ink is looked for."""

MIN_CHROMA = 3.0
"""Mean spread of the three channels, of 255, from which an image counts as coloured."""

ONE_COLOUR = 20.0
"""Standard deviation, of 255, up to which what is not transparent counts as all ink."""


@dataclass(frozen=True)
class Plane:
    """One number a pixel."""

    values: NDArray[np.uint8]
    """(H, W), 0 to 255: lightness, or ink where `ink_is_bright` says so."""
    ink_is_bright: bool | None
    """True where the image itself says so, by its transparency; None where that is to be found out."""
    step: str
    """How it was made, for people."""


def to_uint8(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    """The same image with numbers from 0 to 255: others than uint8 relative to their own range, NaN as the lowest."""
    if image.dtype == np.uint8:
        return image.view(np.uint8)
    values = np.asarray(image, np.float64)
    finite = np.isfinite(values)
    low = values.min(where=finite, initial=np.inf)
    high = values.max(where=finite, initial=-np.inf)
    if not low < high:  # one colour, or nothing finite
        return np.zeros(image.shape, np.uint8)
    if image.ndim == 3:
        low = min(low, 0.0)  # an alpha channel is relative to 0
    half_span = high / 2 - low / 2  # halves, as the span itself may overflow
    scaled = (np.where(finite, values, low) / 2 - low / 2) / half_span
    levels: NDArray[np.uint8] = np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
    return levels


def to_plane(pixels: NDArray[np.uint8]) -> Plane:
    """Reduce an image to one plane.

    Args:
        pixels: (H, W), (H, W, 1) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4) RGBA.
    """
    if pixels.ndim == 3 and pixels.shape[2] in (2, 4):
        alpha, pixels = pixels[..., -1], pixels[..., :-1]
        if alpha.max() == 0 or alpha.min() < alpha.max():  # the same everywhere, it tells nothing
            return _without_transparency(pixels, alpha)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    if pixels.ndim == 2:
        return Plane(np.ascontiguousarray(pixels), None, "grey")
    return _without_colour(np.ascontiguousarray(pixels))


def _without_transparency(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> Plane:
    """Ink in one colour on nothing is the alpha channel itself; anything else goes over white, or bright over black."""
    lightness = pixels.mean(axis=2, dtype=np.float32)
    weight = alpha.astype(np.float32) / 255
    total = float(weight.sum())
    if total == 0:
        return Plane(np.zeros(alpha.shape, np.uint8), ink_is_bright=True, step="all transparent")
    mean = float((lightness * weight).sum()) / total
    deviation = float(((lightness - mean) ** 2 * weight).sum() / total) ** 0.5
    if deviation < ONE_COLOUR:
        return Plane(np.ascontiguousarray(alpha), ink_is_bright=True, step="ink in alpha")
    ground = 255 if mean < 128 else 0
    over = lightness * weight + ground * (1 - weight)
    return Plane(np.rint(over).astype(np.uint8), None, "over white" if ground else "over black")


def _without_colour(pixels: NDArray[np.uint8]) -> Plane:
    """Project colours on the axis along which ink and paper differ most: red on green has no lightness of its own."""
    step = -(-max(pixels.shape[:2]) // COLOUR_SIDE)
    sample = pixels[::step, ::step].astype(np.float32)
    red, green, blue = (sample[..., channel] for channel in range(3))
    chroma = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    image = Image.fromarray(pixels)
    if chroma.mean() < MIN_CHROMA:
        return Plane(np.asarray(image.convert("L")), None, "grey")
    axis = _main_axis(sample)
    projected = sample @ axis
    low, high = float(projected.min()), float(projected.max())
    scale = 255 / max(high - low, 1.0)  # under one level there is nothing to stretch
    return Plane(np.asarray(image.convert("L", (*(axis * scale).tolist(), -low * scale))), None, "colour")


def _main_axis(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vector (3,) along which colour changes most between neighbours, towards the light."""
    edges = np.concatenate([np.diff(colours, axis=axis).reshape(-1, 3) for axis in (0, 1)])
    axis: NDArray[np.float32] = np.linalg.eigh(edges.T @ edges)[1][:, -1]
    return axis if axis.sum() >= 0 else -axis
