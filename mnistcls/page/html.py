"""The text of a page: one template, with its style, its script and its data in it.

Whatever a file is called, its name reaches the page as JSON, in which no tag can begin, and becomes an element's text
by the script's hand; everything else is escaped by Jinja. Should that fail, the page's own policy allows no other
script than the one it came with, and no connection.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from mnistcls import __version__
from mnistcls.evaluation import Evaluation
from mnistcls.formats import safe_path
from mnistcls.page import charts, pictures
from mnistcls.page.sample import Group, Row, Sample
from mnistcls.report import label_name, percent
from mnistcls.results import Status, printable
from mnistcls.seen import Seen, look_again

MOST_BYTES = 24_000_000
"""Of all rows: pictures are made smaller where long paths leave less room."""

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


def render(
    content: Content, rows: Sequence[Row], max_pixels: int, track: Callable[[Sequence[Row]], Iterable[Row]] = iter
) -> str:
    r"""The page.

    Args:
        content: the figures.
        rows: the images to show, in order.
        max_pixels: larger images are not read.
        track: gives the same rows while they are drawn, and may show how far they are.

    Returns:
        HTML; bytes of paths that are no UTF-8 are in it as JSON's `\udcNN`.
    """
    script, style = Markup().join(map(_source, _SCRIPTS)), _source("page.css")
    html = _template().render(
        {name: getattr(content, name) for name in content.__dataclass_fields__},
        count_shown=len(rows),
        data=_json(track(rows), len(rows), max_pixels),
        key=_key(rows),
        script=script,
        shown_groups=Counter(row.group for row in rows),
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


def _json(rows: Iterable[Row], count: int, max_pixels: int) -> Iterator[Markup]:
    """The rows as the script's `COLUMNS` has them, each an array of JSON in which no tag can begin."""
    side = pictures.LARGE if count <= pictures.FEW else pictures.SMALL
    for row in rows:
        text, seen = _cells(row), look_again(row.prediction, max_pixels)
        if isinstance(seen, Seen):
            drawn = pictures.draw(seen, side, _room(text, count))
            ends = [None, _base64(drawn.original), _base64(drawn.canonical)]
        else:
            ends = [printable(seen), None, None]
        line = json.dumps([*text, *ends], ensure_ascii=False, separators=(",", ":"))
        yield Markup(line.replace("<", r"\u003c"))  # noqa: S704 - inside a script element, this is what escapes


def _key(rows: Iterable[Row]) -> str:
    """What tells this page from others, where the browser keeps its corrections."""
    return hashlib.sha256("".join(json.dumps(_cells(row)) for row in rows).encode()).hexdigest()[:16]


def _room(cells: list[object], count: int) -> int:
    """Bytes for the pictures of one of so many images, beside its text; base64 makes four of three."""
    return (MOST_BYTES // count - len(json.dumps(cells))) * 3 // 4


def _cells(row: Row) -> list[object]:
    """Of an image, all but the pictures."""
    prediction = row.prediction
    path = safe_path(prediction.path)  # as the results have it
    shown = printable(path)
    confidence, score = (
        None if value is None else round(value, 6) for value in (prediction.confidence, prediction.digit_score)
    )
    probabilities = [_ten_thousandths(p) for p in prediction.probabilities or ()]
    named = [path, None if shown == path else shown, prediction.status.value]
    label = None if row.label is None else label_name(row.label)
    return [*named, prediction.digit, confidence, score, probabilities, label]


def _ten_thousandths(probability: float) -> int:
    """Rounded down: only what is certain is 100 %."""
    return math.floor(round(probability, 6) * 10_000 + 1e-6)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
