from __future__ import annotations

import gzip
import io
import pickle
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mnistcls.decode import read_image, read_source
from mnistcls.errors import ErrorCode
from mnistcls.sources import Source, Sources, archives

TAR_NAMES = ["a.tar", "a.tar.gz", "a.tgz", "a.tar.bz2"]


pytestmark = pytest.mark.usefixtures("here")


def write_zip(name: str, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(name, "w", method) as archive:
        for member, content in members.items():
            archive.writestr(member, content)


def write_tar(name: str, members: dict[str, bytes], kind: int = tarfile.PAX_FORMAT) -> None:
    mode = {"gz": "w:gz", "tgz": "w:gz", "bz2": "w:bz2"}.get(name.rpartition(".")[2], "w")
    with tarfile.open(name, mode, format=kind) as archive:
        for member, content in members.items():
            info = tarfile.TarInfo(member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def write(name: str, members: dict[str, bytes]) -> None:
    write_zip(name, members) if name.endswith(".zip") else write_tar(name, members)


def rows(name: str) -> list[tuple[str, bytes | ErrorCode | None]]:
    return [(source.path, source.error.code if source.error else source.content) for source in Sources([name])]


def code(name: str, member: str) -> object:
    return dict(rows(name))[f"{name}/{member}"]


@pytest.mark.parametrize("name", ["a.zip", *TAR_NAMES])
def test_images_come_in_the_archives_order_and_the_rest_is_counted(name: str) -> None:
    write(name, {"b/2.png": b"two", "notes.txt": b"", "1.JPG": b"one", "__MACOSX/._1.JPG": b"", "old.zip": b"PK\5\6"})
    sources = Sources([name])

    assert list(sources) == [Source(f"{name}/b/2.png", b"two"), Source(f"{name}/1.JPG", b"one")]
    assert sources.skipped == 3
    assert sources.count() is None


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_the_content_decides_not_the_suffix(name: str) -> None:
    write(name, {"1.png": b"one"})
    Path(name).rename("backup.001")

    assert rows("backup.001") == [("backup.001/1.png", b"one")]


@pytest.mark.parametrize(("kind", "side"), [("PNG", 90), ("JPEG", 1030), ("TIFF", 90), ("WEBP", 90), ("BMP", 600)])
@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_a_member_is_decoded_as_the_same_file_is(name: str, kind: str, side: int) -> None:
    grain = np.random.default_rng(0).integers(0, 255, (side, side), np.uint8)
    Image.fromarray(grain).convert("RGB").save("a.img", kind)
    write(name, {"a.png": Path("a.img").read_bytes()})

    (source,) = Sources([name])
    (decoded,) = read_source(source)

    np.testing.assert_array_equal(decoded.image, read_image("a.img"), strict=True)


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_names_are_labels_and_lead_nowhere(name: str, tmp_path: Path) -> None:
    names = ["../../x.png", "/etc/x.png", "a\nb.png", '"q",.png', "=1+1.png", "-r.png", "x" * 251 + ".png", "é.png"]
    write(name, dict.fromkeys(names, b"content"))

    assert rows(name) == [(f"{name}/{member}", b"content") for member in names]
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_a_name_with_the_folder_one_stands_in_is_shown_without_it() -> None:
    write_tar("a.tar", {"./1.png": b"one"})

    assert rows("a.tar") == [("a.tar/1.png", b"one")]


def test_two_members_of_one_name_are_two_rows() -> None:
    write_zip("a.zip", {"1.png": b"one", "2.png": b"two"})
    Path("a.zip").write_bytes(Path("a.zip").read_bytes().replace(b"2.png", b"1.png"))
    write_tar("a.tar", {"1.png": b"one"})
    with tarfile.open("a.tar", "a") as tar:
        info = tarfile.TarInfo("1.png")
        info.size = 3
        tar.addfile(info, io.BytesIO(b"two"))

    assert rows("a.zip") == [("a.zip/1.png", b"one"), ("a.zip/1.png", b"two")]
    assert rows("a.tar") == [("a.tar/1.png", b"one"), ("a.tar/1.png", b"two")]


def test_bytes_in_a_name_that_are_no_text_survive_in_tar_and_are_shown_in_zip() -> None:
    write_tar("a.tar", {"c\udcff.png": b"one"}, tarfile.GNU_FORMAT)
    write_zip("a.zip", {"cX.png": b"one"})
    Path("a.zip").write_bytes(Path("a.zip").read_bytes().replace(b"cX.png", b"c\xff.png"))

    assert rows("a.tar") == [("a.tar/c\udcff.png", b"one")]
    assert rows("a.zip") == [("a.zip/c\xa0.png", b"one")]  # code page 437, as the format has it


# --- hostile members: a row each, and the good ones beside them unchanged


def test_an_encrypted_member_says_so() -> None:
    write_zip("a.zip", {"1.png": b"one", "2.png": b"two"})
    content = bytearray(Path("a.zip").read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1  # in the directory
    Path("a.zip").write_bytes(content)

    assert rows("a.zip") == [("a.zip/1.png", ErrorCode.UNSUPPORTED_FORMAT), ("a.zip/2.png", b"two")]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_packed_in_another_way_says_so(method: int) -> None:
    write_zip("a.zip", {"1.png": b"one"}, method)

    assert rows("a.zip") == [("a.zip/1.png", ErrorCode.UNSUPPORTED_FORMAT)]


def test_a_member_with_a_flipped_bit_is_damaged_and_its_neighbours_are_not() -> None:
    write_zip("a.zip", {"1.png": b"one", "2.png": b"flip me", "3.png": b"three"}, zipfile.ZIP_STORED)
    Path("a.zip").write_bytes(Path("a.zip").read_bytes().replace(b"flip", b"flop"))

    assert rows("a.zip") == [
        ("a.zip/1.png", b"one"),
        ("a.zip/2.png", ErrorCode.TRUNCATED),
        ("a.zip/3.png", b"three"),
    ]


@pytest.mark.parametrize("claim", [0, 1, 6, 8, 2**31])
def test_a_member_of_another_length_than_announced_is_refused(claim: int) -> None:
    write_zip("a.zip", {"1.png": b"seven b", "2.png": b"two"}, zipfile.ZIP_DEFLATED)
    content = bytearray(Path("a.zip").read_bytes())
    start = content.index(b"PK\1\2") + 24
    content[start : start + 4] = struct.pack("<I", claim)
    Path("a.zip").write_bytes(content)

    first, second = rows("a.zip")
    if claim == 0:  # nothing is read, and nothing is no image
        assert first == ("a.zip/1.png", b"")
    else:
        assert first[1] is (ErrorCode.TOO_LARGE if claim > archives.MAX_MEMBER_BYTES else ErrorCode.TRUNCATED)
    assert second == ("a.zip/2.png", b"two")


def test_links_and_devices_in_a_zip_are_not_files() -> None:
    with zipfile.ZipFile("a.zip", "w") as archive:
        for number, kind in enumerate((stat.S_IFLNK, stat.S_IFIFO, stat.S_IFREG)):
            info = zipfile.ZipInfo(f"{number}.png")
            info.external_attr = kind << 16
            archive.writestr(info, b"/etc/passwd")

    assert [row[1] for row in rows("a.zip")] == [ErrorCode.NOT_A_FILE, ErrorCode.NOT_A_FILE, b"/etc/passwd"]


def test_links_and_devices_in_a_tar_are_not_files() -> None:
    kinds = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE]
    with tarfile.open("a.tar", "w") as archive:
        for number, kind in enumerate(kinds):
            info = tarfile.TarInfo(f"{number}.png")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        archive.addfile(tarfile.TarInfo("last.png"))

    assert rows("a.tar") == [
        *((f"a.tar/{number}.png", ErrorCode.NOT_A_FILE) for number in range(len(kinds))),
        ("a.tar/last.png", b""),
    ]


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_a_bomb_is_not_unpacked_and_its_neighbour_is_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 16 << 20)
    write(name, {"bomb.png": bytes(archives.MAX_MEMBER_BYTES + 1), "1.png": b"one"})
    assert Path(name).stat().st_size < 100_000
    tracemalloc.start()
    try:
        found = rows(name)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()

    assert found == [(f"{name}/bomb.png", ErrorCode.TOO_LARGE), (f"{name}/1.png", b"one")]


def test_a_tar_header_of_any_length_is_not_read() -> None:
    long_name = tarfile.TarInfo("././@LongLink")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 1 << 33
    with gzip.open("a.tar.gz", "wb", compresslevel=1) as file:
        file.write(one_tar_member() + long_name.tobuf(tarfile.GNU_FORMAT) + bytes(64 << 20))
    tracemalloc.start()
    try:
        found = rows("a.tar.gz")
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()

    assert found == [("a.tar.gz/1.png", b"one"), ("a.tar.gz", ErrorCode.TOO_LARGE)]


def one_tar_member() -> bytes:
    info = tarfile.TarInfo("1.png")
    info.size = 3
    return info.tobuf() + b"one".ljust(512, b"\0")


def test_a_directory_of_any_length_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    write_zip("a.zip", {f"{number}.png": b"" for number in range(20)})
    monkeypatch.setattr(archives, "MAX_DIRECTORY_BYTES", 500)

    (source,) = Sources(["a.zip"])

    assert str(source.error) == "too_large: too many members for a ZIP archive; pack it as .tar"


def test_xz_says_what_to_do() -> None:
    Path("a.tar.xz").write_bytes(b"\xfd7zXZ\0" + bytes(100))

    (source,) = Sources(["a.tar.xz"])

    assert str(source.error) == "unsupported_format: XZ: pack it as .tar.gz"


# --- hostile archives: the members before the fault, then a row of its own


@pytest.mark.parametrize("name", ["a.zip", *TAR_NAMES])
@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 100, b"PK\3\4", b"\x1f\x8b\x08", b"BZh9", bytes(5000)])
def test_what_is_an_archive_by_its_name_alone_is_one_row(name: str, content: bytes) -> None:
    Path(name).write_bytes(content)

    end_mark = name != "a.zip" and len(content) == 5000

    assert rows(name) == [(name, ErrorCode.NOT_AN_IMAGE if end_mark else ErrorCode.TRUNCATED)]


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
@pytest.mark.parametrize("members", [{}, {"notes.txt": b"one"}])
def test_an_archive_without_an_image_is_one_row(name: str, members: dict[str, bytes]) -> None:
    write(name, members)

    (source,) = Sources([name])

    assert (source.path, str(source.error)) == (name, "not_an_image: no image in it; check its contents")


def test_a_missing_archive_is_not_found() -> None:
    (source,) = Sources(["a.zip"])
    (decoded,) = read_source(source)

    assert str(decoded.image).startswith("not_found")


@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_tar_cut_short_keeps_the_members_before_the_cut(tenth: int) -> None:
    contents = {f"{number}.png": np.random.default_rng(number).bytes(3000) for number in range(10)}
    write_tar("whole.tar", contents)
    whole = Path("whole.tar").read_bytes()[: 10 * 3584]  # without its end mark
    Path("a.tar").write_bytes(whole[: len(whole) * tenth // 10])

    *members, last = rows("a.tar")

    assert members == [(f"a.tar/{number}.png", contents[f"{number}.png"]) for number in range(tenth)]
    assert last == ("a.tar", ErrorCode.TRUNCATED)


@pytest.mark.parametrize("name", ["a.tar.gz", "a.tar.bz2"])
@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_packed_tar_cut_short_says_so(name: str, tenth: int) -> None:
    contents = {f"{number}.png": np.random.default_rng(number).bytes(3000) for number in range(10)}
    write_tar(name, contents)
    whole = Path(name).read_bytes()
    Path(name).write_bytes(whole[: len(whole) * tenth // 10])

    *members, last = rows(name)

    assert members == [(f"{name}/{number}.png", contents[f"{number}.png"]) for number in range(len(members))]
    assert len(members) < 10
    assert len(members) >= (tenth - 1 if name == "a.tar.gz" else 0), "bzip2 unpacks it all at once, or nothing"
    assert last == (name, ErrorCode.TRUNCATED)


def test_a_damaged_header_does_not_end_a_tar_quietly() -> None:
    write_tar("a.tar", {f"{number}.png": b"content" for number in range(4)})
    content = bytearray(Path("a.tar").read_bytes())
    content[2 * 1024 + 10] ^= 4  # in the third header
    Path("a.tar").write_bytes(content)

    assert rows("a.tar") == [("a.tar/0.png", b"content"), ("a.tar/1.png", b"content"), ("a.tar", ErrorCode.TRUNCATED)]


@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_zip_cut_short_has_lost_its_directory(tenth: int) -> None:
    write_zip("a.zip", {f"{number}.png": b"content" for number in range(10)})
    whole = Path("a.zip").read_bytes()
    Path("a.zip").write_bytes(whole[: len(whole) * tenth // 10])

    assert rows("a.zip") == [("a.zip", ErrorCode.TRUNCATED)]


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_a_mutated_archive_ends_in_sources(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    write(str(path), {"1.png": b"one", "scan/2.png": b"two" * 50})
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)

    for source in Sources([str(path)]):
        assert (source.content is None) == (source.error is not None) or source == Source(str(path))


# --- memory


def peak(work: Callable[[], Iterator[Source]]) -> tuple[int, int]:
    tracemalloc.start()
    try:
        number = sum(1 for _ in work())
        return number, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_tar_of_any_length_is_read_in_one_pass_within_bounded_memory() -> None:
    for name, number in (("a.tar.gz", 100), ("b.tar.gz", 1000)):
        write_tar(name, {f"{i}.png": bytes(100) for i in range(number)}, tarfile.USTAR_FORMAT)

    few, short = peak(lambda: iter(Sources(["a.tar.gz"])))
    many, long = peak(lambda: iter(Sources(["b.tar.gz"])))

    assert (few, many) == (100, 1000)
    assert long < short + 100_000


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_the_first_member_is_there_before_the_second_is_read(name: str) -> None:
    write(name, {"1.png": b"one", "2.png": b"two" * 100_000})
    sources = iter(Sources([name]))

    assert next(sources) == Source(f"{name}/1.png", b"one")


def test_an_archive_in_a_folder_is_skipped_with_a_word(caplog: pytest.LogCaptureFixture) -> None:
    Path("d").mkdir()
    write("d/a.zip", {"1.png": b"one"})
    write("d/b.tar.gz", {"1.png": b"one"})
    Path("d/c.png").touch()
    sources = Sources(["d"])

    assert list(sources) == [Source("d/c.png")]
    assert sources.skipped == 2
    assert sources.count() == 1
    assert caplog.messages == ["d/a.zip and other archives in folders are skipped; name them to read them"]
    assert [file.path for file in pickle.loads(pickle.dumps(sources)).files()] == ["d/c.png"]  # noqa: S301 - our own
    assert len(caplog.messages) == 1, "said once, though the files are listed again, perhaps in another process"
