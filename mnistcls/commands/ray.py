"""`mnistcls classify --engine ray`."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from mnistcls.commands.common import load_classifier, nothing_found
from mnistcls.commands.progress import is_shown
from mnistcls.commands.settings import ClassifyOptions
from mnistcls.commands.summary import summary
from mnistcls.errors import MnistclsError, OutputError
from mnistcls.outputs.formats import FILE_FORMATS, Format
from mnistcls.ray_engine.cluster import check_installed, connected
from mnistcls.ray_engine.folder import ResultFolder
from mnistcls.text import plural

if TYPE_CHECKING:
    from rich.console import Console

    from mnistcls.classifier import Classifier
    from mnistcls.commands.common import Silent
    from mnistcls.ray_engine.job import Account, Job
    from mnistcls.results import Tally
    from mnistcls.sources import Sources


def classify(options: ClassifyOptions, stderr: Console | Silent) -> Tally:
    """Run the job, and print a summary.

    Args:
        options: what the user asks for.
        stderr: for the summary and other messages.

    Raises:
        MnistclsError: the options conflict, or the cluster, the model or the folder cannot be used, or the job fails.
    """
    sources = options.sources()
    folder = _checked_folder(options, sources)
    classifier, format_ = load_classifier(options, stderr), options.format_ or Format.PARQUET
    manifest = options.manifest(classifier, format_)
    begun, clock = datetime.now(UTC), time.perf_counter()
    folder.check(manifest, overwrite=options.overwrite, resume=options.resume)
    with connected(options.address, options.workers):
        folder.prepare(manifest, overwrite=options.overwrite)
        account = _run(_job(options, sources, classifier, folder, format_), stderr)
    seconds = time.perf_counter() - clock
    folder.write_manifest(manifest.finish(account.tally, begun, round(seconds, 3)))
    stderr.print(summary(account.tally, seconds, account.done))
    return account.tally


def _checked_folder(options: ClassifyOptions, sources: Sources) -> ResultFolder:
    """The folder of results, after a check, before the work starts, that the options fit together.

    Raises:
        MnistclsError: they do not.
    """
    check_installed()
    if not options.output:
        raise OutputError("--engine ray writes a folder of parts; name it with -o")
    if PurePath(options.output).suffix.lower().removeprefix(".") in FILE_FORMATS:  # a file's name is a mistake
        fix = f"name one with -o, such as {PurePath(options.output).stem}/"
        raise OutputError(f"{options.output}: --engine ray writes a folder of parts; {fix}")
    if options.format_ not in {None, Format.PARQUET, Format.JSONL}:
        raise OutputError("--engine ray writes Parquet or JSON Lines; use --format parquet or jsonl")
    if options.debug_dir or options.report:
        raise OutputError("--debug-dir and --report need --engine local: images do not travel to this machine")
    if any(listed.serves_once for listed in options.path_lists):
        raise MnistclsError("the cluster lists the files: --files-from needs a file, not a pipe")
    if options.workers == 0:
        raise MnistclsError("--engine ray needs at least one actor; use -j 1 or more")
    if next(sources.files(), None) is None:
        raise nothing_found(sources)
    return ResultFolder(options.output)


def _job(
    options: ClassifyOptions, sources: Sources, classifier: Classifier, folder: ResultFolder, format_: Format
) -> Job:
    """The job that the options ask for; made when this process is connected, as its modules are slow to load."""
    from mnistcls.ray_engine.job import Job
    from mnistcls.ray_engine.stage import Work

    work = Work(
        classifier=classifier,
        timeout=options.timeout,
        folder=folder,
        format=format_,
        columns=options.columns,
        run=secrets.token_hex(4),
        directory=str(Path.cwd()),
    )
    return Job(sources, work, options.resume, options.workers)


def _run(job: Job, stderr: Console | Silent) -> Account:
    """Run the job on the cluster that this process is connected to."""
    from mnistcls.ray_engine.job import Account

    account = Account()
    with _resumable(job.work.folder.url), _count(stderr) as show:
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
        yield lambda rows: status.update(f"Classifying: {plural(rows, 'image')}")
