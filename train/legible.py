"""Draws digits as somebody's file holds them, in canonical form, and only those that are still legible there.

Every image has a generator of its own, seeded with the seed and its number, so it is the same with any workers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcls.canonical import SIZE, canonicalize
from train.contact_sheet import COLUMNS, contact_sheet
from train.data import CLASSES, Digits
from train.forms import Form
from train.ink import Ink
from train.media import MEDIA, Grey, Medium, boxed, through_any
from train.parallel import in_processes

_BLOCK = 250  # images that a worker draws at a time
_MAX_LOST = 0.06  # share of the drawn ink that the canonical form may lose
_MAX_ADDED = 0.25  # share of the canonical form's ink that was not drawn


class Drawing(Protocol):
    """Draws a digit."""

    def __call__(self, digit: int, rng: np.random.Generator, form: str | None = None) -> Ink:
        """Draw the ink, float32 (H, H), 0 to 1, of a digit of some form, or of the one with that name."""


def draw_digits(
    drawing: Drawing, count: int, seed: int, *, media: Mapping[Medium, float] = MEDIA, workers: int | None = None
) -> Digits:
    """Draw digits and put them through the media.

    Args:
        drawing: draws a digit's ink; a function of a module.
        count: how many; the digits 0-9 in turn.
        seed: what they look like; image number i is the same for every `count`.
        media: what they go through, and how common each is.
        workers: number of processes; None for one on each core. The images do not depend on it.

    Returns:
        Canonical images, uint8 (count, 28, 28), none of them blank, and their labels.
    """
    blocks = [range(start, min(start + _BLOCK, count)) for start in range(0, count, _BLOCK)]
    images = in_processes(partial(_draw_block, drawing, media, seed), blocks, workers)
    none = np.zeros((0, SIZE, SIZE), np.uint8)
    return Digits(np.concatenate([none, *images]), np.arange(count, dtype=np.int64) % CLASSES)


def _draw_block(drawing: Drawing, media: Mapping[Medium, float], seed: int, numbers: range) -> NDArray[np.uint8]:
    """The canonical forms of the images with these numbers, (N, 28, 28)."""
    return np.stack([_draw(partial(drawing, n % CLASSES), media, np.random.default_rng([seed, n]))[1] for n in numbers])


def _draw(
    digit: Callable[[np.random.Generator], Ink], media: Mapping[Medium, float], rng: np.random.Generator
) -> tuple[Grey, NDArray[np.uint8]]:
    """The first picture of a digit in whose canonical form it is still whole, and that form."""
    while True:
        ink = digit(rng)
        picture = through_any(ink, rng, media)
        image = canonicalize(picture).image
        if image.any() and is_whole(image, ink):
            return picture, image


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


def sheet_of_forms(forms: Sequence[Form], drawing: Drawing, media: Mapping[Medium, float] = MEDIA) -> Image.Image:
    """Show every form: a row each, four images as somebody might have them, each with its canonical form."""
    rows = {f"{form.digit} {form.name}": f"weight {form.weight:g}" for form in forms}
    with tempfile.TemporaryDirectory() as folder:
        for form, name in zip(forms, rows, strict=True):
            _draw_form(partial(drawing, form.digit, form=form.name), media, form.name, Path(folder) / name)
        return contact_sheet(Path(folder), rows)


def _draw_form(
    digit: Callable[[np.random.Generator], Ink], media: Mapping[Medium, float], name: str, folder: Path
) -> None:
    """Write pictures of a form into a folder, the canonical form of each after it."""
    folder.mkdir()
    for take in range(COLUMNS // 2):
        rng = np.random.default_rng([take, *name.encode()])
        for suffix, picture in zip("ab", _draw(digit, media, rng), strict=True):
            Image.fromarray(picture).save(folder / f"{take}-{suffix}.png")
