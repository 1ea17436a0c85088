"""The images that a page shows: read once more, drawn small, and what their rows do not say found out."""

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
from mnistcls.results import Prediction, printable

PAGE_BYTES = 24_000_000
"""Of all cards: pictures, of which base64 makes four bytes of three, are made smaller where paths are long."""

FIGURES_BYTES = 150
"""Of a card, for its figures."""

Track = Callable[[Sequence[Row]], Iterable[Row]]
"""Gives the same rows while they are drawn, and may show how far they are."""


@dataclass(frozen=True)
class Card:
    """An image on the page."""

    row: Row
    path: str
    """As the results have it."""
    shown: str
    """The path without what people cannot see."""
    pictures: Pictures | None
    """None where there is nothing to see."""
    error: str = ""
    """Why there is nothing."""


def draw_cards(rows: Sequence[Row], classifier: Classifier, track: Track = iter) -> list[Card]:
    """The cards of the rows, in their order.

    The images are read in the order of their run, as archives are. The rows of an earlier run have no probabilities:
    the network is asked for them anew.

    Args:
        rows: the images to show.
        classifier: what made the predictions.
        track: shows how far it is.
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
    """The card of one of so many images."""
    path = safe_path(row.prediction.path)
    shown = printable(path)
    if isinstance(seen, str):
        return Card(row, path, shown, None, printable(seen))
    side = pictures.LARGE if count <= pictures.FEW else pictures.SMALL
    text = len(json.dumps([path, shown])) + FIGURES_BYTES
    return Card(row, path, shown, pictures.draw(seen, side, (PAGE_BYTES // count - text) * 3 // 4))


def _completed(card: Card, answer: Prediction) -> Card:
    """With the probabilities of an answer, if that is still the card's own: the image may be another by now."""
    prediction = card.row.prediction
    if answer.digit != prediction.digit:
        return card
    full = replace(prediction, probabilities=answer.probabilities, digit_score=answer.digit_score)
    return replace(card, row=replace(card.row, prediction=full))
