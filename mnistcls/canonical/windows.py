"""Something of every pixel and those after it in a window: maxima and minima, `and` and `or`."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Number = TypeVar("_Number", np.bool_, np.int16)


def joined(rows: NDArray[_Number], height: int, join: np.ufunc) -> NDArray[_Number]:
    """`join` of every row and the `height` - 1 after it, (H - height + 1, ...): by doubling, in few steps.

    Args:
        rows: (H, ...), at least `height` of them.
        height: of the window, at least 1.
        join: of two arrays, the same whatever is joined first, and twice is once: `np.maximum`, `np.logical_and`.
    """
    reach = 1
    while reach < height:
        step = min(reach, height - reach)
        rows = join(rows[: len(rows) - step], rows[step:])
        reach += step
    return rows
