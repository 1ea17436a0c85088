"""From the paths a user names to what is to be read, lazily and in order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath

from mnistcls.errors import ImageError

IMAGE_SUFFIXES = frozenset(
    "bmp dib gif heic heif jfif jpe jpeg jpg mpo pbm pdf pgm png pnm ppm tif tiff webp avif svg jp2".split()  # noqa: SIM905 - words
)
"""Suffixes of image files inside a folder. Some cannot be read here; such a file is a row that says what to do."""

MAX_PIXELS = 40_000_000
"""Largest decoded image, in pixels, unless the caller allows more."""


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to read: a file by its name, or what an archive or an IDX file held.

    Cheap, and can be sent to another process: reading needs nothing else.
    """

    path: str
    """As the user would type it, and as its row shows it; the pages of a TIFF file get `#1`, `#2`, ... when decoded."""
    content: bytes | None = None
    """The encoded image, or raw pixels if `shape` is given; None: the file at `path` is still to be read."""
    shape: tuple[int, int] | None = None
    """(H, W) of `content` that is raw pixels, uint8, row by row."""
    error: ImageError | None = None
    """Why there is nothing to read, where that is known already: its row says so."""


class Sources:
    """What the named paths stand for.

    Iterating yields every named file as it is, there or not, and for every named folder the images in it: entries
    sorted by name, subfolders in their place. A folder reached twice through links is entered once. Nothing is
    read ahead but the names of the folders on the way down.

    Args:
        paths: files and folders; an iterator is drawn from as images are, and serves one pass.
        recursive: whether to enter subfolders.
    """

    def __init__(self, paths: Iterable[str | os.PathLike[str]], *, recursive: bool = True) -> None:
        self._paths = paths
        self._recursive = recursive
        self.skipped = 0
        """Files passed over so far because their suffix is no image's."""

    def __iter__(self) -> Iterator[Source]:
        self.skipped = 0
        for path in map(os.fsdecode, self._paths):
            shown = PurePath(path).as_posix() if path else path
            if os.path.isdir(path):
                yield from map(Source, self._walk(shown))
            else:
                yield Source(shown)

    def count(self) -> int:
        """How many images there are, found by a walk of its own."""
        return sum(1 for _ in Sources(self._paths, recursive=self._recursive))

    def _walk(self, top: str) -> Iterator[str]:
        entered: set[tuple[int, int]] = set()
        waiting = [(top, True)]  # the next one last; a stack of its own, as folders may be deeper than calls
        while waiting:
            path, is_folder = waiting.pop()
            if is_folder:
                try:
                    entries = _entries(path, entered)
                except OSError:
                    yield path  # reading it as a file says what is wrong with it
                else:
                    waiting += [entry for entry in reversed(entries) if self._recursive or not entry[1]]
            elif is_image_name(path):
                yield path
            else:
                self.skipped += 1


def _entries(folder: str, entered: set[tuple[int, int]]) -> list[tuple[str, bool]]:
    """Paths in a folder, sorted, each with whether it is a folder itself; none when it is entered a second time."""
    status = os.stat(folder)
    if (status.st_dev, status.st_ino) in entered:
        return []
    entered.add((status.st_dev, status.st_ino))
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    prefix = "" if folder == "." else f"{folder.rstrip('/')}/"
    return [(prefix + entry.name, _is_folder(entry)) for entry in entries]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or to where we may not look: a file that reading finds at fault
        return False


def is_image_name(name: str) -> bool:
    """Whether a file's suffix is an image's, in upper or lower case, and it is not what macOS keeps beside a file."""
    if PurePath(name).name.startswith("._"):
        return False
    return PurePath(name).suffix.lower().removeprefix(".") in IMAGE_SUFFIXES
