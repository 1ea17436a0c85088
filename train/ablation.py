"""What each rule of the canonical form is worth: `python -m train.ablation MODEL` switches off one at a time.

Measured on the everyday pictures of `train.everyday` and on the stress set, both of MNIST's validation digits; which
rules to have is chosen by these figures, and the test set is left alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from mnistcls.classifier import Classifier
from mnistcls.decode import read_image
from train.data import Digits, load_train, resolve_data_dir, split_validation
from train.everyday import EMPTY_KINDS, KINDS, Outcome, Pictures, draw, outcome
from train.rules import Rule, choose, switched_off
from train.script import DataDir, run
from train.stress import ROWS, write_stress


@dataclass(frozen=True, eq=False)
class Sets:
    """The pictures that rules are measured on."""

    everyday: Sequence[Pictures]
    stress: Sequence[Pictures]
    empty: Sequence[Pictures]


@dataclass(frozen=True)
class Measured:
    """Answers to each of the pictures of `Sets`, by kind."""

    everyday: Mapping[str, Outcome]
    stress: Mapping[str, Outcome]
    empty: Mapping[str, Outcome]


@dataclass(frozen=True)
class Effect:
    """What changes where a rule is switched off: differences of shares, 0.01 for one picture in a hundred."""

    rule: Rule
    right: float
    """Change of the share of everyday pictures that are read right."""
    wrong_and_ok: float
    worst: str
    """The kind of everyday picture of which the fewest are right, compared with before, and how many fewer."""
    stress_right: float
    stress_wrong_and_ok: float
    read_into_empty: float
    """Pictures without a digit that are no longer `no_digit`."""

    @property
    def harm(self) -> float:
        """All of it together, by which rules are sorted."""
        return self.wrong_and_ok - self.right + self.stress_wrong_and_ok - self.stress_right + self.read_into_empty


def measure(sets: Sets, classifier: Classifier) -> Measured:
    """Let a classifier answer all pictures."""
    named = ({each.name: outcome(each, classifier) for each in part} for part in vars(sets).values())
    return Measured(*named)


def effect(rule: Rule, sets: Sets, classifier: Classifier, whole: Measured) -> Effect:
    """What changes in `whole`, the answers with all rules, where one is switched off."""
    with switched_off(rule):
        without = measure(sets, classifier)
    lost = {name: found.right.share - without.everyday[name].right.share for name, found in whole.everyday.items()}
    worst = max(lost, key=lost.__getitem__)
    return Effect(
        rule,
        _mean(without.everyday, "right") - _mean(whole.everyday, "right"),
        _mean(without.everyday, "wrong_and_ok") - _mean(whole.everyday, "wrong_and_ok"),
        f"{worst} {-lost[worst]:+.1%}" if lost[worst] > 0 else "",
        _mean(without.stress, "right") - _mean(whole.stress, "right"),
        _mean(without.stress, "wrong_and_ok") - _mean(whole.stress, "wrong_and_ok"),
        _mean(whole.empty, "no_digit") - _mean(without.empty, "no_digit"),
    )


def _mean(found: Mapping[str, Outcome], name: str) -> float:
    return float(np.mean([getattr(each, name).share for each in found.values()]))


def markdown(effects: Sequence[Effect]) -> str:
    """The table, one line a rule, what does the most harm first."""
    ordered = sorted(effects, key=lambda each: -each.harm)
    return "\n".join(
        [
            "| without | right | wrong, `ok` | most of all | stress: right | wrong, `ok` | empty: not `no_digit` |",
            "|---|---:|---:|---|---:|---:|---:|",
            *map(_line, ordered),
        ]
    )


def _line(found: Effect) -> str:
    everyday = f"{_signed(found.right)} | {_signed(found.wrong_and_ok)} | {found.worst}"
    stress = f"{_signed(found.stress_right)} | {_signed(found.stress_wrong_and_ok)}"
    return f"| {found.rule.name} | {everyday} | {stress} | {_signed(found.read_into_empty)} |"


def _signed(change: float) -> str:
    return f"{round(change, 4) + 0.0:+.2%}"  # what is rounded to -0.0 becomes 0.0


def stress_pictures(folder: Path, digits: Digits, *, count: int, seed: int) -> list[Pictures]:
    """The rows of the stress set, read once from the files that it writes to a folder."""
    write_stress(folder, digits, count=count, seed=seed)
    files = {row.name: sorted((folder / row.name).glob("*/*")) for row in ROWS}
    return [
        Pictures(name, [read_image(str(path)) for path in paths], [int(path.parent.name) for path in paths])
        for name, paths in files.items()
    ]


def main(  # noqa: PLR0913, PLR0917 - a command's options
    model: Annotated[Path, typer.Argument(help="An exported .onnx file.")],
    count: Annotated[int, typer.Option(min=1, help="Everyday pictures of each kind.")] = 40,
    stress_count: Annotated[int, typer.Option(min=1, help="Digits a row of the stress set.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the digits and all that is left to chance.")] = 0,
    rules: Annotated[str, typer.Option(help="Only these rules, separated by commas.", show_default="all")] = "",
    data_dir: DataDir = None,
) -> None:
    """Print what becomes worse where a rule of the canonical form is switched off, as Markdown."""
    chosen = choose([name for name in rules.split(",") if name])
    classifier = Classifier(model)
    _, digits = split_validation(load_train(resolve_data_dir(data_dir)))
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder:
        everyday, empty = (
            [draw(kind, digits, count=count, seed=seed) for kind in kinds] for kinds in (KINDS, EMPTY_KINDS)
        )
        sets = Sets(everyday, stress_pictures(Path(folder), digits, count=stress_count, seed=seed), empty)
        whole = measure(sets, classifier)
        tried = track(chosen, "Switching off", console=console, disable=not console.is_terminal)
        typer.echo(markdown([effect(rule, sets, classifier, whole) for rule in tried]))


if __name__ == "__main__":
    run(main)
