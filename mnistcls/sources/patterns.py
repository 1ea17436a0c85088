"""Patterns that the shell did not expand: `scans/*.png`, `scans/**/7-*.png`."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import takewhile

from mnistcls.errors import ErrorCode
from mnistcls.files import is_url, unopened
from mnistcls.sources.folders import Found, walk


def is_pattern(path: str) -> bool:
    """Whether a path is meant as a pattern: it has `*`, `?` or `[`, and no file has exactly that name."""
    if not glob.has_magic(path):
        return False
    if is_url(path):
        from mnistcls.remote import patterns  # noqa: PLC0415 - only for URLs

        return patterns.is_pattern(path)
    return not os.path.lexists(path)


def fixed_part(pattern: str) -> str:
    """The folder that a pattern starts from: its parts before the first with `*`, `?` or `[`."""
    fixed = "/".join(takewhile(lambda part: not glob.has_magic(part), pattern.replace(os.sep, "/").split("/")))
    return fixed or ("/" if pattern.startswith("/") else ".")


def expand(pattern: str) -> Iterator[Found]:
    """The files and folders that match, sorted by name, part by part; as in a shell, `*` leaves out `.hidden`.

    Folders that must be listed and cannot be are yielded as well. `**` stands for any number of folders, or none,
    and then only files match. Each folder is entered once; `glob` would follow links in circles.
    """
    if is_url(pattern):
        from mnistcls.remote import patterns  # noqa: PLC0415 - as above

        yield from patterns.expand(pattern)
        return
    pattern = pattern.replace(os.sep, "/")
    parts = pattern.split("/")
    fixed = list(takewhile(lambda part: part != "**", parts))
    yield from _unlistable(fixed)
    if fixed == parts:
        yield from map(Found, _sorted_glob(pattern))
        return
    top = "/".join(fixed) or ("/" if fixed else ".")
    for folder in filter(os.path.isdir, _sorted_glob(top)):
        start = 0 if folder == "." else len(folder.rstrip("/")) + 1
        yield from matching(walk(folder), start, parts[len(fixed) :])


def _unlistable(parts: Sequence[str]) -> Iterator[Found]:
    """Folders that a part of the pattern needs listed and that cannot be: `glob` skips them."""
    for place in (place for place, part in enumerate(parts) if glob.has_magic(part)):
        for folder in _sorted_glob("/".join(parts[:place]) or ("/" if place else ".")):
            if os.path.isdir(folder) and not os.access(folder, os.R_OK):
                yield Found(folder, unopened(PermissionError(), "folder"))


def _sorted_glob(pattern: str) -> list[str]:
    return sorted(glob.glob(pattern), key=lambda path: path.split("/"))  # noqa: PTH207 - names pass unchanged


def matching(walked: Iterable[Found], start: int, parts: Sequence[str]) -> Iterator[Found]:
    """The results of a walk that match the end of a pattern, and folders that cannot be listed.

    Args:
        walked: files and folders.
        start: length of the prefix of their paths that is not matched.
        parts: parts of the pattern, from its first `**` on.
    """
    for found in walked:
        if found.error:
            wanted = found.error.code is not ErrorCode.NOT_FOUND
        else:
            wanted = _matches(found.path[start:].split("/"), parts)
        if wanted:
            yield found


def _matches(names: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether the parts of a path match those of a pattern, in which `**` is any number of folders."""
    end = len(patterns)
    places = _reached({0}, patterns)
    for name in names:  # `fits` lets `**` enter what `*` does
        fitting = {at for at in places - {end} if fits(name, patterns[at])}
        places = _reached({at if patterns[at] == "**" else at + 1 for at in fitting}, patterns)
    return end in places


def _reached(places: set[int], patterns: Sequence[str]) -> set[int]:
    """These places in a pattern, and those reached from them because a `**` may match nothing."""
    reached = set(places)
    for at, pattern in enumerate(patterns):
        if at in reached and pattern == "**":
            reached.add(at + 1)
    return reached


def fits(name: str, pattern: str) -> bool:
    """Whether a name matches a part of a pattern; `*` leaves out `.hidden`."""
    return (not name.startswith(".") or pattern.startswith(".")) and fnmatchcase(name, pattern)
