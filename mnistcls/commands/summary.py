"""A run's result in a few lines, for people."""

from __future__ import annotations

from rich.text import Text

from mnistcls.console import STYLES
from mnistcls.results import Status, Tally
from mnistcls.text import plural, printable, without_code


def summary(tally: Tally, seconds: float, done: int = 0) -> Text:
    """A run's images and rate, and counts by status and digit; `done` of the rows are from an earlier run."""
    rate = (tally.total - done) / max(seconds, 1e-9)
    text = Text(f"{plural(tally.total, 'image')} in {seconds:.1f} s ({rate:,.0f} images/s)")
    if done:
        text.append(f", {done:,} of them before", style="dim")
    if tally.skipped:
        text.append(f", skipped {plural(tally.skipped, 'other file')}", style="dim")
    counts = [(status, tally.statuses[status]) for status in Status if tally.statuses[status]]
    text.append(f"\n{plural(tally.inputs, 'input')}, {plural(tally.total, 'row')}: ")
    text.append_text(Text(", ").join(Text(f"{n:,} {status}", style=STYLES[status]) for status, n in counts))
    if tally.digits:
        counted = (f"{digit}×{tally.digits[digit]:,}" for digit in sorted(tally.digits))  # noqa: RUF001 - times
        text.append("\nDigits: " + "  ".join(counted))
    return text


def unreadable(path: str, error: str) -> Text:
    """The first unreadable image, and why."""
    return Text(f"First unreadable: {printable(path)}: {without_code(error)}", style=STYLES[Status.UNREADABLE])
