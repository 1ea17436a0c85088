"""The commands; each is made from its function on first use.

Importing and making all of them would add a fifth to the time of `--version`. Commands import what they need when they
run: `--help` and `--version` load neither numpy nor onnxruntime.
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
    """How to make a command from the function of its name, in the module of its name."""

    short_help: str
    no_args_is_help: bool = False


ENTRIES = {
    "classify": Entry("Read the digit in each image.", no_args_is_help=True),
    "evaluate": Entry("Measure how often the answers are right.", no_args_is_help=True),
    "info": Entry("Describe a model file and the environment."),
    "bench": Entry("Measure how fast each step is, and which is the bottleneck."),
    "export": Entry("Make a model file from a trained checkpoint."),
}
"""The commands by name, in the order of the help."""


class _Made(Mapping[str, Any]):
    """Commands by name, made on access."""

    def __getitem__(self, name: str) -> Any:
        entry = ENTRIES[name]
        app = typer.Typer(rich_markup_mode=None, add_completion=False)
        function = getattr(import_module(f"mnistcls.commands.{name}"), name)
        function.__annotations__ = get_annotations(function, eval_str=True)  # once; Typer would do it four times
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
