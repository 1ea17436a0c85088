"""How a model does on hard images, those of the stress set and those that show no digit: for its card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mnistcls.classifier import Classifier
from train.data import Digits
from train.outliers import HELD_OUT_KINDS, outliers
from train.refusal import SEED, refusal
from train.stress import ROWS
from train.stress_table import score

DIGITS_A_ROW = 100
OUTLIERS_A_KIND = 100


@dataclass(frozen=True)
class Hard:
    """Shares, 0 to 1."""

    stress: dict[str, float]
    """Right answers among `DIGITS_A_ROW`, by row of the stress set."""
    auroc: dict[str, float]
    """AUROC against all test digits, by kind of outlier that was never trained on."""
    refused: float
    """Outliers of these kinds that are not `ok`."""

    def metrics(self) -> dict[str, float]:
        """What goes into the model file; the card has the rest."""
        mean = sum(self.stress.values()) / len(self.stress)
        return {"stress_accuracy": mean, "refused": self.refused, "refusal_auroc": min(self.auroc.values())}


def measure(model: Path, test: Digits) -> Hard:
    """Measure a model file on images made of the test digits; takes about two minutes."""
    classifier = Classifier(model)
    rows = [score(row, test, classifier, count=DIGITS_A_ROW, seed=0) for row in ROWS]
    others = outliers(OUTLIERS_A_KIND * len(HELD_OUT_KINDS), SEED, HELD_OUT_KINDS, digits=test)
    measured = refusal(classifier.model, test, others)
    return Hard(
        stress={scored.row.name: scored.tool for scored in rows},
        auroc=dict(measured.auroc),
        refused=measured.share_not_ok(HELD_OUT_KINDS).share,
    )
