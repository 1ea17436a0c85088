"""What `mnistcls classify` takes, by the command itself."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from idx_files import idx
from PIL import Image
from running import HEADER, Result, digits, run
from toy_model import canonical_glyphs, glyph, save

pytestmark = pytest.mark.usefixtures("here")


def run_with_input(command: list[str], *arguments: str, stdin: bytes) -> Result:
    result = subprocess.run([*command, *arguments], input=stdin, capture_output=True, check=False, timeout=300)
    decoded = [out.decode(errors="surrogateescape") for out in (result.stdout, result.stderr)]
    assert "Traceback" not in "".join(decoded)
    return Result(result.args, result.returncode, *decoded)


def test_all_kinds_of_input_are_rows_in_the_order_given(command: list[str]) -> None:
    for digit in (7, 1):
        save(Path(f"d/{digit}.png"), digit)
    with zipfile.ZipFile("a.zip", "w") as archive:
        archive.write("d/7.png", "scan/b.png")
        archive.write("d/1.png", "scan/a.png")
        archive.writestr("../../x.png", b"hello")
    with tarfile.open("a.tar.gz", "w:gz") as tar:
        tar.add("d")
    pages = [Image.fromarray(glyph(digit)) for digit in (3, 4)]
    pages[0].save("p.tif", save_all=True, append_images=pages[1:])
    images = canonical_glyphs()[:2]
    Path("t10k-images-idx3-ubyte").write_bytes(idx(images))

    result = run(command, "a.zip", "d/*.png", "t10k-images-idx3-ubyte", "p.tif", "a.tar.gz", "no*")

    assert list(digits(result.stdout).items()) == [
        ("a.zip/scan/b.png", "7"),
        ("a.zip/scan/a.png", "1"),
        ("a.zip/../../x.png", ""),
        ("d/1.png", "1"),
        ("d/7.png", "7"),
        ("t10k-images-idx3-ubyte#0", "0"),
        ("t10k-images-idx3-ubyte#1", "1"),
        ("p.tif#1", "3"),
        ("p.tif#2", "4"),
        ("a.tar.gz/d/1.png", "1"),
        ("a.tar.gz/d/7.png", "7"),
        ("no*", ""),
    ]
    assert "not_found: nothing matches; check the spelling" in result.stdout
    assert result.returncode == 1


def test_a_list_comes_after_the_paths_and_may_come_from_a_pipe(command: list[str]) -> None:
    for digit in (7, 1):
        save(Path(f"d/{digit}.png"), digit)

    result = run_with_input(command, "d/1.png", "--files-from", "-", stdin=b"d/7.png\r\n\r\nmissing.png\nd\n")

    paths = [line.partition(",")[0] for line in result.stdout.splitlines()[1:]]
    assert paths == ["d/1.png", "d/7.png", "missing.png", "d/1.png", "d/7.png"]
    assert result.returncode == 1


def test_several_lists_are_read_in_turn_and_resumed(command: list[str]) -> None:
    for digit in (7, 1):
        save(Path(f"{digit}.png"), digit)
        Path(f"list{digit}").write_text(f"{digit}.png\n")
    arguments = ["--files-from", "list7", "--files-from", "list1", "-o", "out.csv"]

    first = run(command, *arguments)
    written = Path("out.csv").read_text()
    resumed = run(command, *arguments, "--resume")
    shorter = run(command, "--files-from", "list7", "-o", "out.csv", "--resume")

    assert (first.returncode, resumed.returncode, shorter.returncode) == (0, 0, 2)
    assert list(digits(written).items()) == [("7.png", "7"), ("1.png", "1")]
    assert json.loads(Path("out.csv.manifest.json").read_text())["inputs"]["files_from"] == ["list7", "list1"]
    assert resumed.stderr.splitlines()[0] == "out.csv is complete: nothing left to classify"
    assert "files_from was ['list7', 'list1'] and is ['list7']" in shorter.stderr


def test_the_name_of_a_single_list_is_in_the_manifest(command: list[str]) -> None:
    save(Path("7.png"), 7)
    Path("list").write_text("7.png\n")

    run(command, "--files-from", "list", "-o", "out.csv")

    assert json.loads(Path("out.csv.manifest.json").read_text())["inputs"]["files_from"] == ["list"]


def test_a_list_with_nul_takes_any_name(command: list[str]) -> None:
    save(Path("new\nline.png"), 7)
    save(Path("c\udcff.png"), 1)
    Path("list").write_bytes(b"new\nline.png\0c\xff.png\0")

    result = run(command, "--files-from", "list", "-0")

    assert digits(result.stdout) == {"new\nline.png": "7", "c\udcff.png": "1"}
    assert result.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--top-k", "2"], "name image files or folders, or a list of them with --files-from"),
        (["-0", "a.png"], "-0 needs a list; name it with --files-from"),
        (["--files-from", "missing"], "cannot read missing; check the spelling and its permissions"),
        (["--files-from", "."], ". is a folder; name it without --files-from"),
        (
            ["--files-from", "empty", "--files-from", "missing"],
            "cannot read missing; check the spelling and its permissions",
        ),
        (["--files-from", "nul"], "nul has NUL bytes; if it is a list of paths, use -0"),
        (["--files-from", "empty"], "no image found; name image files or folders that hold some"),
    ],
)
def test_what_is_wrong_with_the_input_is_one_line(command: list[str], arguments: list[str], message: str) -> None:
    Path("nul").write_bytes(b"a.png\0b.png")
    Path("empty").touch()

    result = run(command, *arguments, "-o", "out.csv")

    assert (result.stdout, result.stderr, result.returncode) == ("", f"Error: {message}\n", 2)
    assert not Path("out.csv").exists()


def test_archives_in_a_folder_are_named_in_a_warning(command: list[str]) -> None:
    save(Path("d/7.png"), 7)
    with zipfile.ZipFile("d/old.zip", "w") as archive:
        archive.write("d/7.png")

    result = run(command, "d")

    assert digits(result.stdout) == {"d/7.png": "7"}
    assert "Warning: d/old.zip and other archives in folders are skipped; name them to read them\n" in result.stderr
    assert "skipped 1 other file" in result.stderr


def test_a_broken_archive_keeps_the_rows_before_the_fault(command: list[str]) -> None:
    content = io.BytesIO()
    Image.fromarray(np.asarray(glyph(7))).save(content, "PNG")
    with tarfile.open("a.tar", "w") as tar:
        for name in ("1.png", "2.png"):
            info = tarfile.TarInfo(name)
            info.size = len(content.getvalue())
            tar.addfile(info, io.BytesIO(content.getvalue()))
    Path("a.tar").write_bytes(Path("a.tar").read_bytes()[: 512 + 1024 + 20])

    result = run(command, "a.tar")

    assert result.stdout.startswith(HEADER + "\na.tar/1.png,7,")
    assert result.stdout.splitlines()[2:] == [
        "a.tar,,,unreadable,truncated: the archive is cut short or damaged here; copy it again"
    ]
