"""Results as an object in storage: there when they are complete, and never a part of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import gettempdir

from mnistcls.errors import OutputError, StorageError
from mnistcls.outputs.columns import Columns
from mnistcls.outputs.formats import Format
from mnistcls.outputs.place import is_folder, is_taken, manifest_of
from mnistcls.outputs.targets import ResultFile, Write
from mnistcls.remote import check, filesystem, root_of, said
from mnistcls.results import Tally, printable


class UploadedFile(ResultFile):
    """Rows for an object: a file in the system's temporary folder until it is complete, then uploaded whole.

    Args:
        url: of the object; its manifest gets a name like a file's.
        chosen: its format.
        columns: of a row.
        overwrite: whether what an earlier run has uploaded may be replaced.

    Raises:
        OutputError: something is in the way.
    """

    def __init__(self, url: str, chosen: Format, columns: Columns, *, overwrite: bool) -> None:
        check_free(url, overwrite=overwrite)
        self._url = url
        path = Path(gettempdir()) / f"mnistcls-{token_hex(8)}.{chosen}"
        super().__init__(path, chosen, columns, overwrite=False, resume=False)
        self.way_on = ""

    @contextmanager
    def open(self, tally: Tally) -> Iterator[Write]:
        """What writes the rows; they are uploaded if the block ends well.

        Raises:
            OutputError: the file cannot be written, or not uploaded.
        """
        with super().open(tally) as write:
            yield write
        manifest = manifest_of(self.path)
        try:
            upload(manifest, f"{self._url}.manifest.json")  # first: small, and shows whether it may be done
            upload(self.path, self._url)
        except BaseException as stop:
            stop.add_note(f"all rows are in {self.path}")
            raise
        self.path.unlink()
        manifest.unlink()


def check_free(url: str, *, overwrite: bool) -> None:
    """Whether an output may be written there, as far as can be told before.

    Raises:
        OutputError: the storage cannot be reached, or an object is in the way.
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
            raise OutputError(f"cannot tell whether {printable(url)} exists: {said(error)}") from None
        return
    if kind == "directory":
        raise is_folder(printable(url))
    if not overwrite:
        raise is_taken(printable(url))


def upload(path: Path, url: str) -> None:
    """Make a file an object, which is there with all of its content or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        filesystem(url).put_file(str(path), url)
    except Exception as error:
        raise OutputError(f"cannot write {printable(url)}: {said(error)}") from None
