"""Measures how mnistcls and a naive reader do on the stress set, and prints the README's table of it.

The naive reader is what most programs do, with the same network: `convert("L").resize((28, 28))`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track

from mnistcls.classifier import Classifier
from train.data import Digits, load_test, resolve_data_dir
from train.script import DataDir, run
from train.stress import ROWS, Row, write_stress


@dataclass(frozen=True)
class Score:
    """Right answers to a row of the stress set, as shares from 0 to 1."""

    row: Row
    tool: float
    naive: float


def score(row: Row, digits: Digits, classifier: Classifier, *, count: int, seed: int) -> Score:
    """Let mnistcls and the naive reader read one row of the stress set."""
    with written_row(row, digits, count=count, seed=seed) as files:
        return Score(row, accuracy(classifier, files), right_share(naive_digits(classifier, files), files))


@contextmanager
def written_row(row: Row, digits: Digits, *, count: int, seed: int) -> Iterator[list[Path]]:
    """The files of one row of the stress set, sorted, in a temporary folder; each is in a folder named by its label."""
    with tempfile.TemporaryDirectory() as folder:
        write_stress(Path(folder), digits, [row], count=count, seed=seed)
        yield sorted(Path(folder, row.name).glob("*/*"))


def accuracy(classifier: Classifier, files: Sequence[Path]) -> float:
    """The share, 0 to 1, of these files that mnistcls reads rightly."""
    return right_share([prediction.digit for prediction in classifier.classify(files)], files)


def right_share(answers: Sequence[int | None], files: Sequence[Path]) -> float:
    """The share, 0 to 1, of answers that are the name of their file's folder."""
    return float(np.mean([str(answer) == file.parent.name for answer, file in zip(answers, files, strict=True)]))


def naive_digits(classifier: Classifier, files: Sequence[Path]) -> list[int]:
    """The digits that the classifier's network reads in images that `naive_form` prepares; it never refuses."""
    outputs = classifier.model.run(np.stack([naive_form(path) for path in files]))
    return list(map(int, outputs.probabilities.argmax(axis=1)))


def naive_form(path: Path) -> NDArray[np.uint8]:
    """The image in grey and shrunk to (28, 28), with nothing else done to it."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L").resize((28, 28)))


def markdown(scores: list[Score]) -> str:
    """The table in Markdown, a line for each row of the stress set."""
    lines = ["| | what is done to MNIST's test digits | mnistcls | naive |", "|---|---|---|---|"]
    lines += [f"| {s.row.name} | {s.row.severity} | {s.tool:.1%} | {s.naive:.1%} |" for s in scores]
    return "\n".join(lines)


def main(
    count: Annotated[int, typer.Option(min=1, help="Digits a row.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the digits and all that is left to chance.")] = 0,
    model: Annotated[Path | None, typer.Option(help="An exported .onnx file. Default: the bundled model.")] = None,
    data_dir: DataDir = None,
) -> None:
    """Print the stress table as Markdown."""
    digits, classifier = load_test(resolve_data_dir(data_dir)), Classifier(model)
    console = Console(stderr=True)
    rows = track(ROWS, "Reading", console=console, disable=not console.is_terminal)
    typer.echo(markdown([score(row, digits, classifier, count=count, seed=seed) for row in rows]))


if __name__ == "__main__":
    run(main)
