"""Every error that mnistcls raises on purpose.

MnistclsError
├── ImageError      an image cannot be read; becomes a row, never ends a batch
├── ModelError      a model file cannot be used by this release
├── OutputError     results cannot be written
├── StorageError    object storage cannot be reached or listed
├── LabelError      labels cannot be used
└── TrainingError   training or export cannot continue (raised by `train`)
    ├── DataError        MNIST files are missing, broken, or cannot be downloaded
    ├── CheckpointError  a checkpoint is missing, broken, or of another network
    └── ParityError      the exported model and the network disagree

Each message is one line that says what is wrong and what to do about it.
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
        """Keep both arguments when pickled, on the way back from a worker process."""
        return type(self), (self.code, self.args[0])


class ModelError(MnistclsError):
    """A model file is missing, broken, or of a contract unknown to this release."""


class OutputError(MnistclsError):
    """Results cannot be written where they were asked for."""


class StorageError(MnistclsError):
    """A bucket, or other storage named by a URL, cannot be reached or listed."""


class LabelError(MnistclsError):
    """Labels are missing, damaged, or do not match the images."""


class TrainingError(MnistclsError):
    """Training or export cannot continue."""


class DataError(TrainingError):
    """The MNIST files are missing, broken, or cannot be downloaded."""


class CheckpointError(TrainingError):
    """A checkpoint is missing, broken, or belongs to another network."""


class ParityError(TrainingError):
    """The exported model and the PyTorch network disagree; nothing was written."""
