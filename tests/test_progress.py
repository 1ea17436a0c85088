from __future__ import annotations

import io
import threading
from pathlib import Path

import pytest
from batches import batch_of, eight
from PIL import Image
from rich.console import Console
from toy_model import glyph, save

from mnistcls import Classifier
from mnistcls.commands.progress import bar_over, progress
from mnistcls.engine import answers
from mnistcls.results import Tally
from mnistcls.sources import Sources


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def followed(console: Console) -> None:
    batches = [batch_of(eight("a.png"), eight("b.png")), batch_of(eight("c.png"))]
    tally = Tally()
    with progress(tally.count(batches), Sources(["a.png", "b.png", "c.png"]), console, tally) as stream:
        passed = list(stream)
        console.file.write("TABLE")
    assert passed == batches


def test_progress_is_silent_where_there_is_no_terminal() -> None:
    console = Console(file=io.StringIO())
    followed(console)

    assert console.file.getvalue() == "TABLE"  # type: ignore[attr-defined]


def test_progress_is_silent_on_a_dumb_terminal() -> None:
    console = Console(file=Terminal(), force_terminal=True, _environ={"TERM": "dumb"})
    followed(console)

    assert console.file.getvalue() == "TABLE"  # type: ignore[attr-defined]


def test_progress_is_silent_in_a_file_even_if_that_is_to_have_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    console = Console(file=io.StringIO())
    followed(console)

    assert console.is_terminal
    assert console.file.getvalue() == "TABLE"  # type: ignore[attr-defined]


def test_the_bar_is_gone_before_anything_else_is_printed() -> None:
    console = Console(file=Terminal(), force_terminal=True, width=80, _environ={"TERM": "xterm"})
    followed(console)

    before, after = console.file.getvalue().split("TABLE")  # type: ignore[attr-defined]
    assert "Classifying" in before
    assert before.endswith("\x1b[1A\x1b[2K")  # one line up, and erased
    assert after == ""


def test_the_bar_counts_files_and_not_their_pages(here: Path, toy_model: Path) -> None:
    save(here / "a.tif", 7, save_all=True, append_images=[Image.fromarray(glyph(3))] * 4)
    console = Console(file=Terminal(), force_terminal=True, width=80, color_system=None)
    tally, sources = Tally(), Sources(["a.tif", "missing.png"])
    batches = answers(tally.count_inputs(sources), Classifier(toy_model).answer)

    with progress(tally.count(batches), sources, console, tally) as stream:
        assert sum(map(len, stream)) == 6

    assert " 2/" in console.file.getvalue()  # type: ignore[attr-defined]
    assert " 6/" not in console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("error", [OSError("gone"), ValueError("damaged"), MemoryError()], ids=repr)
def test_whatever_keeps_the_files_from_being_counted_says_nothing_over_the_bar(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def count(_: Sources) -> None:
        raise error

    said: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", said.append)
    monkeypatch.setattr(Sources, "count", count)

    followed(Console(file=Terminal(), force_terminal=True, width=80, _environ={"TERM": "xterm"}))
    for thread in set(threading.enumerate()) - {threading.current_thread()}:
        thread.join(timeout=10)

    assert said == []


def test_a_list_has_a_bar_on_a_terminal_alone() -> None:
    terminal = Console(file=Terminal(), force_terminal=True, width=80, _environ={"TERM": "xterm"})
    pipe = Console(file=io.StringIO())

    assert [list(bar_over("Drawing", console)([1, 2, 3])) for console in (terminal, pipe)] == [[1, 2, 3]] * 2
    assert "Drawing" in terminal.file.getvalue()  # type: ignore[attr-defined]
    assert pipe.file.getvalue() == ""  # type: ignore[attr-defined]
