"""Checks that no output overwrites another output or an input."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from mnistcls.errors import OutputError
from mnistcls.files import is_url, local_path
from mnistcls.outputs.paths import check_name, fingerprint, manifest_of, part_of, resolve_link
from mnistcls.sources import Source


class OverwriteGuard:
    """Knows the files that a run writes, and refuses inputs among them, whatever links lead to them.

    Args:
        written: the outputs by the options that name them; None for an option that is not given.
        debug_dir: a folder in which files are replaced as well.

    Raises:
        OutputError: two outputs are the same, the folder included, or one has no name.
    """

    def __init__(self, written: Mapping[str, str | Path | None], debug_dir: Path | None = None) -> None:
        self._real_folder = lru_cache(maxsize=4096)(os.path.realpath)
        self._options: dict[tuple[str, str], str] = {}
        """The option that names each file, by the file's folder and name."""
        self._existing: dict[tuple[int, ...], str] = {}
        """The same for those that are there already, by `_identity`: an input may be a link to one."""
        for option, path in written.items():
            if path is not None and not is_url(local := local_path(str(path))):
                self._add(resolve_link(Path(local)), option)
        self._names = {name for _, name in self._options}
        self._debug_dir = os.path.realpath(debug_dir) if debug_dir else None
        if debug_dir:
            self._check_folder(debug_dir)

    def _add(self, path: Path, option: str) -> None:
        check_name(path, option)
        if taken := self._options.get(self._real(str(path))):
            raise OutputError(f"{path} is already the output of {taken}; choose another file with {option}")
        for file in (path, part_of(path), manifest_of(path)):
            self._options[self._real(str(file))] = option
            if identity := _identity(file):
                self._existing[identity] = option

    def _check_folder(self, debug_dir: Path) -> None:
        """Check that the debug folder, which is yet to be made, is not in the place of an output."""
        real = Path(os.path.realpath(debug_dir))
        for folder in (real, *real.parents):
            if taken := self._options.get((str(folder.parent), folder.name)):
                problem = f"{debug_dir} is already the output of {taken}"
                raise OutputError(f"{problem}; choose another folder with --debug-dir")

    def check(self, *paths: str | Path | None) -> None:
        """Check that no input that the user named would be overwritten; None stands for no input.

        Raises:
            OutputError: one would be.
        """
        for path in paths:
            if path is not None:
                self._check(str(path))

    def follow(self, sources: Iterable[Source]) -> Iterator[Source]:
        """Yield the sources; raise if one of them would be overwritten."""
        for source in sources:
            self._check(source.path)
            yield source

    def _check(self, path: str) -> None:
        if not (self._debug_dir or self._existing or path.rpartition("/")[2] in self._names):  # quick, for a new output
            return
        if is_url(local := local_path(path)):
            return
        folder, name = self._real(local)
        if option := self._options.get((folder, name)) or (self._existing and self._existing.get(_identity(local))):
            raise OutputError(f"{path} is an input of this run; choose another file with {option}")
        if self._debug_dir and resolve_link(Path(folder, name)).parent.is_relative_to(self._debug_dir):
            raise OutputError(f"{path} is inside {self._debug_dir}, whose images are replaced; use another --debug-dir")

    def _real(self, path: str) -> tuple[str, str]:
        """The folder of a path, without links, and its name; the file need not exist."""
        folder, root, name = path.rpartition("/")
        return self._real_folder(folder or root or os.curdir), name


def _identity(path: str | Path) -> tuple[int, ...]:
    """Identifies a file by whatever link; empty if there is none, or its file system cannot tell."""
    device_and_inode = fingerprint(Path(path))[:2]
    return device_and_inode if all(device_and_inode[1:]) else ()
