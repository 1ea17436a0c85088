"""Opening what the user names: regular files only, never waiting, and errors that say what to do."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import BinaryIO, cast

from mnistcls.errors import ErrorCode, ImageError

_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
"""O_NONBLOCK keeps a FIFO that took the file's place from hanging the batch."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")

READ_COST = 64
"""What one read takes of a `BoundedReader`'s allowance, in bytes, however little it reads."""


def is_url(path: str) -> bool:
    """Whether a path is a URL: what it names is not on this machine."""
    return _URL.match(path) is not None


def shown_path(path: str) -> str:
    """A path as its row shows it: with `/` between its parts, and no more than is needed; a URL as it is."""
    return path if is_url(path) or not path else PurePath(path).as_posix()


@contextmanager
def open_regular(path: str) -> Iterator[BinaryIO]:
    """Open a regular file or an object in storage, and nothing else.

    A pipe would be waited for, and opening a device may set it to work.

    Raises:
        ImageError: it cannot be opened. What the block raises passes as it is.
    """
    if is_url(path):
        from mnistcls.remote.objects import open_object  # noqa: PLC0415 - for those who name one

        with open_object(path) as file:
            yield file
        return
    with open(_opened(path), "rb") as file:
        yield file


def read_small(path: str, most: int) -> bytes | None:
    """The content of a regular file or an object, at once: much quicker than bit by bit.

    None if it is longer than `most` bytes.

    Raises:
        ImageError: it cannot be opened or read.
    """
    if is_url(path):
        from mnistcls.remote.objects import read_object  # noqa: PLC0415 - as above

        return read_object(path, most)
    number = _opened(path)
    try:
        length = os.fstat(number).st_size
        return os.read(number, length + 1) if length <= most else None
    except OSError as error:
        raise unopened(error) from None
    finally:
        os.close(number)


def read_start(path: str, count: int) -> bytes:
    """The first bytes of a regular file or an object: so many, or all that it has.

    Raises:
        ImageError: it cannot be opened, or, if it is an object, read.
        OSError: it cannot be read.
    """
    if is_url(path):
        from mnistcls.remote.objects import read_start as read_object_start  # noqa: PLC0415 - as above

        return read_object_start(path, count)
    with open_regular(path) as file:
        return file.read(count)


def _opened(path: str) -> int:
    """The descriptor of a regular file."""
    try:
        mode = os.stat(path).st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # a folder may be opened: what fails then says more
            raise _no_file(mode)
        number = os.open(path, _READ)
    except (OSError, ValueError) as error:
        raise unopened(error) from None
    mode = os.fstat(number).st_mode
    if not stat.S_ISREG(mode):  # it was another file a moment ago
        os.close(number)
        raise _no_file(mode)
    return number


class BoundedReader(io.BufferedReader):
    """The same open file, to be read so far and no further.

    Parsers read as much at once as a file announces, and search gigabytes of zeros byte by byte.

    Args:
        file: an open file; its position is shared, so it must not be read itself meanwhile.
        allowance: bytes that may be read, the same ones again included; each read costs at least `READ_COST`.
        refusal: what the error says.
    """

    def __init__(self, file: BinaryIO, allowance: int, refusal: str) -> None:
        is_file = isinstance(getattr(file, "raw", None), io.FileIO)
        super().__init__(io.FileIO(file.fileno(), closefd=False) if is_file else cast("io.RawIOBase", file))
        self.allowance = allowance
        self._refusal = refusal

    def read(self, size: int | None = -1, /) -> bytes:
        """As of any file.

        Raises:
            ImageError: the allowance is used up, or would be.
        """
        if size is not None and size > self.allowance:
            raise ImageError(ErrorCode.TOO_LARGE, self._refusal)
        content = super().read(size)
        self.allowance -= max(len(content), READ_COST)
        if self.allowance < 0:
            raise ImageError(ErrorCode.TOO_LARGE, self._refusal)
        return content


def unopened(error: OSError | ValueError, what: str = "file") -> ImageError:
    """Why a file or folder could not be opened or listed."""
    if isinstance(error, FileNotFoundError | NotADirectoryError | ValueError):
        return ImageError(ErrorCode.NOT_FOUND, f"no such {what}; {_where_to_look(error)}")
    if isinstance(error, PermissionError):
        return ImageError(ErrorCode.PERMISSION_DENIED, "not readable for you; change its permissions")
    if error.errno == errno.ENAMETOOLONG:
        return ImageError(ErrorCode.IO_ERROR, "the path is too long; start in a folder nearer to it")
    if error.errno == errno.ELOOP:
        return ImageError(ErrorCode.NOT_FOUND, "a link that leads to itself; remove it")
    return ImageError(ErrorCode.IO_ERROR, f"{error.strerror}; try again")


def _where_to_look(error: OSError | ValueError) -> str:
    """What to do about a path that is none: it may be that of a page or a member, as results have it."""
    path = Path(os.fsdecode(getattr(error, "filename", None) or ""))
    if path == Path("-"):
        return "a list of paths on standard input is --files-from -"
    whole = holder(path)
    return f"it is read with all of {whole}" if whole else "check the spelling"


def holder(path: Path) -> Path | None:
    """The file that a page or a member is in, by its path as results have it; None if there is none."""
    return next((whole for whole in (Path(str(path).rpartition("#")[0]), *path.parents) if whole.is_file()), None)


def _no_file(mode: int) -> ImageError:
    kind = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
    return ImageError(ErrorCode.NOT_A_FILE, f"{kind}, not an image file")
