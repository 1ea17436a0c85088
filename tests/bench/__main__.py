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

import typer

sys.path.insert(0, str(Path(__file__).parent.parent))

import corpora
import measures

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
        list[str] | None, typer.Argument(help="tiny, few, memory, list, photos, scaling, ray; all if none.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the files are made.")] = FOLDER,
    rounds: Annotated[int, typer.Option(min=1)] = 3,
) -> None:
    """Print the ratios that the tool is held to."""
    files = corpora.Corpora(folder)
    for name in only or ("tiny", "few", "memory", "list", "photos", "scaling", "ray"):
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


def on_ray(files: corpora.Corpora, rounds: int) -> list[Goal]:
    """What a Ray cluster takes beside the work itself: CPU time, less that of its start, by the local engine's."""
    goals, two = [], ("-j", str(measures.LOOPS))
    few_images = sorted(files.pngs().glob("0/*.png"))[:10]
    for name, paths in (("files", [files.pngs()]), ("images in ten tar archives", files.shards())):
        start = measures.cpu_seconds(files, *few_images, *two, "--engine", "ray")
        local, ray = measures.in_turn(
            rounds,
            partial(measures.cpu_seconds, files, *paths, *two),
            partial(measures.cpu_seconds, files, *paths, *two, "--engine", "ray"),
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
    "ray": on_ray,
}

if __name__ == "__main__":
    typer.run(main)
