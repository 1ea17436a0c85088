"""How fast the tool is, against bare loops that only decode: `python tests/bench`.

Both sides of a ratio are measured in turn, on the same files, in one run; a ratio is the median of the rounds. It
takes some minutes on two cores that nothing else uses. The files are made in a folder that the next run finds again.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))

import corpora
import measures

from mnistcls.canonical import SIZE, canonicalize_all
from mnistcls.model import Model, bundled_model

SMALL_SIDES = (8, 16, 32, 64, 128)
OBJECTS, LATENCY = 10_000, 0.02
FOLDER = Path(tempfile.gettempdir()) / "mnistcls-bench"


@dataclass(frozen=True)
class Goal:
    """One line of the report."""

    name: str
    value: float
    limit: float
    at_least: bool = False

    def __str__(self) -> str:
        met = self.value >= self.limit if self.at_least else self.value <= self.limit
        bound = f"{'at least' if self.at_least else 'at most'} {self.limit:g}"
        return f"{'ok  ' if met else 'MISS'}  {self.name:<66} {self.value:8.2f}  ({bound})"


def main(
    only: Annotated[
        list[str] | None,
        typer.Argument(help="Some of: tiny, few, memory, list, photos, scaling, canonical, network, remote, ray."),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the files are made.")] = FOLDER,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
) -> None:
    """Print the ratios that the tool is held to."""
    files = corpora.Corpora(folder)
    for name in only or GOALS:
        for goal in GOALS[name](files, rounds):
            print(goal, flush=True)


def tiny(files: corpora.Corpora, rounds: int) -> list[Goal]:
    """70,000 PNG files of 28x28, all that happens to them, by a loop that only decodes them."""
    pngs = files.pngs()
    tool, bare = measures.in_turn(
        rounds, lambda: measures.classify(files, pngs), lambda: measures.bare_loops(pngs, draft=False)
    )
    print(f"      {corpora.PNGS / tool:,.0f} images a second; the bare loops {corpora.PNGS / bare:,.0f}")
    return [Goal("70,000 PNG 28x28: wall time by two loops that decode", tool / bare, 2.5)]


def few(files: corpora.Corpora, rounds: int) -> list[Goal]:
    """10 images, by the time that importing takes."""
    images = sorted(files.pngs().glob("0/*.png"))[:10]
    tool, bare = measures.in_turn(2 * rounds + 1, lambda: measures.classify(files, *images), measures.importing)
    return [Goal("10 images: wall time by that of importing numpy, onnxruntime, PIL", tool / bare, 2)]


def memory(files: corpora.Corpora, _rounds: int) -> list[Goal]:
    """Peak memory of all processes together."""
    many = measures.peak_memory(files, files.pngs(), "-j", "2")
    fewer = measures.peak_memory(files, files.pngs() / "7", "-j", "2")
    return [
        Goal("70,000 images: peak PSS of all processes, MB", many, 500),
        Goal("by that of about 7,000 images", many / fewer, 1.1),
    ]


def listed(files: corpora.Corpora, _rounds: int) -> list[Goal]:
    """A list of 5 million paths: its first minute."""
    peak = measures.peak_memory(files, "--files-from", files.long_list(), "-j", "2", seconds=60)
    return [Goal("--files-from with 5 million lines: peak PSS in a minute, MB", peak, 500)]


def photos(files: corpora.Corpora, rounds: int) -> list[Goal]:
    """1,000 photos, by two loops that decode them at the scale that the tool uses."""
    jpegs = files.photos()
    tool, bare = measures.in_turn(
        rounds, lambda: measures.classify(files, jpegs), lambda: measures.bare_loops(jpegs, draft=True)
    )
    print(f"      {corpora.PHOTOS / tool:,.0f} photos a second; the bare loops {corpora.PHOTOS / bare:,.0f}")
    return [Goal("1,000 JPEG 1280x1280: rate by two loops that decode", bare / tool, 0.65, at_least=True)]


def scaling(files: corpora.Corpora, rounds: int) -> list[Goal]:
    """Two workers by one."""
    pngs = files.pngs()
    one, two = measures.in_turn(
        rounds, lambda: measures.classify(files, pngs, "-j", "1"), lambda: measures.classify(files, pngs, "-j", "2")
    )
    return [Goal("70,000 images: rate of two workers by one", one / two, 1.7, at_least=True)]


def canonical(files: corpora.Corpora, rounds: int) -> list[Goal]:
    """The canonical form alone, of images at hand, by decoding them, or a PNG of 28x28, in the same process."""
    pngs, jpegs = sorted(files.pngs().glob("0/*.png"))[:320], sorted(files.photos().glob("*.jpg"))[:32]
    photos = [measures.decoded(path, draft=True) for path in jpegs]
    sizes = {side: files.small(side) for side in SMALL_SIDES}
    mixed = [image for alike in zip(*(files.small(side) for side in range(8, 129, 3)), strict=True) for image in alike]
    cost = partial(_cost, rounds)
    return [
        Goal("canonical form of MNIST's own, by decoding", cost([measures.decoded(path) for path in pngs], pngs), 0.25),
        *(Goal(f"of {side}x{side}, by decoding 28x28", cost(images, pngs), 7.5) for side, images in sizes.items()),
        Goal("of 41 sizes mixed, 8x8 to 128x128, by decoding 28x28", cost(mixed, pngs), 7.5),
        Goal("of JPEG 1280x1280, by decoding", cost(photos, jpegs, draft=True), 0.5),
    ]


def _cost(rounds: int, images: list[NDArray[np.uint8]], files: list[Path], *, draft: bool = False) -> float:
    """CPU time that the canonical form of an image takes, by that of decoding a file."""
    ours, theirs = measures.in_turn(
        2 * rounds + 1,
        lambda: measures.cpu_seconds(lambda: canonicalize_all(images)),
        lambda: measures.cpu_seconds(lambda: [measures.decoded(path, draft=draft) for path in files]),
    )
    ratio = (ours / len(images)) / (theirs / len(files))
    print(f"      {1e6 * ours / len(images):,.0f} us an image; decoding {1e6 * theirs / len(files):,.0f}")
    return ratio


def network(files: corpora.Corpora, rounds: int) -> list[Goal]:
    """The network alone, default by reference: batches of 64 on one thread."""
    images = np.stack(files.small(SIZE)[:64])
    default, reference = (Model(bundled_model(name)) for name in ("default", "reference"))
    ours, theirs = measures.in_turn(
        10 * rounds,
        lambda: measures.cpu_seconds(lambda: default.run(images)),
        lambda: measures.cpu_seconds(lambda: reference.run(images)),
    )
    print(f"      {1e6 * ours / len(images):,.1f} us an image; the reference {1e6 * theirs / len(images):,.1f}")
    return [Goal("default network: rate by the reference's, batch 64", theirs / ours, 3, at_least=True)]


def remote(files: corpora.Corpora, _rounds: int) -> list[Goal]:
    """10,000 objects of an S3 server on loopback, whose answers come at once or 20 ms later, in turn."""
    late, prompt = measures.bucket_rates(files, sorted(files.pngs().glob("?/*.png"))[:OBJECTS], LATENCY)
    print(f"      {late:,.0f} requests a second with the latency, {prompt:,.0f} without")
    return [Goal("10,000 objects at 20 ms of latency: rate by that without", late / prompt, 0.8, at_least=True)]


def on_ray(files: corpora.Corpora, rounds: int) -> list[Goal]:
    """What a Ray cluster takes beside the work itself: CPU time, less that of its start, by the local engine's."""
    goals, two = [], ("-j", str(measures.LOOPS))
    few_images = sorted(files.pngs().glob("0/*.png"))[:10]
    for name, paths in (("files", [files.pngs()]), ("images in ten tar archives", files.shards())):
        start = measures.cpu_seconds_of(files, *few_images, *two, "--engine", "ray")
        local, ray = measures.in_turn(
            rounds,
            partial(measures.cpu_seconds_of, files, *paths, *two),
            partial(measures.cpu_seconds_of, files, *paths, *two, "--engine", "ray"),
        )
        print(f"      local {local:.1f} s of CPU time; on Ray {ray:.1f} s, of which its start {start:.1f} s")
        goals.append(Goal(f"70,000 {name}: CPU time on Ray, once started, by local", (ray - start) / local, 1.5))
    return goals


GOALS = {
    "tiny": tiny,
    "few": few,
    "memory": memory,
    "list": listed,
    "photos": photos,
    "scaling": scaling,
    "canonical": canonical,
    "network": network,
    "remote": remote,
    "ray": on_ray,
}

if __name__ == "__main__":
    typer.run(main)
