"""Worker processes, and the chunks of sources on their way through them."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any

from mnistcls.batch import Batch
from mnistcls.engine import Answer, take
from mnistcls.engine.processes import context, without_interrupts
from mnistcls.engine.worker import Progress, Reply, serve
from mnistcls.errors import ErrorCode, ImageError, MnistclsError
from mnistcls.limits import BATCH_SIZE
from mnistcls.sources import Source

CHUNK_SECONDS = 0.25
"""What a chunk should take a worker: long enough that handing it over does not count, short enough to lose little."""

MAX_CHUNK = 4 * BATCH_SIZE
"""Sources in a chunk, at most."""

FIRST_CHUNK = 32
"""Sources in a chunk while nobody knows how long they take."""

AHEAD = 4
"""Chunks for each worker that are drawn and not yet yielded, at most."""

MOST_WORKERS = 60 if os.name == "nt" else 10_000
"""Windows waits for 63 of them at once and no more."""

LOOK_SECONDS = 0.5
"""How often the workers' progress is looked at."""

CRASHES, KILLS = 2, 4
"""Workers that may crash, or be killed, over one image until it is given up. SIGKILL comes from outside, where memory
is short or by mistake, and may hit the same image twice."""

FAILED_STARTS = 3
"""Workers that end before they are ready, one after the other, until this gives up."""

_logger = logging.getLogger("mnistcls")


@dataclass(eq=False)
class _Task:
    """Sources on their way: waiting, with a worker, or answered."""

    sources: Sequence[Source]
    failures: int = 0
    """Workers that ended over it: one source, by itself."""
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
        self._process.start()
        theirs.close()

    def give(self, task: _Task) -> None:
        """Hand over a task; that a worker has died is found out when it is listened to."""
        task.taken, self.task = True, task
        self.begun, self._stuck, self.progress.place = time.monotonic(), 0.0, 0
        fields = [(source.path, source.content, source.shape, source.error) for source in task.sources]
        with suppress(OSError):
            self.connection.send(fields)  # many times as quick as the objects

    def stuck(self, seconds: float) -> float:
        """How long it has been at one image, so many seconds after it was last asked."""
        images = self.progress.images
        self._stuck = self._stuck + seconds if images == self._images else 0.0
        self._images = images
        return self._stuck

    def end(self) -> str:
        """End the process, unless it has ended, and say how it did."""
        self.connection.close()
        self._process.kill()  # one that is dying already still says of what
        self._process.join()
        code = self._process.exitcode or 0
        self._process.close()
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"


class Pool:
    """Worker processes that answer sources: started as there is work for them, ended by `close`.

    Args:
        answer: does the work; sent to the workers.
        workers: how many, at most.
        timeout: seconds that a worker may take over one image; 0 for any.
    """

    def __init__(self, answer: Answer, workers: int, timeout: float) -> None:
        self._answer, self._most, self._timeout = answer, min(workers, MOST_WORKERS), timeout
        self._context = context()
        self._workers: list[_Worker] = []
        self._failed_starts = 0
        self._order: list[_Task] = []
        """What is drawn and not yet yielded."""
        self._chunk = FIRST_CHUNK
        self._look_seconds = min(LOOK_SECONDS, timeout / 2) if timeout else LOOK_SECONDS
        self._looked = 0.0

    def run(self, sources: Iterator[Source]) -> Iterator[Batch]:
        """The answers for all sources, in order; once they are drawn to the end, others may follow.

        Raises:
            MnistclsError: worker processes cannot be started.
        """
        self._looked = time.monotonic()
        while self._draw(sources):
            self._hand_out()
            while self._order and (batch := self._order[0].batch) is not None:
                del self._order[0]
                yield batch
            if self._order:
                self._listen()

    def close(self) -> None:
        """End the workers, whatever they are at."""
        for worker in self._workers:
            worker.end()

    def _draw(self, sources: Iterator[Source]) -> bool:
        """Have a task waiting for every worker, as far as sources last and answers keep up; False when all is done."""
        waiting = sum(not task.taken for task in self._order)
        while waiting < self._most and len(self._order) < AHEAD * self._most and (chunk := take(sources, self._chunk)):
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
        try:
            with without_interrupts():
                self._workers.append(_Worker(self._context, self._answer))
        except (OSError, EOFError) as error:
            raise MnistclsError(f"cannot start a worker process ({error}); use -j 0") from None

    def _listen(self) -> None:
        """Take what workers have to say; find those that have died, or hang."""
        workers = {worker.connection: worker for worker in self._workers}
        for speaking in connection.wait(list(workers), self._look_seconds):
            self._hear(workers[speaking])
        seconds = min(time.monotonic() - self._looked, 2 * self._look_seconds)  # more, if this process was stopped
        self._looked = time.monotonic()
        for worker in list(self._workers) if self._timeout else ():
            if worker.task and worker.stuck(seconds) > self._timeout:
                message = f"took longer than {self._timeout:g} s; shrink it or raise --timeout"
                self._lose(worker, ImageError(ErrorCode.TIMEOUT, message))

    def _hear(self, worker: _Worker) -> None:
        try:
            reply: Reply | None = worker.connection.recv()
        except (EOFError, OSError):
            self._lose(worker)
            return
        if reply is None:
            worker.ready, self._failed_starts = True, 0
            return
        for warning in reply.warnings:
            _logger.warning("%s", warning)
        task, worker.task = worker.task, None
        if task and reply.batch is not None:
            task.batch = reply.batch
            self._pace((time.monotonic() - worker.begun) / len(task.sources))
            task.sources = []  # with what they hold: it may wait for one before it
        elif task:
            message = f"reading it failed with {reply.error}; save it again in another format"
            self._retry(task, worker.progress.place, ImageError(ErrorCode.CRASHED, message))

    def _pace(self, seconds: float) -> None:
        """Fit the next chunks to what a source took; a few that were slow do not make all chunks small."""
        fitting = max(1, min(int(CHUNK_SECONDS / max(seconds, 1e-6)), 2 * self._chunk, MAX_CHUNK))
        self._chunk = fitting if fitting < BATCH_SIZE else fitting // BATCH_SIZE * BATCH_SIZE

    def _lose(self, worker: _Worker, error: ImageError | None = None) -> None:
        """Do without a worker that died, or that hangs over an image as the error says; see to its task."""
        self._workers.remove(worker)
        how = worker.end()
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= FAILED_STARTS:
                raise MnistclsError(f"worker processes do not start ({how}); use -j 0")
        elif worker.task:
            message = f"the process that read it ended with {how}; shrink it, or save it in another format"
            chances = KILLS if how == "SIGKILL" and not error else CRASHES
            error = error or ImageError(ErrorCode.CRASHED, message)
            self._retry(worker.task, worker.progress.place, error, chances)

    def _retry(self, task: _Task, place: int, error: ImageError, chances: int = CRASHES) -> None:
        """Put a task that failed at a place among its sources back in line, in parts: the suspects alone."""
        sources, failures = task.sources, task.failures + 1
        if place < len(sources):
            given_up = failures >= chances or error.code is ErrorCode.TIMEOUT
            alone = _alone(sources[place], failures, error if given_up else None)
            parts = [_Task(sources[:place]), alone, _Task(sources[place + 1 :])]
        else:  # over no image in particular: each may be the one
            given_up = failures >= chances
            parts = [_alone(source, failures, error if given_up else None) for source in sources]
        at = self._order.index(task)
        self._order[at : at + 1] = [part for part in parts if part.sources]


def _alone(source: Source, failures: int, error: ImageError | None) -> _Task:
    """What a worker ended over: to be tried once more by itself, or given up with an error."""
    return _Task([source], failures, bool(error), Batch.unreadable(source.path, error) if error else None)
