"""Files that hold many images, and how such a file is known."""

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
    """What kind of file holds many images."""

    ZIP = "zip"
    TAR = "tar"
    IDX = "idx"


_NAMES = {
    Container.ZIP: re.compile(r"\.zip$", re.IGNORECASE),
    Container.TAR: re.compile(r"\.(tar(\.(gz|bz2|xz))?|tgz|tbz2?|txz)$", re.IGNORECASE),
    Container.IDX: re.compile(r"[-.]idx3-ubyte(\.gz)?$", re.IGNORECASE),
}


class Salvaged:
    """What a file that is packed as a whole holds, as far as it can be unpacked.

    A fault is met after all that comes before it, where the file itself would keep back what it has unpacked already.
    """

    def __init__(self, packed: io.BufferedIOBase) -> None:
        self._packed = packed
        self._fault: Exception | None = None

    def read(self, size: int, /) -> bytes:
        """So many bytes, or all that there are.

        Raises:
            Exception: that of the file, if there are none before the fault.
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
    """The container that a file says it is."""
    return next((kind for kind, name in _NAMES.items() if name.search(path)), None)


def container_at(path: str) -> Container | None:
    """The container that a file is, whatever its name; where its start is damaged, the one that it says it is."""
    try:
        head = _unpacked(read_start(path, 2 * _BLOCK))
    except (ImageError, OSError):  # reading it as an image says what is wrong
        return None
    if head.startswith(ZIP_MAGICS):
        return Container.ZIP
    if head.startswith(IDX_IMAGES_MAGIC):
        return Container.IDX
    return Container.TAR if head[257:262] == b"ustar" else container_by_name(path)


def _unpacked(head: bytes) -> bytes:
    if not head.startswith(GZIP_MAGIC):
        return head
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, _BLOCK)
    except zlib.error:
        return b""
