"""Reads handwritten digits out of folders of images."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from mnistcls.errors import MnistclsError, ModelError, StorageError

if TYPE_CHECKING:
    from mnistcls.classifier import Classifier
    from mnistcls.results import Prediction, Status

__version__ = "0.1.0"

__all__ = [
    "Classifier",
    "MnistclsError",
    "ModelError",
    "Prediction",
    "Status",
    "StorageError",
    "__version__",
]

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when onnxruntime loads; it reports to Microsoft

_LAZY = {"Classifier": "classifier", "Prediction": "results", "Status": "results"}


def __getattr__(name: str) -> Any:
    """Import on first use: `mnistcls --version` needs neither numpy nor onnxruntime."""
    if name not in _LAZY:
        raise AttributeError(f"module 'mnistcls' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only on this path

    return getattr(import_module(f"mnistcls.{_LAZY[name]}"), name)
