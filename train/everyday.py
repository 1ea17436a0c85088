"""How a model reads everyday pictures of digits: `python -m train.everyday MODEL`.

The kinds are what the rules of `mnistcls.canonical` are for: rings, boxes, notes on tables, lamps, underlines and so
on, and pictures without a digit. They are drawn of MNIST's validation digits, for measuring only: nothing is ever
trained on them. `train.ablation` says which of them need which rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import isfunction
from pathlib import Path
from types import ModuleType
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track

from mnistcls.classifier import Classifier
from mnistcls.errors import DataError
from mnistcls.evaluation.metrics import Proportion
from mnistcls.results import Status
from train import everyday_empty, everyday_enclosed, everyday_grounds, everyday_inked, everyday_lit, everyday_marked
from train.data import Digits, load_train, resolve_data_dir, split_validation
from train.scenes import Paint
from train.script import DataDir, run


@dataclass(frozen=True)
class Kind:
    """A kind of everyday picture."""

    paint: Paint
    """Makes one of a digit; its docstring says what a person sees."""

    @property
    def name(self) -> str:
        """In tables."""
        return self.paint.__name__.replace("_", " ")

    @property
    def text(self) -> str:
        """What a person sees."""
        return (self.paint.__doc__ or "").rstrip(".")


def kinds_in(*modules: ModuleType) -> tuple[Kind, ...]:
    """The kinds that modules draw: each of their own public functions is one."""
    own = (value for module in modules for value in vars(module).values() if _is_own(value, module))
    return tuple(Kind(paint) for paint in own if not paint.__name__.startswith("_"))


def _is_own(value: object, module: ModuleType) -> bool:
    return isfunction(value) and value.__module__ == module.__name__


KINDS = kinds_in(everyday_enclosed, everyday_grounds, everyday_marked, everyday_lit, everyday_inked)
"""A digit, which is to be read."""

EMPTY_KINDS = kinds_in(everyday_empty)
"""No digit, or two, which is to be said."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of one kind."""

    name: str
    images: Sequence[Image.Image | NDArray[np.generic]]
    labels: Sequence[int]
    """The digit that each was made of."""


@dataclass(frozen=True)
class Outcome:
    """What became of pictures of one kind."""

    right: Proportion
    """The digit, whatever the status."""
    wrong_and_ok: Proportion
    """Another digit, without reserve."""
    no_digit: Proportion
    ok: Proportion


def draw(kind: Kind, digits: Digits, *, count: int, seed: int) -> Pictures:
    """Pictures of one kind: of the same digits as those of another kind with the same count and seed.

    Raises:
        DataError: there are fewer than `count` digits.
    """
    if count > len(digits):
        raise DataError(f"there are only {len(digits):,} validation digits; choose a count up to that")
    indices = np.argsort(np.random.PCG64(seed).random_raw(len(digits)), kind="stable")[:count].tolist()
    rngs = (np.random.default_rng([seed, index, *kind.name.encode()]) for index in indices)
    images = [kind.paint(digits.images[index], rng) for index, rng in zip(indices, rngs, strict=True)]
    return Pictures(kind.name, images, digits.labels[indices].tolist())


def outcome(pictures: Pictures, classifier: Classifier) -> Outcome:
    """What a classifier makes of pictures."""
    pairs = list(zip(classifier.predict(pictures.images), pictures.labels, strict=True))
    ok = [answer.status == Status.OK for answer, _ in pairs]
    right = [answer.digit == label for answer, label in pairs]
    no_digit = [answer.status == Status.NO_DIGIT for answer, _ in pairs]
    wrong_and_ok = [sure and not read for sure, read in zip(ok, right, strict=True)]
    return Outcome(*(Proportion(sum(flags), len(pairs)) for flags in (right, wrong_and_ok, no_digit, ok)))


def markdown(read: Sequence[tuple[Kind, Outcome]], empty: Sequence[tuple[Kind, Outcome]]) -> str:
    """Two tables, one line a kind and one for the mean of all: of pictures with a digit, and of those without."""
    with_digit = [(kind.name, kind.text, _read_shares(found)) for kind, found in read]
    without = [(kind.name, kind.text, [found.no_digit.share, found.ok.share]) for kind, found in empty]
    return "\n".join(
        [
            "| | what it is | images | right | wrong and `ok` | not `ok` |",
            "|---|---|---:|---:|---:|---:|",
            *_lines(with_digit, read[0][1].ok.total),
            "",
            "| | no digit | images | `no_digit` | `ok` |",
            "|---|---|---:|---:|---:|",
            *_lines(without, empty[0][1].ok.total),
        ]
    )


def _read_shares(found: Outcome) -> list[float]:
    return [found.right.share, found.wrong_and_ok.share, 1 - found.ok.share]


def _lines(rows: Sequence[tuple[str, str, list[float]]], count: int) -> list[str]:
    means = np.mean([shares for _, _, shares in rows], axis=0).tolist()
    all_rows = [*((name, text, count, shares) for name, text, shares in rows)]
    all_rows.append(("all", f"the mean of these {len(rows)} kinds", count * len(rows), means))
    return [
        f"| {name} | {text} | {images:,} | {' | '.join(f'{share:.1%}' for share in shares)} |"
        for name, text, images, shares in all_rows
    ]


def main(
    model: Annotated[Path, typer.Argument(help="An exported .onnx file.")],
    count: Annotated[int, typer.Option(min=1, help="Pictures of each kind.")] = 80,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the digits and all that is left to chance.")] = 0,
    data_dir: DataDir = None,
) -> None:
    """Print how a model reads everyday pictures of digits, and what it makes of those without, as Markdown."""
    classifier = Classifier(model)
    _, digits = split_validation(load_train(resolve_data_dir(data_dir)))
    console = Console(stderr=True)
    kinds = track((*KINDS, *EMPTY_KINDS), "Reading", console=console, disable=not console.is_terminal)
    found = [(kind, outcome(draw(kind, digits, count=count, seed=seed), classifier)) for kind in kinds]
    typer.echo(markdown(found[: len(KINDS)], found[len(KINDS) :]))


if __name__ == "__main__":
    run(main)
