"""Opens URLs with fsspec: object storage above all. Nothing is imported or opened until a URL is named.

Credentials, endpoints and retries are the libraries' own: for S3, botocore's, from its environment and profiles.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from mnistcls.errors import StorageError
from mnistcls.sources.source import is_image_name
from mnistcls.text import printable

CONNECTIONS = 32
"""Concurrent requests of a process: many small objects are on their way while one is read."""

S3_ATTEMPTS = 3
"""Times that s3fs asks for an object, each with botocore's own attempts (AWS_MAX_ATTEMPTS, or 5, with back-off):
storage that stays down is given up within a worker's default timeout."""

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
    "PermissionError": "check the credentials and their permissions",
    "ValueError": "check the spelling, and AWS_ENDPOINT_URL",
}
"""What to do about an exception, by the name of its class or of a base class."""


def filesystem(url: str) -> Any:
    """The fsspec file system of a URL, one for each bucket or host; it caches no listings.

    Raises:
        StorageError: nothing that is installed opens such a URL.
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
        raise StorageError(f"{scheme}:// needs a package that is not installed; {fix}") from None
    except Exception as error:
        raise StorageError(f"cannot open {printable(root)}: {reason_of(error)}") from None
    if scheme in _S3:
        opened.retries = S3_ATTEMPTS
    return opened


@cache
def check(root: str) -> None:
    """Check once, before the work starts, that a bucket exists and answers; other hosts are not asked.

    Raises:
        StorageError: it does not. A refusal to list it is no error: its objects may be readable.
    """
    opened = filesystem(root)
    if is_s3(root):
        try:
            opened.call_s3("list_objects_v2", Bucket=opened.split_path(root)[0], MaxKeys=1)
        except Exception as error:
            if _code(error) != "AccessDenied":
                raise unreachable(root, error) from None


def is_folder(url: str) -> bool:
    """Whether a named URL is a folder: it ends in `/`, or there is no object of that name.

    Storage is asked only if the name is not an image's, so that a long list of objects costs nothing.

    Raises:
        StorageError: the storage cannot be reached.
    """
    root = root_of(url)
    check(root)
    if url.endswith("/") or url == root:
        return True
    return not is_image_name(url) and _kind(url) == "directory"


def is_there(url: str) -> bool:
    """Whether a URL names an object or a folder; also if storage refuses to say, as reading reports that.

    Raises:
        StorageError: the storage cannot be reached.
    """
    check(root_of(url))
    return _kind(url) is not None


def _kind(url: str) -> str | None:
    """The kind of a URL in storage: `file`, `directory`, None if nothing, `forbidden` if storage refuses to say."""
    try:
        return str(filesystem(url).info(url)["type"])
    except FileNotFoundError:
        return None
    except PermissionError:
        return "forbidden"
    except Exception as error:
        raise unreachable(url, error) from None


def unreachable(url: str, error: Exception) -> StorageError:
    """The error for storage that cannot be reached, which ends a run."""
    return StorageError(f"cannot read {printable(url)}: {reason_of(error)}")


def reason_of(error: Exception) -> str:
    """A library's error message in one line, and what to do."""
    line = " ".join(str(getattr(error, "strerror", None) or error).split())
    text = re.sub(r"\?[^\s\"]*", "", line)  # without queries, which may contain signatures
    fixes = (_FIXES.get(kind.__name__) for kind in type(error).__mro__)
    return f"{text.rstrip('.') or type(error).__name__}; {next(filter(None, fixes), 'try again')}"


def _code(error: Exception) -> str:
    """S3's error code, if any."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def root_of(url: str) -> str:
    """Scheme and bucket or host."""
    return "/".join(url.split("/", 3)[:3])


def is_s3(url: str) -> bool:
    """Whether the storage uses S3's protocol."""
    return url.partition(":")[0] in _S3
