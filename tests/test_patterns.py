from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from trees import MATCHES, TREE

from mnistcls.errors import ErrorCode
from mnistcls.sources import Sources
from mnistcls.sources.folders import Found
from mnistcls.sources.patterns import expand, is_pattern, matching


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in TREE:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def found(*paths: str) -> list[str]:
    return [source.path for source in Sources(paths)]


@pytest.mark.parametrize(("pattern", "files"), [*MATCHES, ("./d/**/2.png", ["d/s/t/2.png"])])
def test_a_pattern_stands_for_what_it_matches_in_the_order_of_a_walk(pattern: str, files: list[str]) -> None:
    assert found(pattern) == files


def test_an_absolute_pattern_has_absolute_matches(tmp_path: Path) -> None:
    assert found(f"{tmp_path}/d/*.png") == [f"{tmp_path}/d/a.png", f"{tmp_path}/d/b.png"]
    assert found(f"{tmp_path}/**/2.png") == [f"{tmp_path}/d/s/t/2.png"]


@pytest.mark.parametrize("pattern", ["d/*.jpg", "d/**/*.jpg", "nowhere/*", "nowhere/**", "[", "d/[a"])
def test_a_pattern_without_a_match_is_one_row_that_says_so(pattern: str) -> None:
    (source,) = Sources([pattern])

    assert source.path == pattern
    assert source.error is None or source.error.code is ErrorCode.NOT_FOUND
    if is_pattern(pattern):
        assert str(source.error) == "not_found: nothing matches; check the spelling"


def test_a_file_of_that_very_name_is_no_pattern() -> None:
    Path("[a].png").touch()
    Path("a.png").touch()

    assert found("[a].png") == ["[a].png"]


def test_links_in_circles_are_followed_once() -> None:
    for name in ("d/one", "d/two", "d/s/up"):
        Path(name).symlink_to("..", target_is_directory=True)

    assert [found.path for found in expand("d/**/2.png")] == ["d/s/t/2.png"]
    assert len(found("**/*.png")) == 5


def test_a_folder_that_cannot_be_listed_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = os.scandir

    def refuse(path: str) -> Iterator[os.DirEntry[str]]:
        if path.endswith("/s"):
            raise PermissionError
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)

    *images, locked = Sources(["d/**/*.png"])

    assert [source.path for source in images] == ["d/a.png", "d/b.png"]
    assert (locked.path, str(locked.error)) == (
        "d/s",
        "permission_denied: not readable for you; change its permissions",
    )


@pytest.mark.parametrize("pattern", ["d/s/*.png", "d/*/*.png", "?/s/1.*", "d/s/*/**/2.png"])
def test_a_folder_that_a_pattern_would_have_to_list_is_a_row(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> Iterator[os.DirEntry[str]]:
        raise PermissionError(path)

    listing, access = os.scandir, os.access
    monkeypatch.setattr(os, "scandir", lambda path: (refuse if str(path).endswith("/s") else listing)(path))
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("/s") and access(path, mode))

    locked = [source for source in Sources([pattern]) if source.error]

    assert [(source.path, str(source.error)) for source in locked] == [
        ("d/s", "permission_denied: not readable for you; change its permissions")
    ]


def test_a_path_may_be_deeper_than_calls() -> None:
    deep = ["d"] * 3_000
    walked = [Found("/".join([*deep, name])) for name in ("a.png", "a.txt", ".a.png")]
    for pattern in (["**", "*.png"], ["**", "d", "**", "a.png"], [*["**"] * 50, "*.png"]):
        assert [found.path for found in matching(walked, 0, pattern)] == [walked[0].path]
    assert not list(matching(walked, 0, ["**", "e", "*.png"]))
