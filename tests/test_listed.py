from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnistcls.errors import MnistclsError
from mnistcls.sources import Source, Sources
from mnistcls.sources.listed import CHUNK_BYTES, MAX_PATH_BYTES, PathList

pytestmark = pytest.mark.usefixtures("here")


def listed(content: bytes, *, nul: bool = False) -> list[str]:
    Path("list").write_bytes(content)
    return list(PathList("list", nul))


@pytest.mark.parametrize(
    ("content", "paths"),
    [
        (b"", []),
        (b"a.png", ["a.png"]),
        (b"a.png\n", ["a.png"]),
        (b"a.png\nb c.png\n", ["a.png", "b c.png"]),
        (b"a.png\r\nb.png\r\n", ["a.png", "b.png"]),
        (b"\n\na.png\n\r\n\nb.png", ["a.png", "b.png"]),
        (b"\xef\xbb\xbfa.png\n", ["a.png"]),
        (b"c\xff.png\n", ["c\udcff.png"]),
        (b"-a.png\n#b.png\n *?.png\n", ["-a.png", "#b.png", " *?.png"]),
    ],
)
def test_each_line_is_a_path(content: bytes, paths: list[str]) -> None:
    assert listed(content) == paths


def test_with_nul_a_path_may_hold_newlines() -> None:
    assert listed(b"a\nb.png\0\0c\r.png\0d.png", nul=True) == ["a\nb.png", "c\r.png", "d.png"]


@given(
    names=st.lists(st.binary(min_size=1, max_size=40).map(lambda name: name.replace(b"\0", b"0")), max_size=30),
    gap=st.integers(0, 60),
)
@settings(deadline=None, max_examples=50)
def test_what_find_print0_writes_comes_back_wherever_it_is_cut(names: list[bytes], gap: int) -> None:
    names = [b"x" * (CHUNK_BYTES - gap), *names]
    Path("any").write_bytes(b"".join(name + b"\0" for name in names))

    assert [os.fsencode(path)[:100] for path in PathList("any", nul=True)] == [
        name[: MAX_PATH_BYTES if i == 0 else None][:100] for i, name in enumerate(names)
    ]


def test_a_path_in_a_list_has_a_row_and_is_no_pattern_and_a_folder_is_walked() -> None:
    Path("d").mkdir()
    Path("d/a.png").touch()
    Path("list").write_text("missing.png\nd\nd/*.png\nd/a.png\n")
    sources = Sources(["d"], listed=[PathList("list")])

    assert list(sources) == [Source(p) for p in ("d/a.png", "missing.png", "d/a.png", "d/*.png", "d/a.png")]
    assert sources.count() == 5


def test_a_list_with_nul_bytes_says_what_to_do() -> None:
    with pytest.raises(MnistclsError, match="list has NUL bytes; if it is a list of paths, use -0"):
        listed(b"a.png\0b.png\0")


@pytest.mark.parametrize("nul", [False, True])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_list_in_utf_16_says_what_to_do(nul: bool, encoding: str) -> None:
    Path("list").write_bytes("\ufeff/scans/a.png\r\n/scans/b.png\r\n".encode(encoding))

    with pytest.raises(MnistclsError, match="list is UTF-16, as Windows PowerShell writes; save it as UTF-8"):
        list(PathList("list", nul=nul))


def test_a_list_that_cannot_be_read_says_so_before_the_work() -> None:
    Path("d").mkdir()

    with pytest.raises(MnistclsError, match="cannot read missing; check"):
        PathList("missing").check()
    with pytest.raises(MnistclsError, match="d is a folder; name it without --files-from"):
        PathList("d").check()


def test_a_list_of_any_length_is_read_as_it_is_drawn_from() -> None:
    with open("list", "wb") as file:
        for start in range(0, 50_000, 1000):
            file.write(b"".join(b"scan/%07d.png\n" % number for number in range(start, start + 1000)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in PathList("list")) == 50_000
        assert tracemalloc.get_traced_memory()[1] < 20 * CHUNK_BYTES
    finally:
        tracemalloc.stop()


def test_a_line_of_any_length_is_one_path_and_not_held() -> None:
    Path("list").write_bytes(b"x" * (4 << 20) + b"\na.png\n")
    tracemalloc.start()
    try:
        first, second = (os.fsencode(path) for path in PathList("list"))
        assert tracemalloc.get_traced_memory()[1] < 20 * CHUNK_BYTES
    finally:
        tracemalloc.stop()

    assert set(first) == {ord("x")}
    assert MAX_PATH_BYTES <= len(first) <= MAX_PATH_BYTES + CHUNK_BYTES
    assert second == b"a.png"


def test_standard_input_is_drawn_from_while_its_writer_still_writes() -> None:
    program = "import sys; from mnistcls.sources.listed import PathList\nfor p in PathList('-'): print(p, flush=True)"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        for name in (b"a.png\n", b"b.png\n"):
            process.stdin.write(name)
            process.stdin.flush()
            assert process.stdout.readline() == name
        process.stdin.close()
        assert process.stdout.read() == b""


def test_a_pipe_serves_once_so_nothing_is_counted() -> None:
    assert Sources([], listed=[PathList("-")]).count() is None


def test_drawing_a_few_does_not_read_the_rest() -> None:
    Path("list").write_bytes(b"a.png\n" * 100_000)

    assert list(islice(Sources([], listed=[PathList("list")]), 3)) == [Source("a.png")] * 3
