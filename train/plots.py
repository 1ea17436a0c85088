"""Pictures of a run."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont, ImageOps

from train.data import Digits
from train.loop import Epoch
from train.scoring import Mistakes

MISTAKES_A_ROW = 10

CELL, LINE, GAP = 88, 16, 4
"""Pixels: an image's place, three times MNIST's size and a gap, and the line of text over it."""

LEAST_ERROR = 0.01
"""Least error shown, in percent: zero has no place on a logarithmic axis."""


def plot_curves(history: list[Epoch], path: Path) -> None:
    """Loss and validation accuracy by epoch, as PNG.

    The training loss is of all eleven classes, of images as the recipe distorts them, and against teachers' answers
    where there are teachers: it falls, but does not compare with validation's, which is of ten classes and labels.
    """
    epochs = [epoch.epoch for epoch in history]
    errors = [max(100 * (1 - epoch.val_accuracy), LEAST_ERROR) for epoch in history]
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    losses, accuracy = figure.subplots(1, 2)
    point = "o" if len(history) == 1 else None  # no line leads from one point
    losses.semilogy(epochs, [epoch.loss for epoch in history], label="training, as it is learnt from", marker=point)
    losses.semilogy(epochs, [epoch.val_loss for epoch in history], label="validation", marker=point)
    losses.set(xlabel="epoch", ylabel="cross-entropy")
    losses.legend()
    accuracy.plot(epochs, errors, color="tab:orange", marker=point)
    accuracy.set(xlabel="epoch", ylabel="validation error, %", yscale="log")
    figure.savefig(path, dpi=120)


def draw_mistakes(digits: Digits, wrong: Mistakes, path: Path) -> None:
    """The images with a wrong answer, as PNG: index, label and answer over each."""
    rows = max(1, -(-len(wrong.indices) // MISTAKES_A_ROW))
    sheet = Image.new("L", (MISTAKES_A_ROW * CELL, rows * (CELL + LINE)), 255)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(10)
    for place, (index, answer) in enumerate(zip(wrong.indices.tolist(), wrong.answers.tolist(), strict=True)):
        row, column = divmod(place, MISTAKES_A_ROW)
        x, y = column * CELL, row * (CELL + LINE)
        draw.text((x + GAP, y + GAP), f"{index}: {digits.labels[index]} as {answer}", 0, font)
        image = ImageOps.invert(Image.fromarray(digits.images[index]))
        sheet.paste(image.resize((CELL - GAP, CELL - GAP), Image.Resampling.NEAREST), (x, y + LINE))
    sheet.save(path)
