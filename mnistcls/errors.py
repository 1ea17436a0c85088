"""Every error that mnistcls raises on purpose.

MnistclsError
├── ImageError      one image that cannot be read; becomes a row, never ends a batch
├── ModelError      a model file that this release cannot use
├── OutputError     results that cannot be written
├── StorageError    object storage that cannot be reached or listed
├── LabelError      labels that cannot be used
└── TrainingError   whatever stops training or export (raised by `train`)
    ├── DataError        MNIST files missing, broken, or not to be had
    ├── CheckpointError  a checkpoint that is not one, or of another network
    └── ParityError      the exported model and the network disagree

The message of each is one line that says what is wrong and what to do about it.
"""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """Why an image is unreadable; the first word of the `error` column."""

    NOT_FOUND = "not_found"
    PERMISSION_DENIED = "permission_denied"
    NOT_A_FILE = "not_a_file"
    NOT_AN_IMAGE = "not_an_image"
    UNSUPPORTED_FORMAT = "unsupported_format"
    TRUNCATED = "truncated"
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    IO_ERROR = "io_error"


class MnistclsError(Exception):
    """Base of all errors raised on purpose."""


class ImageError(MnistclsError):
    """One image cannot be read; `code` says why, the message what to do."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __str__(self) -> str:
        return f"{self.code}: {self.args[0]}"

    def __reduce__(self) -> tuple[type[ImageError], tuple[ErrorCode, str]]:
        """Survive the way back from a worker process with both arguments."""
        return type(self), (self.code, self.args[0])


class ModelError(MnistclsError):
    """A model file is missing, broken, or of a contract this release does not know."""


class OutputError(MnistclsError):
    """Results cannot be written where they were asked for."""


class StorageError(MnistclsError):
    """A bucket, or another place that a URL names, cannot be reached or listed."""


class LabelError(MnistclsError):
    """Labels are missing, damaged, or not those of the images."""


class TrainingError(MnistclsError):
    """Training or export cannot go on."""


class DataError(TrainingError):
    """The MNIST files are missing, broken, or cannot be downloaded."""


class CheckpointError(TrainingError):
    """A checkpoint is missing, broken, or belongs to another network."""


class ParityError(TrainingError):
    """The exported model and the PyTorch network disagree; nothing was written."""
