"""Trains a run from start to end, its teachers first, and measures its model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from mnistcls.errors import TrainingError
from train.calibrate import Calibration, calibrate
from train.checkpoints import Checkpoint, load_weights, prefixed
from train.data import Digits, split_validation
from train.drawn import mix
from train.export import export
from train.hard import measure
from train.infer import logits_of
from train.loop import Epoch, Trainer, steps_per_epoch, train
from train.networks import NETWORKS
from train.plots import draw_mistakes, plot_curves
from train.progress import Reporter
from train.runs import Run, RunSettings
from train.scoring import calibrated_scores, mistakes
from train.teachers import Ensemble, teachers, training_seconds


def fit(run: Run, data: Digits, device: torch.device) -> None:
    """Train a run to its end, from the last finished epoch on; its teachers are trained first.

    Raises:
        TrainingError: the run was started on other data, its folder cannot be written, or training fails.
    """
    settings = run.settings()
    if data.sha256 != settings.provenance["data_sha256"]:
        raise TrainingError(f"{run.folder} was started on other data; name those with --data-dir")
    ensemble = teachers(settings.recipe.teachers, data.sha256, lambda teacher: fit(teacher, data, device), device)
    training, validation = split_validation(data)
    with _disk_errors(run):
        _train(run, training, validation, ensemble, device)


def _train(run: Run, training: Digits, validation: Digits, ensemble: Ensemble | None, device: torch.device) -> None:
    settings = run.settings()
    recipe, name = settings.recipe, run.folder.name
    mixture = mix(training, recipe, run.drawn)
    steps = steps_per_epoch(len(mixture), recipe.batch_size)
    trainer = Trainer(recipe, settings.seed, device, steps)
    if run.last.exists():
        trainer.restore(Checkpoint.load(run.last))
    with Reporter(name, recipe.epochs, steps, done=len(trainer.history)) as reporter:
        for epoch in train(trainer, mixture, validation, reporter.step, ensemble):
            if epoch == best_epoch(trainer.history):
                _keep_best(run, settings, trainer, len(training), validation)
            trainer.checkpoint().save(run.last)
            run.log(trainer.history)
            reporter.epoch(epoch)
        run.log(trainer.history)  # again, for a run that ended between its last checkpoint and its log
        plot_curves(trainer.history, run.folder / "curve.png")


def measure_hard(run: Run, test: Digits) -> None:
    """Measure a run's model on hard images, and write the figures into its best checkpoint, which is then exported.

    Uses a temporary model file, because a run counts as finished once `model.onnx` exists.
    """
    with TemporaryDirectory() as folder:
        hard = measure(export(run.best, Path(folder, run.model.name), test.images).path, test)
    checkpoint = Checkpoint.load(run.best)
    metrics = checkpoint.header["metrics"] | hard.metrics()
    with _disk_errors(run):
        Checkpoint({**checkpoint.header, "metrics": metrics, "hard": asdict(hard)}, checkpoint.tensors).save(run.best)


def best_epoch(history: list[Epoch]) -> Epoch:
    """The epoch with the lowest validation loss. Accuracies differ by single digits, that is by chance."""
    return min(history, key=lambda epoch: epoch.val_loss)


def _keep_best(run: Run, settings: RunSettings, trainer: Trainer, train_images: int, validation: Digits) -> None:
    """Save the averaged weights with their calibration, ready for export."""
    network = trainer.averaged.module
    logits = logits_of(network, validation.images, trainer.device)
    calibration = calibrate(logits, validation.labels)
    header = asdict(settings) | {
        "calibration": asdict(calibration),
        "metrics": calibrated_scores(logits, validation.labels, "val", calibration)
        | {"train_images": float(train_images)},
    }
    Checkpoint(header, prefixed("network", network.state_dict())).save(run.best)


def score(run: Run, test: Digits) -> dict[str, float]:
    """Score a trained run on the test set, once.

    The figures, the confusion matrix and the indices of the wrong answers are written into the best checkpoint, which
    is then exported; `mistakes.png` shows the wrong answers.

    Returns:
        The figures, by name.
    """
    checkpoint = Checkpoint.load(run.best)
    network = NETWORKS[run.settings().recipe.network]()
    load_weights(network, checkpoint.under("network"))
    logits = logits_of(network, test.images, torch.device("cpu"))
    metrics = calibrated_scores(logits, test.labels, "test", Calibration(**checkpoint.header["calibration"]))
    wrong = mistakes(logits, test.labels)
    header = {
        **checkpoint.header,
        "metrics": checkpoint.header["metrics"] | metrics,
        "training_seconds": training_seconds(run),
        "confusion": wrong.confusion.tolist(),
        "mistakes": wrong.indices.tolist(),
    }
    with _disk_errors(run):
        Checkpoint(header, checkpoint.tensors).save(run.best)
        draw_mistakes(test, wrong, run.folder / "mistakes.png")
    return metrics


@contextmanager
def _disk_errors(run: Run) -> Iterator[None]:
    """Turn an error of the disk into a `TrainingError` that says how to continue."""
    try:
        yield
    except OSError as error:
        fix = "make room, and continue with --resume"
        raise TrainingError(f"cannot write to {run.folder}: {error.strerror}; {fix}") from None
