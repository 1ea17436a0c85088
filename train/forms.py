"""Reads, once on import, the ways of writing each digit that `forms.txt` beside this file lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

_MIXTURE = 0.7  # of a Dirichlet distribution: under 1, writers are nearer to one extreme than to the middle


@dataclass(frozen=True, eq=False)  # == on arrays has no single answer
class Stroke:
    """The joints that the pen passes before it is lifted."""

    joints: NDArray[np.float64]
    """(K, 2) of x, y in digit heights, y downwards."""
    corners: tuple[int, ...]
    """Which of the joints are corners."""

    @classmethod
    def parse(cls, path: str) -> Self:
        """Read `x,y` in hundredths of the digit's height, with `!` for a corner."""
        words = path.split()
        joints = [[float(number) / 100 for number in word.rstrip("!").split(",")] for word in words]
        corners = tuple(k for k, word in enumerate(words) if word.endswith("!"))
        return cls(np.array(joints), corners)


@dataclass(frozen=True, eq=False)
class Form:
    """One way of writing a digit: a family of shapes with the same strokes, joints and corners."""

    digit: int
    name: str
    weight: float
    """How common the form is among the forms of its digit."""
    extremes: tuple[tuple[Stroke, ...], ...]
    """The shapes between which writers lie."""

    def draw(self, rng: np.random.Generator) -> tuple[Stroke, ...]:
        """The strokes of somebody who writes this way: a random mixture of the extremes, or the only one."""
        if len(self.extremes) == 1:
            return self.extremes[0]
        shares = rng.dirichlet(np.full(len(self.extremes), _MIXTURE))
        strokes = zip(*self.extremes, strict=True)
        return tuple(
            Stroke(np.tensordot(shares, [stroke.joints for stroke in same], 1), same[0].corners) for same in strokes
        )


def _read(text: str) -> Iterator[Form]:
    """Parse `forms.txt`; its own first lines describe its format."""
    for block in text.split("\n\n"):
        heading, *paths = [line for line in block.splitlines() if not line.startswith("#")] or [""]
        if not heading:
            continue
        digit, weight, name = heading.split(maxsplit=2)
        extremes = tuple(tuple(Stroke.parse(stroke) for stroke in path.split("|")) for path in paths)
        yield Form(int(digit), name, float(weight), extremes)


FORMS = tuple(_read((Path(__file__).parent / "forms.txt").read_text(encoding="utf-8")))
"""Every form that can be written."""
