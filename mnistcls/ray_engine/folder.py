"""The folder of results: parts, each complete or absent, and records of what they hold.

    results/part-1f0c9a7e-000000.parquet        rows
    results/_mnistcls/manifest.json             what made them
    results/_mnistcls/part-1f0c9a7e-000000.gz   the files that it answers for; written first, counts if the part exists

A part is named after the run and the chunk: if repeated, it is the same part. Readers of such folders ignore names
that begin with `_`.
"""

from __future__ import annotations

import gzip
import json
import os
import uuid
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from mnistcls import remote
from mnistcls.errors import MnistclsError, OutputError
from mnistcls.files import is_url, local_path
from mnistcls.outputs.manifest import Manifest
from mnistcls.results import Tally
from mnistcls.text import printable

OWN = "_mnistcls"
MANIFEST = f"{OWN}/manifest.json"
PART = "part-"
READERS = 16
"""Records that are read at once: in a bucket, each takes a while."""

_WAYS = "use --overwrite, --resume, or another -o"


@dataclass(frozen=True)
class Record:
    """What a part contains."""

    tally: Tally
    """Counts of its sources and rows."""
    files: Sequence[str]
    """Paths of the files that it answers for."""

    def to_bytes(self) -> bytes:
        """Convert to the stored form."""
        values = {"counts": self.tally.counts(), "files": self.files}
        return gzip.compress(json.dumps(values).encode(), compresslevel=1, mtime=0)

    @classmethod
    def from_bytes(cls, content: bytes) -> Record:
        """Parse the stored form.

        Raises:
            ValueError: it is damaged.
        """
        try:
            values = json.loads(gzip.decompress(content))
            return cls(Tally.of(values["counts"]), values["files"])
        except (LookupError, TypeError, AttributeError, EOFError, gzip.BadGzipFile, zlib.error):  # not what was written
            raise ValueError("not the record of a part") from None


class ResultFolder:
    """A folder of results on a file system that every node of the cluster sees; can be pickled.

    Args:
        url: a path, or a URL that fsspec knows.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        path = local_path(url)
        self._is_local = not is_url(path)
        self._root = os.path.abspath(path) if self._is_local else path.rstrip("/")  # noqa: PTH100 - bytes pass unchanged

    @property
    def _files(self) -> Any:
        """The file system of the folder, in this process."""
        return remote.filesystem("file://" if self._is_local else self._root)

    def check(self, manifest: Manifest, *, overwrite: bool, resume: bool) -> None:
        """Check that the results of a run can go there.

        Args:
            manifest: of the run.
            overwrite: whether the results of an earlier run may be removed.
            resume: whether to continue them.

        Raises:
            MnistclsError: it holds other files, or results made differently; or its storage cannot be reached.
        """
        if not self._is_local:
            remote.check(remote.root_of(self._root))
        with self._errors("read"):
            if self._files.isfile(self._root):
                raise OutputError(f"{self.url} is a file; --engine ray needs a folder for its parts with -o")
            earlier = self._earlier()
        if earlier and not overwrite and not resume:
            raise OutputError(f"{self.url} holds the results of an earlier run; {_WAYS}")
        if earlier and resume:  # files are known by their paths; there may be new ones
            replace(manifest, inputs={}).check_same(replace(earlier, inputs={}), self.url)

    def prepare(self, manifest: Manifest, *, overwrite: bool) -> None:
        """Create or clear the folder.

        Args:
            manifest: of the run, to be written into the folder.
            overwrite: whether to remove earlier results.

        Raises:
            OutputError: it cannot be written.
        """
        with self._errors():
            if overwrite:
                self._clear()
            self._files.makedirs(f"{self._root}/{OWN}", exist_ok=True)
        self.write_manifest(manifest)

    def write_manifest(self, manifest: Manifest) -> None:
        """Write the manifest of the run that makes the parts.

        Raises:
            OutputError: it cannot be written.
        """
        self._write(MANIFEST, manifest.to_json().encode())

    def check_seen(self, node: str) -> None:
        """Check that this process sees the folder.

        Args:
            node: name of this process's node.

        Raises:
            OutputError: it does not, and would write the parts elsewhere.
        """
        with self._errors("read", f" from the node {node}"):
            if not self._files.exists(f"{self._root}/{MANIFEST}"):
                fix = "name a folder with -o that all nodes share"
                raise OutputError(f"{self._root} does not exist on the node {node}; {fix}")

    def claim(self, name: str) -> None:
        """Note that something begins that must not begin twice.

        Raises:
            OutputError: it has begun before.
        """
        with self._errors("read"):
            if self._files.exists(f"{self._root}/{OWN}/{name}"):
                raise OutputError(f"{name} was lost and cannot run twice; start again with --resume")
        self._write(f"{OWN}/{name}", b"")

    def parts(self) -> set[str]:
        """Names of the existing parts.

        Raises:
            OutputError: it cannot be listed.
        """
        with self._errors("read"):
            return {name for name in self._names() if name.startswith(PART)}

    def write_part(self, name: str, rows: bytes, record: Record) -> None:
        """Add a part, or replace it.

        Raises:
            OutputError: it cannot be written.
        """
        self._write(_record_of(name), record.to_bytes())
        self._write(name, rows)

    def records(self) -> Iterator[Record]:
        """The records of the existing parts.

        Raises:
            OutputError: one is damaged or cannot be read.
        """
        with ThreadPoolExecutor(READERS) as threads:
            yield from threads.map(self._record, sorted(self.parts()))

    def _record(self, part: str) -> Record:
        name = f"{self._root}/{_record_of(part)}"
        with self._errors("read"):
            try:
                return Record.from_bytes(self._files.cat_file(name))
            except (ValueError, FileNotFoundError):
                raise OutputError(f"{name} is damaged or missing; use --overwrite, or another -o") from None

    def _earlier(self) -> Manifest | None:
        """The manifest of the earlier run; None if the folder is new."""
        if not (names := self._names()):
            return None
        if OWN not in names:
            raise OutputError(f"{self.url} holds files that are not results; choose an empty or new folder with -o")
        try:
            return Manifest.from_json(self._files.cat_file(f"{self._root}/{MANIFEST}").decode())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise OutputError(f"{self._root}/{MANIFEST} is damaged ({error}); remove it, or use another -o") from None

    def _names(self) -> set[str]:
        try:
            found = self._files.ls(self._root, detail=False)
        except FileNotFoundError:
            return set()
        return {os.path.basename(name.rstrip("/")) for name in found} - {""}  # noqa: PTH119 - a URL's path, too

    def _clear(self) -> None:
        """Remove the parts, then their records: if interrupted, no part is left without its record."""
        for name in self._names():
            if name.startswith(PART):
                self._files.rm_file(f"{self._root}/{name}")
        if self._files.exists(f"{self._root}/{OWN}"):
            self._files.rm(f"{self._root}/{OWN}", recursive=True)

    def _write(self, name: str, content: bytes) -> None:
        """Write a file, completely or not at all."""
        path = f"{self._root}/{name}"
        with self._errors():
            if not self._is_local:
                self._files.pipe_file(path, content)  # an object appears when it is complete
                return
            part = f"{self._root}/{OWN}/{uuid.uuid4().hex}.tmp"
            with open(part, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)  # noqa: PTH105 - these paths are strings, or URLs elsewhere

    @contextmanager
    def _errors(self, doing: str = "write", where: str = "") -> Iterator[None]:
        try:
            yield
        except MnistclsError:
            raise
        except Exception as error:  # storage libraries raise anything
            if not self._is_local:
                reason = remote.reason_of(error)
            elif isinstance(error, OSError):
                reason = f"{error.strerror}; choose another folder with -o"
            else:
                raise
            raise OutputError(f"cannot {doing} {printable(self.url)}{where}: {reason}") from None


def _record_of(part: str) -> str:
    return f"{OWN}/{part.partition('.')[0]}.gz"
