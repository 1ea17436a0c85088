"""The Ray cluster of a run: a running one, or one on this machine that ends with the run."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from mnistcls.errors import MnistclsError
from mnistcls.limits import usable_cpus

CONNECT_SECONDS = 10
"""Longest time for a cluster to answer."""

STDERR = 2  # the descriptor


def check_installed() -> None:
    """Check that Ray Data is installed.

    Raises:
        MnistclsError: it is not.
    """
    if not (find_spec("ray") and find_spec("pyarrow") and find_spec("fsspec")):
        raise MnistclsError('--engine ray needs Ray Data; pip install "mnistcls[ray]"')


@contextmanager
def connected(address: str | None, cpus: int | None) -> Iterator[None]:
    """A connection to a cluster.

    Args:
        address: of a running cluster, in Ray's form: `auto`, `host:port`, `ray://host:port`; None for one on this
            machine, unless `RAY_ADDRESS` names another.
        cpus: number for the one on this machine; None for all that are usable.

    Raises:
        MnistclsError: there is no such cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no usage reports unless the user asks
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # its own logs on standard error
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    _check_answers(address)
    import ray  # noqa: PLC0415 - an extra, and slow to load

    here: dict[str, Any] = {"num_cpus": cpus or usable_cpus(), "include_dashboard": False} if address == "local" else {}
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with _silence():
            ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL, **here)
    except Exception as error:  # Ray raises whatever its components do
        raise _absent(address, re.split(r"\.\s|\n", str(error).strip())[0]) from None
    finally:
        for number, handler in handlers.items():  # Ray replaces them
            signal.signal(number, handler)
    try:
        yield
    finally:
        ray.shutdown()


def _check_answers(address: str) -> None:
    """Check that something answers: Ray itself tries for minutes."""
    if not (found := re.fullmatch(r"([^/:\s]+):(\d{1,5})", address)):
        return
    try:
        socket.create_connection((found[1], int(found[2])), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _absent(address, getattr(error, "strerror", None) or str(error)) from None


def _absent(address: str, reason: str) -> MnistclsError:
    return MnistclsError(f"no Ray cluster at {address} ({reason}); check --address, and `ray status` there")


@contextmanager
def _silence() -> Iterator[None]:
    """Keep the output of Ray's native libraries off standard error."""
    kept, nowhere = os.dup(STDERR), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)
        os.close(nowhere)
