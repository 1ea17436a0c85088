"""Opens what the user names: only regular files, never blocking, with errors that say what to do."""

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
"""O_NONBLOCK keeps a FIFO that replaced the file from blocking the batch."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")

_LOCAL_URLS = ("file://", "local://")

_AGAIN = "; try again"

READ_COST = 64
"""Least cost of one read to a `BoundedReader`'s allowance, in bytes."""


def is_url(path: str) -> bool:
    """Whether a path is a URL, and so not on this machine."""
    return _URL.match(path) is not None


def local_path(path: str) -> str:
    """The path in a URL that names a file on this machine, as fsspec reads it: `%20` stays. Others unchanged."""
    for start in _LOCAL_URLS:
        if path.startswith(start):
            return os.path.expanduser(path.removeprefix(start))  # noqa: PTH111 - bytes pass unchanged
    return path


def shown_path(path: str) -> str:
    """A path as its row shows it: normalized, with `/` between its parts; a URL unchanged."""
    return path if is_url(path) or not path else PurePath(path).as_posix()


@contextmanager
def open_regular(path: str) -> Iterator[BinaryIO]:
    """Open a regular file or an object in storage, and nothing else.

    A pipe would block, and opening a device may have effects.

    Raises:
        ImageError: it cannot be opened. Exceptions of the block pass unchanged.
    """
    if is_url(path):
        from mnistcls.remote.objects import open_object  # noqa: PLC0415 - only for URLs

        with open_object(path) as file:
            yield file
        return
    with open(_opened(path), "rb") as file:
        yield file


def read_small(path: str, most: int) -> bytes | None:
    """The content of a regular file or an object in one read, which is much quicker than several.

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
    """The first `count` bytes of a regular file or an object, or all if it has fewer.

    Raises:
        ImageError: it cannot be opened; an object: or read.
        OSError: the file cannot be read.
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
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # opening a folder fails later, with a better error
            raise _no_file(mode)
        number = os.open(path, _READ)
    except (OSError, ValueError) as error:
        raise unopened(error) from None
    mode = os.fstat(number).st_mode
    if not stat.S_ISREG(mode):  # replaced since the check
        os.close(number)
        raise _no_file(mode)
    return number


class BoundedReader(io.BufferedReader):
    """An open file that can be read up to a limit.

    Parsers read as much at once as a file announces, and search gigabytes of zeros byte by byte.

    Args:
        file: an open file; its position is shared, so nothing else may read it at the same time.
        allowance: bytes that may be read, repeated ones included; each read costs at least `READ_COST`.
        refusal: message of the error.
    """

    def __init__(self, file: BinaryIO, allowance: int, refusal: str) -> None:
        is_file = isinstance(getattr(file, "raw", None), io.FileIO)
        super().__init__(io.FileIO(file.fileno(), closefd=False) if is_file else cast("io.RawIOBase", file))
        self.allowance = allowance
        self._refusal = refusal

    def read(self, size: int | None = -1, /) -> bytes:
        """Read as from any file.

        Raises:
            ImageError: the read would exceed the allowance.
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
    return io_error(error)


def io_error(error: OSError) -> ImageError:
    """The error for a file that the system fails to read."""
    reason = str(error.strerror or error) or type(error).__name__
    return ImageError(ErrorCode.IO_ERROR, f"{reason.removesuffix(_AGAIN)}{_AGAIN}")


def working_folder_is_gone() -> bool:
    """Whether the current folder has been removed; opening any relative path then fails as if that were missing."""
    try:
        os.getcwd()  # noqa: PTH109 - Path.cwd is the same
    except OSError:
        return True
    return False


def _where_to_look(error: OSError | ValueError) -> str:
    """Advice for a path that does not exist: it may be a broken link, or name a page or a member, as results do."""
    path = Path(os.fsdecode(getattr(error, "filename", None) or ""))
    if path == Path("-"):
        return "for a list of paths on standard input, use --files-from -"
    if path.is_symlink():
        return "it is a link that leads nowhere, to be repaired or removed"
    whole = holder(path)
    return f"name {whole}, which contains it" if whole else "check the spelling"


def holder(path: Path) -> Path | None:
    """The file that contains a page or a member, from its path in the results; None if there is none."""
    return next((whole for whole in (Path(str(path).rpartition("#")[0]), *path.parents) if whole.is_file()), None)


def _no_file(mode: int) -> ImageError:
    kind = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
    return ImageError(ErrorCode.NOT_A_FILE, f"{kind}, not an image file")
