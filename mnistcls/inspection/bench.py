"""Measures how many images per second each step handles on one thread, and which step is the bottleneck."""

from __future__ import annotations

import io
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mnistcls.canonical import canonicalize_all
from mnistcls.classifier import Classifier
from mnistcls.decode import decode, read_image
from mnistcls.errors import ImageError, MnistclsError
from mnistcls.files import is_url
from mnistcls.limits import BATCH_SIZE
from mnistcls.sources import Source, Sources

STAGES = ("reading", "decoding", "canonical form", "network")

MAX_IMAGES = 256
"""Most images of a folder, evenly spread: enough for its mixture, few enough for several passes."""

DRAWN_SIDE = 128
"""Side of a drawn image, in pixels: about the size that people crop scans to."""

STAGES_SHARE = 0.6
"""Share of the time for the single stages; the rest is for all of them together."""

LEAST_PASSES = 3


@dataclass(frozen=True)
class Stage:
    """One step from a file to its answer, on one thread."""

    name: str
    seconds: float
    """Seconds per image: the median over the passes of each pass's mean."""

    @property
    def rate(self) -> float:
        """Images per second."""
        return 1 / self.seconds


@dataclass(frozen=True)
class Benchmark:
    """The results of a benchmark."""

    images: int
    """Number of different images."""
    unreadable: int
    """Number of images left out."""
    megabytes: float
    """Total size of the files."""
    passes: int
    """Number of passes over all images, filled up to whole batches, in which the stages were measured."""
    stages: tuple[Stage, ...]
    """The stages in the order of `STAGES`."""
    end_to_end: float
    """Images per second of all stages together, as in `mnistcls classify`."""

    @property
    def limiting(self) -> Stage:
        """The slowest stage."""
        return max(self.stages, key=lambda stage: stage.seconds)

    def share(self, stage: Stage) -> float:
        """A stage's share of the time of all stages, 0 to 1."""
        return stage.seconds / sum(other.seconds for other in self.stages)


def benchmark(
    paths: Sequence[str], classifier: Classifier, seconds: float, progress: Callable[[float], None]
) -> Benchmark:
    """Measure for about `seconds`, and at least `LEAST_PASSES` passes over all images.

    Args:
        paths: image files.
        classifier: what is measured.
        seconds: total time to take.
        progress: called now and then with the share of it that has passed, 0 to 1.

    Raises:
        MnistclsError: no image can be read.
    """
    started = time.perf_counter()

    def gone() -> float:
        return (time.perf_counter() - started) / seconds

    readable = [path for path in paths if _is_readable(path, classifier.max_pixels)]
    if not readable:
        raise MnistclsError("no readable image; name a folder with images")
    whole_batches = -(-len(readable) // BATCH_SIZE) * BATCH_SIZE  # the network takes as long for part of one
    timed = list(islice(cycle(readable), whole_batches))
    passes: list[NDArray[np.float64]] = []
    while len(passes) < LEAST_PASSES or gone() < STAGES_SHARE:
        passes.append(_timed_pass(timed, classifier))
        progress(min(gone(), STAGES_SHARE))
    medians = [statistics.median(column) for column in zip(*passes, strict=True)]
    count = max(len(readable), int(seconds * (1 - STAGES_SHARE) / sum(medians)))
    return Benchmark(
        images=len(readable),
        unreadable=len(paths) - len(readable),
        megabytes=sum(Path(path).stat().st_size for path in readable) / 1e6,
        passes=len(passes),
        stages=tuple(map(Stage, STAGES, medians)),
        end_to_end=_end_to_end(islice(cycle(readable), count), classifier, lambda: progress(min(gone(), 1))),
    )


def _is_readable(path: str, max_pixels: int) -> bool:
    try:
        read_image(path, max_pixels)
    except ImageError:
        return False
    return True


def _end_to_end(paths: Iterable[str], classifier: Classifier, tick: Callable[[], None]) -> float:
    """Images per second."""
    count, begun = 0, time.perf_counter()
    for count, _ in enumerate(classifier.classify(paths), 1):
        if count % BATCH_SIZE == 0:
            tick()
    return count / (time.perf_counter() - begun)


def _timed_pass(paths: Sequence[str], classifier: Classifier) -> NDArray[np.float64]:
    """Mean seconds per image in each stage, (4,)."""
    batches = [paths[i : i + BATCH_SIZE] for i in range(0, len(paths), BATCH_SIZE)]
    try:
        totals: NDArray[np.float64] = np.sum([_timed(batch, classifier) for batch in batches], axis=0)
    except (ImageError, OSError) as error:
        raise MnistclsError(f"an image changed while it was measured ({error}); try again") from None
    return totals / len(paths)


def _timed(paths: Sequence[str], classifier: Classifier) -> NDArray[np.float64]:
    """Seconds per batch in each stage, (4,)."""
    clock = time.perf_counter
    decoding = 0.0

    def decoded() -> Iterator[NDArray[np.generic]]:
        """Decode one image at a time for the next stage: large images must not be in memory together."""
        nonlocal decoding
        for content in contents:
            before = clock()
            image = decode(io.BytesIO(content), classifier.max_pixels)
            decoding += clock() - before
            yield image

    begun = clock()
    contents = [Path(path).read_bytes() for path in paths]
    read = clock()
    canonical = canonicalize_all(decoded())
    formed = clock()
    classifier.model.run(canonical)
    return np.array([read - begun, decoding, formed - read - decoding, clock() - formed])


def sample(path: str) -> list[str]:
    """Image files of a folder, at most `MAX_IMAGES`, evenly spread over it; or the one file that is named.

    Raises:
        MnistclsError: there is no such folder or file, it is not on this machine, or it is an archive or IDX file.
    """
    if is_url(path):
        raise MnistclsError(f"{path}: bench measures this machine; download some images, and name their folder")
    if not os.path.exists(path):
        raise MnistclsError(f"{path}: no such folder or file; check the spelling")
    found = list(Sources([path]).files())  # leaves archives unopened
    paths = [source.path for source in found if isinstance(source, Source)]
    if found and not paths:
        raise MnistclsError(f"{path}: bench measures image files; unpack the archive, and name its folder")
    return [paths[i] for i in np.linspace(0, len(paths) - 1, min(len(paths), MAX_IMAGES)).round().astype(int)]


def draw_images(folder: Path) -> list[str]:
    """Write grey PNG scans of drawn digits, always the same, so that machines can be compared.

    Returns:
        Paths of `MAX_IMAGES` files.
    """
    rng = np.random.default_rng(0)
    paths = []
    for i in range(MAX_IMAGES):
        page = Image.new("L", (DRAWN_SIDE, DRAWN_SIDE), 225)
        left, top = rng.integers(10, 50, 2).tolist()
        ImageDraw.Draw(page).text((left, top), str(i % 10), fill=40, font_size=int(rng.integers(40, 70)))
        grain = rng.normal(0, 4, (DRAWN_SIDE, DRAWN_SIDE))
        pixels = np.clip(np.asarray(page) + grain, 0, 255).astype(np.uint8)
        path = folder / f"{i:03}.png"
        Image.fromarray(pixels).save(path)
        paths.append(str(path))
    return paths
