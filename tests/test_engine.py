from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from answering import Unable, answer
from PIL import Image
from toy_model import checkerboard, doubtful, glyph

from mnistcls import Classifier, engine
from mnistcls.engine import CHUNK_BYTES, MAX_INLINE_SOURCES, answers, pool, prepare
from mnistcls.errors import MnistclsError
from mnistcls.sources import Source

pytestmark = [pytest.mark.skipif(os.name == "nt", reason="POSIX signals"), pytest.mark.usefixtures("here")]


def outcome(names: list[str], workers: int = 2, timeout: float = 0) -> list[tuple[str, str]]:
    """Path and error of every row."""
    batches = answers(map(Source, names), answer, workers=workers, timeout=timeout)
    rows = [(row.path, row.error or "") for batch in batches for row in batch]
    assert multiprocessing.active_children() == []
    return rows


def unharmed(names: list[str]) -> list[tuple[str, str]]:
    return [(name, "") for name in names]


NUMBERS = [str(number) for number in range(500)]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_answers_come_in_order_whatever_the_workers(workers: int) -> None:
    assert outcome(NUMBERS, workers) == unharmed(NUMBERS)


def test_slow_images_do_not_change_the_order() -> None:
    names = ["slow 0", *NUMBERS[:100], "slow 1", *NUMBERS[100:]]

    assert outcome(names, 3) == unharmed(names)


def test_nothing_in_nothing_out() -> None:
    assert outcome([], 2) == []


@pytest.mark.parametrize(
    ("what", "says"),
    [("killed", "SIGKILL"), ("crashing", "SIGSEGV"), ("leaving", "exit code 3"), ("raising", "RuntimeError")],
)
def test_an_image_that_ends_its_worker_is_a_row_and_the_only_one_lost(what: str, says: str) -> None:
    names = [*NUMBERS[:40], f"{what} 0", f"{what} 1", *NUMBERS[40:300], f"{what} 2"]

    rows = outcome(names)

    assert [path for path, _ in rows] == names
    for path, error in rows:
        assert (error.startswith("crashed: ") and says in error) if path.startswith(what) else error == ""


def test_a_worker_that_dies_once_costs_nothing() -> None:
    names = ["once-killed 0", *NUMBERS[:40], "once-crashing 1", *NUMBERS[40:], "once-raising"]

    assert outcome(names) == unharmed(names)


@pytest.mark.parametrize(("what", "says"), [("killed", "crashed: "), ("hanging", "timeout: ")])
def test_where_no_image_in_particular_is_to_blame_each_is_tried_alone(what: str, says: str) -> None:
    names = [*NUMBERS[:20], f"afterwards-{what}", *NUMBERS[20:60]]

    rows = dict(outcome(names, timeout=1.5))

    assert list(rows) == names
    assert rows.pop(f"afterwards-{what}").startswith(says)
    assert set(rows.values()) == {""}


def test_an_image_that_takes_too_long_is_a_row_and_the_only_one_lost() -> None:
    names = [*NUMBERS[:40], "hanging 0", *NUMBERS[40:200], "slow 1", "slow 2", "slow 3", "hanging 4"]

    rows = dict(outcome(names, timeout=1.5))

    assert list(rows) == names
    late = {name: rows.pop(name) for name in ("hanging 0", "hanging 4")}
    assert set(late.values()) == {"timeout: took longer than 1.5 s; shrink it or raise --timeout"}
    assert set(rows.values()) == {""}


def test_a_worker_that_is_stopped_is_replaced() -> None:
    stream = (row.path for batch in answers(map(Source, NUMBERS), answer, workers=1, timeout=1) for row in batch)
    first = next(stream)
    (worker,) = multiprocessing.active_children()
    assert worker.pid
    os.kill(worker.pid, signal.SIGSTOP)

    assert [first, *stream] == NUMBERS


def test_workers_that_do_not_start_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import_module("mnistcls.cli")
    with pytest.raises(MnistclsError, match=r"worker processes do not start \(exit code 4\); use -j 0"):
        list(answers(map(Source, NUMBERS), Unable(), workers=2))
    assert multiprocessing.active_children() == []

    monkeypatch.delitem(sys.modules, "mnistcls.cli")  # as in a script of a user's own
    with pytest.raises(MnistclsError, match=r'call it below `if __name__ == "__main__":`, or use workers=0$'):
        list(answers(map(Source, NUMBERS), Unable(), workers=2))


def test_a_process_that_may_have_no_workers_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(multiprocessing.current_process()._config, "daemon", True)  # type: ignore[attr-defined]

    with pytest.raises(MnistclsError, match=r"^a daemonic process.* cannot start workers; use workers=0$"):
        list(answers(map(Source, NUMBERS), answer, workers=1))


def test_a_script_without_its_guard_is_told_so(toy_model: Path) -> None:
    Path("script.py").write_text(
        f"from mnistcls import Classifier\nlist(Classifier({str(toy_model)!r}).classify(['7.png'], workers=1))\n"
    )

    result = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, check=False, timeout=120)

    last = result.stderr.splitlines()[-1]
    assert last.startswith("mnistcls.errors.MnistclsError: ")  # the process broke off, or the pipe to it
    assert last.endswith('; in a script, call it below `if __name__ == "__main__":`, or use workers=0')


def test_a_temporary_folder_with_a_long_name_is_not_in_the_way(toy_model: Path, tmp_path: Path) -> None:
    Image.fromarray(glyph(7)).save("7.png")
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    command = [sys.executable, "-m", "mnistcls", "classify", "7.png", "-j", "1", "-q", "--model", str(toy_model)]
    environment = {**os.environ, "TMPDIR": str(folder)}

    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)

    assert (result.stderr, result.returncode) == ("", 0)
    assert result.stdout.splitlines()[1].startswith("7.png,7,")


def test_sources_are_drawn_as_they_are_needed() -> None:
    drawn: list[str] = []

    def names() -> Iterator[Source]:
        for number in range(1_000_000):
            drawn.append(str(number))
            yield Source(str(number))

    stream = answers(names(), answer, workers=2)
    next(stream)
    assert len(drawn) <= 2 * pool.AHEAD * pool.MAX_CHUNK + pool.MAX_CHUNK
    stream.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("workers", [None, 0, 2])
def test_sources_that_come_slowly_are_answered_as_they_come(
    monkeypatch: pytest.MonkeyPatch, workers: int | None
) -> None:
    for module in (engine, pool):
        monkeypatch.setattr(module, "WAIT_SECONDS", 0.05)
    drawn: list[str] = []

    def names() -> Iterator[Source]:
        for number in range(100):
            time.sleep(0.1)
            drawn.append(str(number))
            yield Source(str(number))

    pending, workers = prepare(names(), workers)
    stream = answers(pending, answer, workers=workers)
    assert next(stream).paths[0] == "0"
    assert len(drawn) < 50
    stream.close()  # type: ignore[attr-defined]


def test_without_workers_no_more_is_in_memory_than_is_answered_together() -> None:
    held: list[int] = []

    def members() -> Iterator[Source]:
        for number in range(12):
            held.append(number)
            yield Source(str(number), b"x" * (CHUNK_BYTES // 2))

    stream = answers(members(), answer, workers=0)
    assert [row.path for row in next(stream)] == ["0", "1"]
    assert held == [0, 1]
    assert sum(len(batch) for batch in stream) == 10


def test_few_images_start_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(pool, "_Worker", refused)
    names = [str(number) for number in range(MAX_INLINE_SOURCES)]

    pending, workers = prepare(map(Source, names), None)
    assert [row.path for batch in answers(pending, answer, workers=workers) for row in batch] == names
    pending, workers = prepare(map(Source, [*names, "one more"]), None)
    with pytest.raises(AssertionError):
        list(answers(pending, answer, workers=workers))


# --- the classifier in workers


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_bytes_of_an_answer_do_not_depend_on_workers_and_chunks(
    toy_model: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(pool, "FIRST_CHUNK", 7 * workers)
    random = np.random.default_rng(0)
    noise = [
        np.minimum(glyph(n % 10).astype(int), random.integers(100, 256, (28, 20))).astype(np.uint8) for n in range(200)
    ]
    images = [*noise, doubtful(), checkerboard(), np.full((28, 28), 255, np.uint8)]
    sources = [Source(f"{n}.png", image.tobytes(), image.shape) for n, image in enumerate(images)]
    sources.insert(50, Source("missing.png"))
    classifier = Classifier(toy_model)

    alone = [row for source in sources for batch in answers([source], classifier.answer, workers=0) for row in batch]

    assert [row for batch in answers(sources, classifier.answer, workers=workers) for row in batch] == alone
    assert len({row.status for row in alone}) == 4


def test_a_warning_in_a_worker_reaches_the_log(toy_model: Path, caplog: pytest.LogCaptureFixture) -> None:
    frames = [Image.new("L", (30, 30), shade) for shade in (0, 255)]
    frames[0].save("moving.gif", save_all=True, append_images=frames[1:])

    assert len(list(Classifier(toy_model).classify(["moving.gif"], workers=1))) == 1
    assert [record.getMessage() for record in caplog.records] == [
        "moving.gif has several frames; only the first is read"
    ]


MAIN = """
import multiprocessing, os, signal, time
from pathlib import Path
from threading import Thread
from answering import answer
from mnistcls.engine import answers
from mnistcls.sources import Source

def end():
    while len(list(Path().glob("once-*"))) < 2:  # each worker is at an image
        time.sleep(0.01)
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    Thread(target=end).start()
    list(answers(map(Source, [f"once-hanging {n}" for n in range(200)]), answer, workers=2, timeout=0))
"""


def test_workers_end_when_the_main_process_is_killed() -> None:
    Path("main.py").write_text(MAIN)
    environment = {**os.environ, "PYTHONPATH": f"{Path(__file__).parent}:{os.environ.get('PYTHONPATH', '')}"}

    result = subprocess.run(
        [sys.executable, "main.py"], env=environment, capture_output=True, text=True, check=False, timeout=120
    )

    workers = [Path("/proc", pid) for pid in result.stdout.split()]
    assert len(workers) == 2
    assert result.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 60
    while any(worker.exists() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(worker.exists() for worker in workers)


@pytest.mark.parametrize(("workers", "timeout"), [(-1, 60.0), (1, -1.0), (0, float("nan"))])
def test_negative_numbers_are_an_error_and_lose_no_row(toy_model: Path, workers: int, timeout: float) -> None:
    with pytest.raises(MnistclsError, match="workers and timeout must be 0 or more, got "):
        list(Classifier(toy_model).classify(["1.png"], workers=workers, timeout=timeout))
