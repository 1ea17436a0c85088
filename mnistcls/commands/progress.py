"""Progress bars, on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, TypeGuard, TypeVar

from mnistcls.commands.common import Silent
from mnistcls.sources import Sources

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from mnistcls.batch import Batch
    from mnistcls.results import Tally

_Item = TypeVar("_Item")


def is_shown(console: Console | Silent) -> TypeGuard[Console]:
    """Whether a console can show a moving bar; FORCE_COLOR makes a file pass for a terminal, but not for this."""
    if isinstance(console, Silent):
        return False
    return console.is_terminal and not console.is_dumb_terminal and console.file.isatty()


@contextmanager
def progress(
    batches: Iterable[Batch], sources: Sources, console: Console | Silent, tally: Tally
) -> Iterator[Iterable[Batch]]:
    """Pass the batches on, with a progress bar on the console if it is a terminal.

    The bar counts sources, as the number of pages in TIFF files is not known before. A thread counts them all so that
    work starts at once; until it is done, the bar has no total.

    Args:
        batches: the answers that are still to come.
        sources: all of the run, those answered before included.
        console: where the bar is drawn.
        tally: counts the batches, and those of an earlier run.
    """
    if not is_shown(console):
        yield batches
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    layout = (TextColumn("Classifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*layout, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, completed=tally.answered)
        Thread(target=partial(_count, bar, task, sources), daemon=True).start()
        yield _followed(bar, task, batches, tally)


def _count(bar: Progress, task: TaskID, sources: Sources) -> None:
    """Give the bar its total; if the sources cannot be counted, whatever the reason, the work itself says why."""
    with suppress(Exception):
        bar.update(task, total=sources.count())


def _followed(bar: Progress, task: TaskID, batches: Iterable[Batch], tally: Tally) -> Iterator[Batch]:
    """Advance the bar with each batch, and clear it after the last: more output may go to the same terminal."""
    for batch in batches:
        bar.update(task, completed=tally.answered)
        yield batch
    bar.stop()


def bar_over(name: str, console: Console | Silent) -> Callable[[Sequence[_Item]], Iterable[_Item]]:
    """A function that yields a list's items, with a progress bar if the console is a terminal."""
    if not is_shown(console):
        return iter
    from rich.progress import track

    return partial(track, description=name, console=console, transient=True)


@contextmanager
def share_bar(name: str, console: Console | Silent) -> Iterator[Callable[[float], None]]:
    """A function that takes the share done, 0 to 1, for a progress bar; shown if the console is a terminal."""
    if not is_shown(console):
        yield lambda _: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    with Progress(TextColumn(name), BarColumn(), TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("", total=1)
        yield lambda share: bar.update(task, completed=share)
