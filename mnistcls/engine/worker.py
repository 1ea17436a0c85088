"""Runs in a worker process: chunks of sources in, batches of answers out, until the main process has no more."""

from __future__ import annotations

import ctypes
import logging
import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from threading import Thread
from typing import Any

from mnistcls.batch import Batch
from mnistcls.decode import messages
from mnistcls.engine import Answer
from mnistcls.sources import Source


class Progress(ctypes.Structure):
    """Where a worker is, in memory shared with the main process, which can read it after the worker died."""

    _fields_ = (("index", ctypes.c_longlong), ("images", ctypes.c_longlong))

    def on_source(self, index: int) -> None:
        """Note that an image of `sources[index]` is begun; see `Answer`."""
        self.index = index
        self.images += 1


@dataclass(frozen=True)
class Reply:
    """A worker's reply to a chunk."""

    batch: Batch | None
    """The answers; None after an exception."""
    warnings: Sequence[str]
    """Warnings to log."""
    error: str = ""
    """The exception."""


def serve(connection: Connection, answer: Answer, progress: Any, environment: Mapping[str, str]) -> None:
    """Answer chunks of sources until the connection closes; the first message, None, says that the worker is ready."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the main one ends its workers
    os.environ.clear()
    os.environ.update(environment)  # the server that this was forked from may have older credentials, for example
    Thread(target=_end_with_parent, daemon=True).start()
    warnings = collect_warnings()
    messages.silence()
    try:
        connection.send(None)
        while True:
            sources = [Source(*fields) for fields in connection.recv()]
            try:
                reply = Reply(answer(sources, progress.on_source), warnings.taken())
            except Exception as error:
                reply = Reply(None, warnings.taken(), repr(error))
            connection.send(reply)
    except (EOFError, OSError):
        return


def _end_with_parent() -> None:
    """Exit as soon as the main process is gone, even in the middle of work."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


class Collected(logging.Handler):
    """Keeps warnings until they are taken."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self._messages.append(record.getMessage())

    def taken(self) -> list[str]:
        """The warnings since the last call."""
        messages, self._messages = self._messages, []
        return messages


def collect_warnings() -> Collected:
    """Keep this process's warnings, and show them nowhere."""
    logger, handler = logging.getLogger("mnistcls"), Collected()
    logger.handlers, logger.propagate = [handler], False
    return handler
