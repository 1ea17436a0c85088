from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from running import run

import mnistcls
from mnistcls.inspection import info
from mnistcls.inspection.info import environment, model_info
from mnistcls.inspection.info_tables import as_dict, print_info
from mnistcls.model import bundled_model

COMMAND = [sys.executable, "-m", "mnistcls", "info"]
WIDTH = {"COLUMNS": "80"}


def test_a_model_is_described_by_its_own_words_and_bytes(toy_model: Path) -> None:
    described = model_info(toy_model)

    assert described.sha256 == hashlib.sha256(toy_model.read_bytes()).hexdigest()
    assert described.size == toy_model.stat().st_size
    assert described.metadata is not None
    assert (described.metadata.name, described.metadata.confidence_threshold) == ("toy", 0.8)
    assert (described.threads, described.error) == (1, None)


def test_a_model_that_can_be_used_is_read_once(toy_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(info, "_digest", lambda _: pytest.fail("read again"))

    assert model_info(toy_model).size == toy_model.stat().st_size


def test_the_bundled_model_is_the_default() -> None:
    described = model_info(None)

    assert described.path == bundled_model() == bundled_model(described.path.stem)
    assert described.metadata is not None
    assert described.metadata.metrics["test_accuracy"] > 0.99


def test_the_environment_is_the_one_that_runs() -> None:
    around = environment()

    assert around.mnistcls == mnistcls.__version__
    assert around.python.startswith(".".join(map(str, sys.version_info[:3])))
    assert around.packages["numpy"] == np.__version__
    assert around.packages["onnxruntime"] == onnxruntime.__version__
    assert 1 <= around.usable_cpus <= around.cpus
    assert around.pillow_features["webp"]
    assert around.cpu


def test_packages_and_extras_are_those_that_the_package_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "numpy>=2.0",
        "gone-package[x]<3",
        'torch ; extra == "train"',
        "gone ; extra == 'heif'",
        'pytest; extra == "test"',
    ]
    monkeypatch.setattr(info.metadata, "requires", lambda _: lines)

    around = environment()

    assert around.packages == {"numpy": np.__version__, "gone-package": None}
    assert around.extras == {"train": True, "heif": False}


def test_a_package_that_was_never_installed_has_an_environment_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(_: str) -> list[str]:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(info.metadata, "requires", requires)

    assert (environment().packages, environment().extras) == ({}, {})


def test_a_library_that_cannot_be_loaded_is_said(monkeypatch: pytest.MonkeyPatch, toy_model: Path) -> None:
    for name in ("mnistcls.model", "mnistcls.classifier"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)

    described = model_info(toy_model)

    assert described.error is not None
    assert described.error.startswith("onnxruntime cannot be loaded (")
    assert described.error.endswith("install mnistcls again")
    assert described.size == toy_model.stat().st_size


def test_a_table_of_80_columns_says_all_of_it(toy_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    described, stream = model_info(toy_model), io.StringIO()

    print_info(described, environment(), stream)

    lines = [line.rstrip() for line in stream.getvalue().splitlines()]
    assert max(map(len, lines)) <= 80
    assert f"SHA-256        {described.sha256}" in lines
    assert "thresholds     uncertain under a confidence of 0.8000" in lines
    assert "provenance     commit: none" in lines
    assert any(line.split() == ["numpy", np.__version__] for line in lines)


def test_json_holds_the_same(toy_model: Path) -> None:
    result = run(COMMAND, toy_model, "--format", "json")

    described = json.loads(result.stdout)
    expected = json.loads(json.dumps(as_dict(model_info(toy_model), environment())))
    assert described == expected
    assert list(described) == ["schema", "model", "environment"]
    assert described["model"]["metadata"]["digit_score_threshold"] == 0.7
    assert (result.stderr, result.returncode) == ("", 0)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("gone.onnx", "gone.onnx: no such model file"),
        ("text.onnx", "text.onnx: not a readable ONNX model"),
        (".", ".: no such model file"),
    ],
)
def test_a_broken_model_ends_with_2_after_the_environment(
    name: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.onnx").write_text("hello")

    result = run(COMMAND, name, **WIDTH)

    assert result.stderr.startswith(f"Error: {says}")
    assert result.returncode == 2
    assert "Environment" in result.stdout
    assert f" mnistcls {mnistcls.__version__} " in " ".join(result.stdout.split())
    assert f" error {says}" in " ".join(result.stdout.split())


def test_a_model_elsewhere_is_refused() -> None:
    result = run(COMMAND, "s3://bucket/model.onnx")
    assert (result.returncode, result.stdout) == (2, "")
    assert (
        result.stderr == "Error: s3://bucket/model.onnx: MODEL reads only local files; download it and name the copy\n"
    )


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="permissions do not bind this user")
def test_a_model_that_may_not_be_read_ends_with_2_after_the_environment(toy_model: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(toy_model.read_bytes())
    model.chmod(0)
    result = run(COMMAND, model)
    assert (result.returncode, "cannot be read (Permission denied)" in result.stderr) == (2, True)
    assert "onnxruntime" in result.stdout
