"""Runs work in several processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def in_processes(work: Callable[[Job], Result], jobs: Sequence[Job], workers: int | None = None) -> list[Result]:
    """The result of `work` for each job, in the order of the jobs.

    Args:
        work: a function of a module, or a partial of one.
        jobs: the arguments, one for each call.
        workers: number of processes; None for one on each core, 1 for this one alone.
    """
    processes = min(workers or os.cpu_count() or 1, len(jobs))
    if processes <= 1:
        return [work(job) for job in jobs]
    context = multiprocessing.get_context("spawn")  # a fork of a process that has threads may hang
    with ProcessPoolExecutor(processes, context) as pool:
        return list(pool.map(work, jobs))
