from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from toy_model import canonical_glyphs

from mnistcls import Classifier
from train import fit, hard
from train.calibrate import Calibration
from train.checkpoints import Checkpoint, prefixed
from train.data import Digits, load_test
from train.hard import HardResults, measure
from train.networks import default
from train.outliers import HELD_OUT_KINDS, Outliers
from train.recipes import FULL
from train.runs import Run, RunSettings
from train.stress import ROWS


def test_model_file_has_the_mean_of_the_stress_set_and_the_worst_kind_of_outliers() -> None:
    metrics = HardResults({"a": 0.9, "b": 1.0}, {"c": 0.99, "d": 0.98}, refused=0.95).metrics()
    assert metrics == {"stress_accuracy": pytest.approx(0.95), "refusal_auroc": 0.98, "refused": 0.95}


def test_a_run_that_is_stopped_while_it_is_measured_can_be_resumed(
    tmp_path: Path, tiny_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = RunSettings(FULL["default"], 0, {"seed": "0"})
    run = Run.start(settings, tmp_path / "run")
    header = asdict(settings) | {"calibration": asdict(Calibration(1, 0.9, 0.5)), "metrics": {}}
    Checkpoint(header, prefixed("network", default().state_dict())).save(run.best)
    measured: list[Path] = []

    def interrupted(model: Path, _test: Digits) -> HardResults:
        measured.append(model)
        Classifier(model)
        raise KeyboardInterrupt

    monkeypatch.setattr(fit, "measure", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit.measure_hard(run, load_test(tiny_mnist))
    assert measured
    assert not run.finished


def test_every_row_and_every_kind_is_measured(
    toy_model: Path, tiny_mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hard, "ROWS", ROWS[:3])
    monkeypatch.setattr(hard, "HELD_OUT_KINDS", HELD_OUT_KINDS[:2])
    monkeypatch.setattr(hard, "DIGITS_A_ROW", 4)
    monkeypatch.setattr(hard, "OUTLIERS_A_KIND", 3)
    measured = measure(toy_model, load_test(tiny_mnist))
    assert set(measured.stress) == {row.name for row in ROWS[:3]}
    assert set(measured.auroc) == set(HELD_OUT_KINDS[:2])


def test_shares_are_those_of_right_answers_and_of_refused_outliers(
    toy_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    glyphs, corner = canonical_glyphs(), np.zeros((10, 28, 28), np.uint8)
    corner[:, 0, 0] = 255  # like no glyph
    kinds = HELD_OUT_KINDS[:2]
    given = Outliers(np.concatenate([glyphs, corner]), np.repeat(kinds, 10))
    monkeypatch.setattr(hard, "ROWS", ROWS[:3])
    monkeypatch.setattr(hard, "HELD_OUT_KINDS", kinds)
    monkeypatch.setattr(hard, "DIGITS_A_ROW", 10)
    monkeypatch.setattr(hard, "outliers", lambda *_, **__: given)
    labels = np.arange(10)
    labels[:3] = 9  # where the toy model reads 0, 1 and 2

    measured = measure(toy_model, Digits(glyphs, labels))

    assert measured.stress == {row.name: pytest.approx(0.7) for row in ROWS[:3]}
    assert measured.auroc == {kinds[0]: 0.5, kinds[1]: 1.0}
    assert measured.refused == 0.5
