"""Gets the four MNIST files from public mirrors, and checks that every unpacked byte is right.

A gzip file can be wrapped anew by anyone who mirrors it, so it is always the unpacked bytes that are checked.
A download that fails in whatever way leaves nothing behind, and a file that is there is never overwritten.
"""

from __future__ import annotations

import gzip
import hashlib
import secrets
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from io import BufferedIOBase, BytesIO
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from mnistcls.errors import DataError
from mnistcls.sources.signatures import GZIP_MAGIC
from train.idx import GZIP_ERRORS, open_unpacked
from train.published import PUBLISHED, PublishedFile, broken

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)

TIMEOUT = 20.0  # seconds for a connection, and for the next bytes
MIN_BYTES = 16 * 1024  # in TIMEOUT seconds, or a mirror that trickles byte by byte would hold us for days
CHUNK = 64 * 1024  # bytes that are read at a time


class _MirrorError(Exception):
    """One mirror did not give the file; the next one is asked."""


def fetch(data_dir: Path, *, mirrors: Sequence[str] = MIRRORS, timeout: float = TIMEOUT) -> None:
    """Make sure that `data_dir` holds the four published files: download what is missing, check everything.

    Args:
        data_dir: the folder of the MNIST files.
        mirrors: URLs that the names of the files are appended to, in the order in which they are asked.
        timeout: seconds for a connection, and for the next bytes.

    Raises:
        DataError: as `fetch_missing`, or a file is there but is not the published one; it is left alone, as it may be
            wanted.
    """
    fetch_missing(data_dir, mirrors=mirrors, timeout=timeout)
    for file in PUBLISHED:
        path = file.require(data_dir)
        with open_unpacked(path) as stream:
            sha256 = _sha256(stream, file.size)
        if sha256 != file.sha256:
            raise broken(path, f"is not the published file (SHA-256 of the unpacked bytes: {sha256})")


def fetch_missing(data_dir: Path, *, mirrors: Sequence[str] = MIRRORS, timeout: float = TIMEOUT) -> None:
    """Download those of the four files that `data_dir` does not hold, and make the folder if need be.

    Files that are there stay as they are, unread: they may be another data set in the same format.
    Tells stderr what comes from where, with a progress bar if that is a terminal.

    Args:
        data_dir: the folder.
        mirrors: as for `fetch`.
        timeout: as for `fetch`.

    Raises:
        DataError: no mirror gives a file (the message says why, for each), or the folder cannot be written to.
    """
    missing = [file for file in PUBLISHED if file.find(data_dir) is None]
    if not missing:
        return
    with _progress_bar() as progress:
        for file in missing:
            try:
                with _appearing(data_dir / f"{file.name}.gz") as target:
                    target.write(_download(file, data_dir, mirrors, timeout, progress))
            except OSError as error:
                raise DataError(
                    f"{data_dir / file.name}.gz cannot be written ({error.strerror}); "
                    f"let {data_dir} be a folder with write access and 12 MB free, or name another one"
                ) from error


def _progress_bar() -> Progress:
    console = Console(stderr=True)
    # FORCE_COLOR makes rich see a terminal in a log file; a moving bar is wanted in a real one only.
    moving = console.is_interactive and sys.stderr.isatty()
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=console, transient=True, disable=not moving)


@contextmanager
def _appearing(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that becomes `path` when the block ends well, and vanishes when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open("xb") as stream:
            yield stream
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _download(file: PublishedFile, data_dir: Path, mirrors: Sequence[str], timeout: float, progress: Progress) -> bytes:
    """Download a file from the first mirror that gives the right bytes; return them packed."""
    failures = []
    for mirror in mirrors:
        url = f"{mirror}{file.name}.gz"
        progress.console.out(f"Downloading {url} to {data_dir}", highlight=False)
        try:
            body = _receive(url, file.size, timeout, progress)  # packed is smaller
            _verify(file, body)
        except (_MirrorError, OSError, HTTPException) as error:
            failures.append(f"{mirror} {_explain(error, timeout)}")
        else:
            return body
    raise DataError(
        f"{data_dir / file.name}.gz cannot be downloaded ({'; '.join(failures)}); check the network and the "
        f"proxy settings and try again, or put the file into {data_dir} yourself"
    )


def _receive(url: str, max_bytes: int, timeout: float, progress: Progress) -> bytes:
    """Download the body of the answer, which may have at most `max_bytes`."""
    body = bytearray()
    response: HTTPResponse
    with urlopen(url, timeout=timeout) as response:  # noqa: S310 - our own mirrors, and the bytes are verified
        if response.headers.get_content_type() == "text/html":
            raise _MirrorError("answered with a web page")
        expected = response.length
        task = progress.add_task(url.rpartition("/")[2], total=expected)
        try:
            for chunk in _chunks(response, timeout):
                body += chunk
                progress.update(task, completed=len(body))
                if len(body) > max_bytes:
                    raise _MirrorError(f"sent more than the {max_bytes:,} bytes that the file can have")
        finally:
            progress.remove_task(task)
    if expected is not None and len(body) < expected:
        raise _MirrorError(f"stopped after {len(body):,} of {expected:,} bytes")
    return bytes(body)


def _chunks(response: HTTPResponse, timeout: float) -> Iterator[bytes]:
    """Yield the body as it arrives, as long as it arrives fast enough."""
    since, received = time.monotonic(), 0
    # read1 comes back with whatever is there; read would wait for a whole chunk, trickle by trickle.
    while chunk := response.read1(CHUNK):
        yield chunk
        received += len(chunk)
        if time.monotonic() - since > timeout:
            if received < MIN_BYTES:
                raise _MirrorError(f"sent only {received:,} bytes in {timeout:g} s")
            since, received = time.monotonic(), 0


def _verify(file: PublishedFile, body: bytes) -> None:
    """Raise a `_MirrorError` unless the packed bytes are those of the published file."""
    if not body.startswith(GZIP_MAGIC):
        raise _MirrorError("sent something that is not a gzip file")
    try:
        sha256 = _sha256(gzip.GzipFile(fileobj=BytesIO(body)), file.size)
    except GZIP_ERRORS as error:
        raise _MirrorError(f"sent a damaged gzip file ({error})") from error
    if sha256 != file.sha256:
        raise _MirrorError(f"sent another file (SHA-256 of the unpacked bytes: {sha256})")


def _sha256(stream: BufferedIOBase, size: int) -> str:
    """The hex digest of a stream of `size` bytes; of a longer one, only one byte more is read."""
    digest = hashlib.sha256()
    left = size + 1
    while chunk := stream.read(min(CHUNK, left)):
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest()


def _explain(error: Exception, timeout: float) -> str:
    """What a mirror did, as the words that follow its URL in a message."""
    match error:
        case HTTPError():
            error.close()
            return f"answered {error.code} {error.reason}"
        case TimeoutError() | URLError(reason=TimeoutError()):
            return f"was silent for {timeout:g} s"
        case URLError(reason=OSError() as cause):
            return f"cannot be reached ({cause.strerror or cause})"
        case _MirrorError():
            return str(error)
        case _:
            return f"broke off ({str(error) or type(error).__name__})"
