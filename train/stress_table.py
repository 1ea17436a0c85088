"""How the tool and a naive reader fare on the stress set, as the README's table.

The naive reader is what most programs do, with the same network: `convert("L").resize((28, 28))`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
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
    """Write one row of the stress set to a temporary folder, and read it both ways."""
    with tempfile.TemporaryDirectory() as folder:
        write_stress(Path(folder), digits, [row], count=count, seed=seed)
        files = sorted(path for path in Path(folder, row.name).glob("*/*"))
        labels = np.array([int(path.parent.name) for path in files])
        answers = np.array([-1 if p.digit is None else p.digit for p in classifier.classify(files)])
        naive = np.array(naive_digits(classifier, files))
    return Score(row, float((answers == labels).mean()), float((naive == labels).mean()))


def naive_digits(classifier: Classifier, files: Sequence[Path]) -> list[int]:
    """What the classifier's network makes of images behind `naive_form`: always a digit."""
    outputs = classifier.model.run(np.stack([naive_form(path) for path in files]))
    return list(map(int, outputs.probabilities.argmax(axis=1)))


def naive_form(path: Path) -> NDArray[np.uint8]:
    """The image as it is, shrunk to (28, 28)."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L").resize((28, 28)))


def markdown(scores: list[Score]) -> str:
    """The table, one line a row."""
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
