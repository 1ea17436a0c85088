from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistcls.sources import IMAGE_SUFFIXES, Source, Sources, is_image_name

pytestmark = pytest.mark.usefixtures("here")


def touch(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def found(*paths: str, recursive: bool = True) -> list[str]:
    return [source.path for source in Sources(paths, recursive=recursive)]


def test_a_folder_is_walked_by_name_with_subfolders_in_their_place() -> None:
    touch("d/b.png", "d/a/z.jpg", "d/a/c/y.gif", "d/B.png", "d/c.tif", "d/a.png")

    assert found("d") == ["d/B.png", "d/a/c/y.gif", "d/a/z.jpg", "d/a.png", "d/b.png", "d/c.tif"]


def test_images_of_kinds_that_cannot_be_read_are_found_as_well() -> None:
    names = [f"d/{suffix}.{suffix}" for suffix in "cr2 dng hif jxl nef psd".split()]  # noqa: SIM905 - words
    touch(*names)

    assert found("d") == names


def test_named_paths_keep_their_order_and_a_file_named_twice_comes_twice() -> None:
    touch("d/b.png", "a.png")

    assert found("d", "a.png", "d/b.png", "a.png", "d") == ["d/b.png", "a.png", "d/b.png", "a.png", "d/b.png"]


def test_without_recursion_subfolders_are_left_out() -> None:
    touch("d/b.png", "d/a/z.jpg")

    assert found("d", recursive=False) == ["d/b.png"]


def test_other_files_in_a_folder_are_skipped_and_counted_anew_in_each_pass() -> None:
    touch("d/b.png", "d/notes.txt", "d/sub/Thumbs.db", "d/png", "d/.png", "d/x.png.bak")
    images = Sources(["d"])

    for _ in range(2):
        assert list(images) == [Source("d/b.png")]
        assert images.skipped == 5


def test_a_named_file_always_has_a_row_whatever_its_suffix_and_whether_it_is_there() -> None:
    touch("notes.txt")

    assert found("notes.txt", "missing.png", "missing/") == ["notes.txt", "missing.png", "missing"]


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        (".", "d/a.png"),
        ("./", "d/a.png"),
        ("d", "d/a.png"),
        ("./d", "d/a.png"),
        ("d/", "d/a.png"),
        ("d//", "d/a.png"),
        ("d/../d", "d/../d/a.png"),
        ("./d/a.png", "d/a.png"),
    ],
)
def test_paths_are_shown_as_the_user_would_type_them(named: str, shown: str) -> None:
    touch("d/a.png")

    assert found(named) == [shown]


def test_an_absolute_path_stays_absolute(tmp_path: Path) -> None:
    touch("d/a.png")

    assert found(str(tmp_path / "d")) == [f"{tmp_path.as_posix()}/d/a.png"]


def test_an_empty_name_is_not_the_folder_one_stands_in() -> None:
    touch("a.png")

    assert found("") == [""]


def test_links_that_go_round_end_and_each_folder_is_entered_once() -> None:
    touch("d/sub/a.png")
    Path("d/sub/up").symlink_to("..", target_is_directory=True)
    Path("d/sub/self").symlink_to(".", target_is_directory=True)
    Path("d/twin").symlink_to("sub", target_is_directory=True)

    assert found("d") == ["d/sub/a.png"]


def test_a_folder_named_twice_is_walked_twice() -> None:
    touch("d/a.png")

    assert found("d", "d") == ["d/a.png", "d/a.png"]


@pytest.mark.parametrize("target", ["loop.png", "nowhere.png"], ids=["to itself", "to nothing"])
def test_a_link_that_leads_nowhere_is_an_image_by_its_name(target: str) -> None:
    Path("d").mkdir()
    Path("d/loop.png").symlink_to(target)

    assert found("d") == ["d/loop.png"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_an_unreadable_folder_is_a_row() -> None:
    touch("d/locked/a.png", "d/z.png")
    Path("d/locked").chmod(0)
    try:
        assert found("d", "d/locked") == ["d/locked", "d/z.png", "d/locked"]
    finally:
        Path("d/locked").chmod(0o700)


def test_a_folder_that_cannot_be_listed_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    touch("d/locked/a.png", "d/z.png")
    listing = os.scandir

    def refuse(path: str) -> Iterator[os.DirEntry[str]]:
        if path.endswith("locked"):
            raise PermissionError
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)

    locked, image = Sources(["d"])

    assert (locked.path, image) == ("d/locked", Source("d/z.png"))
    assert str(locked.error) == "permission_denied: not readable for you; change its permissions"


def test_a_newline_and_bytes_that_are_not_utf8_stay_in_the_name() -> None:
    names = [b"d/a\nb.png", b"d/c\xff.png"]
    Path("d").mkdir()
    for name in names:
        Path(os.fsdecode(name)).touch()

    assert [os.fsencode(path) for path in found("d")] == names


def test_folders_may_be_deeper_than_python_calls() -> None:
    touch("d/" * 150 + "a.png")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 100)
    try:
        images = found("d")
    finally:
        sys.setrecursionlimit(limit)

    assert images == ["d/" * 150 + "a.png"]


def test_nothing_is_drawn_from_the_named_paths_before_it_is_needed() -> None:
    touch("a.png")
    drawn: list[int] = []

    def names() -> Iterator[str]:
        for number in range(100):
            drawn.append(number)
            yield "a.png"

    assert list(islice(Sources(names()), 3)) == [Source("a.png")] * 3
    assert drawn == [0, 1, 2]


def test_counting_is_a_walk_of_its_own() -> None:
    touch("d/a.png", "d/b.png", "d/c.txt")
    images = Sources(["d", "d/a.png", "missing"])
    images.skipped = 7

    assert images.count() == 4
    assert images.skipped == 7


@given(stem=st.text(min_size=1).filter(lambda stem: "/" not in stem and stem.strip(".")), data=st.data())
def test_a_suffix_counts_in_either_case_and_only_after_a_stem(stem: str, data: st.DataObject) -> None:
    suffix = data.draw(st.sampled_from(sorted(IMAGE_SUFFIXES)))

    assert is_image_name(f"{stem}.{suffix}")
    assert is_image_name(f"{stem}.{suffix.upper()}")
    assert not is_image_name(f"{stem}.{suffix}x")
    assert not is_image_name(suffix)


@given(names=st.lists(st.from_regex(r"[a-c]{1,2}(/[a-c]{1,2}){0,3}\.png", fullmatch=True), unique=True, max_size=8))
def test_every_image_is_found_once_and_in_the_order_of_its_parts(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    root = tmp_path_factory.mktemp("tree")
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()

    shown = [Path(path).relative_to(root).as_posix() for path in found(str(root))]

    assert shown == sorted(names, key=lambda name: name.split("/"))
