"""Labels the connected components of masks, and measures each of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import cc3d
import numpy as np
from numpy.typing import NDArray

_Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Components:
    """N connected components of a mask, numbered from 0."""

    labels: NDArray[np.integer]
    """(H, W): 0 on the paper, one more than the component's number on its pixels."""
    areas: NDArray[np.intp]
    """(N,), how many pixels each has."""
    strengths: NDArray[np.float64]
    """(N,), the mean contrast of each one's pixels."""
    boxes: NDArray[np.int32]
    """(N, 4): top, left, bottom, right; the last two are one past the end."""

    @property
    def extents(self) -> NDArray[np.int32]:
        """Longer side of each box: (N,)."""
        extents: NDArray[np.int32] = (self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1)
        return extents

    @cached_property
    def at_border(self) -> _Mask:
        """Whether each component touches the border of the image: (N,)."""
        at: _Mask = ((self.boxes[:, :2] == 0) | (self.boxes[:, 2:] == self.labels.shape)).any(axis=1)
        return at

    @cached_property
    def along_border(self) -> NDArray[np.float64]:
        """Share of each component's longer side that lies along one border of the image: (N,)."""
        borders = self.labels[0], self.labels[-1], self.labels[:, 0], self.labels[:, -1]
        pixels = [np.bincount(border, minlength=len(self.areas) + 1)[1:] for border in borders]
        along: NDArray[np.float64] = np.max(pixels, axis=0) / self.extents
        return along

    def together(self, numbers: NDArray[np.intp]) -> tuple[_Mask, NDArray[np.int32]]:
        """Join some components: one mask (H, W), and the box around it; without any, the box of the first one."""
        if len(numbers) == 0:
            return np.zeros(self.labels.shape, np.bool_), self.boxes[0]
        kept = np.zeros(len(self.areas) + 1, np.bool_)
        kept[numbers + 1] = True
        own = self.boxes[numbers]
        return kept[self.labels], np.concatenate([own[:, :2].min(axis=0), own[:, 2:].max(axis=0)])


def connected(mask: _Mask, connectivity: Literal[4, 8] = 8) -> NDArray[np.integer]:
    """Label the connected components of a mask (H, W) from 1 on; pixels that are False get 0."""
    labels: NDArray[np.integer] = cc3d.connected_components(mask.astype(np.uint8), connectivity=connectivity)
    return labels


def labelled(masks: _Mask) -> tuple[NDArray[np.integer], list[int]]:
    """Label the connected components of all masks (N, H, W) together, from 1 on; pixels that are False get 0.

    Returns:
        The labels (N, H, W), and N + 1 counts: how many components come before each mask, and how many there are.
    """
    count, height, width = masks.shape
    spaced = np.zeros((count, height + 1, width), np.bool_)  # all masks in one column, with an empty row after each
    spaced[:, :height] = masks
    labels = connected(spaced.reshape(-1, width)).reshape(spaced.shape)[:, :height]
    return labels, [0, *np.maximum.accumulate(labels.max(axis=(1, 2))).tolist()]


def measured(labels: NDArray[np.integer], values: NDArray[np.uint8]) -> Components:
    """Measure all components at once: sort their pixels by component, and sum each run of them."""
    inked = np.flatnonzero(labels)
    index = labels.ravel()[inked]
    inked = inked[index.argsort(kind="stable")]  # by component, and by rows in each
    areas = np.bincount(index)[1:]
    rows, columns = np.divmod(inked.astype(np.int32), np.int32(labels.shape[1]))
    last = areas.cumsum() - 1
    first = last - areas + 1
    strengths = np.add.reduceat(values.ravel()[inked], first, dtype=np.float64) / areas
    left, right = np.minimum.reduceat(columns, first), np.maximum.reduceat(columns, first) + 1
    return Components(labels, areas, strengths, np.stack([rows[first], left, rows[last] + 1, right], axis=1))
