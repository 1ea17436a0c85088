from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mnistcls.errors import OutputError
from mnistcls.outputs.manifest import Manifest

FINISHED = {
    "model": {"name": "toy", "version": "1", "sha256": "0" * 64},
    "preprocessing": 4,
    "inputs": {"paths": ["d"]},
    "options": {"top_k": 1},
    "versions": {},
    "finished": True,
    "counts": {"inputs": 1, "rows": 1, "skipped": 0, "status ok": 1, "digit 7": 1},
    "timings": {},
}


def written(path: Path, content: str) -> Path:
    (path / "out.csv.manifest.json").write_text(content)
    return path / "out.csv"


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    manifest = Manifest(**FINISHED)

    manifest.write(tmp_path / "out.csv")

    assert Manifest.read(tmp_path / "out.csv") == manifest


@pytest.mark.parametrize(
    "damage",
    [
        {"counts": {}},
        {"counts": {"inputs": "one", "rows": 1, "skipped": 0}},
        {"counts": {"inputs": None, "rows": 1, "skipped": 0}},
        {"counts": [1]},
        {"model": {}},
        {"model": {"sha256": 7}},
        {"model": None},
        {"inputs": ["d"]},
        {"options": 7},
        {"more": 1},
    ],
    ids=str,
)
def test_a_damaged_manifest_is_an_error_that_says_what_to_do(tmp_path: Path, damage: dict[str, Any]) -> None:
    output = written(tmp_path, json.dumps({**FINISHED, **damage}))

    with pytest.raises(OutputError, match=r"json is damaged \(.+\); use --overwrite, or another -o$"):
        Manifest.read(output)


@pytest.mark.parametrize("content", ["", "null", "[]", "{}", '"', "[" * 100_000, "\0"], ids=lambda text: repr(text[:3]))
def test_what_is_no_manifest_is_an_error_that_says_what_to_do(tmp_path: Path, content: str) -> None:
    with pytest.raises(OutputError, match=r"json is damaged \(.+\); use --overwrite, or another -o$"):
        Manifest.read(written(tmp_path, content))


def test_a_manifest_that_cannot_be_read_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "out.csv.manifest.json").mkdir()

    with pytest.raises(OutputError, match=r"^cannot read .*out.csv.manifest.json: Is a directory; use --overwrite"):
        Manifest.read(tmp_path / "out.csv")
