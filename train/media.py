"""Turns ink into the image that somebody's file holds: scanners, two levels, few pixels, pencils, blur, JPEG.

Each medium takes ink, float32 (H, W), 0 to 1, and the source of all randomness, and returns a grey image,
uint8 (h, w): bright on black, or dark on white.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnistcls.canonical import BOX
from train.photo import Field, blur, box, clouds, crumbled, gapped, uneven

Grey = NDArray[np.uint8]
Medium = Callable[[Field, np.random.Generator], Grey]

_MAX_NARROW = 0.35  # width / height up to which a digit is not stretched like others: a 1 would become a 7


def clean(ink: Field, rng: np.random.Generator) -> Grey:
    """A drawing, anti-aliased, as paint programs save it."""
    return _grey(ink, rng)


def two_level(ink: Field, rng: np.random.Generator) -> Grey:
    """A fax or a 1-bit scan, its edges ragged."""
    ragged = ink / _full(ink) + rng.uniform(0, 0.3) * clouds(_shape(ink), rng.uniform(0.8, 2.5), rng)
    return _grey((ragged > rng.uniform(0.35, 0.65)).astype(np.float32), rng)


def normalized(ink: Field, rng: np.random.Generator) -> Grey:
    """What data sets of the 1990s hold: the box of the digit stretched into few pixels, edge to edge."""
    tight = cropped(ink)
    height, own = int(rng.integers(12, 33)), tight.shape[1] / tight.shape[0]
    kept = max(0.0, 1 - 1.6 * rng.random())  # of the aspect; three in eight are square
    aspect = own**kept if own > _MAX_NARROW else own + rng.uniform(0, 0.25)
    small = resized(tight, (height, max(3, round(height * aspect))), Image.Resampling.BOX)
    small = small / _full(small)
    if rng.random() < 0.75:
        dirt = rng.uniform(0, 0.15) * rng.standard_normal(small.shape)
        small = (small + dirt > rng.uniform(0.3, 0.55)).astype(np.float32)
    if height >= 24 and rng.random() < 0.5:  # counts of ink in blocks
        small = resized(small, (height // 3, max(3, small.shape[1] // 3)), Image.Resampling.BOX)
    return _grey(np.pad(small, int(rng.integers(0, 3))), rng)


def enlarged(ink: Field, rng: np.random.Generator) -> Grey:
    """An image of few pixels that somebody made larger, smoothly or not."""
    scale = rng.uniform(0.25, 0.6)
    few = resized(ink, (round(ink.shape[0] * scale), round(ink.shape[1] * scale)), Image.Resampling.BOX)
    method = (Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)[rng.integers(3)]
    return _grey(resized(few, _shape(ink), method), rng)


def blurred(ink: Field, rng: np.random.Generator) -> Grey:
    """A picture out of focus, with the noise and the JPEG blocks of a cheap camera."""
    soft = blur(ink, rng.uniform(0.4, 0.025 * max(ink.shape)))
    paper = rng.uniform(0, 0.25) + rng.uniform(0, 0.03) * rng.standard_normal(ink.shape)
    grey = _grey((paper + (rng.uniform(0.5, 1) - paper) * soft).astype(np.float32), rng)
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "JPEG", quality=int(rng.integers(15, 80)))
    return np.asarray(Image.open(file))


def pencil(ink: Field, rng: np.random.Generator) -> Grey:
    """A faint and grainy mark."""
    mark = crumbled(ink, rng.uniform(0.4, 0.9), rng) if rng.random() < 0.5 else uneven(ink, rng.uniform(0.2, 0.8), rng)
    mark = mark * rng.uniform(0.3, 1)
    return _grey(mark + rng.uniform(0, 0.02) * rng.standard_normal(mark.shape).astype(np.float32), rng)


def gaps(ink: Field, rng: np.random.Generator) -> Grey:
    """A line that broke where the pen pressed least, as a threshold leaves it."""
    left = gapped(ink, rng.uniform(0.02, 0.2), rng.uniform(0.04, 0.08) * max(ink.shape), rng)
    return _grey((left > 0.5).astype(np.float32), rng)


MEDIA: dict[Medium, float] = {clean: 5, two_level: 3, normalized: 5, enlarged: 3, blurred: 3, pencil: 2, gaps: 2}
"""Every medium, and how common it is."""


def through_any(ink: Field, rng: np.random.Generator) -> Grey:
    """The image that one of the media makes of ink."""
    shares = np.array(list(MEDIA.values()))
    return list(MEDIA)[int(rng.choice(len(shares), p=shares / shares.sum()))](ink, rng)


def cropped(ink: Field) -> Field:
    """The box (h, w) of what is at least a third of the strongest ink in (H, W); not for blank images."""
    return box(ink, ink > 0.3 * ink.max())


def boxed(ink: Field) -> Field:
    """The box of `cropped`, stretched to float32 (20, 20), so that two can be compared pixel by pixel."""
    return resized(cropped(ink), (BOX, BOX), Image.Resampling.BOX)


def resized(ink: Field, shape: tuple[int, int], method: Image.Resampling) -> Field:
    """Ink (H, W) as a float32 image of `shape`, (h, w)."""
    return np.asarray(Image.fromarray(ink.astype(np.float32)).resize(shape[::-1], method))


def _grey(ink: Field, rng: np.random.Generator) -> Grey:
    """Ink in grey levels, bright on black or inverted."""
    bright: Grey = np.rint(255 * ink.clip(0, 1)).astype(np.uint8)
    return bright if rng.random() < 0.5 else ~bright


def _shape(ink: Field) -> tuple[int, int]:
    return ink.shape[0], ink.shape[1]


def _full(ink: Field) -> float:
    """The ink in the middle of a line, over 0 to 1: less where lines are thin."""
    return float(np.quantile(ink[ink > 0.3 * ink.max()], 0.7))
