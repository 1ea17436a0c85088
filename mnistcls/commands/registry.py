"""Which commands there are; each is made of its function when it is asked for.

To import and make them all would add a fifth to the time of `--version`. What they need to run they import when they
do: `--help` and `--version` load neither numpy nor onnxruntime.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from inspect import get_annotations
from typing import Any, cast

import typer
from typer.core import TyperGroup


@dataclass(frozen=True)
class Entry:
    """A command that may be made, of the function with its name in the module with its name."""

    short_help: str
    no_args_is_help: bool = False


ENTRIES = {
    "classify": Entry("Read the digit in each image.", no_args_is_help=True),
    "evaluate": Entry("Measure how often the answers are right.", no_args_is_help=True),
    "info": Entry("Describe a model file and the environment."),
    "bench": Entry("Measure how fast each step is, and which one limits."),
    "export": Entry("Make a model file of a trained checkpoint."),
}
"""By name, in the order of the help."""


class _Made(Mapping[str, Any]):
    """Commands by name, made on access."""

    def __getitem__(self, name: str) -> Any:
        entry = ENTRIES[name]
        app = typer.Typer(rich_markup_mode=None, add_completion=False)
        function = getattr(import_module(f"mnistcls.commands.{name}"), name)
        function.__annotations__ = get_annotations(function, eval_str=True)  # once, where Typer would four times
        app.command(name, short_help=entry.short_help, no_args_is_help=entry.no_args_is_help)(function)
        return typer.main.get_command(app)

    def __iter__(self) -> Iterator[str]:
        return iter(ENTRIES)

    def __len__(self) -> int:
        return len(ENTRIES)


class Commands(TyperGroup):
    """The group of all commands."""

    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = cast("Any", _Made())  # nobody adds any
