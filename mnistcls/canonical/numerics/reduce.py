"""Reduces images by averaging whole blocks of pixels; the result is bit for bit what Pillow makes.

For grey images, Pillow itself is used. It copies images of three channels first, which would double the time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

RECIPROCAL_BITS = 24
"""Fractional bits of Pillow's fixed-point reciprocals."""

BYTES_AT_ONCE = 1 << 21
"""Bytes of an image that are summed at a time, so that the sums stay in the cache."""

_Image = NDArray[np.uint8]


def reduced(pixels: _Image, factor: int) -> _Image:
    """Average each block of `factor` by `factor` pixels of an image; blocks at its end may be smaller.

    Args:
        pixels: (H, W) grey, (H, W, 1) grey, (H, W, 2) grey and alpha, (H, W, 3) RGB or (H, W, 4) RGBA.
        factor: 2 or more.

    Returns:
        (ceil(H / factor), ceil(W / factor)) grey, or with the other channels; those of RGB are contiguous in memory.
    """
    if pixels.shape[2:] == (3,):
        rows = max(1, BYTES_AT_ONCE // pixels[:factor].size) * factor
        bands = [_means(pixels[top : top + rows], factor) for top in range(0, len(pixels), rows)]
        return np.concatenate(bands, axis=1).transpose(1, 2, 0)
    grey = pixels[..., 0] if pixels.shape[2:] == (1,) else pixels
    return np.asarray(Image.fromarray(grey).reduce(factor))


def all_reduced(stack: _Image, factor: int) -> _Image:
    """Reduce grey images of one shape (N, H, W) as `reduced` does: (N, ceil(H / factor), ceil(W / factor)).

    The calls into Pillow cost more than the pixels of small images do. So all images are laid below each other and
    reduced together: first their whole blocks, then what is left at the lower end of each.
    """
    count, height, width = stack.shape
    whole = height - height % factor if count > 1 else height
    bands = [(stack[:, :whole], factor), (stack[:, whole:], height - whole)]
    columns = [Image.fromarray(band.reshape(-1, width)).reduce((factor, rows)) for band, rows in bands if band.size]
    return np.concatenate([np.asarray(column).reshape(count, -1, column.width) for column in columns], axis=1)


def _means(pixels: _Image, factor: int) -> _Image:
    """Mean of each block of an image (H, W, 3): (3, h, w)."""
    height, width, _ = pixels.shape
    totals = _totals(pixels, factor).astype(np.uint32)
    count = np.multiply.outer(_lengths(height, factor), _lengths(width, factor))
    totals += count // 2
    totals *= (np.float32(1 << RECIPROCAL_BITS) / count.astype(np.float32)).astype(np.uint32)
    totals >>= RECIPROCAL_BITS
    return totals.astype(np.uint8)


def _lengths(size: int, factor: int) -> NDArray[np.uint32]:
    """Lengths of the blocks along a side, the last of which may be shorter; only one length if all are the same."""
    lengths = np.minimum(factor, size - np.arange(0, size, factor)) if size % factor else [factor]
    return np.array(lengths, np.uint32)


def _totals(pixels: _Image, factor: int) -> NDArray[np.uint16 | np.uint32]:
    """Sum of each block of an image (H, W, 3): (3, h, w)."""
    sums = _down(pixels, factor)
    by_column = sums.reshape(-1, factor, 3).transpose(2, 1, 0)
    totals = np.empty((3, by_column.shape[2]), sums.dtype)
    # The loops go over the few columns of a block, and take all blocks at once.
    for total, (first, second, *others) in zip(totals, by_column, strict=True):
        np.add(first, second, out=total)
        for column in others:
            np.add(total, column, out=total)
    return totals.reshape(3, len(sums), -1)


def _down(pixels: _Image, factor: int) -> NDArray[np.uint16 | np.uint32]:
    """Sum of each column of each block of an image (H, W, 3): (h, w * factor * 3), 0 beyond the right edge."""
    height, width, _ = pixels.shape
    rows, columns, whole = -(-height // factor), -(-width // factor), height // factor
    dtype = np.uint16 if factor * factor * 255 < 1 << 16 else np.uint32  # the smallest that holds the sum of a block
    sums = np.empty((rows, columns * factor * 3), dtype)
    lines, inside = pixels.reshape(height, -1), sums[:, : width * 3]
    lines[: whole * factor].reshape(whole, factor, width * 3).sum(axis=1, dtype=dtype, out=inside[:whole])
    if whole < rows:
        lines[whole * factor :].sum(axis=0, dtype=dtype, out=inside[whole])
    sums[:, width * 3 :] = 0
    return sums
