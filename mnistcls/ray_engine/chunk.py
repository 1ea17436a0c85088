"""What travels through the cluster: files to be classified, and what came of them."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from mnistcls.results import Tally
from mnistcls.sources import Packed, Source

COLUMN = "pickled"
"""The one column of the tables that these are sent in."""


class _Pickled:
    """Can be a row of a table."""

    def to_row(self) -> dict[str, bytes]:
        """As the only cell of a row."""
        return {COLUMN: pickle.dumps(self)}

    @classmethod
    def from_table(cls, table: Any) -> list[Self]:
        """Those in a `pyarrow.Table` that rows were made of."""
        return [pickle.loads(cell.as_py()) for cell in table[COLUMN]]  # noqa: S301 - our own, as all that Ray sends


@dataclass(frozen=True)
class End:
    """What the listing knows when it is through; what comes out of the job must agree with it."""

    files: int
    """In all chunks."""
    earlier: Tally
    """What earlier parts hold."""
    earlier_parts: int
    """How many there are."""


@dataclass(frozen=True)
class Chunk(_Pickled):
    """Files that are answered together; their rows are one part."""

    number: int
    """From 0, as they are listed."""
    files: Sequence[Source | Packed]
    """Some thousands, none with content; an archive counts as its images. The last chunk has none."""
    skipped: int
    """Files that the listing has passed over since the chunk before."""
    warnings: Sequence[str]
    """Of the listing."""
    end: End | None = None
    """With the last chunk."""
    error: str | None = None
    """Why the listing ended here."""


@dataclass(frozen=True)
class Receipt(_Pickled):
    """What came of a chunk."""

    number: int
    """That of the chunk."""
    files: int
    """How many it had."""
    tally: Tally
    """The sources and rows of its part, and what was passed over."""
    warnings: Sequence[str] = ()
    """Of the listing and of the images."""
    end: End | None = None
    """That of the chunk."""
    error: str | None = None
    """Why the job cannot go on."""
