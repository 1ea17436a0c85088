"""Pictures of a run."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from train.data import Digits
from train.loop import Epoch
from train.scoring import Mistakes

MISTAKES_A_ROW = 10

LEAST_ERROR = 0.01
"""Percent: no error at all has no place on a logarithmic axis."""


def plot_curves(history: list[Epoch], path: Path) -> None:
    """Loss and validation accuracy by epoch, as PNG."""
    epochs = [epoch.epoch for epoch in history]
    errors = [max(100 * (1 - epoch.val_accuracy), LEAST_ERROR) for epoch in history]
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    losses, accuracy = figure.subplots(1, 2)
    losses.semilogy(epochs, [epoch.loss for epoch in history], label="training, distorted images")
    losses.semilogy(epochs, [epoch.val_loss for epoch in history], label="validation")
    losses.set(xlabel="epoch", ylabel="cross-entropy")
    losses.legend()
    accuracy.plot(epochs, errors, color="tab:orange")
    accuracy.set(xlabel="epoch", ylabel="validation error, %", yscale="log")
    figure.savefig(path, dpi=120)


def plot_mistakes(digits: Digits, wrong: Mistakes, path: Path) -> None:
    """The images with a wrong answer, as PNG: index, label and answer over each."""
    rows = max(1, -(-len(wrong.indices) // MISTAKES_A_ROW))
    figure = Figure(figsize=(MISTAKES_A_ROW, 1.25 * rows), layout="constrained")
    for axes in (grid := figure.subplots(rows, MISTAKES_A_ROW, squeeze=False)).flat:
        axes.axis("off")
    for axes, index, answer in zip(grid.flat, wrong.indices.tolist(), wrong.answers.tolist(), strict=False):
        axes.imshow(digits.images[index], cmap="gray_r")
        axes.set_title(f"{index}: {digits.labels[index]} as {answer}", fontsize=6)
    figure.savefig(path, dpi=120)
