"""A file of results on its way: it grows as `NAME.part`, and gets its name when it is complete."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from mnistcls.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

NO_LOCKS = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.EINVAL}
"""What file systems without locks answer, as NFS and Lustre may be mounted: there, the user sees to it."""

SYNC_BYTES = 16_000_000
"""Written bytes after which the disk is asked to keep them: a power failure costs no more than these."""


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
