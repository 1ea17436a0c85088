from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import train.teachers
from mnistcls.errors import TrainingError
from train.checkpoints import Checkpoint, prefixed
from train.networks import default
from train.recipes import FULL, TEACHER
from train.runs import Run, RunSettings
from train.teachers import Ensemble, teachers, training_seconds

CPU = torch.device("cpu")


class Says(nn.Module):
    """A network that always gives the same logits."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self.logits = torch.tensor(logits)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.logits.expand(len(images), -1)


def fit(run: Run) -> None:
    """Stands for training: weights that hang on the seed."""
    torch.manual_seed(run.settings().seed)
    Checkpoint({}, prefixed("network", default().state_dict())).save(run.best)


def test_teachers_answer_with_their_mean_probabilities() -> None:
    sure, empty = nn.Sequential(Says(*[-20.0] * 9, 20.0)), nn.Sequential(Says(*[-20.0] * 10))
    answer = Ensemble([sure, empty])(torch.zeros(3, 1, 28, 28))
    assert answer.shape == (3, 11)
    torch.testing.assert_close(answer[0], torch.tensor([0.0] * 9 + [0.5, 0.5]))


def test_recipe_without_teachers_has_none(tmp_path: Path) -> None:
    assert teachers(0, "data", fit, CPU, tmp_path / "teachers") is None
    assert not list(tmp_path.iterdir())


def test_teachers_are_trained_once_a_seed_and_kept(tmp_path: Path) -> None:
    fitted: list[Run] = []

    def counted(run: Run) -> None:
        fitted.append(run)
        fit(run)

    first = teachers(2, "data", counted, CPU, tmp_path)
    assert [run.folder.name for run in fitted] == ["teacher-0", "teacher-1"]
    assert [run.settings().seed for run in fitted] == [0, 1]
    assert all(run.settings().recipe == TEACHER for run in fitted)
    again = teachers(2, "data", lambda _: None, CPU, tmp_path)
    images = torch.rand(4, 1, 28, 28)
    assert first is not None
    assert again is not None
    torch.testing.assert_close(first(images), again(images))


def test_training_takes_the_time_of_a_run_and_of_its_teachers(tmp_path: Path) -> None:
    recipe = replace(FULL["default"], teachers=2)
    student = Run.start(RunSettings(recipe, 0, {}), tmp_path / "student")
    teachers(2, "data", fit, CPU, tmp_path)
    for seconds, run in zip((1.5, 2, 4), (student, *map(Run, sorted(tmp_path.glob("teacher-*")))), strict=True):
        Checkpoint({"history": [{"seconds": seconds}, {"seconds": 10}]}, {}).save(run.last)
    assert training_seconds(student, tmp_path) == 37.5


def test_teachers_are_kept_when_the_default_gets_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    teachers(1, "data", fit, CPU, tmp_path)
    monkeypatch.setattr(train.teachers, "TEACHER", replace(TEACHER, version="next"))
    assert teachers(1, "data", fit, CPU, tmp_path)
    monkeypatch.setattr(train.teachers, "TEACHER", replace(TEACHER, epochs=1))
    with pytest.raises(TrainingError, match="holds a teacher of another recipe"):
        teachers(1, "data", fit, CPU, tmp_path)


def test_teachers_of_other_data_are_not_taken(tmp_path: Path) -> None:
    teachers(1, "data", fit, CPU, tmp_path)
    with pytest.raises(TrainingError, match=r"teacher-0 holds a teacher of another recipe or other data; move it away"):
        teachers(1, "other", fit, CPU, tmp_path)
