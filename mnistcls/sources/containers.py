"""Files that hold many images, and how to recognize them."""

from __future__ import annotations

import io
import re
import zlib
from enum import StrEnum

from mnistcls.errors import ImageError
from mnistcls.files import read_start
from mnistcls.sources.signatures import GZIP_MAGIC, IDX_IMAGES_MAGIC, ZIP_MAGICS

_BLOCK = 512  # bytes of a tar header; enough of any other


class Container(StrEnum):
    """The kinds of files that hold many images."""

    ZIP = "zip"
    TAR = "tar"
    IDX = "idx"


_NAMES = {
    Container.ZIP: re.compile(r"\.zip$", re.IGNORECASE),
    Container.TAR: re.compile(r"\.(tar(\.(gz|bz2|xz))?|tgz|tbz2?|txz)$", re.IGNORECASE),
    Container.IDX: re.compile(r"[-.]idx3-ubyte(\.gz)?$", re.IGNORECASE),
}


class Salvaged:
    """A compressed file, read as far as it can be unpacked.

    An error is raised after all bytes before it; the file itself would withhold what it has unpacked already.
    """

    def __init__(self, packed: io.BufferedIOBase) -> None:
        self._packed = packed
        self._fault: Exception | None = None

    def read(self, size: int, /) -> bytes:
        """Read `size` bytes, or all if there are fewer.

        Raises:
            Exception: that of the file, if there are no bytes before it.
        """
        parts: list[bytes] = []
        while size and not self._fault:
            try:
                parts.append(self._packed.read1(size))
            except Exception as error:
                self._fault = error
                break
            if not parts[-1]:
                break
            size -= len(parts[-1])
        if self._fault and not any(parts):
            raise self._fault
        return b"".join(parts)


def container_by_name(path: str) -> Container | None:
    """The container that a file's name stands for."""
    return next((kind for kind, name in _NAMES.items() if name.search(path)), None)


def container_at(path: str) -> Container | None:
    """The container that a file is, by its content; if its start is damaged, by its name."""
    try:
        head = _gunzipped_head(read_start(path, 2 * _BLOCK))
    except (ImageError, OSError):  # reading it as an image reports the error
        return None
    if head.startswith(ZIP_MAGICS):
        return Container.ZIP
    if head.startswith(IDX_IMAGES_MAGIC):
        return Container.IDX
    return Container.TAR if head[257:262] == b"ustar" else container_by_name(path)


def _gunzipped_head(head: bytes) -> bytes:
    if not head.startswith(GZIP_MAGIC):
        return head
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, _BLOCK)
    except zlib.error:
        return b""
