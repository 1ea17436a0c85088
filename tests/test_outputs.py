from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from batches import batch_of
from running import HEADER

from mnistcls.errors import OutputError
from mnistcls.outputs import UnbufferedBytes, part_file, standard_output, whole_file
from mnistcls.outputs.columns import Columns
from mnistcls.outputs.formats import Format, open_writer
from mnistcls.outputs.manifest import Manifest
from mnistcls.outputs.overwrite_guard import OverwriteGuard
from mnistcls.outputs.part_file import discard_part, output_file
from mnistcls.outputs.paths import check_free, fingerprint, manifest_of, part_of
from mnistcls.outputs.targets import target
from mnistcls.results import Prediction, Status, Tally
from mnistcls.sources import Source


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.csv"


def write(path: Path, start: int = 0) -> None:
    with output_file(path, start) as stream:
        stream.write(b"new\n")


def write_and_stop(path: Path, reason: BaseException) -> None:
    with output_file(path) as stream:
        stream.write(b"new\n")
        raise reason


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_the_file_appears_under_its_name_only_when_complete_and_rows_leave_as_they_are_written(path: Path) -> None:
    path.write_text("old")
    with output_file(path) as stream:
        stream.write(b"new\n")
        assert path.with_name("results.csv.part").read_bytes() == b"new\n"
        assert path.read_text() == "old"

    assert names(path.parent) == ["results.csv"]
    assert path.read_bytes() == b"new\n"


@pytest.mark.parametrize(("start", "expected"), [(0, b"new\n"), (4, b"old\nnew\n")])
def test_what_an_earlier_run_has_left_is_kept_up_to_the_start(path: Path, start: int, expected: bytes) -> None:
    path.with_name("results.csv.part").write_bytes(b"old\nand torn")

    write(path, start)

    assert path.read_bytes() == expected


@pytest.mark.parametrize("reason", [ZeroDivisionError(), KeyboardInterrupt()], ids=repr)
def test_whatever_stops_it_finished_rows_stay_and_it_says_where(path: Path, reason: BaseException) -> None:
    with pytest.raises(type(reason)) as caught:
        write_and_stop(path, reason)

    assert names(path.parent) == ["results.csv.part"]
    assert path.with_name("results.csv.part").read_text() == "new\n"
    assert caught.value.__notes__ == [f"finished rows are in {path}.part"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX locks")
def test_two_runs_do_not_write_one_file(path: Path) -> None:
    with output_file(path) as stream:
        with pytest.raises(OutputError, match=r"another run is writing .*results\.csv; wait"):
            write(path)
        stream.write(b"mine\n")

    assert path.read_bytes() == b"mine\n"


@pytest.mark.parametrize("replaced", [False, True])
def test_what_another_run_has_ended_meanwhile_is_not_written_over(path: Path, replaced: bool) -> None:
    part_of(path).write_bytes(b"whole\n")
    start = part_of(path).stat().st_size  # looked at, and then the other run ends
    part_of(path).replace(path)
    if replaced:
        part_of(path).write_bytes(b"x")

    with pytest.raises(OutputError, match=r"another run that was writing .*results\.csv has just ended; start"):
        write(path, start)

    assert path.read_bytes() == b"whole\n"
    assert names(path.parent) == ["results.csv", *(["results.csv.part"] if replaced else [])]


@pytest.mark.skipif(os.name == "nt", reason="POSIX locks")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK])
def test_a_file_system_without_locks_can_be_written_to(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def flock(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(part_file.fcntl, "flock", flock)
    write(path)
    assert path.read_bytes() == b"new\n"


def test_what_another_run_is_writing_is_not_discarded(path: Path) -> None:
    with output_file(path) as stream:
        with pytest.raises(OutputError, match=r"another run is writing .*results\.csv; wait"):
            discard_part(path)
        stream.write(b"mine\n")

    assert path.read_bytes() == b"mine\n"


def test_what_an_ended_run_has_left_is_discarded(path: Path) -> None:
    part_of(path).write_text("old\n")

    discard_part(path)
    discard_part(path)

    assert not part_of(path).exists()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_file_is_never_replaced(path: Path, overwrite: bool) -> None:
    os.mkfifo(path)

    with pytest.raises(OutputError, match=r"is a pipe, socket or device; redirect standard output, or use another -o"):
        check_free(path, overwrite=overwrite)


@pytest.mark.parametrize("name", ["results.csv", "results.csv.part"])
def test_what_exists_is_in_the_way(path: Path, name: str) -> None:
    path.with_name(name).write_text("old\n")

    with pytest.raises(OutputError, match=rf"{name} (exists|is left over from an unfinished run); use --overwrite, "):
        check_free(path)


def test_only_what_would_help_is_advised(tmp_path: Path) -> None:
    for suffix, ways in (("csv", "--resume, --overwrite"), ("parquet", "--overwrite")):
        path = tmp_path / f"results.{suffix}"
        path.touch()
        with pytest.raises(OutputError, match=f"exists; use {ways}, or another -o"):
            target(str(path), None, Columns(), overwrite=False, resume=False)


def test_a_missing_folder_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"there is no folder .*no; make it, or choose another with -o"):
        check_free(tmp_path / "no" / "results.csv")


def test_a_parquet_file_is_written_like_any_other(path: Path) -> None:
    with output_file(path) as stream:
        writer = open_writer(Format.PARQUET, Columns(), stream)
        writer.write(batch_of(Prediction("a.png", Status.NO_DIGIT, digit_score=0.0)))
        writer.close()

    assert pq.read_table(path).column("path").to_pylist() == ["a.png"]


@pytest.mark.parametrize("name", [".", "/", "..", "folder"])
def test_a_folder_is_no_output_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()

    with pytest.raises(OutputError, match="is a folder; name a file in it"):
        check_free(Path(name))


def test_a_name_that_is_too_long_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="name too long"):
        write(tmp_path / ("a" * 300 + ".csv"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_is_an_output_error(path: Path) -> None:
    path.with_name("results.csv.part").symlink_to("/dev/full")

    with pytest.raises(OutputError, match="No space left on device"):
        write(path)
    assert not path.exists()


# --- files that are written as a whole


def test_a_whole_file_is_there_at_the_end(path: Path) -> None:
    path.write_text("old")
    with whole_file(path) as stream:
        stream.write("caf\xe9 \udcff\n")
        assert path.read_text() == "old"

    assert path.read_bytes() == b"caf\xc3\xa9 \xff\n"
    assert names(path.parent) == ["results.csv"]


def write_whole_and_stop(path: Path, reason: BaseException) -> None:
    with whole_file(path) as stream:
        stream.write("half")
        raise reason


@pytest.mark.parametrize("reason", [ZeroDivisionError(), KeyboardInterrupt()], ids=repr)
def test_half_of_a_whole_file_never_stays(path: Path, reason: BaseException) -> None:
    path.write_text("old")

    with pytest.raises(type(reason)):
        write_whole_and_stop(path, reason)

    assert (names(path.parent), path.read_text()) == (["results.csv"], "old")


def test_a_whole_file_that_cannot_be_written_names_the_option(tmp_path: Path) -> None:
    with (
        pytest.raises(OutputError, match="name too long; choose another folder with --report"),
        whole_file(tmp_path / ("a" * 300), "--report") as stream,
    ):
        stream.write("x")


def test_what_exists_is_replaced_only_if_that_is_asked_for(path: Path) -> None:
    path.write_text("mine")

    check_free(path, overwrite=True)
    with pytest.raises(OutputError, match=r"results\.csv exists; use --overwrite, or another --report"):
        check_free(path, option="--report")


# --- standard output


class Pipe(io.FileIO):
    """Standard output that refuses what is written, as a pipe does whose reader has gone."""

    number = 0

    def write(self, _: object) -> int:
        raise OSError(self.number, os.strerror(self.number))


def print_row(monkeypatch: pytest.MonkeyPatch, path: Path, system: str, number: int) -> None:
    with monkeypatch.context() as patch, Pipe(path, "w") as pipe:
        pipe.number = number
        patch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(pipe)))
        patch.setattr(os, "name", system)
        with standard_output() as stream:
            UnbufferedBytes(stream.buffer).write(b"row\n")


@pytest.mark.parametrize(("system", "number"), [("posix", errno.EPIPE), ("nt", errno.EPIPE), ("nt", errno.EINVAL)])
def test_a_reader_that_has_gone_is_no_error(
    monkeypatch: pytest.MonkeyPatch, path: Path, system: str, number: int
) -> None:
    print_row(monkeypatch, path, system, number)


@pytest.mark.parametrize(("system", "number"), [("posix", errno.EINVAL), ("posix", errno.ENOSPC), ("nt", errno.ENOSPC)])
def test_any_other_error_of_standard_output_is_said(
    monkeypatch: pytest.MonkeyPatch, path: Path, system: str, number: int
) -> None:
    with pytest.raises(OutputError, match=f"^cannot write standard output: {os.strerror(number)}; write to "):
        print_row(monkeypatch, path, system, number)


# --- Windows


def test_a_text_can_contain_any_name(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(path, "\ud83d.png\n")
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed))
    with standard_output() as stream:
        stream.write("\ud83d.png\n")

    assert [path.read_bytes(), printed.getvalue()] == [b"\xed\xa0\xbd.png\n"] * 2


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """No POSIX locks, and no file that is open can be removed."""
    if not os.path.exists("/proc/self/fd"):
        pytest.skip("nothing here says which files are open")
    unlink = Path.unlink

    def unlink_closed(self: Path, missing_ok: bool = False) -> None:
        if str(self.resolve()) in {os.path.realpath(descriptor) for descriptor in Path("/proc/self/fd").iterdir()}:
            raise PermissionError(errno.EACCES, "open in another program", str(self))
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(part_file, "fcntl", None)
    monkeypatch.setattr(Path, "unlink", unlink_closed)


@pytest.mark.usefixtures("windows")
def test_half_of_a_whole_file_goes_where_an_open_file_cannot_be_removed(path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        write_whole_and_stop(path, ZeroDivisionError())

    assert names(path.parent) == []


@pytest.mark.usefixtures("windows")
def test_an_empty_new_file_goes_where_an_open_file_cannot_be_removed(path: Path) -> None:
    path.touch()

    with pytest.raises(OutputError, match="has just ended; start this one again"):
        write(path, start=6)

    assert names(path.parent) == ["results.csv"]


@pytest.mark.usefixtures("windows")
def test_what_an_ended_run_has_left_goes_where_an_open_file_cannot_be_removed(path: Path) -> None:
    part_of(path).write_text("old\n")

    discard_part(path)

    assert names(path.parent) == []


# --- what is there already


def overtaken(file: AbstractContextManager[Any], path: Path, content: str | bytes) -> None:
    """Write a file, and have another run write it meanwhile."""
    with file as stream:
        stream.write(content)
        path.write_text("of another run")


@pytest.mark.parametrize("before", [None, "old"])
def test_what_has_been_written_meanwhile_stays(path: Path, before: str | None) -> None:
    if before:
        path.write_text(before)
    was = fingerprint(path)

    with pytest.raises(
        OutputError, match=r"was changed during the run and is left as it is; all results are in .*\.part; rename it"
    ) as caught:
        overtaken(output_file(path, advice="; resume with --resume", was=was), path, b"ours\n")

    assert not hasattr(caught.value, "__notes__"), "resuming would replace it"
    assert path.read_text() == "of another run"
    assert part_of(path).read_text() == "ours\n"


def manifest(path: str) -> Manifest:
    return Manifest({"name": "toy", "version": "1", "sha256": "0" * 64}, 4, {"paths": [path]}, {})


def finish(path: Path) -> Manifest:
    """Write the output of another run, and its manifest."""
    path.write_text("of another run")
    theirs = manifest("theirs").finish(Tally(), datetime(2026, 1, 1, tzinfo=UTC), 1.0)
    theirs.write(path)
    return theirs


def test_what_another_run_has_finished_before_the_first_row_stays_with_its_manifest(path: Path) -> None:
    rows = target(str(path), None, Columns(), overwrite=False, resume=False)
    theirs = finish(path)

    with pytest.raises(OutputError, match=r"was changed during the run and is left as it is; start this run again$"):
        overtaken(rows.open(Tally(), manifest("ours")), path, b"")

    assert (path.read_text(), Manifest.read(path)) == ("of another run", theirs)
    assert not part_of(path).exists(), "with the manifest of another run, it could not be resumed"


def test_what_another_program_has_put_there_after_the_first_row_stays_with_its_manifest(path: Path) -> None:
    theirs = finish(path)
    rows = target(str(path), None, Columns(), overwrite=True, resume=False)

    def write_row() -> None:
        with rows.open(Tally(), manifest("ours")) as write:
            write([batch_of(Prediction("a.png", Status.NO_DIGIT))])
            finish(path)

    with pytest.raises(OutputError, match=r"left as it is; all results are in .*\.part; rename it to keep them$"):
        write_row()

    assert (path.read_text(), Manifest.read(path)) == ("of another run", theirs)
    assert part_of(path).read_text() == f"{HEADER}\na.png,,,no_digit,\n"


def test_a_page_or_figures_of_another_run_stay_too(path: Path) -> None:
    was = fingerprint(path)

    with pytest.raises(OutputError, match="was changed during the run"):
        overtaken(whole_file(path, was=was), path, "ours")

    assert (path.read_text(), part_of(path).read_text()) == ("of another run", "ours")


def test_two_runs_do_not_write_one_page_at_once(path: Path) -> None:
    with whole_file(path) as stream:
        with pytest.raises(OutputError, match=r"another run is writing .*; wait for its end"), whole_file(path):
            pass
        stream.write("first")

    assert (names(path.parent), path.read_text()) == (["results.csv"], "first")


@pytest.mark.skipif(os.name == "nt", reason="POSIX locks")
@pytest.mark.parametrize("way", ["whole", "rows"])
def test_it_is_locked_until_it_has_its_name(path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    rename, refusals = Path.replace, []

    def replace(self: Path, target: Path) -> Path:
        with pytest.raises(OutputError, match="another run is writing") as caught, whole_file(path):
            pass
        refusals.append(caught.value)
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    if way == "whole":
        write_whole(path, "new\n")
    else:
        write(path)

    assert (path.read_text(), len(refusals)) == ("new\n", 1)


@pytest.mark.skipif(os.name == "nt", reason="no such permissions here")
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_a_replaced_file_keeps_its_permissions(path: Path, mode: int) -> None:
    for replace in (write, lambda path: write_whole(path, "new")):
        path.touch()
        path.chmod(mode)
        replace(path)
        assert (path.read_text().strip(), path.stat().st_mode & 0o777) == ("new", mode)


def write_whole(path: Path, text: str) -> None:
    with whole_file(path) as stream:
        stream.write(text)


def test_what_a_link_leads_to_is_written_and_the_link_stays(tmp_path: Path) -> None:
    real, link = tmp_path / "real.html", tmp_path / "link.html"
    real.write_text("old")
    link.symlink_to("real.html")

    write_whole(link, "new")

    assert link.is_symlink()
    assert (real.read_text(), names(tmp_path)) == ("new", ["link.html", "real.html"])


@pytest.mark.skipif(not Path("/dev/stdout").is_symlink(), reason="no /dev/stdout here")
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_a_name_of_standard_output_is_never_replaced(name: str) -> None:
    with pytest.raises(OutputError, match="is a pipe, socket or device; redirect standard output"):
        check_free(Path(name), overwrite=True)


def test_a_name_is_too_long_if_its_unfinished_file_has_none(tmp_path: Path) -> None:
    check_free(tmp_path / ("a" * 245 + ".html"), option="--report")  # with .part, 255 characters
    with pytest.raises(OutputError, match="its name is too long; choose a shorter one with --report"):
        check_free(tmp_path / ("a" * 246 + ".html"), option="--report")


@pytest.mark.parametrize("content", ["precious", "{}", None])
def test_a_file_of_somebody_else_where_the_manifest_belongs_is_in_the_way(path: Path, content: str | None) -> None:
    manifest = manifest_of(path)
    if content is None:
        os.mkfifo(manifest)
    else:
        manifest.write_text(content)

    with pytest.raises(OutputError, match=r"results.csv.manifest.json exists; use --overwrite, or another -o"):
        target(str(path), None, Columns(), overwrite=False, resume=False)


# --- what is read


@pytest.mark.parametrize("named", ["d/1.png", "./d/1.png", "linked/1.png", "d/../d/1.png"])
@pytest.mark.parametrize("output", ["d/1.png", "linked/1.png", "file"])
def test_what_is_read_is_never_written_however_it_is_named(here: Path, named: str, output: str) -> None:
    Path("d").mkdir()
    Path("d/1.png").touch()
    Path("linked").symlink_to("d")
    written = f"file://{here}/d/1.png" if output == "file" else output

    with pytest.raises(OutputError, match=r"1\.png is an input of this run; choose another file with -o"):
        OverwriteGuard({"-o": written}).check(named)
    with pytest.raises(OutputError, match=r"1\.png is an input of this run; choose another file with -o"):
        list(OverwriteGuard({"-o": written}).follow([Source("d/2.png"), Source(named)]))


def test_the_unfinished_file_and_the_manifest_are_written_as_well() -> None:
    for name in ("results.csv.part", "results.csv.manifest.json"):
        with pytest.raises(OutputError, match="is an input of this run; choose another file with -o"):
            OverwriteGuard({"-o": "results.csv"}).check(name)


@pytest.mark.parametrize("link", [os.symlink, os.link])
@pytest.mark.parametrize("output", ["real.png", "linked.png"])
@pytest.mark.parametrize("beside", ["", ".part", ".manifest.json"])
@pytest.mark.usefixtures("here")
def test_what_a_link_leads_to_is_never_written(link: Callable[[Path, Path], None], output: str, beside: str) -> None:
    Path("linked.png").symlink_to("real.png")
    Path(f"real.png{beside}").touch()
    Path("d").mkdir()
    link(Path(f"real.png{beside}").resolve(), Path("d/1.png"))

    for read in (lambda guard: guard.check("d/1.png"), lambda guard: list(guard.follow([Source("d/1.png")]))):
        with pytest.raises(OutputError, match=r"^d/1\.png is an input of this run; choose another file with --report$"):
            read(OverwriteGuard({"-o": "out.csv", "--report": output}))


@pytest.mark.usefixtures("here")
def test_what_links_lead_to_is_looked_up_only_if_an_output_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [Source(f"{number}.png") for number in range(3)]
    guard = OverwriteGuard({"-o": "out.csv"})

    monkeypatch.setattr(os, "stat", None)

    assert list(guard.follow(sources)) == sources


@pytest.mark.parametrize("exists", [False, True])
def test_other_files_and_urls_are_read(here: Path, exists: bool) -> None:
    Path("d").mkdir()
    for name in ("results.csv", "d/results.csv", "seen.png") if exists else ():
        Path(name).touch()
    guard = OverwriteGuard({"-o": "results.csv", "--report": None}, here / "seen")
    guard.check("d/results.csv", "results.html", None, "s3://bucket/results.csv")
    sources = [Source("d/results.csv"), Source("seen.png"), Source("seen2/1.png")]
    assert list(guard.follow(sources)) == sources


def test_an_object_is_in_no_folder_of_this_machine(here: Path) -> None:
    guard = OverwriteGuard({"-o": "results.csv"}, here)
    sources = [Source("s3://bucket/results.csv")]
    guard.check("s3://bucket/results.csv")
    assert list(guard.follow(sources)) == sources


@pytest.mark.parametrize("path", ["seen/000001-a.png", "d/link-a.png", "linked/000001-a.png"])
def test_what_lies_in_the_debug_folder_is_not_read(here: Path, path: str) -> None:
    for folder in ("seen", "d"):
        Path(folder).mkdir()
    Path("linked").symlink_to("seen")
    Path("d/link-a.png").symlink_to("../seen/000001-a.png")

    with pytest.raises(OutputError, match=r"-a\.png is inside .*seen, whose images are replaced; use "):
        list(OverwriteGuard({}, here / "seen").follow([Source(path)]))
