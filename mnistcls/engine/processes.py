"""Starts worker processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing import resource_tracker, util
from typing import Any

SPARE_FILES = 12
"""Files that starting a worker may open."""

MAX_FOLDER_BYTES = 70
"""Longest path of the temporary folder for the server's socket: a socket's path may have 103 bytes on macOS, 107 on
Linux, and multiprocessing adds 32 to the folder's."""


def context() -> Any:
    """The context that makes worker processes, forked from a server that has imported everything but no network."""
    if not _has_server():
        return multiprocessing.get_context("spawn")
    _shorten_socket()
    made = multiprocessing.get_context("forkserver")
    too = [name for name in ("mnistcls.cli", "s3fs") if name in sys.modules]  # every worker will need them
    made.set_forkserver_preload(["mnistcls.classifier", "mnistcls.engine.worker", *too])
    return made


def start_server() -> None:
    """Start the server, if there is one, so that it imports while this process does other work."""
    context()
    if _has_server():
        from multiprocessing import forkserver  # noqa: PLC0415 - POSIX only

        with suppress(OSError), without_interrupts():  # tried again when the first worker is started
            forkserver.ensure_running()


def check_spare_files() -> None:
    """Check that a worker can open the files that it takes; without, the server may print a traceback of its own.

    Raises:
        OSError: too many files are open.
    """
    with ExitStack() as opened:
        for _ in range(SPARE_FILES):
            opened.callback(os.close, os.open(os.devnull, os.O_RDONLY))


def _shorten_socket() -> None:
    """Put the server's socket in /tmp if TMPDIR is too long for one; other files stay in TMPDIR."""
    chosen = tempfile.gettempdir()
    if len(os.fsencode(chosen)) > MAX_FOLDER_BYTES:
        tempfile.tempdir = "/tmp"  # noqa: S108 - a folder of a random name is made in it
        with suppress(OSError):  # starting the server reports the error
            util.get_temp_dir()  # multiprocessing keeps this one from now on
        tempfile.tempdir = chosen


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Processes started in this block never see Ctrl-C: the main process ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # starting it later would let the signal in again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _has_server() -> bool:
    return "forkserver" in multiprocessing.get_all_start_methods()
