"""Shows how training proceeds: a bar with loss, validation accuracy and time left, and a line per epoch."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from train.loop import Epoch

SMOOTHING = 0.98
"""Smoothing factor, per step, of the loss shown while an epoch runs."""


class Reporter:
    """Shows progress on stderr; where that is no terminal, only a line per epoch.

    Args:
        name: name of the run.
        epochs: number of epochs of the whole run.
        steps_per_epoch: number of steps in each.
        done: number of epochs that were finished before.
    """

    def __init__(self, name: str, epochs: int, steps_per_epoch: int, done: int) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._name, self._epochs = name, epochs
        self._loss: float | None = None
        self._accuracy = ""
        layout = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("left"))
        live = self._console.is_terminal and not self._console.is_dumb_terminal
        self._bar = Progress(*layout, TimeRemainingColumn(), console=self._console, transient=True, disable=not live)
        total, completed = epochs * steps_per_epoch, done * steps_per_epoch
        self._task = self._bar.add_task(name, total=total, completed=completed)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def step(self, loss: float) -> None:
        """Show that a step is done, and its loss."""
        self._loss = loss if self._loss is None else SMOOTHING * self._loss + (1 - SMOOTHING) * loss
        self._bar.update(self._task, advance=1, description=f"{self._name}  loss {self._loss:.4f}{self._accuracy}")

    def epoch(self, epoch: Epoch) -> None:
        """Show the results of an epoch."""
        self._accuracy = f"  validation {epoch.val_accuracy:.2%}"
        self._console.print(
            f"{self._name}  epoch {epoch.epoch:3}/{self._epochs}  loss {epoch.loss:.4f}  "
            f"validation loss {epoch.val_loss:.4f}  accuracy {epoch.val_accuracy:.2%}  {epoch.seconds:.1f} s",
            soft_wrap=True,
        )
