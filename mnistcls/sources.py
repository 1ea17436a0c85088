"""From the paths a user names to image files, lazily and in order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import PurePath

IMAGE_SUFFIXES = frozenset(
    "bmp dib gif heic heif jfif jpe jpeg jpg mpo pbm pdf pgm png pnm ppm tif tiff webp avif svg jp2".split()
)
"""Suffixes of image files inside a folder. Some cannot be read here; such a file is a row that says what to do."""

MAX_PIXELS = 40_000_000
"""Largest decoded image, in pixels, unless the caller allows more."""


class ImagePaths:
    """The image files that the named paths stand for, each as the user would type it.

    Iterating yields every named file as it is, there or not, and for every named folder the images in it: entries
    sorted by name, subfolders in their place. A folder reached twice through links is entered once. Nothing is
    read ahead but the names of the folders on the way down.

    Args:
        paths: files and folders.
        recursive: whether to enter subfolders.
    """

    def __init__(self, paths: Iterable[str | os.PathLike[str]], *, recursive: bool = True) -> None:
        self._paths = [os.fsdecode(path) for path in paths]
        self._recursive = recursive
        self.skipped = 0
        """Files passed over so far because their suffix is no image's."""

    def __iter__(self) -> Iterator[str]:
        self.skipped = 0
        for path in self._paths:
            shown = PurePath(path).as_posix()
            if os.path.isdir(path):
                yield from self._walk(shown, entered=set())
            else:
                yield shown

    def count(self) -> int:
        """How many images there are, found by a walk of its own."""
        return sum(1 for _ in ImagePaths(self._paths, recursive=self._recursive))

    def _walk(self, folder: str, entered: set[tuple[int, int]]) -> Iterator[str]:
        try:
            stat = os.stat(folder)
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:
            yield folder  # reading it as a file says what is wrong with it
            return
        if (stat.st_dev, stat.st_ino) in entered:
            return
        entered.add((stat.st_dev, stat.st_ino))
        for entry in entries:
            path = entry.name if folder == "." else f"{folder.rstrip('/')}/{entry.name}"
            if entry.is_dir():
                if self._recursive:
                    yield from self._walk(path, entered)
            elif is_image_name(entry.name):
                yield path
            else:
                self.skipped += 1


def is_image_name(name: str) -> bool:
    """Whether a file's suffix is an image's, in upper or lower case."""
    return name.rpartition(".")[2].lower() in IMAGE_SUFFIXES
