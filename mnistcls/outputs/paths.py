"""Checks the paths of outputs: before the work starts, and again before a file gets its name."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile

from mnistcls.errors import OutputError

Fingerprint = tuple[int, ...]
"""Identifies the file at a path and its state; empty if there is none."""


class ChangedFileError(OutputError):
    """The file at an output's path is not the one that the run was to replace; says what to do with the results."""


def part_of(path: Path) -> Path:
    """The file that an output is written to before it is complete."""
    return path.with_name(path.name + ".part")


def manifest_of(output: Path) -> Path:
    """The manifest of an output: the file beside it that describes the run."""
    return output.with_name(output.name + ".manifest.json")


def resolve_link(path: Path) -> Path:
    """The file that a link leads to, or the path itself: replacing the link would leave the file as it was."""
    return Path(os.path.realpath(path)) if os.path.islink(path) else path  # noqa: PTH114 - no error for a name that is too long


def fingerprint(path: Path) -> Fingerprint:
    """The fingerprint of the file at a path, or where its links lead."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def check_unchanged(path: Path, was: Fingerprint, fix: str = "") -> None:
    """Check that the file at a path is still the one that was there, if any, when the work began.

    Args:
        path: the file.
        was: its fingerprint then.
        fix: what to do if it is another one, for the error; by default, how to keep the results in `NAME.part`.

    Raises:
        ChangedFileError: it is.
    """
    if fingerprint(path) != was:
        keep_results = f"all results are in {part_of(path)}; rename it to keep them"
        raise ChangedFileError(f"{path} was changed during the run and is left as it is; {fix or keep_results}")


def rename_into_place(part: Path, path: Path, was: Fingerprint | None = None) -> None:
    """Give a complete file its name, and the permissions of what it replaces.

    Args:
        part: the file.
        path: its name.
        was: the fingerprint of the file there when the work began; None if that does not matter.

    Raises:
        ChangedFileError: that file has been changed since.
        OSError: the file cannot be renamed.
    """
    if was is not None:
        check_unchanged(path, was)
    with suppress(OSError):
        part.chmod(stat.S_IMODE(path.stat().st_mode))
    part.replace(path)


def check_name(path: Path, option: str = "-o") -> None:
    """Check that a path names a file; nothing can be named after `/`, `.` or an empty path, which is `.` as well.

    Raises:
        OutputError: it does not.
    """
    if not path.name:
        raise is_folder(str(path), option)


def check_free(path: Path, *, overwrite: bool = False, ways: str = "--overwrite", option: str = "-o") -> None:
    """Check that an output may be written at a path.

    Args:
        path: of the output.
        overwrite: whether the output of an earlier run may be replaced.
        ways: options that allow that, for the errors.
        option: what the user named the output with.

    Raises:
        OutputError: it is a folder or a device, its folder does not exist, its name is too long, or an earlier run's
            output is in the way.
    """
    if str(path) == "-":
        raise OutputError(f"- is not a file name for {option}; without -o, results go to standard output")
    if os.path.isdir(path):
        raise is_folder(str(path), option)
    if not os.path.isdir(path.parent):
        if os.path.exists(path.parent):
            raise OutputError(f"cannot write {path}: {path.parent} is a file; choose a folder with {option}")
        fix = f"make it, or choose another with {option}"
        raise OutputError(f"cannot write {path}: there is no folder {path.parent}; {fix}")
    check_length(part_of(path), path, option)
    if (os.path.exists(path) and not path.is_file()) or _is_stream(path):  # it would be replaced by the finished file
        raise OutputError(f"{path} is a pipe, socket or device; redirect standard output, or use another {option}")
    if overwrite:
        return
    if os.path.exists(path):
        raise is_taken(str(path), ways, option)
    if os.path.exists(part_of(path)):
        raise OutputError(f"{part_of(path)} is left over from an unfinished run; use {ways}, or another {option}")


def check_length(beside: Path, path: Path, option: str = "-o") -> None:
    """Check that the name of a file beside an output, which is longer than its own, is not too long.

    Raises:
        OutputError: it is.
    """
    if _is_too_long(beside):
        raise OutputError(f"cannot write {path}: its name is too long; choose a shorter one with {option}")


def _is_stream(path: Path) -> bool:
    """Whether a path names an open file, as /dev/stdout does: whatever that leads to, the name must stay."""
    folder = os.path.realpath(path.parent)
    return path.is_symlink() and (folder == "/dev" or folder.startswith("/proc/"))


def _is_too_long(path: Path) -> bool:
    try:
        path.lstat()
    except OSError as error:
        return error.errno == errno.ENAMETOOLONG
    return False


def check_writable(path: Path, option: str = "-o") -> None:
    """Check, before the work starts, that files can be created in an output's folder.

    Raises:
        OutputError: they cannot.
    """
    try:
        TemporaryFile(dir=resolve_link(path).parent).close()
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}; choose another folder with {option}") from None


def is_folder(shown: str, option: str = "-o") -> OutputError:
    """The error for an output whose name is that of a folder."""
    return OutputError(f"{shown} is a folder; name a file in it with {option}")


def is_taken(shown: str, ways: str = "--overwrite", option: str = "-o") -> OutputError:
    """The error for an output that exists already; see `check_free`."""
    return OutputError(f"{shown} exists; use {ways}, or another {option}")
