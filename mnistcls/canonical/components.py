"""Connected components of masks: which there are, and what each is like."""

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
    """Connected components of a mask, numbered from 0; every array has one entry for each."""

    labels: NDArray[np.integer]
    """(H, W): 0 on the paper, one more than the component's number on its pixels."""
    area: NDArray[np.intp]
    strength: NDArray[np.float64]
    """Mean contrast."""
    box: NDArray[np.int32]
    """(N, 4): top, left, bottom, right; the last two are one past the end."""

    @property
    def extent(self) -> NDArray[np.int32]:
        """Longer side of each box."""
        extent: NDArray[np.int32] = (self.box[:, 2:] - self.box[:, :2]).max(axis=1)
        return extent

    @cached_property
    def at_border(self) -> _Mask:
        """Which of them touch the border of the image."""
        at: _Mask = (self.box[:, :2] == 0).any(axis=1) | (self.box[:, 2:] == np.array(self.labels.shape)).any(axis=1)
        return at

    def together(self, numbers: NDArray[np.intp]) -> tuple[_Mask, NDArray[np.int32]]:
        """The pixels (H, W) of some components, and the box around them; of none, that of the first."""
        if len(numbers) == 0:
            return np.zeros(self.labels.shape, np.bool_), self.box[0]
        kept = np.zeros(len(self.area) + 1, np.bool_)
        kept[numbers + 1] = True
        own = self.box[numbers]
        return kept[self.labels], np.concatenate([own[:, :2].min(axis=0), own[:, 2:].max(axis=0)])


def connected(mask: _Mask, connectivity: Literal[4, 8] = 8) -> NDArray[np.integer]:
    """Connected components of a mask (H, W), numbered from 1; 0 where it is False."""
    labels: NDArray[np.integer] = cc3d.connected_components(mask.astype(np.uint8), connectivity=connectivity)
    return labels


def labelled(masks: _Mask) -> tuple[NDArray[np.integer], list[int]]:
    """Connected components of all masks, numbered from 1 (N, H, W), 0 on the paper.

    Returns:
        The labels, and how many there are before each mask, and in all.
    """
    count, height, width = masks.shape
    spaced = np.zeros((count, height + 1, width), np.bool_)  # in one column, a row of paper after each
    spaced[:, :height] = masks
    labels = connected(spaced.reshape(-1, width)).reshape(spaced.shape)[:, :height]
    return labels, [0, *np.maximum.accumulate(labels.max(axis=(1, 2))).tolist()]


def measured(labels: NDArray[np.integer], values: NDArray[np.uint8]) -> Components:
    """Measure each component, all of them at once: their pixels are brought in order, and summed run by run."""
    inked = np.flatnonzero(labels)
    index = labels.ravel()[inked]
    inked = inked[index.argsort(kind="stable")]  # by component, and by rows in each
    area = np.bincount(index)[1:]
    rows, columns = np.divmod(inked.astype(np.int32), np.int32(labels.shape[1]))
    last = area.cumsum() - 1
    first = last - area + 1
    strength = np.add.reduceat(values.ravel()[inked], first, dtype=np.float64) / area
    left, right = np.minimum.reduceat(columns, first), np.maximum.reduceat(columns, first) + 1
    return Components(labels, area, strength, np.stack([rows[first], left, rows[last] + 1, right], axis=1))
