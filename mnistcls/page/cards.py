"""The images that a page shows: read again, drawn small, and completed with what their rows lack."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnistcls.classifier import Classifier
from mnistcls.inspection.seen import SecondLook, Seen
from mnistcls.outputs.formats import safe_path
from mnistcls.page import pictures
from mnistcls.page.pictures import Pictures
from mnistcls.page.sample import Row
from mnistcls.results import Prediction
from mnistcls.text import printable

PAGE_BYTES = 24_000_000
"""Size of all cards; pictures, which base64 makes a third larger, are smaller if paths are long."""

FIGURES_BYTES = 150
"""Size of a card's figures."""

Track = Callable[[Sequence[Row]], Iterable[Row]]
"""Yields the same rows, and may show progress."""


@dataclass(frozen=True)
class Card:
    """An image on the page."""

    row: Row
    path: str
    """The path as in the results."""
    shown: str
    """The path with its invisible characters escaped."""
    pictures: Pictures | None
    """None if there is nothing to show."""
    error: str = ""
    """Why there is nothing to show."""


def draw_cards(rows: Sequence[Row], classifier: Classifier, track: Track = iter) -> list[Card]:
    """The cards of the rows, in their order.

    The images are read in the order of the run, in which archives are read once. Rows of an earlier run have no
    probabilities: the network runs again for them.

    Args:
        rows: the images to show.
        classifier: what made the predictions.
        track: shows progress.
    """
    look = SecondLook(classifier.max_pixels)
    cards: dict[int, Card] = {}
    bare: dict[int, NDArray[np.uint8]] = {}
    ordered = sorted(rows, key=lambda row: row.number)
    for row, seen in zip(track(ordered), look.at([row.prediction for row in ordered]), strict=True):
        cards[row.number] = _card(row, seen, len(rows))
        if isinstance(seen, Seen) and row.prediction.digit_score is None:
            bare[row.number] = seen.canonical.image
    if bare:
        answers = classifier.judge([cards[number].path for number in bare], np.stack(list(bare.values())))
        cards |= {number: _completed(cards[number], answer) for number, answer in zip(bare, answers, strict=True)}
    return [cards[row.number] for row in rows]


def _card(row: Row, seen: Seen | str, count: int) -> Card:
    """The card of one of `count` images."""
    path = safe_path(row.prediction.path)
    shown = printable(path)
    if isinstance(seen, str):
        return Card(row, path, shown, None, printable(seen))
    side = pictures.LARGE if count <= pictures.FEW else pictures.SMALL
    text = len(json.dumps([path, shown])) + FIGURES_BYTES
    return Card(row, path, shown, pictures.draw(seen, side, (PAGE_BYTES // count - text) * 3 // 4))


def _completed(card: Card, answer: Prediction) -> Card:
    """The card with an answer's probabilities, if the digit is still the same: the image may have changed."""
    prediction = card.row.prediction
    if answer.digit != prediction.digit:
        return card
    full = replace(prediction, probabilities=answer.probabilities, digit_score=answer.digit_score)
    return replace(card, row=replace(card.row, prediction=full))
