"""Draws handwriting that MNIST does not have: digits of every form, pen and medium, in canonical form.

Every image has a generator of its own, seeded with the seed and its number, so it is the same with any workers.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image

from mnistcls.canonical import SIZE, canonicalize
from train.contact_sheet import COLUMNS, contact_sheet
from train.data import CLASSES, Digits
from train.forms import FORMS, Form
from train.ink import Ink, Pen, render
from train.media import Grey, boxed, through_any
from train.parallel import in_processes
from train.script import run
from train.strokes import Hand, Points, digit_strokes

_BLOCK = 250  # images that a worker draws at a time
_SIDES = 40, 65  # pixels, of a drawing's sides, the second excluded
_BREAKS = 0.06  # share of the digits where the pen skipped
_RETRACED = 0.04  # share of the digits with a stroke written twice
_MAX_LOST = 0.06  # share of the drawn ink that the canonical form may lose
_MAX_ADDED = 0.25  # share of the canonical form's ink that was not drawn


def write_digits(count: int, seed: int, *, workers: int | None = None) -> Digits:
    """Write digits in all the world's handwriting.

    Args:
        count: how many; the digits 0-9 in turn.
        seed: what they look like; image number i is the same for every `count`.
        workers: number of processes; None for one on each core. The images do not depend on it.

    Returns:
        Canonical images, uint8 (count, 28, 28), none of them blank, and their labels.
    """
    blocks = [range(start, min(start + _BLOCK, count)) for start in range(0, count, _BLOCK)]
    images = in_processes(partial(_write_block, seed), blocks, workers)
    none = np.zeros((0, SIZE, SIZE), np.uint8)
    return Digits(np.concatenate([none, *images]), np.arange(count, dtype=np.int64) % CLASSES)


def _write_block(seed: int, numbers: range) -> NDArray[np.uint8]:
    """The canonical forms of the images with these numbers, (N, 28, 28)."""
    return np.stack([_write(n % CLASSES, np.random.default_rng([seed, n]))[1] for n in numbers])


def _write(digit: int, rng: np.random.Generator, form: str | None = None) -> tuple[Grey, NDArray[np.uint8]]:
    """The first picture of `digit` in whose canonical form it is still whole, and that form."""
    while True:
        ink = drawing(digit, rng, form)
        picture = through_any(ink, rng)
        image = canonicalize(picture).image
        if image.any() and is_whole(image, ink):
            return picture, image


def drawing(digit: int, rng: np.random.Generator, form: str | None = None) -> Ink:
    """The ink, float32 (H, H), 0 to 1, of somebody's digit; arguments as of `digit_strokes`."""
    strokes = digit_strokes(digit, rng, form, _legible(digit, Hand.anyone(rng)))
    if rng.random() < _RETRACED:
        strokes = [*strokes, _again(strokes[rng.integers(len(strokes))], rng)]
    if rng.random() < _BREAKS:
        for _ in range(rng.integers(1, 4)):
            strokes = _broken(strokes, rng)
    coarse = [stroke[_every_other(len(stroke))] for stroke in strokes]  # half the work, and no corner at this size
    side, extent = int(rng.integers(*_SIDES)), rng.uniform(0.55, 0.95)
    pen = Pen.any(rng)
    if digit == 1:  # no counter to fill, so people use the thickest pens on it, down to a block
        pen = replace(pen, width=pen.width * rng.uniform(1, 2))
    return render(coarse, side, pen, extent)


def is_whole(image: NDArray[np.uint8], ink: Ink) -> bool:
    """Whether an image, (28, 28), still shows what was drawn, (H, W), in box and strokes, and little else.

    A hairline in few pixels falls to pieces, and a digit of which the canonical form keeps one piece has a false label.
    """
    drawn, seen = boxed(ink), boxed(image / np.float32(255))
    lost = drawn[_widened(seen) < 0.3].sum() / drawn.sum()
    added = seen[_widened(drawn) < 0.1].sum() / seen.sum()
    return bool(lost < _MAX_LOST and added < _MAX_ADDED)


def _widened(field: Ink) -> Ink:
    """For each pixel, the largest value within one pixel of it, (H, W)."""
    rows = np.pad(field, 1)
    rows = np.maximum(np.maximum(rows[:-2], rows[1:-1]), rows[2:])
    return np.maximum(np.maximum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])


def _legible(digit: int, hand: Hand) -> Hand:
    """The hand without the habits that make another digit, or none, of this one.

    A 1 keeps a sharp peak and a steep upstroke, or it is a 7; a 7 keeps a broad top; a wide 0 is a box, and a 4
    written in one stroke that leans too far a 5.
    """
    match digit:
        case 0:
            return replace(hand, aspect=min(hand.aspect, 1.4))
        case 1:
            return replace(hand, aspect=min(hand.aspect, 1.1), smoothing=min(hand.smoothing, 0.06))
        case 4:
            return replace(hand, aspect=min(hand.aspect, 1.4), slant=min(hand.slant, 0.4))
        case 7:
            return replace(hand, aspect=max(hand.aspect, 0.85))
    return hand


def _every_other(points: int) -> NDArray[np.intp]:
    """The indices of every other point, and of the last."""
    return np.unique(np.append(np.arange(0, points, 2), points - 1))


def _again(stroke: Points, rng: np.random.Generator) -> Points:
    """A stroke as the same hand writes it over itself, a little beside it."""
    return stroke * rng.normal(1.0, 0.03, 2) + rng.normal(0.0, 0.012, 2)


def _broken(strokes: list[Points], rng: np.random.Generator) -> list[Points]:
    """The strokes, one of them with a gap."""
    which = int(rng.integers(len(strokes)))
    points = len(strokes[which])
    start = int(points * rng.uniform(0.2, 0.8))
    stop = start + max(2, int(points * rng.uniform(0.02, 0.07)))
    pieces = [piece for piece in (strokes[which][:start], strokes[which][stop:]) if len(piece) > 3]
    return [*strokes[:which], *pieces, *strokes[which + 1 :]]


def _write_form(form: Form, folder: Path) -> None:
    """Write pictures of a form into a folder, the canonical form of each after it."""
    folder.mkdir()
    for take in range(COLUMNS // 2):
        rng = np.random.default_rng([take, *form.name.encode()])
        for name, picture in zip("ab", _write(form.digit, rng, form.name), strict=True):
            Image.fromarray(picture).save(folder / f"{take}-{name}.png")


def main(file: Annotated[Path, typer.Argument(help="The picture to write, for example forms.png.")]) -> None:
    """Show every form: a row each, four images as somebody might have them, each with its canonical form."""
    rows = {f"{form.digit} {form.name}": f"weight {form.weight:g}" for form in FORMS}
    with tempfile.TemporaryDirectory() as folder:
        for form, name in zip(FORMS, rows, strict=True):
            _write_form(form, Path(folder) / name)
        contact_sheet(Path(folder), rows).save(file)


if __name__ == "__main__":
    run(main)
