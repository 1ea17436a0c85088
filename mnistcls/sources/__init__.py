"""From the paths that a user names to the sources to read, lazily and in order."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from mnistcls.errors import ErrorCode, ImageError
from mnistcls.files import is_url, shown_path
from mnistcls.sources.containers import Container, container_at, container_by_name
from mnistcls.sources.folders import Found, walk
from mnistcls.sources.listed import PathList
from mnistcls.sources.patterns import expand, is_pattern
from mnistcls.sources.source import IMAGE_SUFFIXES, Source, is_image_name

__all__ = ["IMAGE_SUFFIXES", "Packed", "Source", "Sources", "is_image_name", "with_objects"]

_logger = logging.getLogger("mnistcls")


class Sources:
    """The sources that the named paths stand for.

    Iterating yields, for each named archive or IDX file, the images in it; for any other file the file itself, whether
    it exists or not; for each folder the images in it: entries sorted by name, subfolders in their place. A pattern
    that the shell did not expand stands for what it matches. Only the names in the folders on the way down are read
    ahead.

    Args:
        paths: files, folders and patterns; an iterator is consumed as images are, and serves one pass.
        recursive: whether to enter subfolders.
        listed: lists of paths that come after the others, never taken as patterns.
    """

    def __init__(
        self, paths: Iterable[str | os.PathLike[str]], *, recursive: bool = True, listed: Sequence[PathList] = ()
    ) -> None:
        self._paths = paths
        self._recursive = recursive
        self._listed = listed
        self.skipped = 0
        """Files in folders and archives skipped so far, as their suffix is not an image's."""
        self._warned = False
        """Whether the user has been told of archives in folders; once is enough, however often the files are listed."""

    def __iter__(self) -> Iterator[Source]:
        for found in self.files():
            if isinstance(found, Source):
                yield found
            else:
                yield from self.contents(found)

    def files(self) -> Iterator[Source | Packed]:
        """Files and named archives in order; unlike iteration, archives are not opened."""
        self.skipped = 0
        for found in self._found():
            if found is None:
                self.skipped += 1
            elif isinstance(found, Source) or found.is_read:
                yield found
            else:
                self.skipped += 1
                if not self._warned:
                    _logger.warning("%s and other archives in folders are skipped; name them to read them", found.path)
                self._warned = True

    def count(self) -> int | None:
        """The number of sources, from a walk of its own; None if only reading archives, pipes or URLs would tell."""
        if any(listed.serves_once for listed in self._listed):
            return None
        total = 0
        for found in self._found():
            if isinstance(found, Packed) and found.is_read:
                if found.container is not Container.IDX:
                    return None
                total += _idx_count(found.path)
            elif isinstance(found, Source):
                if is_url(found.path):  # a listing is slow, and may cost money
                    return None
                total += 1
        return total

    def _found(self) -> Iterator[Source | Packed | None]:
        """The files that the paths lead to; None for each file in a folder that is not an image."""
        for path in map(os.fsdecode, self._paths):
            if is_pattern(path):
                yield from self._matching(path)
            else:
                yield from self._at(path)
        for path in chain.from_iterable(self._listed):
            yield from self._at(path)

    def _matching(self, pattern: str) -> Iterator[Source | Packed | None]:
        found = None
        for found in expand(pattern):
            if found.error:
                yield Source(found.path, error=found.error)
            else:
                yield from self._at(found.path)
        if found is None:
            yield Source(pattern, error=ImageError(ErrorCode.NOT_FOUND, "nothing matches; check the spelling"))

    def _at(self, path: str) -> Iterator[Source | Packed | None]:
        """A named path: the files in a folder, or one file, known by its content unless it has an image's name."""
        shown = shown_path(path)
        if _is_folder(path):
            yield from self._in_folder(shown)
        elif not is_image_name(shown) and (container := container_at(path)):
            yield Packed(shown, container, is_read=True)
        else:
            yield Source(shown)

    def _in_folder(self, folder: str) -> Iterator[Source | Packed | None]:
        for found in _walk(folder, recursive=self._recursive):
            if found.error or is_image_name(found.path):
                yield Source(found.path, error=found.error)
            elif container := container_by_name(found.path):
                yield Packed(found.path, container, is_read=container is Container.IDX)
            else:
                yield None

    def contents(self, packed: Packed) -> Iterator[Source]:
        """The images of a file that holds many; one row for itself if there are none."""
        found = False
        for source in _reader(packed.container)(packed.path):
            if source is None:
                self.skipped += 1
            else:
                found = True
                yield source
        if not found:  # what the user named has a row
            yield Source(packed.path, error=ImageError(ErrorCode.NOT_AN_IMAGE, "no image in it; check its contents"))


@dataclass(frozen=True, slots=True)
class Packed:
    """A file that holds many images."""

    path: str
    container: Container
    is_read: bool
    """Whether its images are wanted: archives in a folder are often copies of the files beside them."""


def with_objects(sources: Sequence[Source]) -> Iterator[Source]:
    """Yield the sources; those in object storage are read ahead."""
    if not any(is_url(source.path) for source in sources):
        return iter(sources)
    from mnistcls.remote.objects import read_ahead  # noqa: PLC0415 - only for URLs

    return read_ahead(sources)


def _reader(container: Container) -> Callable[[str], Iterator[Source | None]]:
    """The function that reads such a file, imported on first use."""
    if container is Container.IDX:
        from mnistcls.sources.idx import read_idx  # noqa: PLC0415 - folders of images do without

        return read_idx
    from mnistcls.sources.archives import read_tar, read_zip  # noqa: PLC0415 - as above

    return read_zip if container is Container.ZIP else read_tar


def _is_folder(path: str) -> bool:
    if not is_url(path):
        return os.path.isdir(path)
    from mnistcls import remote  # noqa: PLC0415 - only for URLs

    return remote.is_folder(path)


def _walk(folder: str, *, recursive: bool) -> Iterator[Found]:
    if not is_url(folder):
        return walk(folder, recursive=recursive)
    from mnistcls.remote import listing  # noqa: PLC0415 - only for URLs

    return listing.walk(folder, recursive=recursive)


def _idx_count(path: str) -> int:
    from mnistcls.sources.idx import count_images  # noqa: PLC0415 - folders of images do without

    return count_images(path)
