"""Patterns that the shell did not expand: `scans/*.png`, `scans/**/7-*.png`."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import takewhile

from mnistcls.files import is_url
from mnistcls.sources.folders import walk


def is_pattern(path: str) -> bool:
    """Whether a path is meant as a pattern: it has `*`, `?` or `[`, and no file has that very name; no URL is one."""
    return glob.has_magic(path) and not is_url(path) and not os.path.lexists(path)


def expand(pattern: str) -> Iterator[str]:
    """The files and folders that match, sorted by name, part by part; as in a shell, `*` leaves out `.hidden`.

    `**` stands for any number of folders, none included, and then only files match. It enters each folder once, where
    `glob` would follow links in circles.
    """
    parts = pattern.split("/")
    fixed = list(takewhile(lambda part: part != "**", parts))
    if fixed == parts:
        yield from _sorted_glob(pattern)
        return
    top = "/".join(fixed) or ("/" if fixed else ".")
    for folder in filter(os.path.isdir, _sorted_glob(top)):
        start = 0 if folder == "." else len(folder.rstrip("/")) + 1
        for found in walk(folder):
            if found.error is None and _matches(found.path[start:].split("/"), parts[len(fixed) :]):
                yield found.path


def _sorted_glob(pattern: str) -> list[str]:
    return sorted(glob.glob(pattern), key=lambda path: path.split("/"))  # noqa: PTH207 - names pass unchanged


def _matches(names: Sequence[str], patterns: Sequence[str]) -> bool:
    if not patterns or not names:
        return not names and all(pattern == "**" for pattern in patterns)
    first, rest = patterns[0], patterns[1:]
    visible = not names[0].startswith(".")
    if first == "**":
        return _matches(names, rest) or (visible and _matches(names[1:], patterns))
    return (visible or first.startswith(".")) and fnmatchcase(names[0], first) and _matches(names[1:], rest)
