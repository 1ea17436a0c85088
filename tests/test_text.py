from __future__ import annotations

import pytest

from mnistcls.text import confidence_text, plural


@pytest.mark.parametrize(
    ("confidence", "text", "longer"),
    [
        (1.0, "99.9%", "99.99%"),
        (0.99999, "99.9%", "99.99%"),
        (0.9995, "99.9%", "99.95%"),
        (0.94999, "94.9%", "94.99%"),
        (0.9990000009, "99.9%", "99.90%"),
        (0.29, "29.0%", "29.00%"),
        (0.0, "0.0%", "0.00%"),
    ],
)
def test_a_confidence_is_rounded_down(confidence: float, text: str, longer: str) -> None:
    assert (confidence_text(confidence), confidence_text(confidence, 2)) == (text, longer)


@pytest.mark.parametrize(("count", "text"), [(0, "0 images"), (1, "1 image"), (2000, "2,000 images")])
def test_one_is_no_plural(count: int, text: str) -> None:
    assert plural(count, "image") == text
