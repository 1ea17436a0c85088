"""The images in ZIP and tar archives, read as streams: nothing is unpacked to disk, and no link is followed.

Members come in the archive's order. Members without an image's name, archives included, are skipped. A member's name is
used only as text in its row.
"""

from __future__ import annotations

import bz2
import gzip
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from typing import IO, BinaryIO, cast

from mnistcls.errors import ErrorCode, ImageError
from mnistcls.files import BoundedReader, io_error, open_regular
from mnistcls.sources.containers import Salvaged
from mnistcls.sources.signatures import BZIP2_MAGIC, GZIP_MAGIC, XZ_MAGIC
from mnistcls.sources.source import Source, is_image_name

MAX_MEMBER_BYTES = 64 << 20
"""Largest image in an archive, unpacked: it is held in memory, here and in a worker."""

MAX_DIRECTORY_BYTES = 32 << 20
"""Largest directory of a ZIP archive, which is held in memory: some 400,000 members."""

MAX_HEADER_BYTES = 1 << 20
"""Largest tar header, with long names and other extensions."""

BUFFER_BYTES = 1 << 16

_EXTENSIONS = {
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
}
_SLACK_BYTES = 1 << 20  # that may be read for a member beyond its size
_ENCRYPTED = 1  # a bit of a ZIP member's flags
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # zipfile unpacks any amount of bzip2 or LZMA at once
_DAMAGED = "the archive is cut short or damaged here; copy it again"


def read_zip(path: str) -> Iterator[Source | None]:
    """The images in a ZIP archive; None for each other member.

    An error of the archive itself comes last, under its name.
    """
    try:
        with open_regular(path) as file:
            bounded = BoundedReader(file, MAX_DIRECTORY_BYTES, "too many members for a ZIP archive; pack it as .tar")
            archive = zipfile.ZipFile(bounded)
            for info in archive.filelist:
                bounded.allowance = info.file_size + _SLACK_BYTES
                if is_image_name(info.filename):
                    yield _zip_member(archive, info, _shown(path, info.filename))
                elif not info.is_dir():
                    yield None
    except ImageError as error:
        yield Source(path, error=error)
    except Exception as error:  # as with images: a parser raises whatever it trips over
        yield Source(path, error=_broken(error))


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, shown: str) -> Source:
    if fault := _zip_fault(info):
        return Source(shown, error=fault)
    try:
        with archive.open(info) as member:
            content = member.read(info.file_size)  # never more than announced
    except Exception as error:
        return Source(shown, error=_broken(error))
    if len(content) < info.file_size:
        return Source(shown, error=ImageError(ErrorCode.TRUNCATED, _DAMAGED))
    return Source(shown, content)


def _zip_fault(info: zipfile.ZipInfo) -> ImageError | None:
    """Why a member is not read."""
    if info.flag_bits & _ENCRYPTED:
        return ImageError(ErrorCode.UNSUPPORTED_FORMAT, "encrypted; unpack it with its password first")
    if stat.S_IFMT(info.external_attr >> 16) not in {0, stat.S_IFREG}:
        return ImageError(ErrorCode.NOT_A_FILE, "a link or device in the archive, not an image file")
    if info.compress_type not in _METHODS:
        return ImageError(ErrorCode.UNSUPPORTED_FORMAT, "neither stored nor deflated; unpack the archive first")
    return _too_large(info.file_size) if info.file_size > MAX_MEMBER_BYTES else None


def read_tar(path: str) -> Iterator[Source | None]:
    """The images in a tar archive, plain or packed with gzip or bzip2; None for each other member.

    An error of the archive itself comes last, under its name, after the members before it.
    """
    try:
        with (
            open_regular(path) as file,
            tarfile.open(fileobj=_decompressed(file), mode="r|", bufsize=BUFFER_BYTES, tarinfo=_Header) as archive,
        ):
            while (info := archive.next()) is not None:
                if is_image_name(info.name) and not info.isdir():
                    yield _tar_member(archive, info, _shown(path, info.name))
                elif not info.isdir():
                    yield None
                archive.members.clear()  # type: ignore[attr-defined] # it would keep them all
    except ImageError as error:
        yield Source(path, error=error)
    except Exception as error:
        yield Source(path, error=_broken(error))


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo, shown: str) -> Source:
    """One member; an error in its data is the archive's, as nothing after it can be found."""
    if fault := _tar_fault(info):
        return Source(shown, error=fault)
    member = archive.extractfile(info)
    content = member.read() if member else b""
    if len(content) < info.size:
        raise ImageError(ErrorCode.TRUNCATED, _DAMAGED)
    return Source(shown, content)


def _tar_fault(info: tarfile.TarInfo) -> ImageError | None:
    """Why a member is not read."""
    if info.issym() or info.islnk():
        return ImageError(ErrorCode.NOT_A_FILE, "a link in the archive; unpack the archive to follow it")
    if not info.isreg():
        return ImageError(ErrorCode.NOT_A_FILE, "a pipe or device in the archive, not an image file")
    return _too_large(info.size) if info.size > MAX_MEMBER_BYTES else None


class _Header(tarfile.TarInfo):
    """A tar header, not trusted: tarfile stops silently at a damaged one, and reads extensions of any length."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Header:
        """Parse a header.

        Raises:
            ImageError: it is damaged, the archive ends without its end mark, or the extension is too long.
        """
        if buf and not any(buf):
            return super().frombuf(buf, encoding, errors)  # the end mark, which has an exception of its own
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError:
            raise ImageError(ErrorCode.TRUNCATED, _DAMAGED) from None
        if header.size < 0 or (header.type in _EXTENSIONS and header.size > MAX_HEADER_BYTES):
            raise ImageError(ErrorCode.TOO_LARGE, "the archive has a header of unlikely length; pack it again")
        return header


def _decompressed(file: BinaryIO) -> IO[bytes]:
    """The archive's bytes, uncompressed; the content tells how."""
    start = file.read(len(XZ_MAGIC))
    file.seek(0)
    if start.startswith(GZIP_MAGIC):
        return cast("IO[bytes]", Salvaged(gzip.GzipFile(fileobj=file)))
    if start.startswith(BZIP2_MAGIC):
        return cast("IO[bytes]", Salvaged(bz2.BZ2File(file)))
    if start == XZ_MAGIC:  # may take gigabytes of memory to unpack, without warning
        raise ImageError(ErrorCode.UNSUPPORTED_FORMAT, "XZ: pack it as .tar.gz")
    return file


def _shown(archive: str, member: str) -> str:
    return f"{archive}/{member.removeprefix('./')}"


def _too_large(size: int) -> ImageError:
    limit = f"over {MAX_MEMBER_BYTES >> 20} MiB in an archive"
    return ImageError(ErrorCode.TOO_LARGE, f"{size:,} bytes, {limit}; unpack it and name the file")


def _broken(error: Exception) -> ImageError:
    if isinstance(error, OSError) and error.errno is not None:
        return io_error(error)
    return ImageError(ErrorCode.TRUNCATED, _DAMAGED)
