"""Works on whole stacks of images at once: their borders, the spans of their rows, the neighbours of each pixel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Mask = NDArray[np.bool_]
_Level = TypeVar("_Level", np.bool_, np.uint8)
_Number = TypeVar("_Number", np.bool_, np.int16)
_Any = TypeVar("_Any", bound=np.generic)


def of_one_shape(images: Sequence[NDArray[np.uint8]]) -> Iterable[list[int]]:
    """Group the indices of the images by their shape."""
    by_shape: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, image in enumerate(images):
        by_shape[image.shape].append(i)
    return by_shape.values()


def border(images: NDArray[_Any]) -> NDArray[_Any]:
    """Pixels along all four sides of each image (N, H, W), the corners twice: (N, 2 H + 2 W)."""
    return np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)


def corners(images: NDArray[_Any]) -> NDArray[_Any]:
    """Values at the four corners of each image (N, H, W): (N, 4)."""
    return images[:, [0, 0, -1, -1], [0, -1, 0, -1]]


def areas(masks: _Mask) -> NDArray[np.intp]:
    """Count the True pixels of each mask (N, ...): (N,)."""
    return np.array([np.count_nonzero(mask) for mask in masks], np.intp)  # much quicker than along axes


def spans(occupied: _Mask) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Index of the first True of each row (N, L), and one past the last: both (N,); 0 and L for a row without any."""
    return occupied.argmax(axis=1), occupied.shape[1] - occupied[:, ::-1].argmax(axis=1)


def spread(
    stack: NDArray[_Level], axis: int, extreme: np.ufunc, onto: NDArray[_Level] | None = None
) -> NDArray[_Level]:
    """Take the larger (or the smaller) of each pixel and its two neighbours along an axis.

    Args:
        stack: (N, H, W).
        axis: 1 or 2.
        extreme: `np.maximum` or `np.minimum`.
        onto: the pixels that are compared with their neighbours in `stack`, if they are not those of `stack` itself.
    """
    result = (stack if onto is None else onto).copy()
    to, source = result.swapaxes(0, axis), stack.swapaxes(0, axis)
    extreme(to[1:], source[:-1], out=to[1:])
    extreme(to[:-1], source[1:], out=to[:-1])
    return result


def widened(stack: NDArray[_Level]) -> NDArray[_Level]:
    """Take the largest of each pixel and its eight neighbours: masks (N, H, W) grow by one pixel on each side."""
    return spread(spread(stack, 1, np.maximum), 2, np.maximum)


def joined(rows: NDArray[_Number], height: int, join: np.ufunc) -> NDArray[_Number]:
    """Join each row with the `height` - 1 rows after it: (H - height + 1, ...); by doubling, in few steps.

    Args:
        rows: (H, ...), at least `height` of them.
        height: of the window, at least 1.
        join: an associative and idempotent operation on two arrays, such as `np.maximum` or `np.logical_and`.
    """
    reach = 1
    while reach < height:
        step = min(reach, height - reach)
        rows = join(rows[: len(rows) - step], rows[step:])
        reach += step
    return rows
