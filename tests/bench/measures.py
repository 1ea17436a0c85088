"""What is measured: seconds and megabytes of the real command, and of loops that do the least that it could."""

from __future__ import annotations

import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path

import bucket
import numpy as np
from corpora import Corpora
from numpy.typing import NDArray
from PIL import Image

from mnistcls.limits import DRAFT_SIDE

LOOPS = 2
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""Compiled once, as an installed package is."""

SAMPLE_SECONDS = 0.05


def in_turn(rounds: int, ours: Callable[[], float], theirs: Callable[[], float]) -> tuple[float, float]:
    """Seconds of both sides, each a median: in turn, so that both see the same machine; the first round warms up."""
    pairs = [(ours(), theirs()) for _ in range(rounds + 1)][1:]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def classify(files: Corpora, *arguments: str | Path) -> float:
    """Seconds of `mnistcls classify`, from start to end."""
    began = time.perf_counter()
    subprocess.run(_command(files, *arguments), check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    return time.perf_counter() - began


def _command(files: Corpora, *arguments: str | Path) -> list[str]:
    output = ["-o", str(files.folder / ("parts" if "ray" in arguments else "out.csv")), "--overwrite", "--quiet"]
    options = ["--model", str(files.model()), *output]
    return [sys.executable, "-m", "mnistcls", "classify", *map(str, arguments), *options]


def bucket_rates(files: Corpora, images: Sequence[Path], latency: float) -> tuple[float, float]:
    """Requests a second of `mnistcls classify` on a bucket of images, with a latency and without, in turn."""
    with bucket.running() as server:
        server.put({f"d/{number:05}.png": image.read_bytes() for number, image in enumerate(images)})
        command = _command(files, f"s3://{bucket.BUCKET}/d/")
        with subprocess.Popen(command, env={**ENVIRONMENT, **server.environment}) as process:
            return bucket.rates(server, latency, process)


def cpu_seconds_of(files: Corpora, *arguments: str | Path) -> float:
    """CPU time of the command and all below it: a Ray cluster that it starts, too."""
    seconds: dict[int, float] = {}
    with subprocess.Popen(_command(files, *arguments), stdout=subprocess.DEVNULL, env=ENVIRONMENT) as process:
        while process.poll() is None:
            seconds |= {pid: used for pid in _family(process.pid) if (used := _cpu(pid))}
            time.sleep(SAMPLE_SECONDS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return sum(seconds.values())


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # gone since
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def importing() -> float:
    """Seconds of a Python that imports what the tool cannot do without, and ends."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import numpy, onnxruntime, PIL.Image"], check=True, env=ENVIRONMENT)
    return time.perf_counter() - began


def bare_loops(folder: Path, *, draft: bool) -> float:
    """Seconds that two processes need to decode the images of a folder, half of them each; their start not counted."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(LOOPS + 1)
    paths = sorted(map(str, folder.glob("**/*.[jp][pn]g")))
    loops = [context.Process(target=_loop, args=(paths[i::LOOPS], draft, barrier)) for i in range(LOOPS)]
    for loop in loops:
        loop.start()
    barrier.wait()
    began = time.perf_counter()
    barrier.wait()
    seconds = time.perf_counter() - began
    for loop in loops:
        loop.join()
    return seconds


def _loop(paths: list[str], draft: bool, barrier: Barrier) -> None:
    barrier.wait()
    for path in paths:
        decoded(path, draft=draft)
    barrier.wait()


def decoded(path: str | Path, *, draft: bool = False) -> NDArray[np.uint8]:
    """What a loop that only decodes does with a file; a JPEG, if asked, at the scale that the tool uses."""
    with Image.open(path) as image:
        if draft:
            image.draft(None, (DRAFT_SIDE, DRAFT_SIDE))
        return np.asarray(image)


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process, which hang less on what else runs."""
    began = time.process_time()
    work()
    return time.process_time() - began


def peak_memory(files: Corpora, *arguments: str | Path, seconds: float = float("inf")) -> float:
    """Megabytes (PSS) of the command and all below it, at their most, until it ends or so many seconds have passed."""
    began, peak = time.monotonic(), 0.0
    with subprocess.Popen(_command(files, *arguments)) as process:
        while process.poll() is None and time.monotonic() - began < seconds:
            peak = max(peak, sum(map(_pss, _family(process.pid))))
            time.sleep(SAMPLE_SECONDS)
        process.terminate()
    return peak / 1024


def _family(leader: int) -> list[int]:
    """A process and all below it."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:  # gone since
            continue
    family = {leader}
    while found := {child for child, parent in parents.items() if parent in family} - family:
        family |= found
    return sorted(family)


def _pss(pid: int) -> int:
    """Kilobytes, shared pages divided among those who share them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
