"""An unfinished file of results: it grows as `NAME.part`, and gets its name when it is complete."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import IO, Any

from mnistcls.errors import OutputError
from mnistcls.outputs.paths import ChangedFileError, Fingerprint, part_of, rename_into_place

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL}
"""Errors of file systems without locks, as NFS and Lustre may be mounted: there, the user must prevent a second run."""

SYNC_BYTES = 16_000_000
"""Written bytes after which the disk is asked to keep them: a power failure costs no more than these."""


@contextmanager
def output_file(path: Path, start: int = 0, advice: str = "", was: Fingerprint | None = None) -> Iterator[PartFile]:
    """A file that is written as `NAME.part` and gets its name at the end; if the run stops early, the rows stay.

    Args:
        path: the output.
        start: bytes of an earlier `NAME.part` to keep; what follows them is cut off.
        advice: follows the path of the finished rows in the note of an exception that stops the run.
        was: the fingerprint of the file at the path when the work began; None if that does not matter.

    Raises:
        OutputError: it cannot be written, another run is writing it, or the file at the path has been changed since.
    """
    stream = PartFile(path, start, was)
    try:
        yield stream
        stream.complete()
    except ChangedFileError:  # resuming would replace what is left as it is
        raise
    except BaseException as stop:
        stop.add_note(f"finished rows are in {stream.part}{advice}")
        raise
    finally:
        stream.close()


class PartFile:
    """An unfinished output file; see `output_file`."""

    def __init__(self, path: Path, start: int, was: Fingerprint | None) -> None:
        self._path, self.part, self._was = path, part_of(path), was
        self._unsynced = 0
        with self._errors("; choose another folder with -o"):
            self._file: FileIO = open(self.part, "ab", buffering=0)  # noqa: SIM115 - closed by `close`
            try:
                lock(self._file, self.part, path)
                self._keep(start)
            except BaseException:
                self.close()
                raise

    def _keep(self, start: int) -> None:
        """Cut off what follows this many bytes.

        Raises:
            OutputError: there are fewer: another run has ended since they were counted, and this file is a new one.
        """
        length = os.fstat(self._file.fileno()).st_size
        if length < start:
            if length == 0:
                remove_locked(self._file, self.part)
            raise _just_ended(self._path)
        if length > start:
            self._file.truncate(start)

    def write(self, data: bytes) -> int:
        """Write all of it: the system has it when this returns."""
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
        """Whether the file is closed; pyarrow asks."""
        return self._file.closed

    def complete(self) -> None:
        """Give the file its name."""
        with self._errors():
            self._sync()
            rename_locked(self._file, self.part, self._path, self._was)

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


def rename_locked(file: IO[Any], part: Path, path: Path, was: Fingerprint | None) -> None:
    """Give a complete file its name while it is locked: unlocked, a second run would empty it before it has the name.

    Args:
        file: the open file; all of it is on the disk.
        part: its path.
        path: see `rename_into_place`.
        was: see `rename_into_place`.

    Raises:
        OutputError: see `rename_into_place`.
        OSError: the file cannot be renamed.
    """
    if not fcntl:  # Windows renames no file that is open
        file.close()
    rename_into_place(part, path, was)


def remove_locked(file: IO[Any], part: Path) -> None:
    """Remove an unfinished file while it is locked: unlocked, it may be that of a second run by then.

    Args:
        file: the open file.
        part: its path.

    Raises:
        OSError: the file cannot be removed.
    """
    if not fcntl:  # Windows removes no file that is open
        file.close()
    part.unlink(missing_ok=True)


def discard_part(path: Path) -> None:
    """Remove the unfinished file that an earlier run has left.

    Raises:
        OutputError: it cannot be removed, or another run is writing it.
    """
    try:
        with open(part_of(path), "r+b", buffering=0) as file:
            lock(file, part_of(path), path)
            remove_locked(file, part_of(path))
    except FileNotFoundError:
        return
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; choose another folder with -o") from None


def lock(file: IO[Any], part: Path, path: Path, option: str = "-o") -> None:
    """Keep a second run from writing the same file, for as long as it is open.

    Args:
        file: the open file.
        part: its path.
        path: of the output, for the errors.
        option: the option that named the output, for the errors.

    Raises:
        OutputError: another run is writing it, or has given it its name since it was opened.
    """
    lock_open(file.fileno(), path, option)
    if not part.exists() or not os.path.samestat(os.fstat(file.fileno()), part.stat()):
        raise _just_ended(path)


def lock_open(descriptor: int, path: Path, option: str) -> None:
    """Lock what is open, a file or a folder, against other runs.

    Raises:
        OutputError: another run has locked it.
    """
    try:
        if fcntl:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(f"another run is writing {path}; wait for its end, or choose another {option}") from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise


def _just_ended(path: Path) -> OutputError:
    return OutputError(f"another run that was writing {path} has just ended; start this one again")
