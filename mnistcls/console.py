"""Rich's consoles: one for results that people read, one for messages on standard error."""

from __future__ import annotations

import os
from typing import NoReturn, TextIO

from rich.console import Console

from mnistcls.results import Status

STYLES = {
    Status.OK: "green",
    Status.UNCERTAIN: "yellow",
    Status.NO_DIGIT: "magenta",
    Status.UNREADABLE: "red",
}
"""Colours of a status."""

LEAST_WIDTH = 60
"""Least width of tables, in columns: a narrower terminal wraps their lines, where figures would be lost."""

UNBOUNDED = 10_000
"""Width, in columns, where there is no terminal to say how wide it is."""


def results_console(stream: TextIO, *, bounded: bool = True) -> Console:
    """A console that prints to a stream, in lines as long as a terminal's, or as `COLUMNS` says.

    Args:
        stream: standard output or a file.
        bounded: whether lines in a file or a pipe are as short as a terminal's; if not, no path is cut in them.
    """
    wide = not (bounded or stream.isatty() or "COLUMNS" in os.environ)
    console = _ResultsConsole(file=stream, highlight=False, width=UNBOUNDED if wide else None)
    console.width = max(console.width, LEAST_WIDTH)
    return console


class MessagesConsole(Console):
    """Standard error, for messages; a reader that goes away does not stop the run."""

    def __init__(self) -> None:
        super().__init__(stderr=True, highlight=False, markup=False, soft_wrap=True)
        self.width = self.width or LEAST_WIDTH  # Rich would print nothing in a terminal of no columns

    def __exit__(self, *stopped: object) -> None:
        """Write what has been printed, or drawn of a progress bar, if it can be written."""
        try:
            super().__exit__(*stopped)
        except OSError:
            self.quiet = True

    def on_broken_pipe(self) -> None:
        """Print nothing more; Rich would end the program, with the exit code for unreadable images."""
        self.quiet = True


class _ResultsConsole(Console):
    def on_broken_pipe(self) -> NoReturn:
        """Pass on that the reader has gone: `outputs.standard_output` knows what to do, and Rich exits with 1."""
        raise BrokenPipeError
