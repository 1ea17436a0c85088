from __future__ import annotations

from pathlib import Path

import pytest

from train.files import write_whole


def test_writes_bytes_as_they_are_and_text_as_utf8(tmp_path: Path) -> None:
    write_whole(tmp_path / "bytes", b"\x00\r\n\xff")
    write_whole(tmp_path / "text", "é\n")
    assert (tmp_path / "bytes").read_bytes() == b"\x00\r\n\xff"
    assert (tmp_path / "text").read_bytes() == b"\xc3\xa9\n"


def test_replaces_what_was_there_and_leaves_no_other_file(tmp_path: Path) -> None:
    path = tmp_path / "best.safetensors"
    path.write_bytes(b"a longer old content")
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_failure_halfway_keeps_the_old_file_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    path = tmp_path / "best.safetensors"
    path.write_bytes(b"old")
    write_bytes = Path.write_bytes

    def fail_halfway(self: Path, data: bytes) -> int:
        write_bytes(self, data[: len(data) // 2])
        raise error

    monkeypatch.setattr(Path, "write_bytes", fail_halfway)
    with pytest.raises(type(error)):
        write_whole(path, b"new content")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_failure_to_move_into_place_keeps_the_old_file_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "best.safetensors"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(PermissionError):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_missing_folder_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "missing" / "file", b"new")


def test_folder_in_the_way_is_an_oserror_and_stays(tmp_path: Path) -> None:
    folder = tmp_path / "model.onnx"
    folder.mkdir()
    with pytest.raises(IsADirectoryError):
        write_whole(folder, b"new")
    assert list(tmp_path.iterdir()) == [folder]
