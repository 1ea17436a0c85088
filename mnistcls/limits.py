"""How much of what a run takes: time, pixels, images at once, CPUs (by affinity and by control groups' quotas)."""

from __future__ import annotations

import math
import os
from pathlib import Path

TIMEOUT = 60.0
"""Seconds that a worker may take over one image, unless the caller says otherwise."""

MAX_PIXELS = 40_000_000
"""Largest decoded image, in pixels, unless the caller allows more."""

DRAFT_SIDE = 512
"""Pixels: a JPEG is decoded at a reduced size only if its longer side stays at least as long."""

BATCH_SIZE = 64
"""Images in each call of the network, the last call padded: one size, so that the bytes of an answer never depend on
what else was in the batch."""

_CGROUP = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


def usable_cpus() -> int:
    """CPUs this process may use, at least 1; a part of one counts as one."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(allowed, cgroup_quota())))


def cgroup_quota(membership: Path = _MEMBERSHIP, root: Path = _CGROUP) -> float:
    """CPUs' worth of time that the control groups leave a process; infinite where they set no limit.

    Args:
        membership: which groups it is in, as /proc/self/cgroup says.
        root: where groups are mounted: version 2 itself, version 1 in a folder for each controller.
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
    """The folders of a group and of those around it: each may set a limit."""
    inside = Path(group.lstrip("/"))
    return [root / inside, *(root / outer for outer in inside.parents)]


def _quota_v2(folder: Path) -> float:
    return _share(_read(folder / "cpu.max").split())


def _quota_v1(folder: Path) -> float:
    return _share([_read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")])


def _share(numbers: list[str]) -> float:
    """Of a quota and its period, in microseconds: how many CPUs that is."""
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
