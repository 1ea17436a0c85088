"""Files as MNIST comes in, of a test's own images and labels."""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray


def idx(array: NDArray[np.uint8]) -> bytes:
    """An array in the IDX format."""
    return struct.pack(f">I{array.ndim}I", 0x0800 + array.ndim, *array.shape) + array.tobytes()
