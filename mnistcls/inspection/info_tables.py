"""A model file and the environment as a table and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, TextIO

from rich.table import Table
from rich.text import Text

from mnistcls.console import results_console
from mnistcls.inspection.info import Environment, ModelInfo
from mnistcls.text import printable

SCHEMA = 1
"""Changes when a key of the JSON is removed or changes its meaning, not when one is added."""


def as_dict(model: ModelInfo, environment: Environment) -> dict[str, Any]:
    """Everything, in plain types."""
    described = asdict(model) | {"path": str(model.path)}
    return {"schema": SCHEMA, "model": described, "environment": asdict(environment)}


def print_info(model: ModelInfo, environment: Environment, stream: TextIO) -> None:
    """Print the model, then the environment, a line for each property."""
    console = results_console(stream)
    console.print(_grid("Model", _model_rows(model)))
    console.print()
    console.print(_grid("Environment", _environment_rows(environment)))


def _model_rows(model: ModelInfo) -> Iterator[tuple[str, str]]:
    yield "file", str(model.path)
    yield "SHA-256", model.sha256 or "-"
    yield "size", "-" if model.size is None else f"{model.size:,} bytes"
    if model.error:
        yield "error", model.error
    if model.metadata is None:
        return
    yield "name", model.metadata.name
    yield "version", model.metadata.version
    yield "contract", f"version {model.metadata.contract}"
    yield "preprocessing", f"version {model.metadata.preprocessing}"
    yield "thresholds", f"uncertain under a confidence of {model.metadata.confidence_threshold:.4f}"
    yield "", f"no_digit under a digit score of {model.metadata.digit_score_threshold:.4f}"
    yield "threads", f"{model.threads} in each process"
    yield from _named("provenance", model.metadata.provenance)
    yield from _named("metrics", {name: f"{value:.6g}" for name, value in model.metadata.metrics.items()})


def _environment_rows(environment: Environment) -> Iterator[tuple[str, str]]:
    yield "mnistcls", environment.mnistcls
    yield "Python", environment.python
    yield "platform", environment.platform
    yield "CPU", environment.cpu
    quota = environment.cgroup_quota
    limit = "" if quota is None else f", quota {quota:g}"
    yield "CPUs", f"{environment.cpus}, usable {environment.usable_cpus}{limit}"
    yield from ((name, version or "not installed") for name, version in environment.packages.items())
    yield from ((f"Pillow: {name}", version or "no") for name, version in environment.pillow_features.items())
    yield from ((f"extra: {name}", "installed" if there else "no") for name, there in environment.extras.items())


def _named(title: str, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Rows with the title before the first only."""
    for i, (name, value) in enumerate(values.items()):
        yield "" if i else title, f"{name}: {value}"


def _grid(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.title, table.title_justify, table.title_style = title, "left", "bold"
    table.add_column(no_wrap=True, style="dim")
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(printable(name), Text(printable(value)))
    return table
