"""Where results and figures go: standard output, or a file that appears under its name only when it is complete."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import FileIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, TextIO

from mnistcls.errors import OutputError
from mnistcls.files import is_url

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL}
"""What file systems without locks answer, as NFS and Lustre may be mounted: there, the user sees to it."""

SYNC_BYTES = 16_000_000
"""Written bytes after which the disk is asked to keep them: a power failure costs no more than these."""


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


@contextmanager
def output_file(path: Path, start: int = 0, advice: str = "") -> Iterator[PartFile]:
    """A file written as `NAME.part`, which gets its name at the end; whatever stops it, what is written stays.

    Args:
        path: the output.
        start: bytes of an earlier `NAME.part` to keep; what follows them is cut off.
        advice: said after where the finished rows are, if something stops the run.

    Raises:
        OutputError: it cannot be written, or another run is writing it.
    """
    stream = PartFile(path, start)
    try:
        yield stream
        stream.complete()
    except BaseException as stop:
        stop.add_note(f"finished rows are in {stream.part}{advice}")
        raise
    finally:
        stream.close()


class PartFile:
    """An output file on its way; see `output_file`."""

    def __init__(self, path: Path, start: int) -> None:
        self._path, self.part = path, part_of(path)
        self._unsynced = 0
        with self._errors("; choose another folder with -o"):
            self._file: FileIO = open(self.part, "ab", buffering=0)  # noqa: SIM115 - closed by `close`
            try:
                _lock(self._file, path)
                self._keep(start)
            except BaseException:
                self.close()
                raise

    def _keep(self, start: int) -> None:
        """Cut off what follows so many bytes.

        Raises:
            OutputError: they are not there. Another run has ended since they were seen, and given the file its name;
                what is there under the old name is a new one.
        """
        ours = os.fstat(self._file.fileno())
        if ours.st_size < start or not self.part.exists() or not os.path.samestat(ours, self.part.stat()):
            if ours.st_size == 0:
                self.part.unlink(missing_ok=True)
            raise OutputError(f"another run has just ended that was writing {self._path}; start this one again")
        if ours.st_size > start:
            self._file.truncate(start)

    def write(self, data: bytes) -> int:
        """Write all of it: it is in the system's hands when this returns."""
        rest = memoryview(data)
        with self._errors():
            while rest:
                rest = rest[self._file.write(rest) :]
            self._unsynced += len(data)
            if self._unsynced >= SYNC_BYTES:
                self._sync()
        return len(data)

    @property
    def closed(self) -> bool:
        """Whether it is; pyarrow asks."""
        return self._file.closed

    def complete(self) -> None:
        """Give the file its name."""
        with self._errors():
            self._sync()
            if not fcntl:  # Windows renames no file that is open
                self.close()
            self.part.replace(self._path)

    def close(self) -> None:
        """Leave the file as it is."""
        self._file.close()

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        self._unsynced = 0

    @contextmanager
    def _errors(self, advice: str = "") -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(f"cannot write {self._path}: {error.strerror}{advice}") from None


def part_of(path: Path) -> Path:
    """The file that an output is written to before it is complete."""
    return path.with_name(path.name + ".part")


def discard_part(path: Path) -> None:
    """Remove what an earlier run has left of an output.

    Raises:
        OutputError: it cannot be removed, or another run is writing it.
    """
    try:
        with open(part_of(path), "r+b", buffering=0) as file:
            _lock(file, path)
            if fcntl:
                part_of(path).unlink()
        if not fcntl:  # Windows removes no file that is open
            part_of(path).unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; choose another folder with -o") from None


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


def _lock(file: FileIO, path: Path) -> None:
    """Keep a second run from writing the same file."""
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(f"another run is writing {path}; wait for its end, or choose another -o") from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
