"""Reads single objects in storage by URL, some of them ahead."""

from __future__ import annotations

import asyncio
import errno
import io
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Any, BinaryIO, cast

from mnistcls.errors import ErrorCode, ImageError, StorageError
from mnistcls.files import is_url
from mnistcls.remote import CONNECTIONS, filesystem, reason_of
from mnistcls.sources import Source

AHEAD_BYTES = 8 << 20
"""Largest object that is read ahead; a larger one is read in blocks when its turn comes."""

BLOCK_BYTES = 4 << 20


def read_ahead(sources: Iterable[Source]) -> Iterator[Source]:
    """Yield the sources in order: objects with their content, or with an error.

    While the caller works on one, the next `CONNECTIONS` are being fetched.
    """
    begun = ((source, _begin(source)) for source in sources)
    waiting = deque(islice(begun, CONNECTIONS))
    try:
        while waiting:
            source, content = waiting.popleft()
            yield _received(source, content) if content else source
            waiting.extend(islice(begun, 1))
    finally:
        for _, content in waiting:
            if content:
                content.cancel()


def _begin(source: Source) -> Future[bytes | None] | None:
    """Request an object; None if the source is not one."""
    if source.content is not None or source.error or not is_url(source.path):
        return None
    return _asked(source.path, AHEAD_BYTES)


def _received(source: Source, content: Future[bytes | None]) -> Source:
    try:
        return replace(source, content=content.result())
    except Exception as error:
        return replace(source, error=_image_error(error))


def read_object(url: str, most: int) -> bytes | None:
    """The content of an object; None if it is longer than `most` bytes.

    Raises:
        ImageError: it cannot be read.
    """
    try:
        return _asked(url, most).result()
    except Exception as error:
        raise _image_error(error) from None


def read_start(url: str, count: int) -> bytes:
    """The first `count` bytes of an object, or all if it has fewer.

    Raises:
        ImageError: it cannot be read.
    """
    try:
        return bytes(filesystem(url).cat_file(url, start=0, end=count))
    except Exception as error:
        raise _image_error(error) from None


def _asked(url: str, most: int) -> Future[bytes | None]:
    try:
        opened = filesystem(url)
    except StorageError as error:
        failed: Future[bytes | None] = Future()
        failed.set_exception(error)
        return failed
    if not opened.async_impl:
        from fsspec.implementations.asyn_wrapper import AsyncFileSystemWrapper  # noqa: PLC0415 - an extra

        opened = AsyncFileSystemWrapper(opened)
    return asyncio.run_coroutine_threadsafe(_content(opened, url, most), opened.loop)


async def _content(opened: Any, url: str, most: int) -> bytes | None:
    """Fetch in one request, for a byte more than `most`."""
    try:
        content = cast("bytes", await opened._cat_file(url, start=0, end=most + 1))
    except OSError as error:
        if error.errno != errno.EINVAL or (await opened._info(url))["size"] > 0:
            raise
        return b""  # an empty object: S3 refuses the range
    return content if len(content) <= most else None


@contextmanager
def open_object(url: str) -> Iterator[BinaryIO]:
    """Open an object for reading, with seeking.

    Raises:
        ImageError: it cannot be opened. Exceptions of the block pass unchanged; reading raises OSError.
    """
    try:
        file = filesystem(url).open(url, "rb", block_size=BLOCK_BYTES)
    except Exception as error:
        raise _image_error(error) from None
    with file, io.BufferedReader(_Blocks(file)) as buffered:
        yield cast("BinaryIO", buffered)


class _Blocks(io.RawIOBase):
    """An open object whose errors are those of a file."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return int(self._file.seek(offset, whence))

    def readinto(self, buffer: Any, /) -> int:
        try:
            return int(self._file.readinto(buffer))
        except Exception as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise OSError(errno.EIO, reason_of(error)) from None  # fsspec's timeout is a bare TimeoutError, for example


def is_object(url: str) -> bool:
    """Whether an object has exactly that name."""
    try:
        return bool(filesystem(url).isfile(url))
    except Exception:
        return False


def _image_error(error: Exception) -> ImageError:
    if isinstance(error, FileNotFoundError):
        return ImageError(ErrorCode.NOT_FOUND, "no such object; check the spelling, and end a folder's URL with /")
    code = ErrorCode.PERMISSION_DENIED if isinstance(error, PermissionError) else ErrorCode.IO_ERROR
    return ImageError(code, reason_of(error))
