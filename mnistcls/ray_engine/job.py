"""A run on a cluster: the pipeline of Ray Data, and the account of its results."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import ray
import ray.data
from ray.exceptions import RayError

from mnistcls.errors import MnistclsError
from mnistcls.ray_engine.chunk import End, Receipt
from mnistcls.ray_engine.folder import ResultFolder
from mnistcls.ray_engine.listing import chunks
from mnistcls.ray_engine.stage import Stage, Work
from mnistcls.results import Tally
from mnistcls.sources import Sources

_logger = logging.getLogger("mnistcls")


@dataclass(frozen=True)
class Job:
    """The work to do on a cluster."""

    sources: Sources
    work: Work
    resume: bool
    """Whether to keep what the folder holds and not repeat it."""
    actors: int | None
    """Number of actors; None for as many as the cluster has room for."""

    def run(self, account: Account) -> Iterator[int]:
        """Run on the cluster that this process is connected to; yields the number of rows so far after each part.

        Raises:
            MnistclsError: it cannot continue, or files or rows are missing at its end.
        """
        try:
            for table in self._pipeline().iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
                for receipt in Receipt.from_table(table):
                    account.add(receipt)
                    yield account.tally.total
        except RayError as error:
            raise MnistclsError(f"the Ray job failed: {_reason(error)}") from None
        account.check(self.work.folder)

    def _pipeline(self) -> ray.data.Dataset:
        context = ray.data.DataContext.get_current()
        context.target_max_block_size = 1  # byte: pass on each chunk alone, as soon as it is listed
        context.enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        here = {"ray.io/node-id": ray.get_runtime_context().get_node_id()}  # it sees the paths that the user named
        return (
            ray.data.from_items([{"run": self.work.run}], override_num_blocks=1)
            .flat_map(partial(_listed, self), num_cpus=0, label_selector=here)
            .map_batches(
                Stage,
                fn_constructor_args=[self.work],
                batch_size=1,
                batch_format="pyarrow",
                compute=self._pool(),
                num_cpus=1,
            )
        )

    def _pool(self) -> ray.data.ActorPoolStrategy:
        if self.actors:
            return ray.data.ActorPoolStrategy(size=self.actors)
        return ray.data.ActorPoolStrategy(min_size=1, initial_size=max(1, int(ray.cluster_resources().get("CPU", 1))))


class Account:
    """The results of a job so far."""

    def __init__(self) -> None:
        self.tally = Tally()
        """Counts of this run; at the end, of earlier parts as well."""
        self.done = 0
        """Rows of earlier parts; known at the end."""
        self._files = self._chunks = self._parts = 0
        self._end: tuple[int, End] | None = None

    def add(self, receipt: Receipt) -> None:
        """Count the result of a chunk, and log its warnings.

        Raises:
            MnistclsError: the job cannot continue.
        """
        for warning in receipt.warnings:
            _logger.warning("%s", warning)
        if receipt.error:
            raise MnistclsError(receipt.error)
        self._files += receipt.files
        self._chunks += 1
        self._parts += receipt.files > 0
        self.tally.merge(receipt.tally)
        if receipt.end:
            self._end = receipt.number + 1, receipt.end

    def check(self, folder: ResultFolder) -> None:
        """Check that everything listed was answered and is in the folder; then count earlier parts.

        Raises:
            MnistclsError: something is missing.
        """
        if not self._end:
            raise MnistclsError("the Ray job ended before its listing")
        chunks, end = self._end
        expected = {"files": end.files, "chunks": chunks, "parts": end.earlier_parts + self._parts}
        found = {"files": self._files, "chunks": self._chunks, "parts": len(folder.parts())}
        if expected != found or self.tally.total < self.tally.inputs:
            rows = f"{self.tally.inputs:,} inputs, {self.tally.total:,} rows"
            raise MnistclsError(f"{rows}; listed {expected}, but answered {found}; please report this")
        self.tally.merge(end.earlier)
        self.done = end.earlier.total


def _listed(job: Job, _row: object) -> Iterator[dict[str, bytes]]:
    with contextlib.chdir(job.work.directory):
        job.work.folder.claim(f"listing-{job.work.run}")  # a second listing might differ
        for chunk in chunks(job.sources, job.work.folder, resume=job.resume):
            yield chunk.to_row()


def _reason(error: RayError) -> str:
    """The last line that is not empty: the exception, below its traceback."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
