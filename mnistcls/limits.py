"""Limits of a run: time, pixels, images per batch, CPUs (by affinity and by control groups' quotas)."""

from __future__ import annotations

import math
import os
from pathlib import Path

TIMEOUT = 60.0
"""Default for the longest time for one image in a worker, in seconds."""

MAX_PIXELS = 40_000_000
"""Default for the largest decoded image, in pixels."""

DRAFT_SIDE = 512
"""Least longer side, in pixels, that a JPEG keeps when it is decoded at a reduced size."""

BATCH_SIZE = 64
"""Images in each call of the network; the last call is padded: with one size, the bytes of an answer never depend on
what else is in the batch."""

_CGROUP = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


def usable_cpus() -> int:
    """CPUs that this process may use, at least 1; a fraction counts as one."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(allowed, cgroup_quota())))


def cgroup_quota(membership: Path = _MEMBERSHIP, root: Path = _CGROUP) -> float:
    """CPU time that the control groups allow a process, in CPUs; infinite without a limit.

    Args:
        membership: lists its groups, as /proc/self/cgroup does.
        root: where groups are mounted: version 2 here, version 1 in a folder for each controller.
    """
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return math.inf
    quota = math.inf
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if not controllers:
            quota = min(quota, *(_quota_v2(folder) for folder in _to_root(root, group)))
        elif "cpu" in controllers.split(","):
            folders = [folder for name in ("cpu", controllers) for folder in _to_root(root / name, group)]
            quota = min(quota, *(_quota_v1(folder) for folder in folders))
    return quota


def _to_root(root: Path, group: str) -> list[Path]:
    """The folders of a group and of its parents: each may set a limit."""
    inside = Path(group.lstrip("/"))
    return [root / inside, *(root / outer for outer in inside.parents)]


def _quota_v2(folder: Path) -> float:
    return _share(_read(folder / "cpu.max").split())


def _quota_v1(folder: Path) -> float:
    return _share([_read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")])


def _share(numbers: list[str]) -> float:
    """The number of CPUs that a quota and its period, both in microseconds, allow."""
    try:
        quota, period = map(int, numbers)
    except ValueError:  # "max", or no such file
        return math.inf
    return quota / period if quota > 0 and period > 0 else math.inf


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
