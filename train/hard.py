"""Measures a model on hard images, for its card: those of the stress set, and those that show no digit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mnistcls.classifier import Classifier
from train.data import Digits
from train.outliers import HELD_OUT_KINDS, outliers
from train.refusal import SEED, refusal
from train.stress import ROWS, Row
from train.stress_table import accuracy, written_row

DIGITS_A_ROW = 100
"""Images in each row of the stress set."""

OUTLIERS_A_KIND = 100
"""Images of each kind of outlier."""


@dataclass(frozen=True)
class HardResults:
    """How a model answers hard images. All figures are from 0 to 1."""

    stress: dict[str, float]
    """Share of right answers, by row of the stress set."""
    auroc: dict[str, float]
    """AUROC of the digit score against all test digits, by kind of outlier that was never trained on."""
    refused: float
    """Share of the outliers of these kinds that are not `ok`."""

    def metrics(self) -> dict[str, float]:
        """The figures for the model file: the mean stress row, and the worst kind of outlier. The card has all."""
        mean = sum(self.stress.values()) / len(self.stress)
        return {"stress_accuracy": mean, "refused": self.refused, "refusal_auroc": min(self.auroc.values())}


def measure(model: Path, test: Digits) -> HardResults:
    """Measure a model file on images made of the test digits; takes about two minutes."""
    classifier = Classifier(model)
    others = outliers(OUTLIERS_A_KIND * len(HELD_OUT_KINDS), SEED, HELD_OUT_KINDS, digits=test)
    measured = refusal(classifier.model, test, others)
    return HardResults(
        stress={row.name: _stress_accuracy(row, test, classifier) for row in ROWS},
        auroc=dict(measured.auroc),
        refused=measured.share_not_ok(HELD_OUT_KINDS).share,
    )


def _stress_accuracy(row: Row, test: Digits, classifier: Classifier) -> float:
    with written_row(row, test, count=DIGITS_A_ROW, seed=0) as files:
        return accuracy(classifier, files)
