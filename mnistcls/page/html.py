"""Renders a page: one template that contains its style, its script and its data.

The name of a file, whatever it is, reaches the page as JSON in which no tag can begin, and the script makes it an
element's text; Jinja escapes everything else. Should that fail, the page's content security policy allows no script
but its own, and no connection.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from mnistcls import __version__
from mnistcls.evaluation import Evaluation
from mnistcls.evaluation.names import label_name
from mnistcls.evaluation.report import percent
from mnistcls.page import charts
from mnistcls.page.cards import Card
from mnistcls.page.sample import Group, Sample
from mnistcls.results import Status
from mnistcls.text import parts_of, printable

_FOLDER = "template"
_SCRIPTS = ("data.js", "grid.js", "viewer.js", "main.js")


@dataclass(frozen=True)
class Content:
    """The content of a page besides its images."""

    model: str
    """The model's name and version."""
    min_confidence: float
    """A confidence below this is `uncertain`."""
    skipped: int
    """Number of files that were not images."""
    sample: Sample
    evaluation: Evaluation | None = None
    """Given if labels are known."""


def render(content: Content, cards: Sequence[Card]) -> str:
    r"""The page.

    Args:
        content: the figures.
        cards: the images to show, in order.

    Returns:
        HTML; bytes of paths that are not UTF-8 are in it as JSON's `\udcNN`.
    """
    script, style = Markup().join(map(_source, _SCRIPTS)), _source("page.css")
    html = _template().render(
        {name: getattr(content, name) for name in content.__dataclass_fields__},
        count_shown=len(cards),
        data=map(_json, cards),
        key=_key(cards),
        script=script,
        shown_groups=Counter(card.row.group for card in cards),
        style=style,
        policy=f"default-src 'none'; img-src data:; script-src {_hash(script)}; style-src {_hash(style)}; "
        "base-uri 'none'; form-action 'none'",
        version=__version__,
        charts=charts,
        Group=Group,
        Status=Status,
    )
    return html.encode("utf-8", "backslashreplace").decode()


@cache
def _template() -> Template:
    environment = Environment(
        autoescape=True,
        loader=PackageLoader("mnistcls.page", _FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"label_name": label_name, "percent": percent, "printable": printable}
    return environment.get_template("page.html")


def _source(name: str) -> Markup:
    """A file of the template, not escaped as it is our own."""
    return Markup(resources.files("mnistcls.page").joinpath(_FOLDER, name).read_text(encoding="utf-8"))  # noqa: S704 - our own file


def _hash(source: str) -> str:
    """The hash by which a content security policy allows a source."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def _json(card: Card) -> Markup:
    """A card in the order of the script's `COLUMNS`, as a JSON array in which no tag can begin."""
    pictures = card.pictures
    ends = [_base64(pictures.original), _base64(pictures.canonical)] if pictures else [None, None]
    line = json.dumps([*_cells(card), card.error or None, *ends], ensure_ascii=False, separators=(",", ":"))
    return Markup(line.replace("<", r"\u003c"))  # noqa: S704 - inside a script element, this is what escapes


def _key(cards: Iterable[Card]) -> str:
    """The key under which the browser stores this page's corrections."""
    return hashlib.sha256("".join(json.dumps(_cells(card)) for card in cards).encode()).hexdigest()[:16]


def _cells(card: Card) -> list[object]:
    """All columns of an image but the pictures."""
    prediction, label = card.row.prediction, card.row.label
    confidence, score = (
        None if value is None else round(value, 6) for value in (prediction.confidence, prediction.digit_score)
    )
    probabilities = [parts_of(p, 10_000) for p in prediction.probabilities or ()]
    named = [card.path, None if card.shown == card.path else card.shown, prediction.status.value]
    return [*named, prediction.digit, confidence, score, probabilities, None if label is None else label_name(label)]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
