"""The text of a page: one template, with its style, its script and its data in it.

Whatever a file is called, its name reaches the page as JSON, in which no tag can begin, and becomes an element's text
by the script's hand; everything else is escaped by Jinja. Should that fail, the page's own policy allows no other
script than the one it came with, and no connection.
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
from mnistcls.evaluation.report import label_name, percent
from mnistcls.page import charts
from mnistcls.page.cards import Card
from mnistcls.page.sample import Group, Sample
from mnistcls.results import Status, parts_of, printable

_FOLDER = "template"
_SCRIPTS = ("data.js", "grid.js", "viewer.js", "main.js")


@dataclass(frozen=True)
class Content:
    """What a page says besides its images."""

    model: str
    """Its name and version."""
    min_confidence: float
    """A confidence under this is `uncertain`."""
    skipped: int
    """Files that were no images."""
    sample: Sample
    evaluation: Evaluation | None = None
    """Where labels are known."""


def render(content: Content, cards: Sequence[Card]) -> str:
    r"""The page.

    Args:
        content: the figures.
        cards: the images to show, in order.

    Returns:
        HTML; bytes of paths that are no UTF-8 are in it as JSON's `\udcNN`.
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
    """A file of the template: our own, so it stands as it is."""
    return Markup(resources.files("mnistcls.page").joinpath(_FOLDER, name).read_text(encoding="utf-8"))  # noqa: S704


def _hash(source: str) -> str:
    """As a content security policy names what may run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


def _json(card: Card) -> Markup:
    """A card as the script's `COLUMNS` has it, an array of JSON in which no tag can begin."""
    drawn = card.pictures
    ends = [_base64(drawn.original), _base64(drawn.canonical)] if drawn else [None, None]
    line = json.dumps([*_cells(card), card.error or None, *ends], ensure_ascii=False, separators=(",", ":"))
    return Markup(line.replace("<", r"\u003c"))  # noqa: S704 - inside a script element, this is what escapes


def _key(cards: Iterable[Card]) -> str:
    """What tells this page from others, where the browser keeps its corrections."""
    return hashlib.sha256("".join(json.dumps(_cells(card)) for card in cards).encode()).hexdigest()[:16]


def _cells(card: Card) -> list[object]:
    """Of an image, all but the pictures."""
    prediction, label = card.row.prediction, card.row.label
    confidence, score = (
        None if value is None else round(value, 6) for value in (prediction.confidence, prediction.digit_score)
    )
    probabilities = [parts_of(p, 10_000) for p in prediction.probabilities or ()]
    named = [card.path, None if card.shown == card.path else card.shown, prediction.status.value]
    return [*named, prediction.digit, confidence, score, probabilities, None if label is None else label_name(label)]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
