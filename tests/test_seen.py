from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from toy_model import glyph, save

from mnistcls import sources
from mnistcls.inspection.seen import SecondLook, Seen
from mnistcls.limits import MAX_PIXELS
from mnistcls.results import Prediction, Status
from mnistcls.sources.archives import read_tar

pytestmark = pytest.mark.usefixtures("here")


def look(looking: SecondLook, path: str) -> Seen | str:
    (seen,) = looking.at([Prediction(path, Status.OK, 3, 0.9)])
    return seen


def shows(seen: Seen | str, digit: int) -> bool:
    return isinstance(seen, Seen) and np.array_equal(seen.decoded, glyph(digit))


def archive_of(**members: int) -> None:
    with tarfile.open("a.tar", "w") as archive:
        for name, digit in members.items():
            archive.add(save(Path("member.png"), digit), f"{name}.png")


def test_an_archive_is_read_once_if_asked_in_order_and_again_if_not(monkeypatch: pytest.MonkeyPatch) -> None:
    archive_of(a=1, b=2, c=3, d=4)
    passes = []
    monkeypatch.setattr(sources, "_reader", lambda _: lambda path: passes.append(path) or read_tar(path))
    looking = SecondLook(MAX_PIXELS)

    assert shows(look(looking, "a.tar/a.png"), 1)
    assert shows(look(looking, "a.tar/c.png"), 3)
    assert shows(look(looking, "a.tar/d.png"), 4)
    assert passes == ["a.tar"]
    assert shows(look(looking, "a.tar/b.png"), 2)
    assert passes == ["a.tar", "a.tar"]
    assert look(looking, "a.tar/e.png") == "not_found: it is no longer there"


def test_members_of_one_name_are_told_apart_by_their_order() -> None:
    with tarfile.open("a.tar", "w") as archive:
        for digit in (1, 2):
            archive.add(save(Path("member.png"), digit), "same.png")
    looking = SecondLook(MAX_PIXELS)

    assert [shows(look(looking, "a.tar/same.png"), digit) for digit in (1, 2)] == [True, True]


def test_pages_of_a_file_may_be_asked_for_in_any_order() -> None:
    pages = [Image.fromarray(glyph(digit)) for digit in (3, 4, 5)]
    pages[0].save("scan.tif", save_all=True, append_images=pages[1:])
    looking = SecondLook(MAX_PIXELS)

    for number in (1, 3, 2, 2):
        assert shows(look(looking, f"scan.tif#{number}"), number + 2)
    assert look(looking, "scan.tif#4") == "not_found: it is no longer there"


@pytest.mark.parametrize("name", ["a#1.png", "[a].png", "*.png", "x/a.zip/7.png", "a#b/7#8.png"])
def test_a_file_is_itself_whatever_its_name(name: str) -> None:
    save(Path(name), 7)

    assert shows(look(SecondLook(MAX_PIXELS), name), 7)


@pytest.mark.parametrize("path", ["gone.png", "gone.tif#2", "gone.zip/7.png", "", "#1", "/", "n" * 300])
def test_what_has_gone_is_said(path: str) -> None:
    assert str(look(SecondLook(MAX_PIXELS), path)).startswith(("not_found: ", "io_error: ", "not_a_file: "))


def test_what_was_unreadable_is_not_read_again() -> None:
    prediction = Prediction("7.png", Status.UNREADABLE, error="crashed: again and again")
    save(Path("7.png"), 7)

    assert list(SecondLook(MAX_PIXELS).at([prediction])) == ["crashed: again and again"]
