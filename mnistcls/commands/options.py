"""Declarations of the options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mnistcls.errors import MnistclsError, OutputError
from mnistcls.files import is_url
from mnistcls.text import printable


def read_here(option: str) -> Callable[[str], Path]:
    """The parser of an option that reads a local file."""
    return _parser(option, "reads only local files; download it and name the copy")


def written_here(option: str) -> Callable[[str], Path]:
    """The parser of an option that writes a local file or folder."""
    return _parser(option, "writes only local files; name a local path and upload it when it is complete")


def named(option: str) -> Callable[[str], str]:
    """The parser of an option or argument that is a path or a URL."""

    def path(text: str) -> str:
        if not text:  # as from a variable that is not set; it would mean the working folder
            raise MnistclsError(f"the path for {option} is empty; name one")
        return text

    return path


def _parser(option: str, refusal: str) -> Callable[[str], Path]:
    checked = named(option)

    def path(text: str) -> Path:
        if is_url(checked(text)):
            raise MnistclsError(f"{printable(text)}: {option} {refusal}")
        return Path(text)

    return path


def finite(number: float | None) -> float | None:
    """The callback of an option that is a number: refuse `inf` and `nan`, which pass for numbers within any range."""
    if number is not None and not math.isfinite(number):
        raise typer.BadParameter("must be a finite number")
    return number


ModelFile = Annotated[
    Path | None,
    typer.Option(
        "--model",
        metavar="FILE",
        parser=read_here("--model"),
        help="An exported .onnx file. Default: the bundled model.",
    ),
]
MinConfidence = Annotated[
    float | None,
    typer.Option(
        "--min-confidence",
        min=0,
        max=1,
        callback=finite,
        metavar="SHARE",
        help="Below this confidence the status is uncertain. Default: the model's own (see info).",
    ),
]
MaxPixels = Annotated[
    int,
    typer.Option(
        "--max-pixels", min=1, metavar="N", help="Images with more pixels are unreadable.", show_default="40 million"
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "-j",
        "--workers",
        min=0,
        metavar="N",
        help="Worker processes; 0: none. Default: one per CPU, none for few images.",
    ),
]


Timeout = Annotated[
    float,
    typer.Option(
        min=0,
        callback=finite,
        metavar="SECONDS",
        help="Longest time for one image, in seconds; 0 for no limit.",
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FILE",
        parser=written_here("--report"),
        help="Also write an HTML page for viewing the images and correcting their digits.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what an earlier run wrote.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Print only results and errors.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Also print which model is used.")]


class Engine(StrEnum):
    """Where the work is done: on this machine, or on a Ray cluster."""

    LOCAL = "local"
    RAY = "ray"


EngineName = Annotated[
    Engine, typer.Option("--engine", help="ray: run on a cluster and write a folder of parts; see the README.")
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="Address of a running Ray cluster; auto finds it. Default: start one on this machine."
    ),
]


class FigureFormat(StrEnum):
    """How figures are written."""

    TABLE = "table"
    JSON = "json"


Figures = Annotated[FigureFormat | None, typer.Option("--format", help="A table for people, JSON for programs.")]


def figure_format(chosen: FigureFormat | None, output: Path | None) -> FigureFormat:
    """The format that the options ask for: by name, else by the output's suffix."""
    if chosen is not None:
        return chosen
    if output is None:
        return FigureFormat.TABLE
    suffixes = {".json": FigureFormat.JSON, ".txt": FigureFormat.TABLE}
    if output.suffix.lower() not in suffixes:
        raise OutputError(f"{output}: its suffix names no known format; use .json or .txt, or --format")
    return suffixes[output.suffix.lower()]
