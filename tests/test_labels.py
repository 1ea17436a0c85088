from __future__ import annotations

import csv
import errno
import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from batches import batch_of
from hypothesis import given, settings
from hypothesis import strategies as st
from idx_files import idx
from toy_model import save

from mnistcls.errors import LabelError
from mnistcls.evaluation.label_files import NO_DIGIT
from mnistcls.evaluation.labels import Labels, find_labels
from mnistcls.outputs.columns import Columns
from mnistcls.outputs.formats import Format, open_writer
from mnistcls.results import Prediction, Status
from mnistcls.sources import Sources

pytestmark = pytest.mark.usefixtures("here")


def seen(*paths: str) -> list[Prediction]:
    return [Prediction(path, Status.OK, 3, 0.9) for path in paths]


def pairs(labels: Labels, *paths: str) -> list[tuple[str, int]]:
    return [(prediction.path, label) for label, prediction in labels.pair(seen(*paths))]


def csv_file(text: str | bytes, name: str = "labels.csv") -> Path:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return Path(name)


def idx_file(labels: list[int], name: str = "t10k-labels-idx1-ubyte") -> Path:
    Path(name).write_bytes(idx(np.array(labels, np.uint8)))
    return Path(name)


# --- folders


@pytest.mark.parametrize("name", ["set", "set/", "./set", "sub/../set", ".//set", "{here}/set", "set/../link"])
def test_a_label_is_the_name_of_the_digit_folder_however_it_is_reached(name: str, tmp_path: Path) -> None:
    save(Path("set/3/1/8.png"), 3)
    save(Path("set/0/5.png"), 0)
    Path("sub").mkdir()
    Path("link").symlink_to("set")
    labels = find_labels(name.format(here=tmp_path), None)

    found = pairs(labels, *(source.path for source in Sources(labels.inputs)))

    assert [(label, Path(path).read_bytes()) for path, label in found] == [
        (0, Path("set/0/5.png").read_bytes()),
        (3, Path("set/3/1/8.png").read_bytes()),
    ]


def test_the_folder_may_be_the_one_we_stand_in() -> None:
    save(Path("4/a.png"), 4)
    labels = find_labels(".", None)

    assert pairs(labels, *(source.path for source in Sources(labels.inputs))) == [("4/a.png", 4)]


def test_images_beside_the_digit_folders_are_counted_and_other_files_are_not() -> None:
    save(Path("set/4/a.png"), 4)
    save(Path("set/5.png"), 5)
    Path("set/README.md").touch()
    Path("set/loop.png").symlink_to("loop.png")

    assert find_labels("set", None).unlabelled == 2


@pytest.mark.parametrize("name", ["01", "10", "zero", "-1", "\N{FULLWIDTH DIGIT THREE}", "0 "])
def test_a_folder_of_another_name_is_an_error(name: str) -> None:
    Path("set/3").mkdir(parents=True)
    Path("set", name).mkdir()

    with pytest.raises(LabelError, match=r"^set: a folder named '.*'; expected folders named 0 to 9"):
        find_labels("set", None)


@pytest.mark.parametrize("name", [".git", "__MACOSX"])
def test_what_other_programs_keep_there_is_passed_over(name: str) -> None:
    Path("set/3").mkdir(parents=True)
    Path("set", name).mkdir()

    assert find_labels("set", None).inputs == ("set/3",)


# --- CSV


@pytest.mark.parametrize(
    "named", ["scans/a.png", "./scans/a.png", "a.png", "./a.png", "sub/../a.png", "{here}/scans/a.png"]
)
@pytest.mark.parametrize("folder", ["scans", "./scans/", "{here}/scans"])
def test_a_path_is_as_in_the_results_or_relative_to_the_folder(named: str, folder: str, tmp_path: Path) -> None:
    folder, named = folder.format(here=tmp_path), named.format(here=tmp_path)
    labels = find_labels(folder, csv_file(f"path,digit\n{named},7\n"))

    assert labels.inputs == (folder,)
    assert pairs(labels, f"{folder.rstrip('/')}/a.png") == [(f"{folder.rstrip('/')}/a.png", 7)]


def test_names_come_back_as_results_write_them() -> None:
    names = [
        "=1+1.png",
        "-x.png",
        "@a.png",
        'a "b", c.png',
        "two\nlines.png",
        "cr\r.png",
        os.fsdecode(b"\xff.png"),
        "é.png",
    ]
    for name in names:
        Path(name).touch()
    with open("results.csv", "wb") as stream:
        open_writer(Format.CSV, Columns(), stream).write(batch_of(*seen(*names)))

    labels = find_labels(".", Path("results.csv"))

    assert pairs(labels, *names) == [(name, 3) for name in names]


@pytest.mark.parametrize("image", ["digits.gz#17", "scan.tif#2", "batch.zip/scan/1.png"])
def test_parts_of_a_file_are_labelled_by_their_paths(image: str) -> None:
    whole = image.partition("#")[0].partition("/")[0]

    assert pairs(find_labels(whole, csv_file(f"path,digit\n{image},5\n")), image) == [(image, 5)]
    assert pairs(find_labels(f"d/{whole}", csv_file(f"path,digit\nd/{image},5\n")), f"d/{image}") == [(f"d/{image}", 5)]


@pytest.mark.parametrize(
    "text",
    [
        "path,digit\na.png,4\nb.png,\n",
        "\ufeffpath,digit\r\na.png,4\r\n\r\nb.png,\r\n",
        "digit,note,path\n4,clear,a.png\n,page,b.png",
        ' path , digit \n"a.png", 4 \nb.png, \n',
        gzip.compress(b"path,digit\na.png,4\nb.png,\n"),
        '\ufeffpath;digit;"seen, by"\r\na.png;4;"x;y"\r\nb.png;;\r\n',
    ],
    ids=["plain", "from a spreadsheet", "other columns", "spaces", "gzip", "semicolons"],
)
def test_csv_as_programs_write_it(text: str | bytes) -> None:
    labels = find_labels("d", csv_file(text))

    assert pairs(labels, "d/a.png", "d/b.png", "d/c.png") == [("d/a.png", 4), ("d/b.png", NO_DIGIT)]
    assert labels.unlabelled == 1


def test_a_label_without_an_image_is_an_unreadable_row_at_the_end() -> None:
    labels = find_labels("d", csv_file("path,digit\ngone.png,2\na.png,4\n"))

    (_, first), (label, row) = labels.pair(seen("d/a.png"))

    assert first.path == "d/a.png"
    assert (label, row.path, row.status) == (2, "gone.png", Status.UNREADABLE)
    assert row.error == "not_found: not among the images here; check line 2 of labels.csv"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1: the header is nothing; expected the columns path,digit"),
        ("a.png,4\n", "line 1: the header is a.png,4; expected"),
        (
            "path\tdigit\na.png\t4\n",
            r"line 1: the header is path\tdigit; expected the columns path,digit, separated by a comma or semicolon",
        ),
        ("path,digit,digit\na,1,2\n", "line 1: the header is path,digit,digit"),
        ("path,digit\n\na.png\n", "line 3: ends after 1 of its columns; write path,digit"),
        ("path,digit\n,4\n", "line 2: no path"),
        ("path,digit\na.png,10\n", "line 2: the digit is '10'; write 0 to 9, or nothing if there is no digit"),
        ("path,digit\na.png,\N{SUPERSCRIPT TWO}\n", "line 2: the digit is '\N{SUPERSCRIPT TWO}'"),
        ("path,digit\na.png,4.0\n", "line 2: the digit is '4.0'"),
        ("path,digit\na.png,\x1b[31m\n", r"line 2: the digit is '\\x1b[31m'"),
        (
            "path,digit\na.png,4\nb.png,5\n./a.png,4\n",
            "line 4: ./a.png has a label already, in line 2; keep one of them",
        ),
        ('path,digit\n"a.png,4\n', "line 2: not CSV (unexpected end of data); check its quotes"),
        ('path,digit\n"a"b.png,4\n', "line 2: not CSV ("),
        ("path,digit\n" + "a" * 200_000 + ",4\n", "line 2: not CSV (field larger than field limit"),
        (b"path,digit\ncaf\xe9.png,4\n", r"line 2: caf\xe9.png is not UTF-8; save the file as CSV in UTF-8"),
    ],
    ids=lambda value: None if isinstance(value, bytes) or len(value) > 60 else repr(value),
)
def test_a_damaged_csv_file_is_an_error_with_its_line(text: str | bytes, says: str) -> None:
    with pytest.raises(LabelError) as error:
        find_labels("d", csv_file(text))

    assert str(error.value).startswith(f"labels.csv: {says}")
    assert str(error.value).isprintable()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_another_encoding_is_said(encoding: str) -> None:
    file = csv_file("path,digit\na.png,4\n".encode(encoding))

    with pytest.raises(LabelError, match=r"^labels.csv: not UTF-8 text; save it as CSV in UTF-8$"):
        find_labels("d", file)


def test_labels_of_other_images_are_an_error_that_shows_both() -> None:
    labels = find_labels("d", csv_file("path,digit\npages/a.png,4\n"))

    with pytest.raises(LabelError, match=r"none of its paths is among .* names pages/a.png, an image is d/sub/a.png;"):
        list(labels.pair(seen("d/sub/a.png")))


def test_a_header_alone_is_an_error() -> None:
    with pytest.raises(LabelError, match=r"^labels.csv: no label in it; add a line for each image: path,digit$"):
        list(find_labels("d", csv_file("path,digit\n")).pair(seen("d/a.png")))


# --- IDX


@pytest.mark.parametrize("packed", [False, True])
def test_idx_labels_are_those_of_the_images_in_turn(packed: bool) -> None:
    file = idx_file([7, 0, 9])
    if packed:
        file.write_bytes(gzip.compress(file.read_bytes()))

    labels = find_labels("images.gz", file)

    assert labels.inputs == ("images.gz",)
    assert pairs(labels, "images.gz#0", "images.gz#1", "images.gz#2") == [
        ("images.gz#0", 7),
        ("images.gz#1", 0),
        ("images.gz#2", 9),
    ]


@pytest.mark.parametrize("images", [0, 2, 4])
def test_as_many_labels_as_images(images: int) -> None:
    labels = find_labels("images", idx_file([7, 0, 9]))

    with pytest.raises(LabelError, match=f"^t10k-labels-idx1-ubyte has 3 labels, images has {images} images; name"):
        list(labels.pair(seen(*["x"] * images)))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (struct.pack(">II", 0x0801, 4) + b"\1\2\3", "announces 4 labels and has 3; copy or download it again"),
        (struct.pack(">II", 0x0801, 2) + b"\1\2\3", "announces 2 labels and has 3"),
        (struct.pack(">I", 0x0801), "announces 0 labels and has 0"),
        (struct.pack(">II", 0x0801, 3) + b"\1\x0a\3", "the label of image 1 is 10, not 0 to 9; name labels of digits"),
        (struct.pack(">IIII", 0x0803, 1, 28, 28) + bytes(784), "IDX, but not of labels; expected a file like t10k-"),
        (b"\0\0\1\0ico", "neither CSV nor IDX"),
        (gzip.compress(struct.pack(">II", 0x0801, 3) + b"\1\2\3")[:-6], "its gzip data is cut short or damaged; copy"),
        (b"\x1f\x8bnothing", "its gzip data is cut short or damaged"),
    ],
    ids=["too many", "too few", "none", "not a digit", "images", "an icon", "cut gzip", "no gzip"],
)
def test_a_damaged_idx_file_is_an_error(content: bytes, says: str) -> None:
    Path("labels").write_bytes(content)

    with pytest.raises(LabelError) as error:
        find_labels("images", Path("labels"))

    assert str(error.value).startswith(f"labels: {says}")


# --- files


def test_a_file_that_is_not_there_or_a_folder_is_an_error() -> None:
    Path("d").mkdir()
    for name, says in [("gone.csv", "No such file or directory"), ("d", "Is a directory")]:
        with pytest.raises(LabelError, match=f"^{name}: {says}; name the file of labels$"):
            find_labels("d", Path(name))


def test_a_file_that_may_not_be_read_is_the_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(LabelError, match=r"^labels.csv: Permission denied; check its permissions$"):
        find_labels("d", Path("labels.csv"))


HEADS = st.sampled_from([b"", b"path,digit\n", b"\0\0\x08\1\0\0\0\2", b"\x1f\x8b", gzip.compress(b"path,digit\n")])


@settings(deadline=None, max_examples=60)
@given(HEADS, st.binary(max_size=40))
def test_any_bytes_are_labels_or_a_clear_error(
    tmp_path_factory: pytest.TempPathFactory, head: bytes, rest: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any"
    file.write_bytes(head + rest)

    try:
        said = f"{len(pairs(find_labels('d', file)))} labels"
    except LabelError as error:
        said = str(error)

    assert said.startswith((f"{file}", "d: ")) or said == "0 labels"
    assert said.isprintable()


@pytest.mark.skipif(os.name == "nt", reason="POSIX pipes")
def test_a_pipe_will_do() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"path,digit\na.png,4\n")
    os.close(writing)

    labels = find_labels("d", Path(f"/dev/fd/{reading}"))

    assert pairs(labels, "d/a.png") == [("d/a.png", 4)]


def test_the_samples_labels_are_read() -> None:
    samples = Path(__file__).parent.parent / "data" / "samples"
    rows = list(csv.DictReader((samples / "labels.csv").read_text(encoding="utf-8").splitlines()))
    labels = find_labels(str(samples), samples / "labels.csv")

    found = pairs(labels, *(source.path for source in Sources([samples])))

    assert {(Path(path).name, label) for path, label in found} == {
        (row["path"], int(row["digit"]) if row["digit"] else NO_DIGIT) for row in rows
    }
    assert labels.unlabelled == 0


def test_names_of_other_bytes_in_an_archive_or_of_pages_are_taken_as_results_have_them() -> None:
    Path("batch.tar").touch()
    Path(os.fsdecode(b"d\xff.tif")).touch()
    Path("labels.csv").write_bytes(b"path,digit\nbatch.tar/\xff.png,7\nd\xff.tif#2,3\n")

    labels = find_labels(".", Path("labels.csv"))

    paths = [os.fsdecode(name) for name in (b"./batch.tar/\xff.png", b"./d\xff.tif#2")]
    rows = list(labels.pair(Prediction(path, Status.OK, digit, 0.9) for path, digit in zip(paths, (7, 1), strict=True)))
    assert [(label, row.digit) for label, row in rows] == [(7, 7), (3, 1)]


@pytest.mark.parametrize(("pattern", "named"), [("d/*.png", "d/1.png"), ("d/*.png", "1.png"), ("*.png", "1.png")])
def test_labels_of_a_pattern_are_as_in_the_results_or_relative_to_its_folder(pattern: str, named: str) -> None:
    folder = Path(pattern).parent
    save(folder / "1.png", 1)
    labels = find_labels(pattern, csv_file(f"path,digit\n{named},7\n"))
    assert pairs(labels, (folder / "1.png").as_posix()) == [((folder / "1.png").as_posix(), 7)]


def test_a_folder_that_may_not_be_listed_is_not_said_to_lack_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)

    with pytest.raises(LabelError, match=r"^locked: not readable for you; change its permissions$"):
        find_labels("locked", None)
