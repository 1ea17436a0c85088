from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mnistcls.errors import TrainingError
from train import runs
from train.augment import Augmentation
from train.loop import Epoch
from train.recipes import FULL
from train.runs import Run, RunSettings, newest_run, provenance

RECIPE = replace(FULL["reference"], epochs=3, augmentation=Augmentation(rotation=1.5))
SETTINGS = RunSettings(RECIPE, 7, {"commit": "abc", "data_sha256": "def"})
HISTORY = [Epoch(1, 0.5, 0.25, 0.875, 1.5), Epoch(2, 0.4, 0.2, 0.9, 1.25)]


def started(name: str, time: int) -> Run:
    run = Run.start(SETTINGS, Path("runs", name))
    os.utime(run.settings_file, (time, time))
    return run


# --- settings


@pytest.mark.parametrize("augmentation", [RECIPE.augmentation, None])
def test_settings_come_back_as_they_were(augmentation: Augmentation | None) -> None:
    settings = replace(SETTINGS, recipe=replace(RECIPE, augmentation=augmentation))
    assert RunSettings.from_json(settings.to_json()) == settings


def test_settings_are_readable_json() -> None:
    values = json.loads(SETTINGS.to_json())
    assert values["seed"] == 7
    assert values["recipe"]["network"] == "reference"
    assert values["recipe"]["augmentation"]["rotation"] == 1.5
    assert SETTINGS.to_json().count("\n") > 10


# --- a run's folder


def test_start_makes_the_folder_and_writes_the_settings(tmp_path: Path) -> None:
    run = Run.start(SETTINGS, tmp_path / "new" / "run")
    assert run.folder == tmp_path / "new" / "run"
    assert [file.name for file in run.folder.iterdir()] == ["run.json"]
    assert run.settings() == SETTINGS
    assert not run.finished


def test_default_folder_is_named_by_network_and_time(here: Path) -> None:
    run = Run.start(SETTINGS, None)
    assert re.fullmatch(r"runs/reference-\d{8}-\d{6}", run.folder.as_posix())
    assert (here / run.folder / "run.json").is_file()


def test_files_are_where_the_module_says(tmp_path: Path) -> None:
    run = Run(tmp_path)
    files = (run.settings_file, run.last, run.best, run.model)
    assert [file.name for file in files] == ["run.json", "last.safetensors", "best.safetensors", "model.onnx"]
    assert {file.parent for file in files} == {tmp_path}


def test_existing_folder_is_not_touched(tmp_path: Path) -> None:
    run = Run.start(SETTINGS, tmp_path / "run")
    with pytest.raises(TrainingError, match=r"run exists; continue it with --resume, or name another --run"):
        Run.start(replace(SETTINGS, seed=8), tmp_path / "run")
    assert run.settings().seed == 7


def test_empty_folder_becomes_a_run(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    assert Run.start(SETTINGS, tmp_path / "run").settings() == SETTINGS


def test_folder_of_other_things_is_no_place_for_a_run(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(TrainingError, match="exists; continue it with --resume, or name another --run"):
        Run.start(SETTINGS, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_folder_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TrainingError, match=r"cannot make .*file/run: Not a directory; name another --run"):
        Run.start(SETTINGS, tmp_path / "file" / "run")


@pytest.mark.parametrize(
    "content",
    [None, "", "{}", "[]", '{"recipe": {"network": 1}}', SETTINGS.to_json()[:-20], SETTINGS.to_json()[::-1]],
)
def test_folder_without_readable_settings_is_no_run(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(TrainingError, match=r"is not a run's folder \(.+\); name one of runs/"):
        Run(tmp_path).settings()


def test_log_has_one_line_an_epoch_and_is_written_anew(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.log(HISTORY[:1])
    run.log(HISTORY)
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [Epoch(**json.loads(line)) for line in lines] == HISTORY
    assert [file.name for file in tmp_path.iterdir()] == ["metrics.jsonl"]


# --- the newest run


@pytest.mark.parametrize("finished", [True, False])
def test_newest_is_the_one_started_last_of_its_kind(here: Path, finished: bool) -> None:
    for name, time in (("c-old", 100), ("a-new", 300), ("b-middle", 200)):
        run, other = started(name, time), started(f"{name}-other", time + 1000)
        (run if finished else other).model.touch()
    Path("runs", "no-run").mkdir()
    assert newest_run(finished=finished).folder == Path("runs", "a-new")
    assert here.is_dir()


@pytest.mark.parametrize(("finished", "kind"), [(True, "finished"), (False, "unfinished")])
def test_no_run_of_that_kind_says_how_to_start_one(here: Path, finished: bool, kind: str) -> None:
    assert not (here / "runs").exists()
    with pytest.raises(TrainingError, match=rf"^no {kind} run in runs/; `python -m train` starts one$"):
        newest_run(finished=finished)
    run = started("other", 100)
    if not finished:
        run.model.touch()
    with pytest.raises(TrainingError, match=f"no {kind} run"):
        newest_run(finished=finished)


# --- provenance


def test_provenance_names_commit_seed_data_and_versions() -> None:
    values = provenance("reference", 7, "def", torch.device("cpu"))
    assert values["seed"] == "7"
    assert values["data_sha256"] == "def"
    assert values["torch"] == torch.__version__
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?|unknown", values["commit"])
    assert re.fullmatch(rf"{torch.get_num_threads()} of \d+ CPUs, \w+, (float32|bfloat16)", values["hardware"])
    assert all(isinstance(value, str) for value in values.values())


def test_commit_is_unknown_outside_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "__file__", str(tmp_path / "train" / "runs.py"))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "train").mkdir()
    assert provenance("reference", 0, "", torch.device("cpu"))["commit"] == "unknown"


def test_commit_is_unknown_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert provenance("reference", 0, "", torch.device("cpu"))["commit"] == "unknown"


def test_commit_is_not_that_of_another_project_that_holds_the_installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / ".venv" / "site-packages" / "train"
    package.mkdir(parents=True)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "theirs"], check=True)
    monkeypatch.setattr(runs, "__file__", str(package / "runs.py"))
    assert provenance("reference", 0, "", torch.device("cpu"))["commit"] == "unknown"
