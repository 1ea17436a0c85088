"""Runs that are killed, starved or broken off: real processes, and what they leave."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image
from toy_model import canonical_glyphs, save

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="Linux")

COUNT = 2000
MOUNT, UMOUNT = shutil.which("mount"), shutil.which("umount")
slowly = pytest.mark.slow


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with many names for few images, some names that are hard to write, and some files that are broken."""
    folder = tmp_path_factory.mktemp("corpus")
    for digit, image in enumerate(canonical_glyphs()):
        Image.fromarray(image).save(folder / f"digit{digit}.png")
    odd = [b"a\nb", b'a"b', b"a,b", b"=1+1", b"-x", b"\xff\xfe", b"n" * 200, b' "" ', b"\r", "手".encode()]
    for number in range(COUNT):
        name = odd[number // 7 % len(odd)] if number % 7 == 0 else b"plain"
        name = b"%05d" % (number * 7919 % COUNT) + name + b".png"
        os.link(folder / f"digit{number % 10}.png", os.fsencode(folder) + b"/" + name)
    for number in range(0, COUNT, 20):  # so that a run takes long enough to be hit at different moments
        image = Image.fromarray(canonical_glyphs()[number // 20 % 10].repeat(40, axis=0).repeat(40, axis=1))
        image.save(folder / f"{number:05d}large.png")
    for number in range(0, COUNT, 97):
        (folder / f"{number:05d}broken.png").write_bytes((folder / "digit0.png").read_bytes()[:40])
    return folder


@pytest.fixture
def command(toy_model: Path, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    return [sys.executable, "-m", "mnistcls", "classify", str(corpus), "--model", str(toy_model), "--quiet"]


@pytest.fixture(scope="module")
def expected(toy_model: Path, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an unbroken run in one process writes, by suffix."""
    folder = tmp_path_factory.mktemp("expected")
    for suffix in ("csv", "jsonl"):
        arguments = [
            "classify",
            str(corpus),
            "--model",
            str(toy_model),
            "-q",
            "-j",
            "0",
            "-o",
            f"{folder}/out.{suffix}",
        ]
        assert subprocess.run([sys.executable, "-m", "mnistcls", *arguments], check=False).returncode == 1
    return {suffix: (folder / f"out.{suffix}").read_bytes() for suffix in ("csv", "jsonl")}


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def until(holds: Callable[[], bool], process: subprocess.Popen[str]) -> bool:
    """Whether it came to hold before the process ended."""
    deadline = time.monotonic() + 250
    while not holds():
        if process.poll() is not None:
            return False
        assert time.monotonic() < deadline
        time.sleep(0.001)
    return True


def processes() -> Iterator[tuple[int, str, int, int]]:
    """Each with its number, state, parent and group."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, group, *_ = stat.read_text().rpartition(")")[2].split()
        except OSError:  # gone since
            continue
        yield int(stat.parent.name), state, int(parent), int(group)


def workers_of(main: int) -> list[int]:
    """Grandchildren of the main process: the server that they are forked off is between."""
    parents = {number: parent for number, state, parent, _ in processes() if state != "Z"}
    return [number for number, parent in parents.items() if parents.get(parent) == main]


def alive_in_group(leader: int) -> list[int]:
    return [number for number, state, _, group in processes() if group == leader and state != "Z"]


@pytest.mark.parametrize(
    ("suffix", "moments"),
    [("csv", 3), pytest.param("csv", 20, marks=slowly), pytest.param("jsonl", 20, marks=slowly)],
)
def test_killed_at_any_moment_and_resumed_it_ends_with_the_same_bytes(
    command: list[str], expected: dict[str, bytes], suffix: str, moments: int
) -> None:
    whole, part, output = expected[suffix], Path(f"out.{suffix}.part"), Path(f"out.{suffix}")
    draw, killed = random.Random(moments), 0
    for n in range(moments):
        goal = size_of(part) + draw.randint(1, max(1, (len(whole) - size_of(part)) // (moments - n + 1)))
        with subprocess.Popen([*command, "-j", "2", "-o", output.name, "--resume"], text=True) as process:
            if until(lambda goal=goal: size_of(part) >= goal, process):  # type: ignore[misc]
                process.kill()
                killed += 1
        if output.exists():
            break
        torn = part.read_bytes()
        assert whole.startswith(torn)
        part.write_bytes(torn[: len(torn) - draw.randint(0, 40)])  # as a power failure would tear it

    result = subprocess.run([*command, "-j", "2", "-o", output.name, "--resume"], check=False)

    assert killed >= moments // 2
    assert output.read_bytes() == whole
    assert result.returncode == 1  # some images are broken, and were before, too
    assert not part.exists()


@pytest.mark.parametrize("moments", [3, pytest.param(20, marks=slowly)])
def test_workers_killed_at_any_moment_cost_no_row(command: list[str], expected: dict[str, bytes], moments: int) -> None:
    part, draw, killed = Path("out.csv.part"), random.Random(moments), 0
    with subprocess.Popen([*command, "-j", "2", "-o", "out.csv"], text=True) as process:
        for n in range(moments):
            goal = max((n + 1) * len(expected["csv"]) // (moments + 2), size_of(part) + 1)  # each kill has its own rows
            if until(lambda goal=goal: size_of(part) >= goal, process) and (workers := workers_of(process.pid)):  # type: ignore[misc]
                with suppress(ProcessLookupError):  # it was the last moment
                    os.kill(draw.choice(workers), signal.SIGKILL)
                    killed += 1

    assert killed >= moments // 2
    assert process.returncode == 1
    assert Path("out.csv").read_bytes() == expected["csv"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_to_the_whole_group_ends_all_and_leaves_whole_rows(
    command: list[str], expected: dict[str, bytes], number: signal.Signals, code: int
) -> None:
    part = Path("out.csv.part")
    with subprocess.Popen(
        [*command, "-j", "2", "-o", "out.csv"], text=True, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert until(lambda: size_of(part) > 1000, process)
        os.killpg(process.pid, number)
        _, said = process.communicate(timeout=60)

    word = "interrupted" if number == signal.SIGINT else "terminated"
    assert said == f"Error: {word}; finished rows are in out.csv.part; resume with --resume\n"
    assert process.returncode == code
    assert expected["csv"].startswith(part.read_bytes())
    deadline = time.monotonic() + 20
    while (left := alive_in_group(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with room for half of the rows."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() or not MOUNT or not UMOUNT:
        pytest.skip("mounting a small disk needs root")
    if subprocess.run([MOUNT, "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run([UMOUNT, folder], check=True)


def test_a_full_disk_keeps_the_rows_and_with_more_room_it_resumes(
    command: list[str], expected: dict[str, bytes], small_disk: Path
) -> None:
    arguments = [*command, "-j", "2", "-o", str(small_disk / "out.csv")]

    full = subprocess.run(arguments, text=True, capture_output=True, check=False)

    part = small_disk / "out.csv.part"
    assert full.stderr == (
        f"Error: cannot write {small_disk}/out.csv: No space left on device; finished rows are in {part}; "
        "resume with --resume\n"
    )
    assert full.returncode == 2
    assert size_of(part) > 30_000
    assert expected["csv"].startswith(part.read_bytes())
    subprocess.run([str(MOUNT), "-o", "remount,size=10m", small_disk], check=True)
    assert subprocess.run([*arguments, "--resume"], check=False).returncode == 1
    assert (small_disk / "out.csv").read_bytes() == expected["csv"]


def test_a_disk_that_is_read_only_is_an_error_in_one_line(command: list[str], small_disk: Path) -> None:
    subprocess.run([str(MOUNT), "-o", "remount,ro", small_disk], check=True)

    result = subprocess.run([*command, "-o", f"{small_disk}/out.csv"], text=True, capture_output=True, check=False)

    why = "Read-only file system; choose another folder with -o"
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"Error: cannot write {small_disk}/out.csv.manifest.json: {why}\n"


# --- what --resume says


def resumed(command: list[str], *arguments: str) -> tuple[int, str]:
    command = [*command, "-o", "out.csv", "--resume", *arguments]
    result = subprocess.run(command, text=True, capture_output=True, check=False)
    return result.returncode, result.stderr.replace("Error: ", "").strip()


def test_resume_begins_ends_and_refuses_what_is_another_run(
    toy_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save(Path("d/7.png"), 7)
    Path("d/8.png").write_bytes(b"hello")
    command = [sys.executable, "-m", "mnistcls", "classify", "--model", str(toy_model), "d"]

    code, said = resumed(command)
    assert (code, said.splitlines()[1]) == (1, "2 inputs, 2 rows: 1 ok, 1 unreadable")
    written = Path("out.csv").read_bytes()
    manifest = json.loads(Path("out.csv.manifest.json").read_text())
    assert manifest["finished"]
    assert manifest["counts"] == {
        "inputs": 2,
        "rows": 2,
        "skipped": 0,
        "status ok": 1,
        "status unreadable": 1,
        "digit 7": 1,
    }
    assert manifest["inputs"] == {"paths": ["d"], "files_from": [], "recursive": True}

    assert resumed(command) == (1, "out.csv is complete: nothing left to classify")
    assert resumed([*command[:-1], "d/"]) == (1, "out.csv is complete: nothing left to classify")
    assert Path("out.csv").read_bytes() == written

    fix = "repeat the earlier ones to resume, or --overwrite to start afresh"
    code, said = resumed(command, "--top-k", "2")
    assert (code, said) == (2, f"out.csv was started with other settings: top_k was 1 and is 2; {fix}")
    _, said = resumed(command, "--format", "jsonl")
    assert said.startswith("out.csv was started with other settings: format was 'csv' and is 'jsonl'; repeat")
    code, said = resumed(command, "d/7.png")
    assert (code, said.partition(";")[0]) == (
        2,
        "out.csv was started with other settings: paths was ['d'] and is ['d', 'd/7.png']",
    )
    Path("out.csv.manifest.json").unlink()
    assert resumed(command) == (
        2,
        "out.csv has no manifest, so nothing shows what made it; use --overwrite to start afresh",
    )
    assert sorted(os.listdir()) == ["d", "out.csv"]


def test_resume_of_a_complete_file_sees_whether_it_has_a_row_of_each_image(
    toy_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save(Path("d/7.png"), 7)
    save(Path("d/z.tif"), 3, save_all=True, append_images=[Image.open("d/7.png")])
    command = [sys.executable, "-m", "mnistcls", "classify", "--model", str(toy_model), "d"]
    code, said = resumed(command)
    assert (code, said.splitlines()[-2]) == (0, "2 inputs, 3 rows: 3 ok")
    written = Path("out.csv").read_bytes()
    assert resumed(command) == (0, "out.csv is complete: nothing left to classify")

    changed = "the images have changed; use --overwrite to start afresh"
    save(Path("d/zz.png"), 4)
    assert resumed(command) == (2, f"out.csv is complete but has no row for d/zz.png: {changed}")
    Path("d/zz.png").rename("d/1.png")
    assert resumed(command) == (2, f"out.csv has a row for d/7.png, where the image is now d/1.png: {changed}")
    for name in ("d/1.png", "d/z.tif"):
        Path(name).unlink()
    assert resumed(command) == (2, f"out.csv has a row for d/z.tif#1, where there is now no image: {changed}")
    assert Path("out.csv").read_bytes() == written
