"""What the small commands `python -m train.NAME` have in common: options as everywhere, and one line for an error."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated

import typer

from mnistcls.errors import MnistclsError
from mnistcls.results import printable

DataDir = Annotated[
    Path | None, typer.Option(help="The folder of the MNIST files.", show_default="$MNIST_DIR, or else data")
]
"""The option `--data-dir`; None for what `train.data.resolve_data_dir` makes of it."""


def app(main: Callable[..., None]) -> typer.Typer:
    """A function as a command: its errors, and those of files and folders, end with exit code 2."""
    made = typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @made.command()
    @wraps(main)
    def ended(**options: object) -> None:
        try:
            main(**options)
        except (MnistclsError, OSError) as error:
            typer.echo(f"Error: {printable(str(error))}", err=True)
            raise typer.Exit(2) from error

    return made


def run(main: Callable[..., None]) -> None:
    """Run `main` as that command; SIGTERM unwinds it as Ctrl-C does, so that nothing half-written is left."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    app(main)()
