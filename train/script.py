"""What all commands of training have in common: the option for the data, one line for an error, and clean stops."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Sequence
from functools import partial, wraps
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn, Protocol, TypeVar

import typer

from mnistcls.errors import MnistclsError, OutputError
from mnistcls.text import printable

DataDir = Annotated[
    Path | None, typer.Option(help="The folder of the MNIST files.", show_default="$MNIST_DIR, or else data")
]
"""The option `--data-dir`, to pass to `train.data.resolve_data_dir`."""


def app(main: Callable[..., None]) -> typer.Typer:
    """Make a function a command. Its errors, and those of files and folders, are one line on stderr and exit code 2."""
    command = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @command.command()
    @wraps(main)
    def ended(**options: object) -> None:
        try:
            main(**options)
        except (MnistclsError, OSError) as error:
            typer.echo(f"Error: {printable(str(error))}", err=True)
            raise typer.Exit(2) from error

    return command


def run(main: Callable[..., None]) -> None:
    """Run `main` as a command that can be stopped."""
    stop_cleanly()
    app(main)()


def stop_cleanly(advice: str = "") -> None:
    """Make Ctrl-C and SIGTERM end the program with a line on stderr, and with 128 + the signal's number as exit code.

    They unwind the stack, so that nothing half-written is left.

    Args:
        advice: the rest of the line that begins with `Stopped`.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, partial(_stop, f"Stopped{advice}"))


def _stop(message: str, number: int, _frame: FrameType | None) -> NoReturn:
    typer.echo(message, err=True)
    sys.exit(128 + number)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_AnyNamed = TypeVar("_AnyNamed", bound=_Named)


def choose_named(items: Sequence[_AnyNamed], names: Sequence[str], kind: str) -> list[_AnyNamed]:
    """The items of these names, in the order of the items; all of them for no name.

    Raises:
        OutputError: there is no such item; `kind` says what it would be.
    """
    known = [item.name for item in items]
    if unknown := ", ".join(name for name in names if name not in known):
        raise OutputError(f"there is no {kind} {unknown}; choose from {', '.join(known)}")
    return [item for item in items if not names or item.name in names]
