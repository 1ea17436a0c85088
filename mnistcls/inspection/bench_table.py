"""A benchmark as a table and as JSON."""

from __future__ import annotations

from typing import Any, TextIO

from rich import box
from rich.table import Table

from mnistcls.console import results_console
from mnistcls.inspection.bench import Benchmark
from mnistcls.text import plural

SCHEMA = 1
"""Changes when a key of the JSON is removed or changes its meaning, not when one is added."""


def as_dict(benchmark: Benchmark) -> dict[str, Any]:
    """Everything, in plain types; times in seconds per image, rates in images per second."""
    return {
        "schema": SCHEMA,
        "images": benchmark.images,
        "unreadable": benchmark.unreadable,
        "megabytes": round(benchmark.megabytes, 3),
        "passes": benchmark.passes,
        "stages": [
            {"name": stage.name, "rate": round(stage.rate, 1), "seconds": stage.seconds}
            | {"share": round(benchmark.share(stage), 4)}
            for stage in benchmark.stages
        ],
        "limiting": benchmark.limiting.name,
        "end_to_end": round(benchmark.end_to_end, 1),
    }


def print_benchmark(benchmark: Benchmark, stream: TextIO) -> None:
    """Print the stages, the bottleneck, and the rate of all stages together."""
    console = results_console(stream)
    left_out = f", left out as unreadable: {benchmark.unreadable:,}" if benchmark.unreadable else ""
    console.print(f"{plural(benchmark.images, 'image')}, {benchmark.megabytes:,.1f} MB{left_out}\n")
    console.print(_stages(benchmark))
    limiting = benchmark.limiting
    console.print(f"\nBottleneck: {limiting.name}, {benchmark.share(limiting):.0%} of the time on one thread.")
    console.print(f"All steps together, as in classify: {benchmark.end_to_end:,.0f} images/s.")


def _stages(benchmark: Benchmark) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("One thread")
    for name in ("Images/s", "Microseconds", "Share"):
        table.add_column(name, justify="right")
    for stage in benchmark.stages:
        style = "bold yellow" if stage is benchmark.limiting else ""
        cells = (f"{stage.rate:,.0f}", f"{stage.seconds * 1e6:,.1f}", f"{benchmark.share(stage):.0%}")
        table.add_row(stage.name, *cells, style=style)
    return table
