"""From the paths a user names to what is to be read, lazily and in order."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from mnistcls.errors import ErrorCode, ImageError
from mnistcls.files import is_url, shown_path
from mnistcls.sources.containers import Container, container_at, container_by_name
from mnistcls.sources.folders import Found, walk
from mnistcls.sources.listed import PathList
from mnistcls.sources.patterns import expand, is_pattern

IMAGE_SUFFIXES = frozenset(
    "bmp dib gif heic heif jfif jpe jpeg jpg mpo pbm pdf pgm png pnm ppm tif tiff webp avif svg jp2".split()  # noqa: SIM905 - words
)
"""Suffixes of image files inside a folder. Some cannot be read here; such a file is a row that says what to do."""

_logger = logging.getLogger("mnistcls")


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to read: a file or an object by its name, or what an archive or an IDX file held.

    Cheap, and can be sent to another process: reading needs nothing else.
    """

    path: str
    """As the user would type it, and as its row shows it; the pages of a TIFF file get `#1`, `#2`, ... when decoded."""
    content: bytes | None = None
    """The encoded image, or raw pixels if `shape` is given; None: what is at `path` is still to be read."""
    shape: tuple[int, int] | None = None
    """(H, W) of `content` that is raw pixels, uint8, row by row."""
    error: ImageError | None = None
    """Why there is nothing to read, where that is known already: its row says so."""


class Sources:
    """What the named paths stand for.

    Iterating yields for every named file what it holds: an archive and an IDX file their images, any other file
    itself, there or not. For every named folder it yields the images in it: entries sorted by name, subfolders in
    their place. A pattern that the shell did not expand stands for what it matches. Nothing is read ahead but the
    names in the folders on the way down.

    Args:
        paths: files, folders and patterns; an iterator is drawn from as images are, and serves one pass.
        recursive: whether to enter subfolders.
        listed: paths that come after the others; none of them is a pattern.
    """

    def __init__(
        self, paths: Iterable[str | os.PathLike[str]], *, recursive: bool = True, listed: PathList | None = None
    ) -> None:
        self._paths = paths
        self._recursive = recursive
        self._listed = listed
        self.skipped = 0
        """Files passed over so far, in folders and archives, because their suffix is no image's."""

    def __iter__(self) -> Iterator[Source]:
        for found in self.files():
            if isinstance(found, Source):
                yield found
            else:
                yield from self.contents(found)

    def files(self) -> Iterator[Source | Packed]:
        """The same by files: of those that hold many images, none is read."""
        self.skipped = 0
        warned = False
        for found in self._found():
            if found is None:
                self.skipped += 1
            elif isinstance(found, Source) or found.is_read:
                yield found
            else:
                self.skipped += 1
                if not warned:
                    _logger.warning("%s and other archives in folders are skipped; name them to read them", found.path)
                warned = True

    def count(self) -> int | None:
        """How many images there are, found by a walk of its own; None where only reading them all would tell."""
        if self._listed and self._listed.serves_once:
            return None
        total = 0
        for found in self._found():
            if isinstance(found, Packed) and found.is_read:
                if found.container is not Container.IDX:
                    return None
                total += _idx_count(found.path)
            elif isinstance(found, Source):
                if is_url(found.path):  # a listing is slow, and may have its price
                    return None
                total += 1
        return total

    def _found(self) -> Iterator[Source | Packed | None]:
        """What the paths lead to; None for each file in a folder that is no image."""
        for path in map(os.fsdecode, self._paths):
            if is_pattern(path):
                yield from self._matching(path)
            else:
                yield from self._at(path)
        for path in self._listed or ():
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
        """A named path: what the folder holds, or one file, by its content unless its name is an image's."""
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
        if not found:  # what is named has a row
            yield Source(packed.path, error=ImageError(ErrorCode.NOT_AN_IMAGE, "no image in it; check its contents"))


@dataclass(frozen=True, slots=True)
class Packed:
    """A file that holds many images."""

    path: str
    container: Container
    is_read: bool
    """Whether its images are wanted: archives that happen to be in a folder are often copies of what is beside them."""


def with_objects(sources: Sequence[Source]) -> Iterator[Source]:
    """The same sources; those in object storage are read ahead."""
    if not any(is_url(source.path) for source in sources):
        return iter(sources)
    from mnistcls.remote.objects import read_ahead  # noqa: PLC0415 - for those who name a URL

    return read_ahead(sources)


def _reader(container: Container) -> Callable[[str], Iterator[Source | None]]:
    """What reads such a file; it is loaded only where there is one."""
    if container is Container.IDX:
        from mnistcls.sources.idx import read_idx  # noqa: PLC0415

        return read_idx
    from mnistcls.sources.archives import read_tar, read_zip  # noqa: PLC0415

    return read_zip if container is Container.ZIP else read_tar


def _is_folder(path: str) -> bool:
    if not is_url(path):
        return os.path.isdir(path)
    from mnistcls import remote  # noqa: PLC0415 - as above

    return remote.is_folder(path)


def _walk(folder: str, *, recursive: bool) -> Iterator[Found]:
    if not is_url(folder):
        return walk(folder, recursive=recursive)
    from mnistcls.remote import listing  # noqa: PLC0415 - as above

    return listing.walk(folder, recursive=recursive)


def _idx_count(path: str) -> int:
    from mnistcls.sources.idx import count_images  # noqa: PLC0415

    return count_images(path)


def is_image_name(path: str) -> bool:
    """Whether a file's suffix is an image's, in upper or lower case, and it is not what macOS keeps beside a file."""
    name = path[path.rfind("/") + 1 :]
    stem, _, suffix = name.rpartition(".")
    return bool(stem) and suffix.lower() in IMAGE_SUFFIXES and not name.startswith("._")
