"""Draws the pictures of a run: its learning curves, and the images with a wrong answer."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont, ImageOps

from train.data import Digits
from train.loop import Epoch
from train.scoring import Mistakes

MISTAKES_A_ROW = 10  # images
CELL = 88  # pixels, of an image's place: three times MNIST's size, and a gap
LINE = 16  # pixels, of the line of text over an image
GAP = 4  # pixels between images

MIN_ERROR = 0.01
"""Percent: smaller errors are shown as this one, as zero has no place on a logarithmic axis."""


def plot_curves(history: list[Epoch], path: Path) -> None:
    """Draw loss and validation error by epoch, as PNG.

    The two losses cannot be compared: that of training is over eleven classes, on distorted images, and against the
    answers of teachers where there are any; that of validation is over ten classes and against labels.
    """
    epochs = [epoch.epoch for epoch in history]
    errors = [max(100 * (1 - epoch.val_accuracy), MIN_ERROR) for epoch in history]
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
    """Draw the images with a wrong answer, as PNG, with index, label and answer over each."""
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
