"""Describes what a bug report needs: a model file, and the environment that it runs in."""

from __future__ import annotations

import hashlib
import math
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from mnistcls import __version__
from mnistcls.errors import ModelError
from mnistcls.limits import cgroup_quota, usable_cpus

if TYPE_CHECKING:
    from mnistcls.model import Model, ModelMetadata

PILLOW_FEATURES = ("libjpeg_turbo", "webp", "avif")
"""Optional parts of Pillow that decide which images can be read, and how fast."""


@dataclass(frozen=True)
class ModelInfo:
    """A model file, usable or not."""

    path: Path
    sha256: str | None
    """Digest of the file; None if it cannot be read."""
    size: int | None
    """Size in bytes."""
    metadata: ModelMetadata | None = None
    """None if the model cannot be used."""
    threads: int | None = None
    """Number that onnxruntime uses, in each process."""
    error: str | None = None
    """Why the model cannot be used, and what to do."""


@dataclass(frozen=True)
class Environment:
    """The environment that mnistcls runs in."""

    mnistcls: str
    python: str
    platform: str
    cpu: str
    """The CPU's model, as the system names it."""
    cpus: int
    """Number of CPUs of the machine."""
    usable_cpus: int
    """How many of those this process may use."""
    cgroup_quota: float | None
    """CPU time that a container allows it, in CPUs; None without a limit."""
    packages: Mapping[str, str | None]
    """Versions of the dependencies; None for what is not installed."""
    pillow_features: Mapping[str, str | None]
    """Versions of Pillow's optional parts; None for missing ones."""
    extras: Mapping[str, bool]
    """Whether all packages of an extra are installed."""


def model_info(path: Path | None) -> ModelInfo:
    """Describe a model file, or the bundled one; a broken one raises no error."""
    try:
        from mnistcls.model import Model, bundled_model  # noqa: PLC0415 - its own imports may be broken
    except ImportError as error:
        message = f"{error.name or 'a library'} cannot be loaded ({error}); install mnistcls again"
        return ModelInfo(path or Path(), *_digest(path), error=message)
    path = path or bundled_model()
    try:
        return _describe(Model(path))
    except ModelError as error:
        return ModelInfo(path, *_digest(path), error=str(error))


def environment() -> Environment:
    """Describe the environment; what cannot be found out is None or `unknown`."""
    quota = cgroup_quota()
    required, extras = _requirements()
    return Environment(
        mnistcls=__version__,
        python=f"{platform.python_version()} ({platform.python_implementation()})",
        platform=platform.platform(),
        cpu=_cpu_model(),
        cpus=os.cpu_count() or 1,
        usable_cpus=usable_cpus(),
        cgroup_quota=quota if math.isfinite(quota) else None,
        packages={name: _version(name) for name in required},
        pillow_features=_pillow_features(),
        extras={extra: all(map(_version, names)) for extra, names in extras.items()},
    )


def _describe(model: Model) -> ModelInfo:
    return ModelInfo(model.path, model.sha256, model.size, metadata=model.metadata, threads=model.threads)


def _digest(path: Path | None) -> tuple[str | None, int | None]:
    """SHA-256 and size of a file."""
    try:
        if path is None or not path.is_file():
            return None, None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
    except OSError:
        return None, None


def _requirements() -> tuple[list[str], dict[str, list[str]]]:
    """Packages that mnistcls needs, and those that each extra adds, except for the tests'."""
    try:
        lines = metadata.requires("mnistcls") or []
    except metadata.PackageNotFoundError:  # run from a folder that was never installed
        lines = []
    needed: list[str] = []
    extras: dict[str, list[str]] = {}
    for line in lines:
        name = re.split(r"[\s;<>=!~\[(]", line, maxsplit=1)[0]
        extra = re.search(r"""extra\s*==\s*['"]([\w-]+)""", line)
        (extras.setdefault(extra[1], []) if extra else needed).append(name)
    extras.pop("test", None)
    return needed, extras


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _pillow_features() -> dict[str, str | None]:
    try:
        from PIL import features  # noqa: PLC0415 - its own imports may be broken
    except ImportError:
        return {}
    return {name: features.version(name) if features.check(name) else None for name in PILLOW_FEATURES}


def _cpu_model() -> str:
    """The CPU's name according to Linux or, elsewhere, Python."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine() or "unknown"
