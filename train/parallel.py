"""Work in several processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def in_processes(work: Callable[[Job], Result], jobs: Sequence[Job], workers: int | None = None) -> list[Result]:
    """What `work` makes of each job, in order.

    Args:
        work: a function of a module, or a partial of one.
        jobs: what it is called with.
        workers: processes; None takes one for each core, and 1 none but this.
    """
    processes = min(workers or os.cpu_count() or 1, len(jobs))
    if processes <= 1:
        return [work(job) for job in jobs]
    context = multiprocessing.get_context("spawn")  # a fork of a process that has threads may hang
    with ProcessPoolExecutor(processes, context) as pool:
        return list(pool.map(work, jobs))
