"""`python -m train`: from the MNIST files to a scored, exported model."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

import typer

for _library in ("torch", "safetensors", "onnx", "onnxscript", "matplotlib"):
    if find_spec(_library) is None:
        sys.exit(f"Error: training needs {_library}; pip install \"mnistcls[train]\", in a checkout '.[train]'")

import torch

from mnistcls.errors import MnistclsError, TrainingError
from train.calibrate import calibrate
from train.checkpoints import Checkpoint, load_weights, prefixed
from train.data import Digits, load_test, load_train, resolve_data_dir, split_validation
from train.download import fetch_missing
from train.export import export
from train.infer import logits_of, scores
from train.loop import Epoch, Trainer, steps_per_epoch, train
from train.networks import NETWORKS
from train.plots import plot_curves
from train.progress import Reporter
from train.recipes import FULL, QUICK
from train.runs import Run, RunSettings, newest_run, provenance

VALIDATION_SHARE = 12
"""One in this many training images is held out: 5,000 of MNIST's 60,000."""

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(  # noqa: PLR0913 - its options
    name: Annotated[str, typer.Argument(metavar="[NETWORK]", help=f"One of: {', '.join(NETWORKS)}.")] = "reference",
    *,
    quick: Annotated[bool, typer.Option("--quick", help="A rough model in about a minute.")] = False,
    epochs: Annotated[int | None, typer.Option(min=1, help="Default: the recipe's.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="The same seed, data and machine give the same model.", show_default="0")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, mps; auto takes the fastest there is.")] = "auto",
    data_dir: Annotated[Path | None, typer.Option(help="The MNIST files. Default: $MNIST_DIR, or else data.")] = None,
    run: Annotated[Path | None, typer.Option(help="The run's folder. Default: a new one in runs/.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with --run, or with the newest unfinished.")] = False,
) -> None:
    """Train on MNIST, score the test set once, export the model. Ctrl-C loses one epoch at most: see --resume."""
    if name not in NETWORKS:
        raise TrainingError(f"no network {name!r}; there are: {', '.join(NETWORKS)}")
    if resume and (ignored := [o for o, given in _options(quick, epochs, seed).items() if given]):
        raise TrainingError(
            f"{', '.join(ignored)} cannot change a run that is resumed; start a new one without --resume"
        )
    chosen = _device(device)
    folder = resolve_data_dir(data_dir)
    fetch_missing(folder)
    data, test = load_train(folder), load_test(folder)
    if resume:
        current = Run(run) if run else newest_run(finished=False)
        if current.finished:
            raise TrainingError(f"{current.folder} is finished, and its test images are scored; start a new run")
    else:
        recipe = (QUICK if quick else FULL)[name]
        recipe = replace(recipe, epochs=epochs or recipe.epochs)
        command = f"python -m train {name}{' --quick' if quick else ''}{f' --epochs {epochs}' if epochs else ''}"
        origin = provenance(f"{command} --seed {seed or 0}", seed or 0, data.sha256)
        current = Run.start(RunSettings(recipe, seed or 0, origin), run)
    started = time.perf_counter()
    fit(current, data, chosen)
    typer.echo(f"trained in {time.perf_counter() - started:.0f} s: {current.best}", err=True)
    with _disk_errors(current):
        finish(current, test)


def fit(run: Run, data: Digits, device: torch.device) -> None:
    """Train a run to its end, from wherever it stands."""
    settings = run.settings()
    if data.sha256 != settings.provenance["data_sha256"]:
        raise TrainingError(f"{run.folder} was started on other data; name those with --data-dir")
    training, validation = split_validation(data, size=len(data) // VALIDATION_SHARE)
    steps = steps_per_epoch(len(training), settings.recipe.batch_size)
    trainer = Trainer(settings.recipe, settings.seed, device, steps)
    if run.last.exists():
        trainer.restore(Checkpoint.load(run.last))
    with _disk_errors(run), Reporter(settings.recipe.epochs, steps, done=len(trainer.history)) as reporter:
        for epoch in train(trainer, training, validation, reporter.step):
            if epoch == best(trainer.history):
                _keep_best(run, settings, trainer, training, validation)
            trainer.checkpoint().save(run.last)
            run.log(trainer.history)
            reporter.epoch(epoch)
        run.log(trainer.history)  # once more, for a run that died between its last checkpoint and this
        plot_curves(trainer.history, run.folder / "curve.png")


def best(history: list[Epoch]) -> Epoch:
    """The epoch with the highest validation accuracy; of equals the one with the lowest loss."""
    return max(history, key=lambda epoch: (epoch.val_accuracy, -epoch.val_loss))


def _keep_best(run: Run, settings: RunSettings, trainer: Trainer, training: Digits, validation: Digits) -> None:
    """Save the averaged weights with their calibration, ready for export."""
    network = trainer.averaged.module
    logits = logits_of(network, validation.images, trainer.device)
    calibration = calibrate(logits, validation.labels)
    header = asdict(settings) | {
        "calibration": asdict(calibration),
        "metrics": scores(logits, validation.labels, "val", calibration.temperature)
        | {"train_images": float(len(training))},
    }
    Checkpoint(header, prefixed("network", network.state_dict())).save(run.best)


def finish(run: Run, test: Digits) -> None:
    """Score the test set, once, and export."""
    checkpoint = Checkpoint.load(run.best)
    network = NETWORKS[run.settings().recipe.network]()
    load_weights(network, checkpoint.under("network"))
    logits = logits_of(network, test.images, torch.device("cpu"))
    metrics = scores(logits, test.labels, "test", checkpoint.header["calibration"]["temperature"])
    typer.echo(
        f"test accuracy {metrics['test_accuracy']:.2%} "
        f"(95 % interval {metrics['test_accuracy_low']:.2%} to {metrics['test_accuracy_high']:.2%})"
    )
    seconds = sum(epoch["seconds"] for epoch in Checkpoint.load(run.last).header["history"])
    header = {**checkpoint.header, "metrics": checkpoint.header["metrics"] | metrics, "training_seconds": seconds}
    Checkpoint(header, checkpoint.tensors).save(run.best)
    typer.echo(export(run.best, run.model, test.images).describe(), err=True)


def _options(quick: bool, epochs: int | None, seed: int | None) -> dict[str, bool]:
    """What decides a run's outcome, by the name of its option, and whether it was given."""
    return {"--quick": quick, "--epochs": epochs is not None, "--seed": seed is not None}


@contextmanager
def _disk_errors(run: Run) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        fix = "make room, and go on with --resume"
        raise TrainingError(f"cannot write to {run.folder}: {error.strerror}; {fix}") from None


def _device(name: str) -> torch.device:
    """The device of that name; for `auto` a GPU if there is one."""
    if name == "auto":
        accelerator = torch.accelerator.current_accelerator(check_available=True)
        return accelerator or torch.device("cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise TrainingError(f"no device {name!r} here ({reason}); use --device auto") from None


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    typer.echo("Stopped; python -m train --resume goes on after the last finished epoch", err=True)
    sys.exit(128 + number)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    try:
        app(standalone_mode=True)
    except MnistclsError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(2)
