from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from batches import batch_of
from hypothesis import given, settings
from hypothesis import strategies as st

from mnistcls.errors import ErrorCode, ImageError, OutputError
from mnistcls.outputs.columns import Columns
from mnistcls.outputs.formats import RESUMABLE, Format, open_writer
from mnistcls.outputs.resume import find_resumable
from mnistcls.results import Prediction, Status, Tally
from mnistcls.sources import Source

NAMES = st.text(st.one_of(st.sampled_from("\n\r\",=#1\udcffä'"), st.characters(codec="utf-8")), min_size=1, max_size=8)


def rows_of(path: str, pages: int) -> list[Prediction]:
    """What a source comes to: a row, or one for each page; each third image is broken."""
    names = [path] if pages == 1 else [f"{path}#{page}" for page in range(1, pages + 1)]
    broken = ImageError(ErrorCode.TRUNCATED, 'cut short, "or" damaged')
    return [
        Prediction.unreadable(name, broken)
        if len(name) % 3 == 0
        else Prediction(name, Status.OK, 7, 0.5, 0.5, (0.1,) * 10)
        for name in names
    ]


def write(stream: io.BytesIO, chosen: Format, sources: Iterable[Source], pages: dict[str, int], header: bool) -> None:
    writer = open_writer(chosen, Columns(), stream, header=header)
    for source in sources:
        writer.write(batch_of(*rows_of(source.path, pages[source.path])))


def tally_of(paths: list[str], pages: dict[str, int]) -> Tally:
    tally = Tally()
    tally.inputs = tally.answered = len(paths)
    for row in (row for path in paths for row in rows_of(path, pages[path])):
        tally.add(row)
    return tally


@given(
    chosen=st.sampled_from(RESUMABLE),
    named=st.lists(st.tuples(NAMES, st.sampled_from([1, 1, 2, 3])), min_size=1, max_size=4),
    twice=st.booleans(),
)
@settings(deadline=None, max_examples=10)
def test_cut_anywhere_and_resumed_the_bytes_are_those_of_an_unbroken_run(
    chosen: Format, named: list[tuple[str, int]], twice: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    paths = [f"d{i}/{name}" for i, (name, _) in enumerate(named)] * (2 if twice else 1)
    pages = {f"d{i}/{name}": count for i, (name, count) in enumerate(named)}
    whole = io.BytesIO()
    write(whole, chosen, map(Source, paths), pages, header=True)
    part = tmp_path_factory.getbasetemp() / "resume.part"
    for cut in range(len(whole.getvalue()) + 1):
        part.unlink(missing_ok=True)  # a file that is written anew, ext4 waits for the disk with
        part.write_bytes(whole.getvalue()[:cut])
        tally = Tally()

        resumable = find_resumable(part, chosen, tally.count_inputs(map(Source, paths)), tally)

        assert resumable.size <= cut
        rest = list(resumable.sources)
        done = paths[: len(paths) - len(rest)]
        assert [source.path for source in rest] == paths[len(done) :]
        assert vars(tally) == {**vars(tally_of(done, pages)), "inputs": len(paths)}
        again = io.BytesIO()
        write(again, chosen, rest, pages, header=resumable.size == 0)
        assert whole.getvalue()[: resumable.size] + again.getvalue() == whole.getvalue()


@pytest.mark.parametrize("chosen", RESUMABLE)
def test_what_is_done_is_not_done_again(tmp_path: Path, chosen: Format) -> None:
    stream, part = io.BytesIO(), tmp_path / "out.part"
    write(stream, chosen, map(Source, "abcd"), dict.fromkeys("abcd", 1), header=True)
    part.write_bytes(stream.getvalue()[:-3])

    assert [source.path for source in find_resumable(part, chosen, iter(map(Source, "abcde")), Tally()).sources] == [
        "d",
        "e",
    ]


@pytest.mark.parametrize("chosen", RESUMABLE)
def test_a_name_that_only_windows_has_is_known_again_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: Format
) -> None:
    monkeypatch.setattr(sys, "getfilesystemencodeerrors", lambda: "surrogatepass")
    stream, part = io.BytesIO(), tmp_path / "out.part"
    write(stream, chosen, [Source("\ud83d.png")], {"\ud83d.png": 1}, header=True)
    part.write_bytes(stream.getvalue())

    rest = find_resumable(part, chosen, iter(map(Source, ["\ud83d.png", "b"])), Tally()).sources

    assert list(rest) == [Source("b")]


@pytest.mark.parametrize(
    ("before", "now", "says"),
    [
        ("abc", "abxc", "a row for c, where the image is now x"),
        ("abc", "ab", "a row for c, where there is now no image"),
        ("abc", "bc", "a row for a, where the image is now b"),
    ],
)
def test_other_images_than_before_are_refused(tmp_path: Path, before: str, now: str, says: str) -> None:
    stream, part = io.BytesIO(), tmp_path / "out.part"
    write(stream, Format.CSV, map(Source, before), dict.fromkeys(before, 1), header=True)
    part.write_bytes(stream.getvalue())

    with pytest.raises(OutputError, match=f"{says}: the images have changed; use --overwrite"):
        find_resumable(part, Format.CSV, iter(map(Source, now)), Tally())


@pytest.mark.parametrize(
    "content", [b"hello\nworld\n", b"path,digit,confidence,status,error\na,b,c,d\n", b'h\n"a\nb"\n']
)
@pytest.mark.parametrize("chosen", RESUMABLE)
def test_another_files_content_is_refused(tmp_path: Path, content: bytes, chosen: Format) -> None:
    part = tmp_path / "out.part"
    part.write_bytes(content)

    with pytest.raises(OutputError, match="is damaged; use --overwrite to start afresh"):
        find_resumable(part, chosen, iter([Source("a")]), Tally())
