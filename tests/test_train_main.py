from __future__ import annotations

import importlib
import json
import os
import re
import runpy
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from idx_files import idx
from PIL import Image

import train
import train.fit as fitting
from mnistcls import Classifier
from mnistcls.errors import TrainingError
from mnistcls.model import Model
from train import teachers
from train.checkpoints import Checkpoint
from train.data import Digits, load_test, load_train
from train.export import export
from train.hard import HardResults
from train.loop import Epoch, Trainer
from train.published import TEST_IMAGES, TEST_LABELS, TRAIN_IMAGES, TRAIN_LABELS
from train.recipes import FULL, QUICK, Recipe
from train.runs import Run, RunSettings
from train.script import app

CHECKOUT = Path(train.__file__).parent.parent
EPOCHS = 6
FILES = {
    "run.json",
    "metrics.jsonl",
    "last.safetensors",
    "best.safetensors",
    "drawn.safetensors",
    "curve.png",
    "mistakes.png",
    "model.onnx",
    "model.md",
}

Outcome = tuple[int, str, str]
"""Exit code, stdout, stderr."""

Interrupt = Callable[..., Outcome]
"""Takes a signal and options of `python -m train`."""


# --- python -m train, as a user runs it


def start(folder: Path, *arguments: str | Path | int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "train", "reference", *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_train(folder: Path, *arguments: str | Path | int) -> Outcome:
    process = start(folder, *arguments)
    out, err = process.communicate(timeout=3_000)
    return process.returncode, out, err


def epoch_lines(err: str) -> list[str]:
    """Which epoch each line of progress is of."""
    return re.findall(r"^\S+  epoch +(\d+/\d+)  loss", err, re.MULTILINE)


def history_of(run: Path) -> list[Epoch]:
    """What metrics.jsonl says, but for the time it took."""
    lines = (run / "metrics.jsonl").read_text().splitlines()
    return [replace(Epoch(**json.loads(line)), seconds=0) for line in lines]


def assert_same_weights(one: Path, two: Path) -> None:
    first, second = Checkpoint.load(one).tensors, Checkpoint.load(two).tensors
    assert set(first) == set(second)
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name


@pytest.fixture(scope="module")
def finished(tiny_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Outcome]:
    """A whole run on tiny data with seed 0, and what it printed."""
    folder = tmp_path_factory.mktemp("finished")
    outcome = run_train(folder, "--epochs", str(EPOCHS), "--data-dir", tiny_mnist)
    (run,) = (folder / "runs").iterdir()
    return Run(run), outcome


@pytest.fixture
def interrupted(tmp_path: Path, tiny_mnist: Path) -> Iterator[Interrupt]:
    """Start a run in `tmp_path / "run"` and send it a signal once its first epoch is done."""
    processes = []

    def run(number: signal.Signals, *options: str | int) -> Outcome:
        process = start(tmp_path, *options, "--data-dir", tiny_mnist, "--run", "run")
        processes.append(process)
        while process.poll() is None and not (tmp_path / "run" / "metrics.jsonl").exists():
            time.sleep(0.01)
        process.send_signal(number)
        out, err = process.communicate(timeout=600)
        return process.returncode, out, err

    yield run
    for process in processes:
        process.kill()


@pytest.mark.slow
def test_run_leaves_all_that_it_promises(finished: tuple[Run, Outcome]) -> None:
    run, (code, _, _) = finished
    assert code == 0
    assert {file.name for file in run.folder.iterdir()} == FILES
    assert re.fullmatch(r"reference-\d{8}-\d{6}", run.folder.name)
    with Image.open(run.folder / "curve.png") as curve:
        assert curve.format == "PNG"
    assert [epoch.epoch for epoch in history_of(run.folder)] == list(range(1, EPOCHS + 1))


@pytest.mark.slow
def test_run_records_recipe_seed_and_data(finished: tuple[Run, Outcome], tiny_mnist: Path) -> None:
    settings = finished[0].settings()
    assert settings.recipe == replace(FULL["reference"], epochs=EPOCHS, teachers=0)
    assert settings.seed == 0
    assert settings.provenance["data_sha256"] == load_train(tiny_mnist).sha256
    assert Checkpoint.load(finished[0].best).header["provenance"] == settings.provenance
    recipe = {"recipe": json.dumps(asdict(settings.recipe), sort_keys=True)}
    assert Model(finished[0].model).metadata.provenance == settings.provenance | recipe
    assert settings.provenance["command"] == f"python -m train reference --epochs {EPOCHS} --seed 0"


@pytest.mark.slow
def test_best_checkpoint_is_that_of_the_best_epoch(finished: tuple[Run, Outcome]) -> None:
    metrics = Checkpoint.load(finished[0].best).header["metrics"]
    best = min(history_of(finished[0].folder), key=lambda epoch: epoch.val_loss)
    assert metrics["val_accuracy"] == best.val_accuracy
    assert metrics["val_images"] == 40  # one in twelve


@pytest.mark.slow
def test_test_accuracy_alone_is_on_stdout_and_is_the_exported_models(
    finished: tuple[Run, Outcome], tiny_mnist: Path
) -> None:
    run, (_, out, _) = finished
    test, model = load_test(tiny_mnist), Model(run.model)
    accuracy = (model.run(test.images).probabilities.argmax(axis=1) == test.labels).mean()
    assert out.startswith(f"test accuracy {accuracy:.2%} (95 % interval ")
    assert out.count("\n") == 1
    assert model.metadata.metrics["test_accuracy"] == pytest.approx(accuracy)
    assert f"| test | 1,000 | {accuracy:.2%} |" in run.model.with_suffix(".md").read_text()


@pytest.mark.slow
def test_progress_in_a_log_is_one_plain_line_an_epoch(finished: tuple[Run, Outcome]) -> None:
    run, (_, _, err) = finished
    *epochs, trained, exported = err.splitlines()
    assert all(line.startswith(f"{run.folder.name}  epoch ") for line in epochs)
    assert epoch_lines(err) == [f"{k}/{EPOCHS}" for k in range(1, EPOCHS + 1)]
    assert re.fullmatch(r"trained in \d+ s: runs/reference-[\d-]+/best\.safetensors", trained)
    assert re.match(r"Exported runs/reference-[\d-]+/model\.onnx \(", exported)
    assert "\x1b" not in err


@pytest.mark.slow
def test_exported_model_classifies(finished: tuple[Run, Outcome], tiny_mnist: Path) -> None:
    images = load_test(tiny_mnist).images[:5]
    predictions = Classifier(finished[0].model, min_confidence=0).predict(images)
    assert len(predictions) == 5
    assert {prediction.status.value for prediction in predictions} <= {"ok", "no_digit"}


@pytest.mark.slow
def test_card_counts_the_images_of_this_run(finished: tuple[Run, Outcome]) -> None:
    card = finished[0].model.with_suffix(".md").read_text()
    assert "55,000" not in card
    assert "10,000" not in card


@pytest.mark.slow
def test_killed_run_is_resumed_to_what_an_unbroken_one_gives(
    finished: tuple[Run, Outcome],
    tmp_path: Path,
    tiny_mnist: Path,
    interrupted: Interrupt,
) -> None:
    assert interrupted(signal.SIGKILL, "--epochs", EPOCHS)[0] == -signal.SIGKILL
    run = Run(tmp_path / "run")
    assert not run.finished
    done = history_of(run.folder)
    assert done == history_of(finished[0].folder)[: len(done)]
    assert len(done) < EPOCHS
    code, out, err = run_train(tmp_path, "--resume", "--run", "run", "--data-dir", tiny_mnist)
    assert code == 0
    assert epoch_lines(err) == [f"{k}/{EPOCHS}" for k in range(len(done) + 1, EPOCHS + 1)]
    assert out == finished[1][1]
    assert history_of(run.folder) == history_of(finished[0].folder)
    assert_same_weights(run.best, finished[0].best)
    assert_same_weights(run.last, finished[0].last)
    assert run.model.read_bytes() == finished[0].model.read_bytes()
    assert {file.name for file in run.folder.iterdir()} == FILES


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_run_ends_cleanly_and_can_be_resumed(
    tmp_path: Path, interrupted: Interrupt, number: signal.Signals, code: int
) -> None:
    stopped, out, err = interrupted(number, "--quick", "--epochs", 500)  # which draws nothing
    assert (stopped, out) == (code, "")
    assert "Traceback" not in err
    advice = r"python -m train --resume --run run --data-dir \S+ resumes after the last finished epoch\n"
    assert re.search(f"Stopped; {advice}$", err)
    run = Run(tmp_path / "run")
    history = Checkpoint.load(run.last).header["history"]
    assert 1 <= len(history) < 500
    assert not list(run.folder.glob("*.part"))


@pytest.mark.slow
def test_error_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    code, out, err = run_train(tmp_path, "--resume", "--run", "missing")
    assert (code, out, err.count("\n"), err[:7]) == (2, "", 1, "Error: ")


# --- python -m train in this process: errors


Command = Callable[..., Outcome]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `python -m train` in an empty folder, up to where it would begin to train."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["train", *map(str, arguments)])
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        monkeypatch.delitem(sys.modules, "train.__main__", raising=False)
        with pytest.raises(SystemExit) as stopped:
            runpy.run_module("train", run_name="__main__")
        assert isinstance(stopped.value.code, int)
        return stopped.value.code, *capsys.readouterr()

    return run


def assert_error(outcome: Outcome, message: str) -> None:
    code, out, err = outcome
    assert (code, out) == (2, "")
    assert re.fullmatch(f"Error: {message}\n", err), err


def started(folder: Path, data_sha256: str, epochs: int = 2, seed: int = 0) -> Run:
    recipe = replace(QUICK["reference"], epochs=epochs, batch_size=8)  # nothing drawn
    return Run.start(RunSettings(recipe, seed, {"data_sha256": data_sha256}), folder)


def test_unknown_network_names_the_known_ones(command: Command, tmp_path: Path) -> None:
    assert_error(command("lenet"), "no network 'lenet'; there are: default, reference")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("device", ["gpu", "cpu:x", ""])
def test_unknown_device_is_an_error_and_leaves_no_run(
    command: Command, tmp_path: Path, tiny_mnist: Path, device: str
) -> None:
    assert_error(command("--device", device, "--data-dir", tiny_mnist), f"no device '{device}' here .*--device auto")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(torch.cuda.is_available(), reason="has the device")
def test_device_that_is_not_there_is_an_error(command: Command, tiny_mnist: Path) -> None:
    assert_error(
        command("--device", "cuda", "--data-dir", tiny_mnist), r"no device 'cuda' here \(.+\); use --device auto"
    )


def test_missing_data_without_a_network_is_an_error(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # where nobody answers
    monkeypatch.delenv("no_proxy", raising=False)
    code, out, err = command("--data-dir", "digits")
    assert (code, out) == (2, "")
    assert "Traceback" not in err
    assert "Error: " in err
    assert "digits" in err
    assert not (tmp_path / "runs").exists()


def test_too_few_test_images_are_an_error_before_the_work(command: Command, tmp_path: Path) -> None:
    few = {TRAIN_IMAGES: noise(48).images, TRAIN_LABELS: noise(48).labels.astype(np.uint8)}
    few |= {TEST_IMAGES: noise(20).images, TEST_LABELS: noise(20).labels.astype(np.uint8)}
    (tmp_path / "own").mkdir()
    for file, values in few.items():
        (tmp_path / "own" / file.name).write_bytes(idx(values))
    assert_error(command("--data-dir", "own"), "own has 20 test images; checking the model file takes 1,000")
    assert not (tmp_path / "runs").exists()


def test_existing_run_is_not_touched(command: Command, tmp_path: Path, tiny_mnist: Path) -> None:
    run = started(tmp_path / "run", "other")
    before = run.settings_file.read_bytes()
    assert_error(command("--run", "run", "--data-dir", tiny_mnist), "run exists; continue it with --resume, .*")
    assert [file.name for file in run.folder.iterdir()] == ["run.json"]
    assert run.settings_file.read_bytes() == before


def test_nothing_to_resume_is_an_error(command: Command, tmp_path: Path, tiny_mnist: Path) -> None:
    message = "no unfinished run in runs/; `python -m train` starts one"
    assert_error(command("--resume", "--data-dir", tiny_mnist), message)
    started(tmp_path / "runs" / "done", "").model.touch()
    assert_error(command("--resume", "--data-dir", tiny_mnist), message)


def test_folder_to_resume_must_hold_a_run(command: Command, tmp_path: Path, tiny_mnist: Path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in ("empty", "missing"):
        outcome = command("--resume", "--run", folder, "--data-dir", tiny_mnist)
        assert_error(outcome, rf"{folder} is not a run's folder \(.+\); name one of runs/")
    assert not (tmp_path / "missing").exists()


def test_run_is_not_resumed_on_other_data(command: Command, tmp_path: Path, tiny_mnist: Path) -> None:
    run = started(tmp_path / "run", "feed" * 16)
    outcome = command("--resume", "--run", "run", "--data-dir", tiny_mnist)
    assert_error(outcome, "run was started on other data; name those with --data-dir")
    assert [file.name for file in run.folder.iterdir()] == ["run.json"]


@pytest.mark.parametrize("content", ["noise", "truncated", "pickle", "best", "header"])
def test_damaged_last_checkpoint_is_an_error_and_stays(
    command: Command, tmp_path: Path, tiny_mnist: Path, content: str
) -> None:
    run = started(tmp_path / "run", load_train(tiny_mnist).sha256)
    whole = Trainer(run.settings().recipe, 0, torch.device("cpu"), 10).checkpoint()
    if content in ("noise", "pickle"):
        run.last.write_bytes({"noise": b"noise", "pickle": b"\x80\x04N."}[content])
    else:
        tensors = {k: v for k, v in whole.tensors.items() if content != "best" or k.startswith("network")}
        Checkpoint(whole.header if content == "truncated" else {"recipe": {}}, tensors).save(run.last)
        if content == "truncated":
            run.last.write_bytes(run.last.read_bytes()[:-100])
    before = run.last.read_bytes()
    code, out, err = command("--resume", "--run", "run", "--data-dir", tiny_mnist, "--device", "cpu")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("Error: ")
    assert run.last.read_bytes() == before


# --- its parts


def train_main() -> Any:
    """The module `train.__main__`."""
    return importlib.import_module("train.__main__")


def epoch(number: int, accuracy: float, loss: float) -> Epoch:
    return Epoch(number, 1.0, loss, accuracy, 1.0)


def test_best_epoch_has_the_lowest_loss_whatever_its_accuracy() -> None:
    history = [epoch(1, 0.98, 0.06), epoch(2, 0.99, 0.05), epoch(3, 0.98, 0.03), epoch(4, 0.99, 0.04)]
    assert fitting.best_epoch(history) is history[2]
    assert fitting.best_epoch(history[:1]) is history[0]


@pytest.fixture
def started_by(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_mnist: Path) -> Callable[..., RunSettings]:
    """The settings of the run `tmp_path / "run"` that would be trained with these options."""
    module = train_main()
    monkeypatch.setattr(module, "fit", lambda *_: None)
    monkeypatch.setattr(module, "_finish", lambda *_: None)

    def call(*options: str) -> RunSettings:
        arguments = [*options, "--run", str(tmp_path / "run"), "--data-dir", str(tiny_mnist)]
        assert not app(module.main)(arguments, standalone_mode=False)
        return Run(tmp_path / "run").settings()

    return call


@pytest.mark.parametrize(
    ("options", "recipe", "seed"),
    [
        ([], FULL["default"], 0),
        (["--quick"], QUICK["default"], 0),
        (["--quick", "--epochs", "9", "--seed", "4"], replace(QUICK["default"], epochs=9), 4),
        (["--epochs", "3"], replace(FULL["default"], epochs=3, teachers=0), 0),
        (["reference", "--quick"], QUICK["reference"], 0),
        (["reference", "--epochs", "3"], replace(FULL["reference"], epochs=3, teachers=0), 0),
    ],
)
def test_options_become_the_settings_of_the_run(
    started_by: Callable[..., RunSettings], options: list[str], recipe: Recipe, seed: int
) -> None:
    settings = started_by(*options)
    assert settings.recipe == recipe
    assert settings.seed == seed
    assert settings.provenance["seed"] == str(seed)


@pytest.mark.parametrize("options", [["--epochs", "9"], ["--seed", "5"], ["--quick"]])
def test_options_that_a_resumed_run_would_ignore_are_refused(
    command: Command, tmp_path: Path, tiny_mnist: Path, options: list[str]
) -> None:
    started(tmp_path / "run", "")
    outcome = command("--resume", "--run", "run", "--data-dir", tiny_mnist, *options)
    assert_error(outcome, f"{options[0]} cannot change a run that is resumed; .*")


def test_another_network_than_the_named_one_is_not_resumed(command: Command, tmp_path: Path, tiny_mnist: Path) -> None:
    started(tmp_path / "run", "")
    outcome = command("default", "--resume", "--run", "run", "--data-dir", tiny_mnist)
    assert_error(outcome, "run trains the network reference, not default; name another --run, or no network")


def test_device_of_that_name_is_taken_and_auto_takes_what_is_there() -> None:
    assert train_main()._device("cpu") == torch.device("cpu")
    assert train_main()._device("auto") == torch.device("cuda" if torch.cuda.is_available() else "cpu")


def noise(count: int = 48) -> Digits:
    rng = np.random.default_rng(0)
    return Digits(rng.integers(0, 256, (count, 28, 28), dtype=np.uint8), np.arange(count) % 10)


CPU = torch.device("cpu")


def test_fit_keeps_the_best_epoch_with_its_calibration(tmp_path: Path) -> None:
    run = started(tmp_path / "run", noise().sha256, epochs=4)
    fitting.fit(run, noise(), CPU)
    history = [Epoch(**values) for values in Checkpoint.load(run.last).header["history"]]
    best = Checkpoint.load(run.best)
    assert best.header["metrics"]["val_accuracy"] == min(history, key=lambda one: one.val_loss).val_accuracy
    assert best.header["calibration"]["temperature"] > 0
    assert RunSettings.from_json(json.dumps(best.header)) == run.settings()
    assert history_of(run.folder) == [replace(one, seconds=0) for one in history]
    assert {file.name for file in run.folder.iterdir()} == FILES - {
        "drawn.safetensors",
        "mistakes.png",
        "model.onnx",
        "model.md",
    }


def test_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path: Path) -> None:
    seeds = {"one": 0, "same": 0, "other": 1}
    one, same, other = (started(tmp_path / name, noise().sha256, seed=seed) for name, seed in seeds.items())
    for run in (one, same, other):
        fitting.fit(run, noise(), CPU)
    assert history_of(same.folder) == history_of(one.folder)
    assert_same_weights(same.best, one.best)
    assert history_of(other.folder)[0].loss != history_of(one.folder)[0].loss


def test_teachers_are_trained_first_once_and_resumed(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = replace(QUICK["default"], epochs=2, batch_size=8)
    monkeypatch.setattr(teachers, "TEACHER", quick)
    settings = RunSettings(replace(quick, teachers=2), 0, {"data_sha256": noise().sha256})
    run = Run.start(settings, here / "runs" / "student")
    with monkeypatch.context() as patch:
        patch.setattr(fitting, "plot_curves", lambda *_: sys.exit())  # the first teacher's last step
        with pytest.raises(SystemExit):
            fitting.fit(run, noise(), CPU)
    assert [file.parent.name for file in here.rglob("last.safetensors")] == ["teacher-0"]

    fitting.fit(run, noise(), CPU)

    order = [path.parent.name for path in sorted(here.rglob("metrics.jsonl"), key=lambda path: path.stat().st_mtime)]
    assert order == ["teacher-0", "teacher-1", "student"]
    labels_alone = Run.start(RunSettings(quick, 0, settings.provenance), here / "runs" / "alone")
    fitting.fit(labels_alone, noise(), CPU)
    assert history_of(labels_alone.folder)[0].loss != history_of(run.folder)[0].loss


@pytest.mark.parametrize("method", ["log", "_keep_best"])
def test_run_that_dies_while_it_saves_its_last_epoch_is_resumed_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    module = fitting
    unbroken, broken = (started(tmp_path / name, noise().sha256) for name in ("unbroken", "broken"))
    module.fit(unbroken, noise(), CPU)
    target = Run if method == "log" else module
    original: Callable[..., None] = getattr(target, method)
    calls: list[None] = []

    def die_at_the_second(*arguments: object) -> None:
        calls.append(None)
        if len(calls) == 2:
            raise KeyboardInterrupt
        original(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(target, method, die_at_the_second)
        if method == "_keep_best":  # every epoch is the best one
            patch.setattr(module, "best_epoch", lambda history: history[-1])
        with pytest.raises(KeyboardInterrupt):
            module.fit(broken, noise(), CPU)
    module.fit(broken, noise(), CPU)
    assert history_of(broken.folder) == history_of(unbroken.folder)
    assert_same_weights(broken.last, unbroken.last)
    if method == "log":
        assert_same_weights(broken.best, unbroken.best)


def test_full_disk_is_an_error_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = started(tmp_path / "run", noise().sha256)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(TrainingError, match="No space left on device"):
        fitting.fit(run, noise(), CPU)


def test_what_is_measured_on_hard_images_stands_in_the_model_and_on_its_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = started(tmp_path / "run", noise().sha256)
    fitting.fit(run, noise(), CPU)
    test = noise(1_000)
    fitting.score(run, test)
    asked = []

    def measured(model: Path, digits: Digits) -> HardResults:
        assert digits is test
        asked.append(Model(model).metadata.metrics["test_images"])
        return HardResults(stress={"dim": 0.25, "tall": 0.75}, auroc={"curves": 0.875, "codes": 0.9}, refused=0.625)

    monkeypatch.setattr(fitting, "measure", measured)
    fitting.measure_hard(run, test)
    assert asked == [len(test)]
    metrics = Model(export(run.best, run.model, test.images).path).metadata.metrics
    assert (metrics["stress_accuracy"], metrics["refusal_auroc"], metrics["refused"]) == (0.5, 0.875, 0.625)
    card = run.model.with_suffix(".md").read_text()
    for line in ("| tall | 75% |", "| codes | 0.9000 |", "62.5% are not `ok`"):
        assert line in card


def test_data_too_few_to_hold_any_out_are_an_error(tmp_path: Path) -> None:
    run = started(tmp_path / "run", noise(11).sha256)
    with pytest.raises(TrainingError, match="11 images are too few to hold some out"):
        fitting.fit(run, noise(11), CPU)
