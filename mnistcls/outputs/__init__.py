"""Where results and figures go: standard output, or a file that is written completely or not at all."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from mnistcls.errors import OutputError
from mnistcls.outputs.part_file import lock, remove_locked, rename_locked
from mnistcls.outputs.paths import Fingerprint, part_of, resolve_link
from mnistcls.text import NAME_ERRORS


@contextmanager
def standard_output(fix: str = "write to a file with -o") -> Iterator[TextIO]:
    r"""Standard output as UTF-8 with `\n`; bytes of file names that are not UTF-8 pass as they are.

    A reader that goes away, as in `| head`, ends the block without an error.

    Args:
        fix: what to do if it is closed or cannot be written, for the error.

    Raises:
        OutputError: it is closed, or cannot be written.
    """
    if sys.stdout is None:
        raise OutputError(f"standard output is closed; {fix}")
    sys.stdout.flush()
    stream = TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors=NAME_ERRORS, newline="")
    try:
        try:
            yield stream
        finally:
            stream.detach()
    except OSError as error:
        if not _reader_is_gone(error):
            raise OutputError(f"cannot write standard output: {error.strerror}; {fix} elsewhere") from None
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit


def _reader_is_gone(error: OSError) -> bool:
    """Whether an error is that of a pipe that nobody reads any more; Windows calls it an invalid argument."""
    return isinstance(error, BrokenPipeError) or (os.name == "nt" and error.errno == errno.EINVAL)


def write_json(value: Mapping[str, Any], stream: TextIO) -> None:
    r"""Write figures as JSON for people too; other letters and bytes of file names as \uNNNN, so that any reader copes.

    Raises:
        OSError: the stream cannot be written.
    """
    json.dump(value, stream, indent=2, allow_nan=False)
    stream.write("\n")


@contextmanager
def whole_file(path: Path, option: str = "-o", was: Fingerprint | None = None) -> Iterator[TextIO]:
    """A text file that gets all of its text if the block ends well, and else stays as it was.

    Args:
        path: the file.
        option: the option that named it, for the errors.
        was: the fingerprint of the file there when the work began; None if that does not matter.

    Raises:
        OutputError: it cannot be written, or the file has been changed since; then the text is in `NAME.part`.
    """
    try:
        real = resolve_link(path)
        part = part_of(real)
        with open(part, "a", encoding="utf-8", errors=NAME_ERRORS, newline="") as stream:
            lock(stream, part, path, option)
            try:
                stream.truncate(0)
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            except BaseException:
                remove_locked(stream, part)
                raise
            rename_locked(stream, part, real, was)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; choose another folder with {option}") from None


class UnbufferedBytes:
    """A stream that passes bytes on as they are written."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        """Write all of it."""
        self._stream.write(data)
        self._stream.flush()
        return len(data)
