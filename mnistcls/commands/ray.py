"""`mnistcls classify --engine ray`."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistcls.commands.common import nothing_found
from mnistcls.commands.progress import is_shown
from mnistcls.commands.summary import summary
from mnistcls.errors import MnistclsError, OutputError
from mnistcls.outputs.formats import Format
from mnistcls.outputs.manifest import Manifest

if TYPE_CHECKING:
    from rich.console import Console

    from mnistcls.classifier import Classifier
    from mnistcls.commands.common import Silent
    from mnistcls.outputs.columns import Columns
    from mnistcls.ray_engine.folder import ResultFolder
    from mnistcls.ray_engine.job import Account
    from mnistcls.results import Tally
    from mnistcls.sources import Sources
    from mnistcls.sources.listed import PathList


@dataclass(frozen=True, kw_only=True)
class RayRun:
    """What the options ask of the cluster."""

    sources: Sources
    listed: PathList | None
    """The list among the sources, if any."""
    folder: str | None
    """Value of -o."""
    format: Format | None
    columns: Columns
    timeout: float
    address: str | None
    actors: int | None
    overwrite: bool
    resume: bool
    console: Console | Silent
    """Standard error."""

    def check(self, debug_dir: Path | None, report: Path | None) -> None:
        """Check, before the work starts, that the options fit together.

        Args:
            debug_dir: value of --debug-dir.
            report: value of --report.

        Raises:
            MnistclsError: the options do not fit together.
        """
        from mnistcls.ray_engine.cluster import check_installed  # noqa: PLC0415 - only for this engine

        check_installed()
        if self.folder is None:
            raise OutputError("--engine ray writes a folder of parts; name it with -o")
        if self.format not in {None, Format.PARQUET, Format.JSONL}:
            raise OutputError("--engine ray writes Parquet or JSON Lines; use --format parquet or jsonl")
        if self.overwrite and self.resume:
            raise OutputError("--resume keeps what --overwrite replaces; use one of them")
        if debug_dir or report:
            raise OutputError("--debug-dir and --report need --engine local: images do not travel to this machine")
        if self.listed and self.listed.serves_once:
            raise MnistclsError("the cluster lists the files: --files-from needs a file, not a pipe")
        if self.actors == 0:
            raise MnistclsError("--engine ray needs at least one actor; use -j 1 or more")
        if next(self.sources.files(), None) is None:
            raise nothing_found(self.sources)

    def classify(self, classifier: Classifier, inputs: Mapping[str, Any]) -> Tally:
        """Run the job, and print a summary on the console.

        Args:
            classifier: makes the answers.
            inputs: the inputs as the user named them, for the manifest.

        Raises:
            MnistclsError: the cluster, the model or the folder cannot be used, or the job fails.
        """
        from mnistcls.ray_engine.cluster import connected  # noqa: PLC0415
        from mnistcls.ray_engine.folder import ResultFolder  # noqa: PLC0415

        chosen, folder = self.format or Format.PARQUET, ResultFolder(self.folder or "")
        options = {"format": chosen, **asdict(self.columns), "timeout": self.timeout}
        manifest = Manifest.of(classifier, inputs, options)
        begun, clock = datetime.now(UTC), time.perf_counter()
        folder.check(manifest, overwrite=self.overwrite, resume=self.resume)
        with connected(self.address, self.actors):
            folder.prepare(manifest, overwrite=self.overwrite)
            account = self._run(classifier, folder, chosen)
        seconds = time.perf_counter() - clock
        folder.write_manifest(manifest.finish(account.tally, begun, round(seconds, 3)))
        self.console.print(summary(account.tally, seconds, account.done))
        return account.tally

    def _run(self, classifier: Classifier, folder: ResultFolder, chosen: Format) -> Account:
        """Run the job on the cluster that this process is connected to."""
        from mnistcls.ray_engine.job import Account, Job  # noqa: PLC0415 - slow to load: after the checks
        from mnistcls.ray_engine.stage import Work  # noqa: PLC0415

        work = Work(
            classifier=classifier,
            timeout=self.timeout,
            folder=folder,
            format=chosen,
            columns=self.columns,
            run=secrets.token_hex(4),
            directory=str(Path.cwd()),
        )
        job, account = Job(self.sources, work, self.resume, self.actors), Account()
        with _resumable(folder.url), _count(self.console) as show:
            for rows in job.run(account):
                show(rows)
        return account


@contextmanager
def _resumable(folder: str) -> Iterator[None]:
    """If the block ends early, say how to resume."""
    try:
        yield
    except BaseException as stop:
        stop.add_note(f"finished parts are in {folder}; resume with --resume")
        raise


@contextmanager
def _count(console: Console | Silent) -> Iterator[Callable[[int], None]]:
    """A running count on a terminal, as the total is not known."""
    if not is_shown(console):
        yield lambda _: None
        return
    with console.status("Starting the actors") as status:
        yield lambda rows: status.update(f"Classifying: {rows:,} images")
