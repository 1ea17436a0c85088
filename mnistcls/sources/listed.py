"""A list of paths, one per line or separated by NUL, from a file of any length or standard input."""

from __future__ import annotations

import os
import sys
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import cast

from mnistcls.errors import MnistclsError
from mnistcls.files import is_url

CHUNK_BYTES = 1 << 16
MAX_PATH_BYTES = 1 << 15
"""Bytes kept of a longer line, which is no path: Linux allows 4,096 bytes, Windows 32,767 characters."""


@dataclass(frozen=True)
class PathList:
    """A list of paths to classify, read one by one and never held together."""

    file: str
    """The list's name; `-` is standard input, which can be read once."""
    nul: bool = False
    """Whether each path ends in a NUL byte, as `find -print0` writes it, instead of a newline."""

    @property
    def serves_once(self) -> bool:
        """Whether it can be read only once: standard input, or a pipe."""
        return self.file == "-" or not Path(self.file).is_file()

    def check(self) -> None:
        """Check, before the work starts, that the list can be read.

        Raises:
            MnistclsError: it cannot.
        """
        if self.file == "-" and sys.stdin is None:
            raise MnistclsError("standard input is closed; name a file with --files-from")
        if is_url(self.file):
            raise MnistclsError(f"{self.file}: --files-from reads only local files; download it, or pipe it to -")
        if self.file != "-" and os.path.isdir(self.file):
            raise MnistclsError(f"{self.file} is a folder; name it without --files-from")
        if self.file != "-" and not os.access(self.file, os.R_OK):
            raise MnistclsError(f"cannot read {self.file}; check the spelling and its permissions")

    def __iter__(self) -> Iterator[str]:
        """The paths as in the list, without empty lines; bytes that are not UTF-8 survive.

        Raises:
            MnistclsError: the list cannot be read, or is not one.
        """
        try:
            with self._opened() as file:
                for number, line in enumerate(self._lines(file)):
                    path = self._first(line) if number == 0 else line
                    path = path if self.nul else path.removesuffix(b"\r")
                    if path:
                        yield os.fsdecode(path)
        except OSError as error:
            raise MnistclsError(f"cannot read {self.file}: {error.strerror}") from None
        except UnicodeDecodeError:  # on Windows, where all names are Unicode
            raise MnistclsError(f"{self.file} is not UTF-8; save it as UTF-8") from None

    def _first(self, line: bytes) -> bytes:
        """The list's first line without a byte order mark.

        Raises:
            MnistclsError: the line shows another encoding or separator.
        """
        if line.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            raise MnistclsError(f"{self.file} is UTF-16, as Windows PowerShell writes; save it as UTF-8")
        if b"\0" in line:
            raise MnistclsError(f"{self.file} has NUL bytes; if it is a list of paths, use -0")
        return line.removeprefix(BOM_UTF8)

    def _lines(self, file: BufferedReader) -> Iterator[bytes]:
        end = b"\0" if self.nul else b"\n"
        tail = b""
        while chunk := file.read1(CHUNK_BYTES):  # whatever is there: its writer may be slow
            *lines, tail = (tail + chunk).split(end)
            yield from lines
            tail = tail[:MAX_PATH_BYTES]
        yield tail

    def _opened(self) -> AbstractContextManager[BufferedReader]:
        if self.file == "-":
            return nullcontext(cast("BufferedReader", sys.stdin.buffer))
        return open(self.file, "rb")
