"""The training loop: one epoch after the other, each leaving a checkpoint from which the next one can start."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from mnistcls.errors import CheckpointError, TrainingError
from train.augment import distort
from train.checkpoints import Checkpoint, load_optimizer, load_weights, optimizer_tensors, prefixed
from train.data import CLASSES, Digits
from train.infer import logits_of, to_input
from train.mixture import Mixture
from train.networks import NETWORKS, with_no_digit
from train.recipes import Recipe

MAX_GRADIENT_NORM = 1.0
"""Gradients are cut to this norm: at the peak of the learning rate, one batch can otherwise undo all training."""

OnStep = Callable[[float], None]
"""Called with the loss after each step."""

Teacher = Callable[[Tensor], Tensor]
"""Takes images, float (N, 1, 28, 28), and gives probabilities, float (N, 11), of the ten digits and of no digit."""


@dataclass(frozen=True)
class Epoch:
    """The results of one epoch."""

    epoch: int
    """Number of the epoch, from 1."""
    loss: float
    """Mean loss of the training batches, whose images are distorted."""
    val_loss: float
    """Negative log-likelihood of the averaged weights on the validation images, uncalibrated."""
    val_accuracy: float
    """Accuracy of the averaged weights on the validation images, 0 to 1."""
    seconds: float
    """Time that training and validation took."""


@dataclass
class Trainer:
    """The state that training changes: network, averaged network, optimizer, schedule, history."""

    recipe: Recipe
    seed: int
    device: torch.device
    steps_per_epoch: int
    history: list[Epoch] = field(default_factory=list)

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        recipe = self.recipe
        self.network = NETWORKS[recipe.network]().to(self.device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] # its stub lacks this one
        average = get_ema_multi_avg_fn(recipe.ema_decay)
        self.averaged = AveragedModel(self.network, multi_avg_fn=average, use_buffers=True)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), recipe.lr, weight_decay=recipe.weight_decay)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer,
            recipe.lr,
            total_steps=recipe.epochs * self.steps_per_epoch,
            pct_start=recipe.warmup,
            cycle_momentum=False,  # so that the learning rate is all that a resumed run has to put back
        )

    def checkpoint(self) -> Checkpoint:
        """The whole state, from which training continues as if it had never stopped."""
        tensors = prefixed("network", self.network.state_dict())
        tensors |= prefixed("averaged", self.averaged.state_dict())
        tensors |= prefixed("optimizer", optimizer_tensors(self.optimizer))
        header = {"history": [vars(epoch) for epoch in self.history], "schedule": self.schedule.state_dict()}
        return Checkpoint(header, tensors)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint of the same recipe and seed.

        Raises:
            CheckpointError: the checkpoint is damaged, or of another network.
        """
        load_weights(self.network, checkpoint.under("network"))
        load_weights(self.averaged, checkpoint.under("averaged"))
        try:
            load_optimizer(self.optimizer, checkpoint.under("optimizer"))
            self.schedule.load_state_dict(dict(checkpoint.header["schedule"]))
            self.history = [Epoch(**epoch) for epoch in checkpoint.header["history"]]
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"the run's last checkpoint is damaged ({error!r}); start a new run") from None
        for group, lr in zip(self.optimizer.param_groups, self.schedule.get_last_lr(), strict=True):
            group["lr"] = lr


def train(
    trainer: Trainer, training: Mixture, validation: Digits, on_step: OnStep, teacher: Teacher | None = None
) -> Iterator[Epoch]:
    """Train to the end of the recipe, yielding after each epoch.

    The randomness of an epoch depends on the seed and its number alone, so a resumed run equals an unbroken one.

    Args:
        trainer: the state to train.
        training: the images that epochs are drawn from.
        validation: the digits that each epoch is measured on.
        on_step: called with the loss of each step.
        teacher: the network whose answers are learned in place of real digits' labels; None for the labels.

    Raises:
        TrainingError: the loss is no longer a number.
    """
    images = torch.from_numpy(training.images).to(trainer.device)
    labels = torch.from_numpy(training.labels).to(trainer.device)
    for epoch in range(len(trainer.history) + 1, trainer.recipe.epochs + 1):
        started = time.perf_counter()
        generator = _seeded(trainer, epoch)
        batches = training.epoch_indices(generator).split(trainer.recipe.batch_size)[: trainer.steps_per_epoch]
        drawn = (_Batch(images[batch], labels[batch], training.is_real(batch)) for batch in batches)
        losses = _train_epoch(trainer, drawn, generator, teacher)
        total = 0.0
        for step, loss in enumerate(losses, start=1):
            if not math.isfinite(loss):
                raise TrainingError(f"the loss became {loss} in epoch {epoch}, step {step}; lower the learning rate")
            total += loss
            on_step(loss)
        val_loss, val_accuracy = _validated(trainer, validation)
        seconds = time.perf_counter() - started
        trainer.history.append(Epoch(epoch, total / len(batches), val_loss, val_accuracy, seconds))
        yield trainer.history[-1]


def _validated(trainer: Trainer, validation: Digits) -> tuple[float, float]:
    """Loss and accuracy of the averaged weights on the validation images; see `Epoch`."""
    logits = logits_of(trainer.averaged, validation.images, trainer.device)
    loss = F.cross_entropy(torch.from_numpy(logits), torch.from_numpy(validation.labels)).item()
    return loss, float((logits.argmax(axis=1) == validation.labels).mean())


@dataclass(frozen=True, eq=False)
class _Batch:
    images: Tensor
    """uint8 (B, 28, 28)."""
    labels: Tensor
    """int64 (B,)."""
    real: Tensor
    """Whether each image is a real digit, bool (B,)."""


def _train_epoch(
    trainer: Trainer, batches: Iterable[_Batch], generator: torch.Generator, teacher: Teacher | None
) -> Iterator[float]:
    """One pass over the batches, yielding the loss of each."""
    ranges = trainer.recipe.augmentation
    trainer.network.train()
    for batch in batches:
        x = to_input(batch.images)
        x = distort(x, ranges, generator).contiguous(memory_format=torch.channels_last) if ranges else x
        yield _train_step(trainer, x, _targets(x, batch, teacher))


def _targets(x: Tensor, batch: _Batch, teacher: Teacher | None) -> Tensor:
    """What a batch is trained towards: labels, int64 (B,), or with a teacher probabilities, float (B, 11)."""
    if teacher is None:
        return batch.labels
    targets = F.one_hot(batch.labels, CLASSES + 1).float()
    targets[batch.real] = teacher(x[batch.real])
    return targets


def _train_step(trainer: Trainer, x: Tensor, targets: Tensor) -> float:
    loss = F.cross_entropy(with_no_digit(autocast_logits(trainer.network, x)), targets)
    trainer.optimizer.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trainer.network.parameters(), MAX_GRADIENT_NORM)
    trainer.optimizer.step()
    trainer.schedule.step()
    trainer.averaged.update_parameters(trainer.network)
    return float(loss.detach())


def autocast_logits(network: nn.Module, x: Tensor) -> Tensor:
    """Logits, float32 (N, 10), of a network's input `x`, computed in bfloat16 where that is faster."""
    with torch.autocast(x.device.type, torch.bfloat16, enabled=has_fast_bfloat16(x.device)):
        logits: Tensor = network(x)
    return logits.float()


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device has instructions for bfloat16. With them training is faster; emulated it is far slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def steps_per_epoch(images: int, batch_size: int) -> int:
    """Number of whole batches in `images` images; at least one."""
    return max(1, images // batch_size)


def _seeded(trainer: Trainer, epoch: int) -> torch.Generator:
    """A generator for an epoch. PyTorch's global one, from which dropout draws, is given the same seed."""
    seed = int(np.random.SeedSequence((trainer.seed, epoch)).generate_state(1)[0])
    torch.manual_seed(seed)
    return torch.Generator(trainer.device).manual_seed(seed)
