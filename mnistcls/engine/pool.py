"""Worker processes, and the chunks of sources that pass through them."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection, current_process
from typing import Any

from mnistcls.batch import Batch
from mnistcls.engine import WAIT_SECONDS, Answer, take
from mnistcls.engine.processes import check_spare_files, context, without_interrupts
from mnistcls.engine.worker import Progress, Reply, serve
from mnistcls.errors import ErrorCode, ImageError, MnistclsError
from mnistcls.files import working_folder_is_gone
from mnistcls.limits import BATCH_SIZE
from mnistcls.sources import Source

CHUNK_SECONDS = 0.25
"""Target time for a chunk: long enough that handing it over costs little, short enough to lose little."""

MAX_CHUNK = 16 * BATCH_SIZE
"""Most sources in a chunk."""

FIRST_CHUNK = 32
"""Sources in a chunk until it is known how long they take."""

AHEAD = 4
"""Most chunks per worker that are taken and not yet yielded."""

MOST_WORKERS = 60 if os.name == "nt" else 10_000
"""Most workers; Windows can wait for at most 63 at once."""

LOOK_SECONDS = 0.5
"""Longest time between two looks at the workers' progress."""

CRASHES, KILLS = 2, 4
"""Workers that may crash, or be killed, on one image before it is given up. SIGKILL comes from outside, for want of
memory or by mistake, and may hit the same image twice."""

FAILED_STARTS = 3
"""Workers in a row that may end before they are ready before the pool gives up."""

_logger = logging.getLogger("mnistcls")


@dataclass(eq=False)
class _Task:
    """Some sources: waiting, with a worker, or answered."""

    sources: Sequence[Source]
    failures: int = 0
    """Number of workers that ended on it, if it is a single source."""
    taken: bool = False
    batch: Batch | None = None


class _Worker:
    """One worker process, as the main process sees it."""

    def __init__(self, context: Any, answer: Answer) -> None:
        self.connection, theirs = context.Pipe()
        self.progress = context.RawValue(Progress)
        self.ready = False
        self.task: _Task | None = None
        self.begun = 0.0
        """When it was given its task."""
        self._images, self._stuck = 0, 0.0
        given = theirs, answer, self.progress, dict(os.environ)
        self._process = context.Process(target=serve, args=given, daemon=True)
        try:
            self._process.start()
        except BaseException:
            self.connection.close()  # where files are few, leaving needs some
            raise
        finally:
            theirs.close()

    def give(self, task: _Task) -> None:
        """Hand over a task; if the worker is dead, `Pool` notices that when it waits for the reply."""
        task.taken, self.task = True, task
        self.begun, self._stuck, self.progress.index = time.monotonic(), 0.0, 0
        fields = [(source.path, source.content, source.shape, source.error) for source in task.sources]
        with suppress(OSError):
            self.connection.send(fields)  # many times faster than sending the objects

    def advance(self, seconds: float) -> float:
        """Advance the worker's clock by the seconds since the last call; returns how long it has been at one image."""
        images = self.progress.images
        self._stuck = self._stuck + seconds if images == self._images else 0.0
        self._images = images
        return self._stuck

    def end(self) -> str:
        """End the process, unless it has ended, and return how it ended."""
        self.connection.close()
        self._process.kill()  # one that is already dying keeps its own exit code
        self._process.join()
        code = self._process.exitcode or 0
        self._process.close()
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"


class Pool:
    """Worker processes that answer sources: started when there is work, ended by `close`.

    Args:
        answer: does the work; sent to the workers.
        workers: most worker processes.
        timeout: longest time for one image, in seconds; 0 for no limit.
    """

    def __init__(self, answer: Answer, workers: int, timeout: float) -> None:
        self._answer, self._most, self._timeout = answer, min(workers, MOST_WORKERS), timeout
        self._context = context()
        self._workers: list[_Worker] = []
        self._failed_starts = 0
        self._order: list[_Task] = []
        """Tasks taken and not yet yielded."""
        self._chunk = FIRST_CHUNK
        self._look_seconds = min(LOOK_SECONDS, timeout / 2) if timeout else LOOK_SECONDS
        self._looked = 0.0

    def run(self, sources: Iterator[Source]) -> Iterator[Batch]:
        """The answers for all sources, in order; may be called again when they are exhausted.

        Raises:
            MnistclsError: worker processes cannot be started.
        """
        self._looked = time.monotonic()
        while self._take_tasks(sources):
            self._hand_out()
            while self._order and (batch := self._order[0].batch) is not None:
                del self._order[0]
                yield batch
            if self._order:
                self._listen()

    def close(self) -> None:
        """End the workers, even in the middle of work."""
        for worker in self._workers:
            worker.end()

    def _take_tasks(self, sources: Iterator[Source]) -> bool:
        """Keep a task waiting for every worker, while sources last and answers keep up; False when all is done.

        Where sources come slowly, those that are there need not wait for more.
        """
        waiting, end = sum(not task.taken for task in self._order), time.monotonic() + WAIT_SECONDS
        while waiting < self._most and len(self._order) < AHEAD * self._most and time.monotonic() < end:
            if not (chunk := take(sources, self._chunk)):
                break
            self._order.append(_Task(chunk))
            waiting += 1
        return bool(self._order)

    def _hand_out(self) -> None:
        waiting = [task for task in self._order if not task.taken]
        idle = [worker for worker in self._workers if worker.ready and not worker.task]
        for worker, task in zip(idle, waiting, strict=False):
            worker.give(task)
        starting = sum(not worker.ready for worker in self._workers)
        for _ in range(min(self._most - len(self._workers), len(waiting) - len(idle) - starting)):
            self._start()

    def _start(self) -> None:
        if current_process().daemon:
            raise MnistclsError("a daemonic process, as of multiprocessing.Pool, cannot start workers; use workers=0")
        try:
            check_spare_files()
            with without_interrupts():
                self._workers.append(_Worker(self._context, self._answer))
        except (OSError, EOFError) as error:
            reason = getattr(error, "strerror", None) or error
            if working_folder_is_gone():
                reason = "the working folder is gone"
            raise MnistclsError(f"cannot start a worker process ({reason}); {_fix()}") from None

    def _listen(self) -> None:
        """Receive replies; find workers that died or hang."""
        workers = {worker.connection: worker for worker in self._workers}
        for speaking in connection.wait(list(workers), self._look_seconds):
            self._receive(workers[speaking])
        seconds = min(time.monotonic() - self._looked, 2 * self._look_seconds)  # not the time it was suspended
        self._looked = time.monotonic()
        for worker in list(self._workers) if self._timeout else ():
            if worker.task and worker.advance(seconds) > self._timeout:
                message = f"took longer than {self._timeout:g} s; shrink it or raise --timeout"
                self._remove_worker(worker, ImageError(ErrorCode.TIMEOUT, message))

    def _receive(self, worker: _Worker) -> None:
        try:
            reply: Reply | None = worker.connection.recv()
        except (EOFError, OSError):
            self._remove_worker(worker)
            return
        if reply is None:
            worker.ready, self._failed_starts = True, 0
            return
        for warning in reply.warnings:
            _logger.warning("%s", warning)
        task, worker.task = worker.task, None
        if task and reply.batch is not None:
            task.batch = reply.batch
            self._resize_chunks((time.monotonic() - worker.begun) / len(task.sources))
            task.sources = []  # frees their content: the task may wait for an earlier one
        elif task:
            message = f"reading it failed with {reply.error}; save it again in another format"
            self._retry(task, worker.progress.index, ImageError(ErrorCode.CRASHED, message))

    def _resize_chunks(self, seconds: float) -> None:
        """Size the next chunks by the time that a source took; a few slow ones do not make all chunks small."""
        fitting = max(1, min(int(CHUNK_SECONDS / max(seconds, 1e-6)), 2 * self._chunk, MAX_CHUNK))
        self._chunk = fitting if fitting < BATCH_SIZE else fitting // BATCH_SIZE * BATCH_SIZE

    def _remove_worker(self, worker: _Worker, error: ImageError | None = None) -> None:
        """Remove a worker that died, or that hangs on an image as the error says; retry or give up its task."""
        self._workers.remove(worker)
        how = worker.end()
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= FAILED_STARTS:
                raise MnistclsError(f"worker processes do not start ({how}); {_fix()}")
        elif worker.task:
            message = f"the process that read it ended with {how}; shrink it, or save it in another format"
            allowed_failures = KILLS if how == "SIGKILL" and not error else CRASHES
            error = error or ImageError(ErrorCode.CRASHED, message)
            self._retry(worker.task, worker.progress.index, error, allowed_failures)

    def _retry(self, task: _Task, index: int, error: ImageError, allowed_failures: int = CRASHES) -> None:
        """Requeue a task that failed at `sources[index]`, in parts: each suspect alone."""
        sources, failures = task.sources, task.failures + 1
        if index < len(sources):
            given_up = failures >= allowed_failures or error.code is ErrorCode.TIMEOUT
            alone = _alone(sources[index], failures, error if given_up else None)
            parts = [_Task(sources[:index]), alone, _Task(sources[index + 1 :])]
        else:  # on no image in particular: any may be the cause
            given_up = failures >= allowed_failures
            parts = [_alone(source, failures, error if given_up else None) for source in sources]
        at = self._order.index(task)
        self._order[at : at + 1] = [part for part in parts if part.sources]


def _fix() -> str:
    """What to do if workers cannot be started, on the command line or in Python."""
    if "mnistcls.cli" in sys.modules:
        return "use -j 0"
    return 'in a script, call it below `if __name__ == "__main__":`, or use workers=0'


def _alone(source: Source, failures: int, error: ImageError | None) -> _Task:
    """A source on which a worker ended: to be retried alone, or given up with an error."""
    return _Task([source], failures, bool(error), Batch.unreadable(source.path, error) if error else None)
