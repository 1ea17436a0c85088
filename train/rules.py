"""The rules of the canonical form that can be switched off, one at a time, by replacing one name each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

import mnistcls.canonical as form
from mnistcls.canonical import (
    clutter,
    detection,
    filling,
    lines,
    marks,
    paper,
    parts,
    placement,
    plane,
    polarity,
    shade,
    sheet,
    sizes,
)
from train.script import choose_named

_find, _digit_in, _cut_out = detection._find, detection._digit_in, marks.cut_out
_LUMA = np.array([0.299, 0.587, 0.114, 0], np.float32)


@dataclass(frozen=True)
class Rule:
    """A rule of the canonical form, and what takes its place where it is switched off."""

    name: str
    module: ModuleType
    """Looks the attribute up when it runs."""
    attribute: str
    without: Any
    """A function that returns what would be if there were no such rule, or a threshold that nothing passes."""


def _no_flags(items: Any, *_: Any, **__: Any) -> Any:
    """False for each of some images or marks."""
    return np.zeros(len(getattr(items, "boxes", items)), np.bool_)


def _one_way(stack: Any, ink: paper.Ink) -> Any:
    """A look at images in which nobody says whether ink is bright."""
    return _find(stack, ink if ink.fine_pen else paper.ANY_INK)


RULES = (
    Rule("MNIST's form is left as it is", form, "as_mnist", lambda images: (_no_flags(images), images)),
    Rule("colour", plane, "colour_weights", lambda samples: np.tile(_LUMA, (len(samples), 1))),
    Rule("transparent rim", plane, "MIN_OPAQUE_SHARE", 2.0),
    Rule("ink in alpha", plane, "MAX_COLOUR_DEVIATION", -1.0),
    Rule("tiny pictures enlarged", sizes, "TINY_SIDE", 0),
    Rule("even margin", paper, "MAX_MARGIN_SPREAD", -1.0),
    Rule("wide window", paper, "MAX_EVEN_VARIATION", np.inf),
    Rule("fine window", paper, "FINE_WEIGHT", 0.0),
    Rule("paper lit evenly", paper, "_lit", lambda values, _: values),
    Rule("smoothing", paper, "smooth", lambda values: values.copy()),
    Rule("noise", paper, "NOISE_FACTOR", 0.0),
    Rule("slope in the light", paper, "MIN_RANGE_SHARE", 0.0),
    Rule("shape of what is bright", polarity, "SHAPE_WEIGHTS", np.zeros(3)),
    Rule("tight crop", polarity, "_reaches_all_sides", lambda _: False),
    Rule("faint ink", detection, "with_faint_ink", lambda masks, *_: masks),
    Rule("rulings", clutter, "without_lines", lambda masks: (masks.copy(), _no_flags(masks))),
    Rule("straight strokes are no rulings", lines, "_without_strokes", lambda rows, *_: rows),
    Rule("printed frame", clutter, "is_frame", lambda *_: False),
    Rule("printed box", clutter, "printed_boxes", lambda _: np.array([], np.intp)),
    Rule("ring", clutter, "inside_ring", lambda _: None),
    Rule("border weight", clutter, "BORDER_WEIGHT", 1.0),
    Rule("along the border", clutter, "MAX_ALONG_BORDER_SHARE", np.inf),
    Rule("one of too many", clutter, "MIN_MAIN_SHARE", 0.0),
    Rule("parts", clutter, "with_parts", lambda _found, _worth, main: np.array([main])),
    Rule("several alike", clutter, "alike", lambda *_: np.array([], np.intp)),
    Rule("small parts", parts, "MAX_SMALL_PART_GAP", parts.MAX_PART_GAP),
    Rule("faint parts", parts, "MIN_PART_STRENGTH", 0.0),
    Rule("specks", parts, "_are_specks", lambda found, _: _no_flags(found)),
    Rule("bars", parts, "_are_bars", lambda found, _: _no_flags(found)),
    Rule("beside the digit", parts, "_without_neighbours", lambda _found, numbers, _main: numbers),
    Rule("texture", detection, "are_texture", _no_flags),
    Rule("shade", detection, "are_shade", _no_flags),
    Rule("full shape", detection, "are_full_shapes", _no_flags),
    Rule("wide edges of coarse pixels", shade, "MIN_SOFT_EDGE_WIDTH", 0.0),
    Rule("coloured in", filling, "_coloured_inside", lambda *_: None),
    Rule("plain outline", filling, "inside_outline", lambda _: None),
    Rule("the other way round", detection, "_find", _one_way),
    Rule("fine pen", detection, "_digit_in", lambda image, ink: None if ink.fine_pen else _digit_in(image, ink)),
    Rule("close-up", detection, "MIN_CLEAR_EXTENT", 0),
    Rule(
        "a line that runs on", detection, "cut_out", lambda found: [replace(m, runs_on=False) for m in _cut_out(found)]
    ),
    Rule("sheet", detection, "inside_sheet", lambda *_: None),
    Rule("round or torn sheet", sheet, "_is_other_sheet", lambda *_: False),
    Rule("loop on a sheet", sheet, "_has_loop", lambda *_: False),
    Rule("what hangs on to a sheet", sheet, "_body", lambda mask: mask),
    Rule("rim", detection, "inside_rim", lambda _: None),
    Rule("usual strokes", placement, "_with_usual_strokes", lambda inks: inks),
)
"""Every rule that can be switched off by one name."""


@contextmanager
def switched_off(rule: Rule) -> Iterator[None]:
    """For a while, the canonical form without one rule."""
    kept = getattr(rule.module, rule.attribute)
    setattr(rule.module, rule.attribute, rule.without)
    try:
        yield
    finally:
        setattr(rule.module, rule.attribute, kept)


def choose(names: Sequence[str]) -> list[Rule]:
    """The rules of these names, in the order of `RULES`; all of them for no name.

    Raises:
        OutputError: there is no such rule.
    """
    return choose_named(RULES, names, "rule")
