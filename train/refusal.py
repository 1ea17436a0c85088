"""Measures how well a model refuses what is no digit: `python -m train.refusal MODEL`.

The digits are MNIST's test images, and the outliers that are made of digits are made of these, so no image here was
trained on. Outliers of the kinds that training draws, too, are drawn with another seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from mnistcls.batch import statuses_of
from mnistcls.evaluation.metrics import Proportion
from mnistcls.model import Model, Outputs
from mnistcls.results import STATUS_INDEX, Status
from train.data import Digits, load_test, resolve_data_dir
from train.outliers import HELD_OUT_KINDS, TRAINED_KINDS, Outliers, outliers
from train.script import DataDir, run

SEED = 1_000_003
"""Seed of the outliers that are measured with; the seeds of training are small numbers."""


@dataclass(frozen=True)
class StatusCounts:
    """How many images got each status."""

    no_digit: Proportion
    """Images whose digit score is under its threshold."""
    uncertain: Proportion
    """Images of a digit with a confidence under its threshold."""
    ok: Proportion
    """Images of a digit with a confidence that reaches its threshold."""


@dataclass(frozen=True)
class Refusal:
    """How a model answers digits, and each kind of outlier."""

    digits: StatusCounts
    kinds: Mapping[str, StatusCounts]
    auroc: Mapping[str, float]
    """By kind: how often a digit's score is higher than an outlier's, 0 to 1; ties count half."""

    def share_not_ok(self, kinds: Sequence[str]) -> Proportion:
        """How many outliers of these kinds are `no_digit` or `uncertain`."""
        ok = [self.kinds[kind].ok for kind in kinds]
        total = sum(proportion.total for proportion in ok)
        return Proportion(total - sum(proportion.count for proportion in ok), total)


def refusal(model: Model, digits: Digits, others: Outliers) -> Refusal:
    """Measure a model, at its own thresholds.

    Args:
        model: the model to measure.
        digits: images that should all be accepted, whichever digit is read in them.
        others: images that should all be refused.
    """
    least_score, least_confidence = model.metadata.digit_score_threshold, model.metadata.confidence_threshold
    accepted = model.run(digits.images)
    refused = {kind: model.run(others.of(kind)) for kind in dict.fromkeys(others.kinds.tolist())}
    return Refusal(
        digits=count_statuses(accepted, least_score, least_confidence),
        kinds={kind: count_statuses(outputs, least_score, least_confidence) for kind, outputs in refused.items()},
        auroc={kind: auroc(accepted.digit_scores, outputs.digit_scores) for kind, outputs in refused.items()},
    )


def count_statuses(outputs: Outputs, digit_score: float, confidence: float) -> StatusCounts:
    """Count the statuses that `mnistcls classify` would give, with these thresholds."""
    statuses = statuses_of(outputs.probabilities.max(axis=1), outputs.digit_scores, confidence, digit_score)
    return StatusCounts(*(_share(statuses, status) for status in (Status.NO_DIGIT, Status.UNCERTAIN, Status.OK)))


def _share(statuses: NDArray[np.uint8], status: Status) -> Proportion:
    return Proportion(int((statuses == STATUS_INDEX[status]).sum()), len(statuses))


def auroc(higher: NDArray[np.float32], lower: NDArray[np.float32]) -> float:
    """Area under the ROC curve: how often one of `higher` (N,) is over one of `lower` (M,), ties half."""
    ordered = np.sort(lower)
    below, not_above = np.searchsorted(ordered, higher, "left"), np.searchsorted(ordered, higher, "right")
    return float((below + not_above).mean() / 2 / len(lower))


def table(measured: Refusal) -> Table:
    """The table of the figures, a row for each kind; kinds that were never trained on come first."""
    result = Table("", "AUROC", "no_digit", "uncertain", "ok", caption=_summary(measured))
    result.add_row("MNIST test digits", "", *_shares(measured.digits), end_section=True)
    for title, kinds in (("never trained on", HELD_OUT_KINDS), ("trained on", TRAINED_KINDS)):
        result.add_row(f"[bold]{title}")
        for kind in kinds:
            result.add_row(kind, f"{measured.auroc[kind]:.4f}", *_shares(measured.kinds[kind]))
        result.add_section()
    return result


def _shares(counted: StatusCounts) -> list[str]:
    return [f"{part.share:.2%}" for part in (counted.no_digit, counted.uncertain, counted.ok)]


def _summary(measured: Refusal) -> str:
    never, trained = (measured.share_not_ok(kinds) for kinds in (HELD_OUT_KINDS, TRAINED_KINDS))
    low, high = never.interval
    return (
        f"not ok: {never.share:.2%} ({low:.2%} to {high:.2%}) of {never.total:,} outliers of kinds never trained on, "
        f"{trained.share:.2%} of {trained.total:,} of the others"
    )


def main(
    model: Annotated[Path, typer.Argument(help="An exported .onnx file.")],
    count: Annotated[int, typer.Option(min=1, help="Outliers of each kind.")] = 300,
    data_dir: DataDir = None,
) -> None:
    """Print how well a model tells digits from what is none."""
    loaded, digits = Model(model), load_test(resolve_data_dir(data_dir))
    kinds = HELD_OUT_KINDS + TRAINED_KINDS
    others = outliers(count * len(kinds), SEED, kinds, digits=digits)
    Console().print(table(refusal(loaded, digits, others)))


if __name__ == "__main__":
    run(main)
