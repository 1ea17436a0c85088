"""The start of a job: the files to classify, in chunks, as they are found."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mnistcls.engine.worker import collect_warnings
from mnistcls.errors import MnistclsError
from mnistcls.ray_engine.chunk import Chunk, End
from mnistcls.results import Tally
from mnistcls.sources import Packed, Source, Sources

if TYPE_CHECKING:
    from mnistcls.ray_engine.folder import ResultFolder

FIRST_IMAGES, MOST_IMAGES = 256, 8_192
"""Images in a chunk: few at first, for small jobs to occupy all actors; then more, for large ones to have few parts."""

CHUNKS_ALIKE = 16
"""Number of chunks after which their size doubles."""

PACKED_BYTES = 512
"""Assumed size of an image in an archive, in bytes, as nobody has counted them yet."""

DIGEST_BYTES = 16


def chunks(sources: Sources, folder: ResultFolder, *, resume: bool) -> Iterator[Chunk]:
    """The files of a job, except those that earlier parts answer for.

    Args:
        sources: the named inputs, relative to this process's folder.
        folder: holds the earlier parts.
        resume: whether there may be any.
    """
    warnings, number, listed, skipped = collect_warnings(), 0, 0, 0
    try:
        earlier = _Earlier.of(folder) if resume else _Earlier()
        left = (file for file in sources.files() if not earlier.answered.take(file.path))
        while files := _take(left, min(FIRST_IMAGES << number // CHUNKS_ALIKE, MOST_IMAGES)):
            yield Chunk(number, files, sources.skipped - skipped, warnings.taken())
            number, listed, skipped = number + 1, listed + len(files), sources.skipped
        end = End(listed, earlier.tally, earlier.parts)
        yield Chunk(number, [], sources.skipped - skipped, warnings.taken(), end)
    except MnistclsError as error:
        yield Chunk(number, [], 0, warnings.taken(), error=str(error))


@dataclass(frozen=True)
class _Earlier:
    """The results of earlier runs."""

    answered: Answered = field(default_factory=lambda: Answered(b""))
    tally: Tally = field(default_factory=Tally)
    parts: int = 0

    @classmethod
    def of(cls, folder: ResultFolder) -> _Earlier:
        digests, tally, parts = bytearray(), Tally(), 0
        for parts, record in enumerate(folder.records(), 1):  # noqa: B007 - their number is wanted
            tally.merge(record.tally)
            digests += b"".join(map(digest_of, record.files))
        return cls(Answered(digests), tally, parts)


class Answered:
    """The files that have rows, by digests of their paths: 24 bytes each, even for millions.

    Args:
        digests: of their paths, concatenated; two for a path that was named twice.
    """

    def __init__(self, digests: bytes | bytearray) -> None:
        self._digests, self._left = np.unique(np.frombuffer(digests, f"S{DIGEST_BYTES}"), return_counts=True)

    def take(self, path: str) -> bool:
        """Whether a file has its rows; uses up one naming of its path each time."""
        if not len(self._digests):
            return False
        digest = np.array(digest_of(path), self._digests.dtype)  # the same type: NumPy ignores trailing zeros
        index = int(np.searchsorted(self._digests, digest))
        found = index < len(self._digests) and self._digests[index] == digest and self._left[index] > 0
        if found:
            self._left[index] -= 1
        return bool(found)


def digest_of(path: str) -> bytes:
    """The digest of a path: even among a hundred million, no two will be the same."""
    return hashlib.blake2b(os.fsencode(path), digest_size=DIGEST_BYTES).digest()


def _take(files: Iterator[Source | Packed], images: int) -> list[Source | Packed]:
    """The next files, until they hold about `images` images."""
    taken: list[Source | Packed] = []
    while images > 0 and (file := next(files, None)):
        taken.append(file)
        images -= _images(file)
    return taken


def _images(file: Source | Packed) -> int:
    if isinstance(file, Source):
        return 1
    try:
        return os.stat(file.path).st_size // PACKED_BYTES + 1
    except OSError:  # not on a disk: it may be large
        return MOST_IMAGES
