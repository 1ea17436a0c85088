"""The images behind rows that are already there, decoded a second time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from mnistcls.decode import read_source
from mnistcls.errors import ErrorCode, ImageError
from mnistcls.pixels import Decoded
from mnistcls.sources import Source

_GONE = ImageError(ErrorCode.NOT_FOUND, "its source is no longer there")


class Reread:
    """Goes through the sources beside their rows, which may be more: a TIFF file has one for each page.

    Args:
        sources: those that the rows came from, in order; drawn from no sooner than their rows are asked for.
        max_pixels: that of the classifier.
    """

    def __init__(self, sources: Iterable[Source], max_pixels: int) -> None:
        self._sources = iter(sources)
        self._max_pixels = max_pixels
        self._source: Source | None = None
        self._waiting: Source | None = None  # drawn, but the row was not its own
        self._pages: Iterator[Decoded] = iter(())
        self._number = 0

    def follow(self, path: str) -> None:
        """Go on to the next row, without decoding it: it is known to be unreadable, or worse.

        Args:
            path: of the row.
        """
        self._number += 1
        if self._source and path == f"{self._source.path}#{self._number}":
            return
        upcoming = self._waiting or next(self._sources, None)
        if upcoming and path in {upcoming.path, f"{upcoming.path}#1"}:
            self._source, self._waiting, self._number = upcoming, None, 1
            self._pages = read_source(upcoming, self._max_pixels)
        else:  # the last row of a source that ended early
            self._waiting = upcoming

    def image(self, path: str) -> NDArray[np.generic] | ImageError:
        """Go on to the next row, and decode its image, or say why there is none any more.

        Args:
            path: of the row.
        """
        self.follow(path)
        return next((decoded.image for decoded in self._pages if decoded.path == path), _GONE)
