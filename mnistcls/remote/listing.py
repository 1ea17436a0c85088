"""Lists storage below a URL or in one folder: on demand, never held."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mnistcls.errors import ErrorCode, ImageError
from mnistcls.remote import filesystem, is_s3, reason_of, unreachable
from mnistcls.sources.folders import Folder, Found, walk_with


def walk(url: str, *, recursive: bool = True) -> Iterator[Found]:
    """The objects below a URL: of a bucket by pages, in the order of keys; elsewhere folder by folder.

    Raises:
        StorageError: the listing fails.
    """
    if not is_s3(url):
        yield from walk_with(_listed, url, recursive=recursive)
        return
    bucket, key, _ = filesystem(url).split_path(url)
    prefix = f"{key.rstrip('/')}/" if key.rstrip("/") else ""
    found = False
    try:
        for page in _pages(url, bucket, prefix, recursive=recursive):
            for entry in page.get("Contents", ()):
                found = True
                if not entry["Key"].endswith("/"):  # some tools make such an object for a folder
                    yield Found(f"{url.partition(':')[0]}://{bucket}/{entry['Key']}")
            found = found or bool(page.get("CommonPrefixes"))
    except PermissionError as error:
        yield Found(url, ImageError(ErrorCode.PERMISSION_DENIED, reason_of(error)))
        return
    if not found:
        yield Found(url, ImageError(ErrorCode.NOT_FOUND, "nothing is there; check the spelling"))


def entries(folder: str, begins: str) -> Iterator[tuple[str, bool]]:
    """The names in a folder that begin with `begins`, sorted, and whether each is a folder; none without the folder.

    Args:
        folder: its URL, which ends in `/`.
        begins: S3 is asked for these names only.

    Raises:
        ImageError: listing it is forbidden.
        StorageError: the listing fails.
    """
    try:
        if is_s3(folder):
            yield from _keys(folder, begins)
            return
        listed = _listed(folder)
        yield from ((name, name in listed.subfolders) for name in reversed(listed.names) if name.startswith(begins))
    except (FileNotFoundError, NotADirectoryError):
        return
    except PermissionError as error:
        raise ImageError(ErrorCode.PERMISSION_DENIED, reason_of(error)) from None


def _keys(folder: str, begins: str) -> Iterator[tuple[str, bool]]:
    bucket, prefix, _ = filesystem(folder).split_path(folder)
    for page in _pages(folder, bucket, f"{prefix}{begins}", recursive=False):
        keys = [entry["Key"] for entry in page.get("Contents", ())]
        keys += [entry["Prefix"] for entry in page.get("CommonPrefixes", ())]
        for key in sorted(keys):
            if name := key.removeprefix(prefix):
                yield name.removesuffix("/"), name.endswith("/")


def _pages(url: str, bucket: str, prefix: str, *, recursive: bool) -> Iterator[dict[str, Any]]:
    """Pages of a thousand keys each, requested on demand."""
    asked = {"Bucket": bucket, "Prefix": prefix, **({} if recursive else {"Delimiter": "/"})}
    while True:
        try:
            page = filesystem(url).call_s3("list_objects_v2", **asked)
        except PermissionError:
            raise
        except Exception as error:
            raise unreachable(url, error) from None
        yield page
        if not page.get("IsTruncated"):
            return
        asked["ContinuationToken"] = page["NextContinuationToken"]


def _listed(url: str) -> Folder:
    """The entries of a folder in other storage than S3."""
    opened = filesystem(url)
    try:
        entries = opened.ls(url, detail=True)
    except OSError:
        raise
    except Exception as error:
        raise unreachable(url, error) from None
    own = f"{opened._strip_protocol(url).rstrip('/')}/"
    kinds = {entry["name"].removeprefix(own).rstrip("/"): entry["type"] for entry in entries if _is_in(entry, own)}
    subfolders = frozenset(name for name, kind in kinds.items() if kind == "directory")
    return Folder(f"{url.rstrip('/')}/", sorted(kinds, reverse=True), subfolders)


def _is_in(entry: dict[str, Any], folder: str) -> bool:
    """Whether an entry is in the folder: a web page also links elsewhere."""
    name = entry["name"].rstrip("/")
    return name.startswith(folder) and "/" not in name.removeprefix(folder)
