"""Keeps what Pillow and libtiff print of damaged images off standard error: their rows say that they are damaged.

libtiff writes to descriptor 2, and Pillow has no setting against that. A redirection concerns the whole process. So it
is done only in the program's own processes, where one thread decodes, and only while libtiff is at work: messages of a
crash, of onnxruntime and of other processes pass. A program that uses the library keeps its standard error.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

STDERR = 2  # the descriptor


class _Libtiff:
    """Prints to standard error, or to the null device."""

    def __init__(self) -> None:
        self._null: int | None = None
        """The descriptor of the null device; None to print to standard error."""

    def silence(self) -> None:
        """Print to the null device from now on; if standard error is closed, there is nothing to do."""
        if self._null is None:
            with suppress(OSError):
                os.fstat(STDERR)
                self._null = os.open(os.devnull, os.O_WRONLY)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The time in which it may print."""
        if self._null is None:
            yield
            return
        kept = os.dup(STDERR)
        try:
            os.dup2(self._null, STDERR)
            yield
        finally:
            os.dup2(kept, STDERR)
            os.close(kept)


libtiff = _Libtiff()


def silence() -> None:
    """Print nothing of damaged images in this process from now on; for processes that are the program's own."""
    libtiff.silence()
    logging.getLogger("PIL").addHandler(logging.NullHandler())  # without a handler, Python prints errors itself
