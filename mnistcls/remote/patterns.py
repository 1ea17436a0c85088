"""Patterns in URLs: `s3://bucket/scans/*.png`, `s3://bucket/scans/**/7-*.png`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from mnistcls.errors import ImageError
from mnistcls.remote import is_there, root_of
from mnistcls.remote.listing import entries, walk
from mnistcls.sources import patterns
from mnistcls.sources.folders import Found

_WEB = ("http", "https")


def is_pattern(url: str) -> bool:
    """Whether a URL with `*`, `?` or `[` in it is meant as a pattern: no object has exactly that name.

    Web addresses never are: there, `?` begins a query.

    Raises:
        StorageError: the storage cannot be reached.
    """
    return url.partition(":")[0] not in _WEB and not is_there(url)


def expand(url: str) -> Iterator[Found]:
    """The objects and folders (ending in `/`) that match, and folders that cannot be listed; in the order of a walk.

    Only the folders on the way are listed, and only their entries that begin as the pattern does. `**` stands for any
    number of folders, or none, and then only objects match.

    Raises:
        StorageError: a listing fails.
    """
    root = f"{root_of(url)}/"
    parts = url.removeprefix(root).split("/")
    fixed = list(takewhile(lambda part: part != "**", parts))
    if fixed == parts:
        yield from _matching(root, parts)
        return
    for folder in _matching(root, [*fixed, ""]):
        if folder.error:
            yield folder
        else:
            yield from patterns.matching(walk(folder.path), len(folder.path), parts[len(fixed) :])


def _matching(folder: str, parts: Sequence[str]) -> Iterator[Found]:
    """The matches in a folder, which ends in `/`, for the parts of a pattern, none of which is `**`."""
    part, rest = parts[0], parts[1:]
    begins = re.split(r"[*?[]", part, maxsplit=1)[0]
    if rest and begins == part:
        yield from _matching(f"{folder}{part}/", rest)
    elif not part:
        yield Found(folder)
    else:
        try:
            for name, is_folder in entries(folder, begins):
                if patterns.fits(name, part) and not rest:
                    yield Found(f"{folder}{name}{'/' * is_folder}")
                elif patterns.fits(name, part) and is_folder:
                    yield from _matching(f"{folder}{name}/", rest)
        except ImageError as error:
            yield Found(folder, error)
