from __future__ import annotations

import os
import sys

import pytest

from mnistcls.text import confidence_text, name_bytes, name_text, plural, printable, valid_utf8


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


NAMES = ["7.png", "d/\xe4\u4e03\U0001f600.png", "\ud83d.png", "\ude00\ud83d.png", os.fsdecode(b"\xff\xed\xa0.png")]


@pytest.mark.parametrize("name", [*NAMES, "\ud83d\udcff\ud83d"], ids=ascii)
def test_any_name_can_be_encoded_and_shown(name: str) -> None:
    assert name_bytes(f"{name}{name}") == name_bytes(name) * 2
    assert printable(name).isprintable()
    assert valid_utf8(name).encode().decode() == valid_utf8(name)


def test_bytes_and_halves_of_pairs_are_encoded_as_the_system_has_them() -> None:
    assert name_bytes("\ud83d\udcff.png") == b"\xed\xa0\xbd\xff.png"
    assert printable("\ud83d\udcff.png") == r"\xed\xa0\xbd\xff.png"


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_on_windows_every_name_comes_back(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(sys, "getfilesystemencodeerrors", lambda: "surrogatepass")

    assert name_text(name_bytes(name)) == name


@pytest.mark.parametrize("name", [b"\xff.png", b"\xed\xa0\xbd.png"])
def test_elsewhere_the_bytes_of_half_a_pair_are_bytes_like_any_other(
    monkeypatch: pytest.MonkeyPatch, name: bytes
) -> None:
    monkeypatch.setattr(sys, "getfilesystemencodeerrors", lambda: "surrogateescape")

    assert name_bytes(name_text(name)) == name
    assert name_text(name) == name.decode("utf-8", "surrogateescape")
