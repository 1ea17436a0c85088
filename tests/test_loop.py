from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mnistcls.errors import CheckpointError, TrainingError
from train import loop
from train.augment import Augmentation
from train.checkpoints import Checkpoint
from train.data import Digits
from train.infer import logits_of
from train.loop import Epoch, Trainer, has_fast_bfloat16, steps_per_epoch, train
from train.mixture import Mixture
from train.recipes import FULL, Recipe

CPU = torch.device("cpu")
RECIPE = replace(FULL["reference"], epochs=4, batch_size=8, outlier_share=0.0)
STEPS = 2


def bars(count: int, seed: int) -> Digits:
    """Noisy images whose label is the place of an upright bar."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count)
    images = rng.integers(0, 50, (count, 28, 28), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[5:23, 4 + 2 * label : 6 + 2 * label] = 255
    return Digits(images, labels)


DIGITS, VALIDATION = bars(STEPS * 8 + 3, seed=0), bars(20, seed=1)
TRAINING = Mixture(DIGITS.images, DIGITS.labels, real=len(DIGITS))


def new_trainer(recipe: Recipe = RECIPE, seed: int = 0) -> Trainer:
    return Trainer(recipe, seed, CPU, steps_per_epoch(len(TRAINING), recipe.batch_size))


def epochs_of(trainer: Trainer) -> Iterator[Epoch]:
    return train(trainer, TRAINING, VALIDATION, lambda _: None)


def assert_same_state(one: Trainer, two: Trainer) -> None:
    first, second = one.checkpoint(), two.checkpoint()
    assert set(first.tensors) == set(second.tensors)
    for name, tensor in first.tensors.items():
        assert torch.equal(tensor, second.tensors[name]), name
    assert first.header["schedule"] == second.header["schedule"]
    assert [replace(epoch, seconds=0) for epoch in one.history] == [replace(epoch, seconds=0) for epoch in two.history]


def test_each_epoch_is_yielded_once_and_reports_each_step() -> None:
    losses: list[float] = []
    trainer = new_trainer()
    epochs = list(train(trainer, TRAINING, VALIDATION, losses.append))
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3, 4]
    assert trainer.history == epochs
    assert len(losses) == 4 * STEPS
    assert [epoch.loss for epoch in epochs] == pytest.approx(np.reshape(losses, (4, STEPS)).mean(axis=1).tolist())
    assert all(epoch.seconds > 0 for epoch in epochs)


def test_validation_figures_are_those_of_the_averaged_weights() -> None:
    trainer = new_trainer()
    epoch = list(epochs_of(trainer))[-1]
    logits = torch.from_numpy(logits_of(trainer.averaged, VALIDATION.images, CPU))
    labels = torch.from_numpy(VALIDATION.labels)
    assert epoch.val_loss == pytest.approx(torch.nn.functional.cross_entropy(logits, labels).item(), rel=1e-5)
    assert epoch.val_accuracy == pytest.approx(float((logits.argmax(1) == labels).float().mean()))


def test_averaged_weights_follow_the_weights_by_the_recipes_decay() -> None:
    trainer = new_trainer(replace(RECIPE, ema_decay=0.75, epochs=1))
    seen: list[torch.Tensor] = []
    list(train(trainer, TRAINING, VALIDATION, lambda _: seen.append(trainer.network.state_dict()["0.weight"].clone())))
    torch.testing.assert_close(trainer.averaged.state_dict()["module.0.weight"], 0.75 * seen[0] + 0.25 * seen[1])


def test_learning_lowers_the_loss() -> None:
    trainer = new_trainer(replace(RECIPE, epochs=30, augmentation=None))
    epochs = list(epochs_of(trainer))
    assert epochs[-1].loss < epochs[0].loss - 0.3


def test_recipe_decides_whether_images_are_distorted() -> None:
    two_levels = replace(TRAINING, images=(TRAINING.images > 100) * np.uint8(255))
    plain, still, moving = (
        next(train(new_trainer(replace(RECIPE, epochs=1, augmentation=a)), two_levels, VALIDATION, lambda _: None)).loss
        for a in (None, Augmentation(), Augmentation(rotation=10))
    )
    assert plain == pytest.approx(still, rel=1e-3)
    assert plain != pytest.approx(moving, rel=1e-3)


class Knows:
    """A teacher that is sure of one answer, whatever it sees."""

    def __init__(self, answer: int) -> None:
        self.answer = answer
        self.seen = 0

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        self.seen += len(images)
        return torch.nn.functional.one_hot(torch.full((len(images),), self.answer), 11).float()


def test_teacher_replaces_the_labels_of_real_digits_alone() -> None:
    half = Mixture(DIGITS.images, DIGITS.labels, real=8, drawn=8)
    trainer, teacher = new_trainer(replace(RECIPE, epochs=30, augmentation=None)), Knows(3)
    list(train(trainer, half, VALIDATION, lambda _: None, teacher))
    assert teacher.seen == 30 * 8
    given = logits_of(trainer.network, DIGITS.images, CPU).argmax(axis=1)
    assert (given[:8] == 3).mean() > (given[8:] == 3).mean()


def test_run_with_a_teacher_that_is_resumed_equals_an_unbroken_one() -> None:
    unbroken, broken, resumed = new_trainer(), new_trainer(), new_trainer()
    list(train(unbroken, TRAINING, VALIDATION, lambda _: None, Knows(3)))
    next(train(broken, TRAINING, VALIDATION, lambda _: None, Knows(3)))
    resumed.restore(broken.checkpoint())
    list(train(resumed, TRAINING, VALIDATION, lambda _: None, Knows(3)))
    assert_same_state(resumed, unbroken)


def test_gradients_are_clipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "MAX_GRADIENT_NORM", 1e-3)
    trainer = new_trainer(replace(RECIPE, epochs=1))
    next(epochs_of(trainer))
    gradients = [p.grad for p in trainer.network.parameters() if p.grad is not None]
    assert len(gradients) == 12  # weights and biases of six layers
    assert float(torch.nn.utils.get_total_norm(gradients)) <= 1e-3 * 1.001


def test_learning_rate_rises_to_the_recipes_and_falls_to_almost_nothing() -> None:
    trainer = new_trainer(replace(RECIPE, epochs=10))
    rates: list[float] = []
    list(train(trainer, TRAINING, VALIDATION, lambda _: rates.append(trainer.optimizer.param_groups[0]["lr"])))
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(RECIPE.lr, rel=0.05)
    assert peak == pytest.approx(RECIPE.warmup * len(rates), abs=2)
    assert rates[-1] < RECIPE.lr / 100


def test_same_seed_gives_the_same_state_and_another_seed_another() -> None:
    one, two, other = new_trainer(seed=5), new_trainer(seed=5), new_trainer(seed=6)
    for trainer in (one, two, other):
        torch.rand(trainer.seed)  # what was drawn elsewhere does not matter
        next(epochs_of(trainer))
    assert_same_state(one, two)
    assert one.history[0].loss != other.history[0].loss


def test_epochs_differ_in_order_and_distortion() -> None:
    trainer = new_trainer(replace(RECIPE, lr=1e-12, weight_decay=0.0))  # weights stay as they are
    epochs = list(epochs_of(trainer))
    assert len({epoch.loss for epoch in epochs}) == len(epochs)


@pytest.mark.parametrize("done", [0, 1, 3])
def test_resumed_run_equals_an_unbroken_one_bit_for_bit(tmp_path: Path, done: int) -> None:
    unbroken, broken = new_trainer(), new_trainer()
    list(epochs_of(unbroken))
    epochs = epochs_of(broken)
    for _ in range(done):
        next(epochs)
    broken.checkpoint().save(tmp_path / "last.safetensors")
    next(epochs)  # what came after the checkpoint is lost
    resumed = new_trainer()
    resumed.restore(Checkpoint.load(tmp_path / "last.safetensors"))
    assert [epoch.epoch for epoch in epochs_of(resumed)] == [1, 2, 3, 4][done:]
    assert_same_state(resumed, unbroken)


def test_finished_run_has_no_epoch_left() -> None:
    trainer = new_trainer()
    list(epochs_of(trainer))
    again = new_trainer()
    again.restore(trainer.checkpoint())
    assert list(epochs_of(again)) == []
    assert_same_state(again, trainer)


def test_exported_weights_are_no_checkpoint_to_resume_from() -> None:
    weights = {f"network.{name}": tensor for name, tensor in new_trainer().network.state_dict().items()}
    with pytest.raises(CheckpointError):
        new_trainer().restore(Checkpoint({"recipe": {}}, weights))


def test_loss_that_is_no_number_stops_training_and_says_where() -> None:
    trainer = new_trainer(replace(RECIPE, lr=1e30))
    with pytest.raises(TrainingError, match=r"^the loss became (nan|inf) in epoch \d, step [12]; lower the learning"):
        list(epochs_of(trainer))
    assert all(np.isfinite(epoch.loss) for epoch in trainer.history)


@pytest.mark.parametrize(
    ("capabilities", "fast"),
    [
        ({}, False),
        ({"avx2": True, "avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, False),
        ({"avx512_bf16": True}, True),
        ({"amx_bf16": True, "avx512_bf16": False}, True),
        ({"architecture": "aarch64", "sve": True}, False),
    ],
)
def test_bfloat16_on_a_cpu_needs_instructions_for_it(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool | str], fast: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert has_fast_bfloat16(CPU) is fast


@pytest.mark.parametrize("fast", [True, False])
def test_bfloat16_on_a_gpu_needs_instructions_for_it(monkeypatch: pytest.MonkeyPatch, fast: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda *, including_emulation: including_emulation or fast)
    assert has_fast_bfloat16(torch.device("cuda")) is fast
    assert not has_fast_bfloat16(torch.device("mps"))


def test_bfloat16_keeps_weights_and_loss_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "has_fast_bfloat16", lambda _: False)
    plain = new_trainer()
    next(epochs_of(plain))
    monkeypatch.setattr(loop, "has_fast_bfloat16", lambda _: True)
    trainer = new_trainer()
    epoch = next(epochs_of(trainer))
    assert {p.dtype for p in trainer.network.parameters()} == {torch.float32}
    assert epoch.loss == pytest.approx(plain.history[0].loss, rel=0.05)
    assert epoch.loss != plain.history[0].loss


@pytest.mark.parametrize(("images", "batch_size", "steps"), [(55_000, 128, 429), (128, 128, 1), (127, 128, 1)])
def test_steps_are_whole_batches_and_at_least_one(images: int, batch_size: int, steps: int) -> None:
    assert steps_per_epoch(images, batch_size) == steps
