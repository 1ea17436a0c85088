"""The messages in the cluster: files to classify, and receipts for them."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from mnistcls.results import Tally
from mnistcls.sources import Packed, Source

COLUMN = "pickled"
"""The only column of the tables in which they are sent."""


class _Pickled:
    """A message that can be a row of a table."""

    def to_row(self) -> dict[str, bytes]:
        """Convert to a row with one cell."""
        return {COLUMN: pickle.dumps(self)}

    @classmethod
    def from_table(cls, table: Any) -> list[Self]:
        """The objects in a `pyarrow.Table` made of such rows."""
        return [pickle.loads(cell.as_py()) for cell in table[COLUMN]]  # noqa: S301 - our own, as all that Ray sends


@dataclass(frozen=True)
class End:
    """What the listing knows at its end; the results of the job must agree with it."""

    files: int
    """Number of files in all chunks."""
    earlier: Tally
    """Counts of earlier parts."""
    earlier_parts: int
    """Number of earlier parts."""


@dataclass(frozen=True)
class Chunk(_Pickled):
    """Files that are answered together; their rows become one part."""

    number: int
    """The chunk's number, from 0, in the order of listing."""
    files: Sequence[Source | Packed]
    """Some thousands, none with content; an archive counts as its images. The last chunk has none."""
    skipped: int
    """Number of files that the listing has skipped since the last chunk."""
    warnings: Sequence[str]
    """Warnings of the listing."""
    end: End | None = None
    """Only in the last chunk."""
    error: str | None = None
    """Why the listing ended here."""


@dataclass(frozen=True)
class Receipt(_Pickled):
    """The result of a chunk."""

    number: int
    """The chunk's number."""
    files: int
    """Number of files in the chunk."""
    tally: Tally
    """Counts of sources, rows and skipped files."""
    warnings: Sequence[str] = ()
    """Warnings of the listing and of the images."""
    end: End | None = None
    """The chunk's `end`."""
    error: str | None = None
    """Why the job cannot continue."""
