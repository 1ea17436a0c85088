"""Where results and figures go: standard output, or a file that is there whole or not at all."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, TextIO

from mnistcls.errors import OutputError
from mnistcls.files import is_url
from mnistcls.outputs.part_file import part_of


@contextmanager
def standard_output() -> Iterator[TextIO]:
    r"""Standard output as UTF-8 with `\n`; bytes of file names that are not UTF-8 pass as they are.

    A reader that goes away, as in `| head`, ends the block without an error.
    """
    if sys.stdout is None:
        raise OutputError("standard output is closed; write to a file with -o")
    sys.stdout.flush()
    stream = TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="surrogateescape", newline="")
    try:
        try:
            yield stream
        finally:
            stream.detach()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at exit
    except OSError as error:
        raise OutputError(f"cannot write standard output: {error.strerror}") from None


def write_json(value: Mapping[str, Any], stream: TextIO) -> None:
    r"""Write figures as JSON for people too; other letters and bytes of file names as \uNNNN, so that any reader copes.

    Raises:
        OSError: the stream cannot be written.
    """
    json.dump(value, stream, indent=2, allow_nan=False)
    stream.write("\n")


@contextmanager
def whole_file(path: Path, option: str = "-o") -> Iterator[TextIO]:
    """A text file that is there with all of its text if the block ends well, and else as it was before.

    Args:
        path: the file.
        option: what the user named it with, for the errors.

    Raises:
        OutputError: it cannot be written.
    """
    part = part_of(path)
    try:
        with open(part, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; choose another folder with {option}") from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


class Direct:
    """A stream whose bytes leave as they are written."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, data: bytes) -> int:
        """Write all of it."""
        self._stream.write(data)
        self._stream.flush()
        return len(data)


def check_free(path: Path, *, overwrite: bool = False, ways: str = "--overwrite", option: str = "-o") -> None:
    """Whether an output may be there.

    Args:
        path: of the output.
        overwrite: whether what an earlier run has left is not in the way.
        ways: options that would deal with it, where it is.
        option: what the user named the output with.

    Raises:
        OutputError: it is a folder or a device, its folder does not exist, or an earlier run's output is in the way.
    """
    if str(path) == "-":
        raise OutputError(f"{option} names a file, and - is none; results go to standard output without -o")
    if os.path.isdir(path):
        raise is_folder(str(path), option)
    if not os.path.isdir(path.parent):
        if os.path.exists(path.parent):
            raise OutputError(f"cannot write {path}: {path.parent} is a file; choose a folder with {option}")
        fix = f"make it, or choose another with {option}"
        raise OutputError(f"cannot write {path}: there is no folder {path.parent}; {fix}")
    if os.path.exists(path) and not path.is_file():  # renaming the finished file would put it in its place
        raise OutputError(f"{path} is a pipe, socket or device; redirect standard output, or use another {option}")
    if overwrite:
        return
    if os.path.exists(path):
        raise is_taken(str(path), ways, option)
    if os.path.exists(part_of(path)):
        raise OutputError(f"{part_of(path)} is left of an unfinished run; use {ways}, or another {option}")


def check_apart(written: Mapping[str, str | Path | None], read: Iterable[str | Path | None]) -> None:
    """See that no output would take the place of another, or of what is read.

    Args:
        written: the outputs, by the options that named them; None where there is none.
        read: what the user named to be read.

    Raises:
        OutputError: one would.
    """
    taken = dict.fromkeys((os.path.abspath(path) for path in read if path is not None), "is to be read")  # noqa: PTH100 - links cost time
    for option, path in written.items():
        if path is None or is_url(str(path)):
            continue
        absolute = os.path.abspath(path)  # noqa: PTH100 - as above
        if absolute in taken:
            raise OutputError(f"{path} {taken[absolute]}; choose another with {option}")
        taken[absolute] = f"is to be written by {option} already"


def check_writable(path: Path, option: str = "-o") -> None:
    """See, before the work starts, that a file can be made beside where an output is to be.

    Raises:
        OutputError: it cannot.
    """
    try:
        TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; choose another folder with {option}") from None


def is_folder(shown: str, option: str = "-o") -> OutputError:
    """The refusal of an output, by its name, that is a folder."""
    return OutputError(f"{shown} is a folder; name a file in it with {option}")


def is_taken(shown: str, ways: str = "--overwrite", option: str = "-o") -> OutputError:
    """The refusal of an output, by its name, that is there already; see `check_free`."""
    return OutputError(f"{shown} exists; use {ways}, or another {option}")
