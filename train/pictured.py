"""Makes pictures of MNIST's digits, as other people have them, and brings them back to canonical form.

Nobody's images are as clean as MNIST's, and what blur, blots, gaps or too few pixels leave behind looks like no image
in it. The scenes are those of `train.scenes`, each as hard as chance makes it, up to what a person still reads.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcls.canonical import canonicalize
from train import photo, scenes
from train.data import Digits
from train.enlarged import Digit, Frame
from train.media import boxed, normalized, through_any
from train.parallel import in_processes
from train.scenes import Paint, lit

MIN_LIKENESS = 0.6
"""Cosine of a digit and its picture's canonical form, both cropped: below this, the form is a piece, or other ink."""

MAX_ATTEMPTS = 30
"""Pictures of a digit that are made at most. Nearly all digits need one or two. No picture fits a digit with a speck
beside it, which no canonical form keeps."""

_BLOCK = 250  # images that a worker makes at a time


def picture_digits(count: int, seed: int, digits: Digits, *, workers: int | None = None) -> Digits:
    """Make pictures of digits, and bring them back to canonical form.

    Args:
        count: how many; each is of a digit drawn at random.
        seed: source of all randomness; image number i is the same for every `count`.
        digits: the training set's.
        workers: number of processes; None for one on each core. The images do not depend on it.

    Returns:
        Canonical images, uint8 (count, 28, 28), and their labels.
    """
    chosen = np.random.default_rng(seed).integers(len(digits), size=count)
    blocks = [chosen[start : start + _BLOCK] for start in range(0, count, _BLOCK)]
    jobs = [(start * _BLOCK, digits.images[block]) for start, block in enumerate(blocks)]
    images = in_processes(partial(_block, seed), jobs, workers)
    return Digits(np.concatenate([digits.images[:0], *images]), digits.labels[chosen])


def _block(seed: int, job: tuple[int, NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """The canonical forms, (N, 28, 28), of pictures of digits, given with the number of the first."""
    first, digits = job
    return np.stack([_form(d, np.random.default_rng([seed, first + i])) for i, d in enumerate(digits)])


def _form(digit: Digit, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The canonical form of the first picture that still shows the digit; the digit as it is if none does."""
    for _ in range(MAX_ATTEMPTS):
        form = canonicalize(np.asarray(picture(digit, rng))).image
        if form.any() and likeness(digit, form) >= MIN_LIKENESS:
            return form
    return digit


def picture(digit: Digit, rng: np.random.Generator) -> Image.Image:
    """A picture of the digit, as somebody may have it."""
    return PAINTERS[rng.integers(len(PAINTERS))](digit, rng)


def likeness(digit: Digit, form: NDArray[np.uint8]) -> float:
    """Cosine, 0 to 1, of two images (28, 28), each cropped to its ink."""
    a, b = (boxed(image / np.float32(255)).ravel() for image in (digit, form))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


# --- pictures, each as hard as chance makes it --------------------------------------------------------------


def _small(digit: Digit, rng: np.random.Generator) -> Image.Image:
    return scenes.flat(digit, rng, **_levels(rng), frame=_square(rng, 12, 32, extent=(0.6, 0.8)))


def _coarse(digit: Digit, rng: np.random.Generator) -> Image.Image:
    return scenes.coarse(digit, rng, frame=_square(rng, 18, 40, extent=(0.6, 0.8)))


def _tight(digit: Digit, rng: np.random.Generator) -> Image.Image:
    return scenes.tight(digit, rng, **_levels(rng), bold=rng.uniform(-0.2, 0.5))


def _normalized(digit: Digit, rng: np.random.Generator) -> Image.Image:
    return Image.fromarray(normalized(scenes.SQUARE.lay(digit, rng), rng))


def _on_any_medium(digit: Digit, rng: np.random.Generator) -> Image.Image:
    return Image.fromarray(through_any(_square(rng, 40, 64).lay(digit, rng), rng))


def _blurred(digit: Digit, rng: np.random.Generator) -> Image.Image:
    sigma = rng.uniform(0.5, 4.5)
    return _page(digit, rng, after=(lambda page, _: photo.blur(page, sigma),))


def _blotted(digit: Digit, rng: np.random.Generator) -> Image.Image:
    count, radius = int(rng.integers(3, 50)), rng.uniform(1, 3.2)
    return _page(digit, rng, after=(partial(scenes.blots, count=count, radius=radius),))


def _dusty(digit: Digit, rng: np.random.Generator) -> Image.Image:
    return _page(digit, rng, after=(partial(scenes.dust, share=rng.uniform(0, 0.03)),))


def _broken(digit: Digit, rng: np.random.Generator) -> Image.Image:
    return scenes.broken(digit, rng, gaps=rng.uniform(0.02, 0.3))


def _hairline(digit: Digit, rng: np.random.Generator) -> Image.Image:
    return scenes.hairline(digit, rng, frame=_square(rng, 60, 160))


def _lit(digit: Digit, rng: np.random.Generator) -> Image.Image:
    lights = (
        photo.room_light,
        partial(photo.lamp_light, darkest=rng.uniform(0.2, 0.8)),
        partial(photo.shadow_light, left=rng.uniform(0.35, 0.8)),
    )
    noise = partial(photo.sensed, sigma=0.8)
    return _page(digit, rng, grain=rng.uniform(0, 0.06), after=(lit(lights[rng.integers(len(lights))]), noise))


def _faint(digit: Digit, rng: np.random.Generator) -> Image.Image:
    return _page(digit, rng, grain=0.006, ink=(rng.uniform(0.7, 0.9),) * 3)


def _beside(digit: Digit, rng: np.random.Generator) -> Image.Image:
    return scenes.neighbour(digit, rng, share=rng.uniform(0.02, 0.3))


def _ruled(digit: Digit, rng: np.random.Generator) -> Image.Image:
    spacing, squared = rng.uniform(12, 40), bool(rng.random() < 0.5)
    return _page(digit, rng, before=(lambda page, rng: photo.ruled(page, spacing, rng, squared=squared),))


PAINTERS: tuple[Paint, ...] = (
    _small,
    _coarse,
    _tight,
    _normalized,
    _on_any_medium,
    _blurred,
    _blotted,
    _dusty,
    _broken,
    _hairline,
    _lit,
    _faint,
    _beside,
    _ruled,
    _blurred,
    _broken,
    _hairline,
)
"""Every way of making a picture; each entry is equally likely, and what is hardest to read has two."""

_page = partial(scenes.snapshot, frame=Frame((112, 112)))


def _square(rng: np.random.Generator, least: int, most: int, extent: tuple[float, float] = (0.55, 0.8)) -> Frame:
    side = int(rng.integers(least, most, endpoint=True))
    return Frame((side, side), extent)


def _levels(rng: np.random.Generator) -> dict[str, float]:
    """Brightness of ink and paper, either the brighter one."""
    dark, bright = rng.uniform(0, 0.4), rng.uniform(0.6, 1)
    return {"ink": dark, "paper": bright} if rng.random() < 0.6 else {"ink": bright, "paper": dark}
