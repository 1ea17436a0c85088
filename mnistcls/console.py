"""Standard error: what is said beside the results."""

from __future__ import annotations

import logging

from rich.console import Console

from mnistcls.results import printable


def stderr_console(*, quiet: bool) -> Console:
    """Standard error, the library's warnings included; brackets in file names are no markup."""
    console = Console(stderr=True, quiet=quiet, highlight=False, markup=False, soft_wrap=True)
    logging.getLogger("mnistcls").handlers = [_Warnings(console)]
    return console


class _Warnings(logging.Handler):
    """Shows the library's warnings on the console, above a progress bar if there is one."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        self._console.print(f"Warning: {printable(record.getMessage())}")
