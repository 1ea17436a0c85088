"""How worker processes are made."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from typing import Any


def context() -> Any:
    """What makes worker processes: forked off a server that has imported everything, once, and loaded no network."""
    if not _has_server():
        return multiprocessing.get_context("spawn")
    made = multiprocessing.get_context("forkserver")
    too = [name for name in ("mnistcls.cli", "s3fs") if name in sys.modules]  # what else every worker will import
    made.set_forkserver_preload(["mnistcls.classifier", "mnistcls.engine.worker", *too])
    return made


def start_server() -> None:
    """Let the server import, beside whatever this process does meanwhile, if there is one."""
    context()
    if _has_server():
        from multiprocessing import forkserver  # noqa: PLC0415 - POSIX only

        with suppress(OSError), without_interrupts():  # tried again when the first worker is started
            forkserver.ensure_running()


@contextmanager
def without_interrupts() -> Iterator[None]:
    """Processes that are started here never see Ctrl-C: the main process ends them."""
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
