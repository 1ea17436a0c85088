"""Batches of answers for any number of sources: in order, in bounded memory, and none lost if a process dies.

Sources are taken as they are needed, in chunks, and answered by worker processes, one thread each. If a worker dies or
hangs, no answer is lost. The image that it was reading is tried again alone, and becomes an `unreadable` row if that
fails, too; one that hung is not tried again. If it may have been any of several images, each is tried alone. The other
images of its chunk go to another worker.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from mnistcls.errors import MnistclsError
from mnistcls.files import is_url, local_path
from mnistcls.limits import BATCH_SIZE, TIMEOUT, usable_cpus
from mnistcls.sources import Source

if TYPE_CHECKING:
    from mnistcls.batch import Batch

OnSource = Callable[[int], None]
"""Takes the index of the source that the work has come to."""

CHUNK_BYTES = 4_000_000
"""Content of sources, in archives or storage, after which no more are taken together."""

MAX_INLINE_SOURCES = 256
MAX_INLINE_BYTES = 10_000_000
"""This many sources, with this many bytes in all, are answered before worker processes would have started."""

WAIT_SECONDS = 1.0
"""Longest time to collect sources before those that are there are answered: a list's writer may be slow."""

OBJECT_BYTES = 1_000_000
"""Assumed size of an object in storage, a photo's: asking for it would take a request."""


def unwatched(_index: int) -> None:
    """Take no notice: in this process, nobody watches how far the work is."""


class Answer(Protocol):
    """Makes the answers for a chunk of sources."""

    def __call__(self, sources: Sequence[Source], on_source: OnSource = unwatched) -> Batch:
        """The answers, in order.

        Args:
            sources: the chunk.
            on_source: called with the index of a source before each image of it is read, and with `len(sources)` after
                that: from then on the work is on several images together, and may be at any of them.
        """


def prepare(sources: Iterable[Source], workers: int | None) -> tuple[Iterator[Source], int]:
    """Decide how many worker processes there will be, and start the server that starts them.

    Args:
        sources: some are taken, to see whether they are few.
        workers: as for `answers`; None for as many as there are CPUs, or none where the sources are few.

    Returns:
        All sources, including those that were taken; and the number of workers.
    """
    pending = iter(sources)
    if workers is None:
        few, pending = _are_few(pending)
        workers = 0 if few else usable_cpus()
    if workers:
        from mnistcls.engine.processes import start_server  # noqa: PLC0415 - a few images do without it

        start_server()
    return pending, workers


def answers(
    sources: Iterable[Source], answer: Answer, *, workers: int = 0, timeout: float = TIMEOUT
) -> Iterator[Batch]:
    """The answers for all sources, in order.

    Args:
        sources: taken as answers are.
        answer: does the work; sent to the worker processes.
        workers: worker processes; 0 for none, all in this process.
        timeout: seconds that a worker may take over one image; 0 for any.

    Raises:
        MnistclsError: worker processes cannot be started, or `workers` or `timeout` is negative.
    """
    if workers < 0 or not timeout >= 0:
        raise MnistclsError(f"workers and timeout must be 0 or more, got {workers} and {timeout}")
    pending = iter(sources)
    if workers:
        from mnistcls.engine.pool import Pool  # noqa: PLC0415 - as above

        with closing(Pool(answer, workers, timeout)) as pool:
            yield from pool.run(pending)
        return
    while chunk := take(pending, BATCH_SIZE):
        yield answer(chunk)


def take(sources: Iterator[Source], count: int) -> list[Source]:
    """The next sources: `count` of them, or fewer that hold a lot or come slowly."""
    taken: list[Source] = []
    size, end = 0, time.monotonic() + WAIT_SECONDS
    for source in sources:
        taken.append(source)
        size += len(source.content or b"")
        if len(taken) >= count or size >= CHUNK_BYTES or time.monotonic() >= end:
            break
    return taken


def _are_few(sources: Iterator[Source]) -> tuple[bool, Iterator[Source]]:
    """Whether there are so few sources that starting workers would take longer, and all sources again.

    Of those that come slowly, there may be any number.
    """
    head: list[Source] = []
    size, end = 0, time.monotonic() + WAIT_SECONDS
    for source in sources:
        head.append(source)
        size += _bytes(source)
        if len(head) > MAX_INLINE_SOURCES or size > MAX_INLINE_BYTES or time.monotonic() >= end:
            return False, chain(head, sources)
    return True, iter(head)


def _bytes(source: Source) -> int:
    if source.content is not None:
        return len(source.content)
    path = local_path(source.path)
    if is_url(path):
        return 0 if source.error else OBJECT_BYTES
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return 0
