"""The command line: options are checked first, then the work; errors are printed here, once."""

from __future__ import annotations

import errno
import re
import signal
import sys
import traceback
from contextlib import suppress
from types import FrameType
from typing import Annotated, NoReturn

import typer

from mnistcls import __version__
from mnistcls.commands.registry import Commands
from mnistcls.errors import MnistclsError
from mnistcls.files import working_folder_is_gone
from mnistcls.text import printable

EXIT_ERROR = 2

STOP_SIGNALS = {
    getattr(signal, name): message
    for name, message in (("SIGINT", "interrupted"), ("SIGTERM", "terminated"), ("SIGHUP", "the terminal is gone"))
    if hasattr(signal, name)  # Windows has no SIGHUP
}
"""Signals that end a run, and the message of each."""

_NO_MEMORY = re.compile("failed to map segment|cannot allocate memory", re.IGNORECASE)
_FIXES = {
    errno.ENOMEM: "free some, or raise its limit (ulimit -v)",
    errno.EMFILE: "raise the limit of open files (ulimit -n), or use fewer workers with -j",
    errno.ENFILE: "close other programs, or use fewer workers with -j",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EAGAIN: "close other programs, or use fewer workers with -j",
}
"""What to do about a fault of the machine that is not the disk's."""

app = typer.Typer(
    cls=Commands,
    help="Reads handwritten digits out of folders of images.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Stopped(BaseException):
    """One of `STOP_SIGNALS` came in; unwinds the stack so that finished rows reach the disk."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(STOP_SIGNALS[signal.Signals(signal_number)])
        self.exit_code = 128 + signal_number


def main() -> NoReturn:
    """Run the command line; the only place of this package that prints errors and exits."""
    for number in STOP_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as it is under nohup, or of a job in the background
            signal.signal(number, _stop)
    try:
        app()
    except MnistclsError as error:
        _fail(error, EXIT_ERROR)
    except Stopped as stopped:
        _fail(stopped, stopped.exit_code)
    except OSError as error:
        _fail(error, EXIT_ERROR, _fault(error))
    except Exception as error:
        if stop := _stop_behind(error):
            _fail(error, stop.exit_code, str(stop))
        if _lacks_memory(error):
            _fail(error, EXIT_ERROR, f"not enough memory; {_FIXES[errno.ENOMEM]}")
        with suppress(OSError):
            traceback.print_exc()
        _fail(error, EXIT_ERROR, f"unexpected: {error!r}; please report it with the lines above")
    sys.exit(0)


def _fail(error: BaseException, code: int, text: str | None = None) -> NoReturn:
    """Print an error with its notes, which say where finished rows are, and exit; `text` replaces its own."""
    message = "; ".join([text or str(error), *getattr(error, "__notes__", [])])
    with suppress(OSError):  # nobody may read it, and the exit code stays
        typer.echo(f"Error: {printable(message)}", err=True)
    sys.exit(code)


def _stop_behind(error: BaseException) -> Stopped | None:
    """The signal behind an error, if any: a C extension that it interrupts while it loads raises ImportError."""
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, Stopped):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _lacks_memory(error: Exception) -> bool:
    """Whether there is too little memory; the loader says so of a library that it cannot map, onnxruntime's first."""
    return isinstance(error, MemoryError) or (
        isinstance(error, ImportError) and _NO_MEMORY.search(str(error)) is not None
    )


def _fault(error: OSError) -> str:
    """Describe a fault of the machine, not of the program: a full disk, a folder that is gone."""
    if working_folder_is_gone():
        return "the working folder is gone; change to one that exists"
    file = f"{error.filename}: " if error.filename else ""
    return f"{file}{error.strerror or error}; {_FIXES.get(error.errno or 0, 'check the disk and its permissions')}"


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    for again in STOP_SIGNALS:  # a second signal must not interrupt the way out
        signal.signal(again, _ignore)
    raise Stopped(number)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Do nothing; with SIG_IGN, Python would print a traceback of a second signal that came at the same moment."""


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"mnistcls {__version__}")
        raise typer.Exit


@app.callback()
def main_options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Reads handwritten digits out of folders of images."""
