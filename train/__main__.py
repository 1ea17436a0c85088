"""The command `python -m train`, which leads from the MNIST files to a scored, exported model."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

for _library in ("torch", "safetensors", "onnx", "onnxscript", "matplotlib", "HersheyFonts"):
    if find_spec(_library) is None:
        sys.exit(f"Error: training needs {_library}; pip install \"mnistcls[train]\", in a checkout '.[train]'")

import torch

from mnistcls.errors import TrainingError
from train.data import Digits, load_test, load_train, resolve_data_dir
from train.download import fetch_missing
from train.export import PARITY_IMAGES, export
from train.fit import fit, measure_hard, score
from train.recipes import FULL, QUICK
from train.runs import Run, RunSettings, newest_run, provenance
from train.script import DataDir, stop_cleanly
from train.script import run as run_command


def main(  # noqa: PLR0913 - its options
    name: Annotated[
        str | None, typer.Argument(metavar="[NETWORK]", help=f"One of: {', '.join(FULL)}.", show_default="default")
    ] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="A rough model in about a minute.")] = False,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="For a trial, without teachers. Default: the recipe's.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="The same seed, data and CPU give the same model.", show_default="0")
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, mps; auto takes cuda where there is one.")] = "auto",
    data_dir: DataDir = None,
    run: Annotated[Path | None, typer.Option(help="The run's folder. Default: a new one in runs/.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume --run, or the newest unfinished run.")] = False,
) -> None:
    """Train on MNIST, score the test set once, export the model. Ctrl-C loses one epoch at most: see --resume."""
    if name and name not in FULL:
        raise TrainingError(f"no network {name!r}; there are: {', '.join(FULL)}")
    if resume and (ignored := [o for o, given in _options(quick, epochs, seed).items() if given]):
        raise TrainingError(
            f"{', '.join(ignored)} cannot change a run that is resumed; start a new one without --resume"
        )
    chosen = _device(device)
    folder = resolve_data_dir(data_dir)
    fetch_missing(folder)
    data, test = load_train(folder), load_test(folder)
    if len(test) < PARITY_IMAGES:
        raise TrainingError(f"{folder} has {len(test)} test images; checking the model file takes {PARITY_IMAGES:,}")
    if resume:
        current = _unfinished(run, name)
    else:
        settings = _settings(name or "default", quick, epochs, seed or 0, data, chosen)
        current = Run.start(settings, run)
    stop_cleanly(_how_to_resume(current, data_dir))
    started = time.perf_counter()
    fit(current, data, chosen)
    typer.echo(f"trained in {time.perf_counter() - started:.0f} s: {current.best}", err=True)
    _finish(current, test)


def _settings(  # noqa: PLR0913, PLR0917 - what the options ask for
    network: str, quick: bool, epochs: int | None, seed: int, data: Digits, device: torch.device
) -> RunSettings:
    """The settings of a new run."""
    recipe = (QUICK if quick else FULL)[network]
    if epochs:
        recipe = replace(recipe, epochs=epochs, teachers=0)
    command = f"python -m train {network}{' --quick' if quick else ''}{f' --epochs {epochs}' if epochs else ''}"
    return RunSettings(recipe, seed, provenance(f"{command} --seed {seed}", seed, data.sha256, device))


def _unfinished(folder: Path | None, network: str | None) -> Run:
    """The run to resume: that of the folder, or else the newest unfinished one.

    Raises:
        TrainingError: there is none, it is finished, or it trains another network than the one that is named.
    """
    run = Run(folder) if folder else newest_run(finished=False)
    if run.finished:
        raise TrainingError(f"{run.folder} is finished, and its test images are scored; start a new run")
    if network not in (None, its := run.settings().recipe.network):
        raise TrainingError(f"{run.folder} trains the network {its}, not {network}; name another --run, or no network")
    return run


def _finish(run: Run, test: Digits) -> None:
    """Score a trained run, print its test accuracy, and export its model."""
    metrics = score(run, test)
    typer.echo(
        f"test accuracy {metrics['test_accuracy']:.2%} "
        f"(95 % interval {metrics['test_accuracy_low']:.2%} to {metrics['test_accuracy_high']:.2%})"
    )
    if run.settings().recipe in FULL.values():  # a model that may ship, and no trial
        measure_hard(run, test)
    exported = export(run.best, run.model, test.images)
    typer.echo(exported.describe(), err=True)


def _options(quick: bool, epochs: int | None, seed: int | None) -> dict[str, bool]:
    """Whether each option that decides a run's outcome was given, by its name."""
    return {"--quick": quick, "--epochs": epochs is not None, "--seed": seed is not None}


def _device(name: str) -> torch.device:
    """The device of that name; for `auto` a CUDA GPU if there is one: all that is used here works on it."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise TrainingError(f"no device {name!r} here ({reason}); use --device auto") from None


def _how_to_resume(run: Run, data_dir: Path | None) -> str:
    """The advice on how to resume a run that is stopped."""
    data = f" --data-dir {data_dir}" if data_dir else ""
    return f"; python -m train --resume --run {run.folder}{data} resumes after the last finished epoch"


if __name__ == "__main__":
    run_command(main)
