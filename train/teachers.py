"""Trains the networks that a released one learns from, and keeps them for later runs.

Their mean answer is better than any one's, and a network that learns it keeps some of that, even one of their own kind:
G. Hinton et al., "Distilling the Knowledge in a Neural Network" (2015); T. Furlanello et al., "Born-Again Neural
Networks" (2018). They answer for the very image that is learned from, as it was distorted: L. Beyer et al., "Knowledge
distillation: A good teacher is patient and consistent" (2022).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from mnistcls.errors import TrainingError
from train.checkpoints import Checkpoint, load_weights
from train.loop import autocast_logits
from train.networks import NETWORKS, folded, with_no_digit
from train.recipes import TEACHER
from train.runs import RUNS, Run, RunSettings, provenance

TEACHERS = RUNS / "teachers"
"""Folder of the teachers' runs."""


class Ensemble:
    """Networks that answer together."""

    def __init__(self, networks: Sequence[nn.Sequential]) -> None:
        self._networks = [folded(network).to(memory_format=torch.channels_last) for network in networks]  # type: ignore[call-overload] # its stub lacks this one

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        """Mean probabilities, float (N, 11), of the ten digits and of no digit, for images (N, 1, 28, 28)."""
        each = [torch.softmax(with_no_digit(autocast_logits(network, images)), dim=1) for network in self._networks]
        return torch.stack(each).mean(dim=0)


def teachers(
    count: int, data_sha256: str, fit: Callable[[Run], None], device: torch.device, folder: Path = TEACHERS
) -> Ensemble | None:
    """The first `count` teachers, with seeds from 0 on; those that are missing or unfinished are trained.

    Args:
        count: how many; for 0, None is returned.
        data_sha256: of the training data.
        fit: trains a run to its end, from the last finished epoch on.
        device: the device that they answer on.
        folder: the folder that holds a run for each.

    Raises:
        TrainingError: a run in the folder is of another recipe, or of other data.
    """
    runs = [_started(run, seed, data_sha256, device) for seed, run in enumerate(_runs(count, folder))]
    for run in runs:
        fit(run)
    return Ensemble([_network(run).to(device) for run in runs]) if runs else None


def training_seconds(run: Run, folder: Path = TEACHERS) -> float:
    """Seconds that the epochs of a run and of its teachers, in this folder, took."""
    runs = [run, *_runs(run.settings().recipe.teachers, folder)]
    return float(sum(epoch["seconds"] for one in runs for epoch in Checkpoint.load(one.last).header["history"]))


def _runs(count: int, folder: Path) -> list[Run]:
    return [Run(folder / f"teacher-{seed}") for seed in range(count)]


def _started(run: Run, seed: int, data_sha256: str, device: torch.device) -> Run:
    """The run, which is started if it is not there."""
    if not run.settings_file.exists():
        origin = provenance(f"a teacher, seed {seed}", seed, data_sha256, device)
        return Run.start(RunSettings(TEACHER, seed, origin), run.folder)
    settings = run.settings()
    recipe = replace(settings.recipe, version=TEACHER.version)  # a label of what ships
    if recipe != TEACHER or settings.provenance["data_sha256"] != data_sha256:
        raise TrainingError(f"{run.folder} holds a teacher of another recipe or other data; move it away")
    return run


def _network(run: Run) -> nn.Sequential:
    network = NETWORKS[TEACHER.network]()
    load_weights(network, Checkpoint.load(run.best).under("network"))
    return network
