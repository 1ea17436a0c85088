from __future__ import annotations

import os
from pathlib import Path

import pytest

from train.data import resolve_data_dir
from train.published import PUBLISHED


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """The folder with the four MNIST files; without it the test is skipped, but in CI it fails."""
    folder = resolve_data_dir(None)
    missing = [file.name for file in PUBLISHED if file.find(folder) is None]
    if missing:
        reason = f"no {', '.join(missing)} in {folder}: set MNIST_DIR, or run `python -m train.data`"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
