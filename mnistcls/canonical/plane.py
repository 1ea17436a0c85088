"""Reduces a decoded image of any mode to one plane of numbers, in which ink and paper differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

COLOUR_SIDE = 40
"""Pixels of the longer side at which the colour of the ink is looked for."""

MIN_CHROMA = 3.0
"""Mean difference between the largest and the smallest channel, of 255, in a coloured image."""

MAX_COLOUR_DEVIATION = 20.0
"""Standard deviation, of 255, of the lightness of ink in one colour."""

MIN_OPAQUE_SHARE = 0.7
"""Share of an image that is opaque if only a rim is transparent, as of a turned scan or of rounded corners: ink on
nothing, however bold, covers less."""

NUMBERS_AT_ONCE = 1 << 20
"""Numbers of other dtypes that are brought to bytes at a time."""

LUMA_BITS = 16
"""Bits after the point of `LUMA`."""

LUMA = np.array([19595, 38470, 7471], np.uint32)
"""Weights of red, green and blue in a grey level (ITU-R BT.601), as whole numbers."""

_Number = TypeVar("_Number", np.float32, np.uint32)

_Stack = Sequence[NDArray[np.uint8]]
"""Images of one shape."""


@dataclass(frozen=True)
class Plane:
    """An image with one number for each pixel."""

    values: NDArray[np.uint8]
    """(H, W), 0 to 255: the lightness; or the ink itself, if `ink_is_bright` is True."""
    ink_is_bright: bool | None
    """True if the image's transparency says what is ink; None if that has yet to be found out."""
    step: str
    """How the plane was made, for people to read."""


def to_uint8(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Scale an image of any dtype from its own range to 0 to 255; uint8 stays as it is.

    What is not finite becomes 0, or 255 above the range. With an alpha channel, whose zero has a meaning, the range
    includes 0.
    """
    if image.dtype == np.uint8:
        return image.view(np.uint8)
    low, high = _range(image)
    levels = np.zeros(image.shape, np.uint8)
    if not low < high:  # one colour, or nothing finite
        return levels
    if image.shape[2:] in ((2,), (4,)):
        low = min(low, 0.0)
    half_span = high / 2 - low / 2  # halves, as the span itself may overflow
    for rows in _some_rows(image):
        with np.errstate(invalid="ignore"):  # a signalling NaN is one like any other
            values = np.asarray(image[rows], np.float64)
        scaled = (np.where(np.isfinite(values), values, low) / 2 - low / 2) / half_span
        levels[rows] = np.rint(np.clip(scaled, 0, 1) * 255)
    return levels


def _range(image: NDArray[np.generic]) -> tuple[float, float]:
    """Least and greatest finite number of an image; (inf, -inf) if there is none."""
    low, high = np.inf, -np.inf
    for rows in _some_rows(image):
        with np.errstate(invalid="ignore"):  # a signalling NaN is one like any other
            values = np.asarray(image[rows], np.float64)
        finite = np.isfinite(values)
        low = min(low, values.min(where=finite, initial=np.inf))
        high = max(high, values.max(where=finite, initial=-np.inf))
    return low, high


def _some_rows(image: NDArray[np.generic]) -> Iterator[slice]:
    """Slices that together take all rows of an image: as float64, all of them at once would take too much memory."""
    count = max(1, NUMBERS_AT_ONCE * len(image) // max(image.size, 1))
    return (slice(start, start + count) for start in range(0, len(image), count))


def to_planes(stack: _Stack) -> list[Plane]:
    """Reduce each image to one plane.

    Args:
        stack: images of one shape: (H, W), (H, W, 1) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4) RGBA.
    """
    channels = stack[0].shape[2:]
    if channels == (3,):
        return _without_colour(stack)
    if channels in ((2,), (4,)):
        return [_without_alpha(pixels) for pixels in stack]
    grey = [pixels[..., 0] for pixels in stack] if channels else stack
    return [Plane(np.ascontiguousarray(pixels), None, "grey") for pixels in grey]


def _without_alpha(pixels: NDArray[np.uint8]) -> Plane:
    """Reduce an image (H, W, 2) or (H, W, 4), whose last channel is alpha."""
    colours, alpha = pixels[..., :-1], pixels[..., -1]
    if alpha.max() > 0 and alpha.min() == alpha.max():  # alpha is the same everywhere, and tells nothing
        return to_planes([colours])[0]
    return _without_transparency(colours, alpha)


def _without_transparency(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> Plane:
    """Reduce an image (H, W, C) with alpha (H, W) that varies.

    Ink in one colour on nothing is the alpha channel itself. Anything else is laid over white, or over black if it
    is bright.
    """
    if alpha.mean() >= 255 * MIN_OPAQUE_SHARE:
        return _with_rim(pixels, alpha)
    lightness = pixels.mean(axis=2, dtype=np.float32)
    weight = alpha.astype(np.float32) / 255
    total = float(weight.sum())
    if total == 0:
        return Plane(np.zeros(alpha.shape, np.uint8), ink_is_bright=True, step="all transparent")
    mean = float((lightness * weight).sum()) / total
    deviation = float(((lightness - mean) ** 2 * weight).sum() / total) ** 0.5
    if deviation < MAX_COLOUR_DEVIATION:
        return Plane(np.ascontiguousarray(alpha), ink_is_bright=True, step="ink in alpha")
    ground = 255 if mean < 128 else 0
    over = lightness * weight + ground * (1 - weight)
    return Plane(np.rint(over).astype(np.uint8), None, "over white" if ground else "over black")


def _with_rim(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> Plane:
    """Reduce an image (H, W, C) of which only a rim is transparent: that gets the colour of the paper.

    Where everything else has one colour, the transparent part may be the ink, as in a stencil.
    """
    opaque = pixels[alpha == alpha.max()]
    if np.ptp(opaque, axis=0).max() == 0:
        return Plane(np.ascontiguousarray(alpha), None, "ink in alpha")
    weight = alpha[..., None].astype(np.float32) / 255
    over = pixels * weight + np.median(opaque, axis=0).astype(np.float32) * (1 - weight)
    return to_planes([np.rint(over).astype(np.uint8)])[0]


def _without_colour(stack: _Stack) -> list[Plane]:
    """Reduce images (H, W, 3) to the colour axis along which ink and paper differ most.

    Lightness alone would not do: red ink may be as light as its green paper.
    """
    step = -(-max(stack[0].shape[:2]) // COLOUR_SIDE)
    samples = np.array([pixels[::step, ::step] for pixels in stack])
    red, green, blue = np.moveaxis(samples, -1, 0)
    chroma = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    coloured = chroma.mean(axis=(1, 2)) >= MIN_CHROMA
    weights = np.empty((len(stack), 4), np.float32)
    if coloured.any():
        weights[coloured] = colour_weights(samples[coloured].astype(np.float32))
    return [
        Plane(_projected(pixels, own), None, "colour") if is_coloured else Plane(_lightness(pixels), None, "grey")
        for pixels, own, is_coloured in zip(stack, weights, coloured.tolist(), strict=True)
    ]


def colour_weights(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weights that turn the colours of each image into levels from 0 to 255.

    Args:
        samples: (N, h, w, 3), a few pixels of N images, enough to show their colours.

    Returns:
        (N, 4): factors of red, green and blue, and what is added to their sum.
    """
    axes = _main_axes(samples)
    projected = samples @ axes[:, None, :, None]
    low, high = (extreme(axis=(1, 2, 3)).astype(np.float64) for extreme in (projected.min, projected.max))
    scale = 255 / np.maximum(high - low, 1.0)  # with less than one level there is nothing to stretch
    weights: NDArray[np.float32] = np.column_stack([axes * scale.astype(np.float32)[:, None], -low * scale])
    return weights.astype(np.float32)


def _main_axes(colours: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit vectors (N, 3) along which colours (N, h, w, 3) change most between neighbours, pointing to the lighter."""
    edges = np.concatenate([np.diff(colours, axis=axis).reshape(len(colours), -1, 3) for axis in (1, 2)], axis=1)
    axes: NDArray[np.float32] = np.linalg.eigh(edges.swapaxes(1, 2) @ edges)[1][..., -1]
    return np.where(axes.sum(axis=1, keepdims=True) >= 0, axes, -axes)


def _projected(pixels: NDArray[np.uint8], weights: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Apply weights (4,) to an image (H, W, 3): (H, W), bit for bit what Pillow's conversion by a matrix gives."""
    levels = _sum(pixels, weights[:3])
    levels += weights[3]
    levels += np.float32(0.5)
    return levels.clip(0, 255, out=levels).astype(np.uint8)


def _lightness(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lightness of an image (H, W, 3): (H, W), bit for bit what Pillow's conversion to grey gives."""
    levels = _sum(pixels, LUMA)
    levels += 1 << (LUMA_BITS - 1)
    levels >>= LUMA_BITS
    return levels.astype(np.uint8)


def _sum(pixels: NDArray[np.uint8], weights: NDArray[_Number]) -> NDArray[_Number]:
    """Weighted sum of the channels of an image (H, W, 3), with weights (3,): (H, W)."""
    red, green, blue = np.moveaxis(pixels, -1, 0).astype(weights.dtype, order="C")  # contiguous channels are quicker
    red *= weights[0]
    green *= weights[1]
    blue *= weights[2]
    red += green
    red += blue
    total: NDArray[_Number] = red
    return total
