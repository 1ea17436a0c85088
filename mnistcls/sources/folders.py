"""Walks folders: lazily, in order, and each once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from mnistcls.errors import ImageError
from mnistcls.files import unopened


@dataclass(frozen=True, slots=True)
class Found:
    """A file in a folder, or a folder that cannot be listed."""

    path: str
    error: ImageError | None = None
    """Why the folder cannot be listed."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is being walked."""

    prefix: str
    names: list[str]
    """Names of the entries still to come, in reverse order."""
    subfolders: frozenset[str]


def walk(top: str, *, recursive: bool = True) -> Iterator[Found]:
    """The files in a folder: entries sorted by name, subfolders in their place.

    A folder reached twice through links is entered once, so loops end. Only the names in the folders on the way down,
    and which folders were entered, are held.
    """
    return walk_with(partial(_listed, entered=set()), top, recursive=recursive)


def walk_with(listed: Callable[[str], Folder], top: str, *, recursive: bool) -> Iterator[Found]:
    """Walk as `walk` does, with another function to list folders; an OSError of it becomes the folder's row."""
    open_folders = [Folder("", [top], frozenset([top]))]  # no recursion: folders may be nested deeper than calls
    while open_folders:
        folder = open_folders[-1]
        if not folder.names:
            open_folders.pop()
            continue
        name = folder.names.pop()
        path = folder.prefix + name
        if name not in folder.subfolders:
            yield Found(path)
        elif recursive or len(open_folders) == 1:
            try:
                open_folders.append(listed(path))
            except OSError as error:
                yield Found(path, unopened(error, "folder"))


def _listed(path: str, entered: set[tuple[int, int]]) -> Folder:
    """A folder with its entries; with none if it was entered before."""
    status = os.stat(path)
    if (status.st_dev, status.st_ino) in entered:
        return Folder(path, [], frozenset())
    entered.add((status.st_dev, status.st_ino))
    with os.scandir(path) as found:
        folders = {entry.name: _is_folder(entry) for entry in found}
    prefix = "" if path == "." else f"{path.rstrip('/')}/"
    subfolders = frozenset(name for name, is_folder in folders.items() if is_folder)
    return Folder(prefix, sorted(folders, reverse=True), subfolders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or to a forbidden place: reading it as a file reports the error
        return False
