"""What pip gets: versions that were tested, and a wheel that works where there is no checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).parent.parent
SAMPLES = CHECKOUT / "data" / "samples"


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def required(name: str, extras: frozenset[str], seen: set[tuple[str, frozenset[str]]]) -> Iterator[str]:
    """Names of all that a distribution is installed with on this machine; `seen` are those that were asked before."""
    if (name, extras) in seen:
        return
    seen.add((name, extras))
    for requirement in map(Requirement, metadata.requires(name) or ()):
        asked = [{"extra": extra} for extra in ("", *extras)]
        if not requirement.marker or any(map(requirement.marker.evaluate, asked)):
            yield canonicalize_name(requirement.name)
            yield from required(canonicalize_name(requirement.name), frozenset(requirement.extras), seen)


def test_constraints_name_a_version_of_all_that_is_installed() -> None:
    lines = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [canonicalize_name(line.partition("==")[0]) for line in lines if "==" in line]

    needed = set(required("mnistcls", frozenset({"train", "test"}), set()))

    assert {"torch", "click", "aiohttp"} <= needed  # of all depths and extras
    assert sorted(needed - set(pinned)) == []
    assert len(pinned) == len(set(pinned))


def test_a_run_leaves_nothing_at_home_and_reports_to_nobody(tmp_path: Path) -> None:
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    switches = (
        "CI",
        "ORT_DISABLE_TELEMETRY",
        "ORT_RUNNING_UNIT_TESTS",
        "XDG_CACHE_HOME",
    )  # any of the first three ends it
    kept = {name: value for name, value in os.environ.items() if name not in switches}
    command = [sys.executable, "-m", "mnistcls", "classify", "-q", "-j", "1", SAMPLES / "hairline-7.png"]
    environment = {**kept, "HOME": str(home), "TMPDIR": str(temporary)}

    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, check=True)

    assert b",ok," in done.stdout
    assert [*home.rglob("*"), *temporary.rglob("*")] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, CHECKOUT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow
def test_wheel_holds_both_packages_and_every_model(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())

    assert {"mnistcls/cli.py", "mnistcls/py.typed", "train/__main__.py", "train/py.typed"} <= names
    template = {f"mnistcls/page/template/{path.name}" for path in (CHECKOUT / "mnistcls/page/template").iterdir()}
    assert template
    assert template <= names
    models = {f"mnistcls/exported/{path.name}" for path in (CHECKOUT / "exported").glob("*.onnx")}
    assert models
    assert models <= names
    assert not [name for name in names if name.startswith(("tests/", "data/", "runs/"))]


@pytest.mark.slow
def test_wheel_works_with_no_checkout(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target, wheel, cwd=tmp_path)
    where = run(sys.executable, "-c", "import mnistcls; print(mnistcls.__file__)", cwd=tmp_path, PYTHONPATH=str(target))
    assert Path(where.strip()).is_relative_to(target)

    rows = run(
        sys.executable, "-m", "mnistcls", "classify", SAMPLES / "mnist-like-7.png", cwd=tmp_path, PYTHONPATH=str(target)
    )

    assert rows.splitlines()[1].split(",")[1] == "7"


@pytest.mark.slow
def test_sdist_holds_what_its_tests_need(tmp_path: Path) -> None:
    hook = f"import hatchling.build; print(hatchling.build.build_sdist({str(tmp_path)!r}))"
    name = run(sys.executable, "-c", hook, cwd=CHECKOUT).splitlines()[-1]

    with tarfile.open(tmp_path / name) as archive:
        names = {Path(*Path(member).parts[1:]).as_posix() for member in archive.getnames()}
    assert {"tests/test_cli.py", "data/samples/labels.csv", "exported/reference.onnx", "constraints.txt"} <= names
    programs = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "tests").rglob("*.py"))
    mentioned = {name for name in re.findall(r'"(\w[\w./-]*\.\w+)"', programs) if (CHECKOUT / name).is_file()}
    assert {"README.md", "data/README.md"} <= mentioned
    assert sorted(mentioned - names) == []
