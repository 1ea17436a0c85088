"""Measures how often mnistcls and its peers are right on the same images, and writes the README's table of it.

The peers are the same network behind a naive reader, `convert("L").resize((28, 28))`, and Tesseract, which has a mode
for images of one character. Each gets the files as they are.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from mnistcls.classifier import Classifier
from mnistcls.errors import MnistclsError
from mnistcls.evaluation import answer
from mnistcls.evaluation.labels import Labels, find_labels
from mnistcls.evaluation.metrics import Proportion
from train import tesseract
from train.data import load_test, resolve_data_dir
from train.script import DataDir, run
from train.stress import ROWS, write_stress
from train.stress_table import naive_digits

SAMPLES = "data/samples"  # in a checkout
STRESS_ROWS = "phone", "lamp", "ruled", "dark-on-white", "tiny-16"
MNIST_TIMES = 10  # MNIST's own digits, for each digit of a stress row
SEED = 0  # chooses the digits, and is the source of all randomness

MARKED = re.compile(r"(<!-- peers: [^\n]*-->\n).*?(\n<!-- end of peers -->)", re.DOTALL)
"""The table's place in the README."""

Read = Callable[[Sequence[Path]], list[int]]
"""Image files in; the digit in each, or `NO_DIGIT`, out."""


@dataclass(frozen=True)
class Images:
    """A set of labelled images to measure with."""

    name: str
    labels: Labels


@dataclass(frozen=True)
class Scores:
    """How each reader, by name, did on a set of images."""

    name: str
    right: dict[str, Proportion]


def score(images: Images, classifier: Classifier, peers: dict[str, Read]) -> Scores:
    """Let mnistcls and its peers read a set of images."""
    pairs = list(images.labels.pair(classifier.classify(images.labels.inputs)))
    labels, files = [label for label, _ in pairs], [Path(prediction.path) for _, prediction in pairs]
    answers = {"mnistcls": [answer(prediction) for _, prediction in pairs]}
    answers |= {name: read(files) for name, read in peers.items()}
    return Scores(images.name, {name: right(labels, read) for name, read in answers.items()})


def right(labels: Sequence[int], answers: Sequence[int]) -> Proportion:
    """How many of the answers equal their labels."""
    pairs = zip(labels, answers, strict=True)
    return Proportion(sum(label == given for label, given in pairs), len(labels))


def naive_reader(classifier: Classifier) -> Read:
    """A reader: the classifier's network on images that `naive_form` prepares."""
    return partial(naive_digits, classifier)


def own_images(folder: Path, digits_from: Path, *, count: int) -> Iterator[Images]:
    """MNIST, rows of the stress set, and the samples.

    Args:
        folder: the folder to write images of MNIST's digits to.
        digits_from: the folder of the MNIST files.
        count: digits in a row of the stress set; ten times as many of MNIST's own.
    """
    digits, rows = load_test(digits_from), {row.name: row for row in ROWS}
    write_stress(folder, digits, [rows["canonical"]], count=MNIST_TIMES * count, seed=SEED)
    yield Images("MNIST test digits", find_labels(str(folder / "canonical"), None))
    write_stress(folder, digits, [rows[name] for name in STRESS_ROWS], count=count, seed=SEED)
    yield from (Images(f"the same, `{name}`", find_labels(str(folder / name), None)) for name in STRESS_ROWS)
    yield Images(f"`{SAMPLES}`", find_labels(SAMPLES, Path(SAMPLES, "labels.csv")))


def markdown(scores: Sequence[Scores]) -> str:
    """The table in Markdown, a line for each set of images: shares with 95 % intervals."""
    names = list(scores[0].right)
    lines = [f"| | images | {' | '.join(names)} |", "|---|---:|" + "---|" * len(names)]
    for each in scores:
        shares = [_with_interval(each.right[name]) for name in names]
        lines.append(f"| {each.name} | {each.right[names[0]].total:,} | {' | '.join(shares)} |")
    return "\n".join(lines)


def _with_interval(proportion: Proportion) -> str:
    low, high = proportion.interval
    return f"{proportion.share:.1%} ({100 * low:.1f} to {100 * high:.1f})"


def with_table(readme: Path, table: str) -> str:
    """The README's text, with this table between its markers.

    Raises:
        MnistclsError: there are no such markers.
    """
    text, places = MARKED.subn(lambda found: found[1] + table + found[2], readme.read_text(encoding="utf-8"))
    if places != 1:
        raise MnistclsError(
            f"{readme}: not one place for the table; add '<!-- peers: ... -->', '<!-- end of peers -->'"
        )
    return text


def main(
    folders: Annotated[list[Path] | None, typer.Argument(help="More images, in folders named 0 to 9.")] = None,
    count: Annotated[int, typer.Option(min=1, help="Digits a row; of MNIST's own ten times as many.")] = 100,
    model: Annotated[Path | None, typer.Option(help="An exported .onnx file. Default: the bundled model.")] = None,
    data_dir: DataDir = None,
    readme: Annotated[Path | None, typer.Option(help="Put the table between its markers here.")] = None,
) -> None:
    """Print how often mnistcls and its peers are right, as Markdown."""
    if readme:
        with_table(readme, "")
    others = [Images(folder.resolve().name, find_labels(str(folder), None)) for folder in folders or []]
    classifier = Classifier(model)
    peers: dict[str, Read] = {"same network, naive reader": naive_reader(classifier)}
    if version := tesseract.version():
        peers[f"Tesseract {version}"] = tesseract.read
    else:
        typer.echo("Without Tesseract, which is not installed: apt-get install tesseract-ocr", err=True)
    with tempfile.TemporaryDirectory() as temporary:
        sets = chain(own_images(Path(temporary), resolve_data_dir(data_dir), count=count), others)
        table = markdown([score(images, classifier, peers) for images in sets])
    if readme:
        readme.write_text(with_table(readme, table), encoding="utf-8")
    else:
        typer.echo(table)


if __name__ == "__main__":
    run(main)
