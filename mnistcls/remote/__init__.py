"""What fsspec opens by URL: object storage above all. Only where a URL is named is this imported.

Credentials, endpoints and retries are the libraries' own: for S3 those of botocore, by its environment and profiles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from mnistcls.errors import ErrorCode, ImageError, StorageError
from mnistcls.results import printable
from mnistcls.sources import is_image_name
from mnistcls.sources.folders import Folder, Found, walk_with

CONNECTIONS = 32
"""Requests under way at once in a process: many objects of some kilobytes are on their way while one is read."""

S3_ATTEMPTS = 3
"""How often s3fs asks for an object, each time with botocore's own attempts (AWS_MAX_ATTEMPTS, or 5, with back-off):
what is down for good is given up within a worker's usual timeout."""

_S3 = ("s3", "s3a")
_CREDENTIALS = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or FSSPEC_S3_ANON=true: public)"
_ENDPOINT = "check AWS_ENDPOINT_URL and the network"
_FIXES = {
    "NoCredentialsError": _CREDENTIALS,
    "PartialCredentialsError": _CREDENTIALS,
    "ProfileNotFound": _CREDENTIALS,
    "EndpointConnectionError": _ENDPOINT,
    "ConnectTimeoutError": _ENDPOINT,
    "ParamValidationError": "check the spelling",
    "FileNotFoundError": "check the spelling",
    "PermissionError": "check the credentials, and what they may do",
    "ValueError": "check the spelling, and AWS_ENDPOINT_URL",
}
"""What to do about an exception, by the name of its class or of one above it."""


def filesystem(url: str) -> Any:
    """The fsspec file system of a URL, one for each bucket or host; it keeps no listings.

    Raises:
        StorageError: nothing here opens such a URL.
    """
    return _filesystem(root_of(url))


@cache
def _filesystem(root: str) -> Any:
    scheme = root.partition(":")[0]
    options = {"config_kwargs": {"max_pool_connections": CONNECTIONS}} if scheme in _S3 else {}
    try:
        import fsspec  # noqa: PLC0415 - an extra

        opened, _ = fsspec.url_to_fs(root, use_listings_cache=False, **options)
    except ImportError as error:
        ours = scheme in _S3 or error.name == "fsspec"
        fix = 'pip install "mnistcls[remote]"' if ours else str(error)
        raise StorageError(f"{scheme}:// needs what is not installed; {fix}") from None
    except Exception as error:
        raise StorageError(f"cannot open {printable(root)}: {said(error)}") from None
    if scheme in _S3:
        opened.retries = S3_ATTEMPTS
    return opened


@cache
def check(root: str) -> None:
    """See once, before the work starts, that a bucket is there and lets itself be asked; other hosts are not asked.

    Raises:
        StorageError: it is not. Not to be allowed to list it is no fault: its objects may be readable.
    """
    opened = filesystem(root)
    if _is_s3(root):
        try:
            opened.call_s3("list_objects_v2", Bucket=opened.split_path(root)[0], MaxKeys=1)
        except Exception as error:
            if _code(error) != "AccessDenied":
                raise unreachable(root, error) from None


def is_folder(url: str) -> bool:
    """Whether a named URL stands for what is below it: it ends in `/`, or there is no object of that name.

    Only where the name is no image's is the storage asked, so that a long list of objects costs nothing.

    Raises:
        StorageError: the storage cannot be reached.
    """
    root = root_of(url)
    check(root)
    if url.endswith("/") or url == root:
        return True
    if is_image_name(url):
        return False
    try:
        return bool(filesystem(url).info(url)["type"] == "directory")
    except (FileNotFoundError, PermissionError):  # reading it says so
        return False
    except Exception as error:
        raise unreachable(url, error) from None


def walk(url: str, *, recursive: bool = True) -> Iterator[Found]:
    """The objects below a URL: of a bucket by pages, in the order of its keys; elsewhere as in folders, one at a time.

    Raises:
        StorageError: the listing breaks off.
    """
    if not _is_s3(url):
        yield from walk_with(_listed, url, recursive=recursive)
        return
    bucket, key, _ = filesystem(url).split_path(url)
    prefix = f"{key.rstrip('/')}/" if key.rstrip("/") else ""
    found = False
    try:
        for page in _pages(url, bucket, prefix, recursive=recursive):
            for entry in page.get("Contents", ()):
                found = True
                if not entry["Key"].endswith("/"):  # what some tools make for a folder
                    yield Found(f"{url.partition(':')[0]}://{bucket}/{entry['Key']}")
            found = found or bool(page.get("CommonPrefixes"))
    except PermissionError as error:
        yield Found(url, ImageError(ErrorCode.PERMISSION_DENIED, said(error)))
        return
    if not found:
        yield Found(url, ImageError(ErrorCode.NOT_FOUND, "nothing is there; check the spelling"))


def _pages(url: str, bucket: str, prefix: str, *, recursive: bool) -> Iterator[dict[str, Any]]:
    """A thousand keys each, drawn from the bucket as they are needed."""
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
    """The entries of a folder in any other storage."""
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
    """Whether it is below the folder: a web page also leads elsewhere."""
    name = entry["name"].rstrip("/")
    return name.startswith(folder) and "/" not in name.removeprefix(folder)


def unreachable(url: str, error: Exception) -> StorageError:
    """The error that ends a run."""
    return StorageError(f"cannot read {printable(url)}: {said(error)}")


def said(error: Exception) -> str:
    """What a library says, in one line, and what to do."""
    line = " ".join(str(getattr(error, "strerror", None) or error).split())
    text = re.sub(r"\?[^\s\"]*", "", line)  # without queries, where signatures are
    fixes = (_FIXES.get(kind.__name__) for kind in type(error).__mro__)
    return f"{text.rstrip('.') or type(error).__name__}; {next(filter(None, fixes), 'try again')}"


def _code(error: Exception) -> str:
    """S3's own word for what is wrong, if it said one."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def root_of(url: str) -> str:
    """Scheme and bucket or host."""
    return "/".join(url.split("/", 3)[:3])


def _is_s3(url: str) -> bool:
    return url.partition(":")[0] in _S3
