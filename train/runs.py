"""Owns the folder of a run: its settings, metrics, checkpoints and the model made from the best of them.

runs/reference-20260131-120000/
  run.json            recipe, seed, data, versions
  metrics.jsonl       one line an epoch
  last.safetensors    what --resume continues from
  best.safetensors    averaged weights of the epoch that did best on validation, with their calibration
  drawn.safetensors   images that were drawn for it; drawn again if deleted
  curve.png           learning curves
  mistakes.png        the test images with a wrong answer
  model.onnx, model.md

runs/teachers/teacher-0/, ...: runs of the networks that it learns from; see `train.teachers`.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from mnistcls.errors import TrainingError
from train.augment import Augmentation
from train.files import write_whole
from train.loop import Epoch, has_fast_bfloat16
from train.recipes import Recipe

RUNS = Path("runs")
"""Folder of the runs, in the current folder."""


@dataclass(frozen=True)
class RunSettings:
    """What decides a run's outcome, and where it came from."""

    recipe: Recipe
    seed: int
    provenance: Mapping[str, str]
    """Commit, seed, SHA-256 of the training data, versions."""

    @classmethod
    def from_json(cls, text: str) -> RunSettings:
        """Parse what `to_json` wrote."""
        values = json.loads(text)
        recipe = dict(values["recipe"])
        if recipe["augmentation"]:
            recipe["augmentation"] = Augmentation(**recipe["augmentation"])
        return cls(Recipe(**recipe), values["seed"], values["provenance"])

    def to_json(self) -> str:
        """The text of run.json."""
        return json.dumps(asdict(self), indent=2) + "\n"


@dataclass(frozen=True)
class Run:
    """The folder of one run."""

    folder: Path

    @property
    def settings_file(self) -> Path:
        """The file of the run's settings."""
        return self.folder / "run.json"

    @property
    def last(self) -> Path:
        """Checkpoint of the last finished epoch."""
        return self.folder / "last.safetensors"

    @property
    def best(self) -> Path:
        """Checkpoint of the best epoch so far."""
        return self.folder / "best.safetensors"

    @property
    def model(self) -> Path:
        """The exported model."""
        return self.folder / "model.onnx"

    @property
    def drawn(self) -> Path:
        """The images that were drawn for this run."""
        return self.folder / "drawn.safetensors"

    @property
    def finished(self) -> bool:
        """Whether the run came to its end."""
        return self.model.exists()

    @classmethod
    def start(cls, settings: RunSettings, folder: Path | None) -> Run:
        """Make the folder of a new run.

        Raises:
            TrainingError: the folder is not empty, or cannot be made.
        """
        folder = folder or RUNS / f"{settings.recipe.network}-{time.strftime('%Y%m%d-%H%M%S')}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise TrainingError(f"{folder} exists; continue it with --resume, or name another --run")
        except OSError as error:
            raise TrainingError(f"cannot make {folder}: {error.strerror}; name another --run") from None
        run = cls(folder)
        write_whole(run.settings_file, settings.to_json())
        return run

    def settings(self) -> RunSettings:
        """Read the settings of an existing run.

        Raises:
            TrainingError: the folder holds no run.
        """
        try:
            return RunSettings.from_json(self.settings_file.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TrainingError(f"{self.folder} is not a run's folder ({error}); name one of runs/") from None

    def log(self, history: list[Epoch]) -> None:
        """Write metrics.jsonl anew; the history in the last checkpoint is what counts."""
        lines = [json.dumps(asdict(epoch)) for epoch in history]
        write_whole(self.folder / "metrics.jsonl", "\n".join(lines) + "\n")


def newest_run(*, finished: bool) -> Run:
    """The run that was started last, of those that are finished or of those that are not.

    Raises:
        TrainingError: there is no such run.
    """
    runs = [Run(file.parent) for file in RUNS.glob("*/run.json")]
    fitting = [run for run in runs if run.finished is finished]
    if not fitting:
        raise TrainingError(
            f"no {'finished' if finished else 'unfinished'} run in {RUNS}/; `python -m train` starts one"
        )
    return max(fitting, key=lambda run: run.settings_file.stat().st_mtime)


def provenance(command: str, seed: int, data_sha256: str, device: torch.device) -> dict[str, str]:
    """What a model's provenance says, by name; `command` is the command that made it."""
    return {
        "command": command,
        "commit": _commit(),
        "hardware": _hardware(device),
        "seed": str(seed),
        "data_sha256": data_sha256,
        "torch": torch.__version__,
    }


def _hardware(device: torch.device) -> str:
    """The hardware and its precision, since sums round differently on another kind."""
    if device.type == "cpu":
        threads, cpus = torch.get_num_threads(), os.cpu_count()
        name = f"{threads} of {cpus} CPUs, {torch.backends.cpu.get_cpu_capability()}"
    else:
        name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return f"{name}, {'bfloat16' if has_fast_bfloat16(device) else 'float32'}"


def _commit() -> str:
    """The commit of the checkout that this code is in; `unknown` outside one."""
    checkout = Path(__file__).resolve().parent.parent
    try:
        if Path(_git(checkout, "rev-parse", "--show-toplevel")) != checkout:  # a checkout that holds an installation
            return "unknown"
        return _git(checkout, "describe", "--always", "--dirty", "--abbrev=40")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
