"""Writes results as an object in storage, which appears only when it is complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir

from mnistcls.errors import OutputError, StorageError
from mnistcls.outputs.columns import Columns
from mnistcls.outputs.formats import Format
from mnistcls.outputs.manifest import Manifest
from mnistcls.outputs.paths import is_folder, is_taken, manifest_of
from mnistcls.outputs.targets import ResultFile, Write
from mnistcls.remote import check, filesystem, reason_of, root_of
from mnistcls.results import Tally
from mnistcls.text import printable


class UploadedFile(ResultFile):
    """Rows for an object: a file in the system's temporary folder until it is complete, then uploaded whole.

    Args:
        url: of the object; its manifest is named as for a file.
        chosen: its format.
        columns: of a row.
        overwrite: whether the upload of an earlier run may be replaced.

    Raises:
        OutputError: the object exists, or storage cannot be reached.
    """

    def __init__(self, url: str, chosen: Format, columns: Columns, *, overwrite: bool) -> None:
        check_free(url, overwrite=overwrite)
        self._url = url
        path = Path(gettempdir()) / f"mnistcls-{token_hex(8)}.{chosen}"
        super().__init__(path, chosen, columns, overwrite=False, resume=False)
        self.advice = ""

    @contextmanager
    def open(self, tally: Tally, manifest: Manifest) -> Iterator[Write]:
        """A function that writes rows; they are uploaded if the block ends without an error.

        Raises:
            OutputError: the file cannot be written or uploaded.
        """
        with super().open(tally, manifest) as write:
            yield write
        beside, beside_url = manifest_of(self.path), f"{self._url}.manifest.json"
        try:
            upload_text(manifest.to_json(), beside_url)  # as unfinished: it must not vouch for older rows
            upload(self.path, self._url)
            upload(beside, beside_url)
        except BaseException as stop:
            stop.add_note(f"all rows are in {self.path}")
            raise
        self.path.unlink()
        beside.unlink()


def check_free(url: str, *, overwrite: bool) -> None:
    """Check, as far as possible before the work starts, that an output can be written there.

    Raises:
        OutputError: the storage cannot be reached, or the object exists.
    """
    try:
        check(root_of(url))
        kind = filesystem(url).info(url)["type"]
    except FileNotFoundError:
        return
    except StorageError as error:
        raise OutputError(str(error)) from None
    except Exception as error:
        if not overwrite or not isinstance(error, PermissionError):
            raise OutputError(f"cannot tell whether {printable(url)} exists: {reason_of(error)}") from None
        return
    if kind == "directory":
        raise is_folder(printable(url))
    if not overwrite:
        raise is_taken(printable(url))


def upload(path: Path, url: str) -> None:
    """Upload a file as an object: completely or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with _writing(url):
        filesystem(url).put_file(str(path), url)


def upload_text(text: str, url: str) -> None:
    """Upload a text as an object: completely or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    with _writing(url):
        filesystem(url).pipe_file(url, text.encode())


@contextmanager
def _writing(url: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise OutputError(f"cannot write {printable(url)}: {reason_of(error)}") from None
