"""Pictures of a run."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from train.loop import Epoch

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
