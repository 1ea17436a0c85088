from __future__ import annotations

import pickle

import pytest

import mnistcls
from mnistcls import errors
from mnistcls.errors import ErrorCode, ImageError, MnistclsError

ALL = [item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, Exception)]


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_every_error_raised_on_purpose_has_one_base(error: type[Exception]) -> None:
    assert issubclass(error, MnistclsError)


def test_an_image_error_reads_as_code_and_sentence() -> None:
    assert str(ImageError(ErrorCode.TOO_LARGE, "9x9 is more than 80 pixels")) == "too_large: 9x9 is more than 80 pixels"


def test_an_image_error_survives_pickling_whole() -> None:
    copy = pickle.loads(pickle.dumps(ImageError(ErrorCode.TRUNCATED, "cut short")))  # noqa: S301 - our own bytes

    assert (type(copy), copy.code, str(copy)) == (ImageError, ErrorCode.TRUNCATED, "truncated: cut short")


def test_the_package_exports_what_it_says_and_nothing_fails_to_import() -> None:
    assert set(mnistcls.__all__) == {
        "Classifier",
        "MnistclsError",
        "ModelError",
        "Prediction",
        "Status",
        "StorageError",
        "__version__",
    }
    assert [name for name in mnistcls.__all__ if getattr(mnistcls, name, None) is None] == []


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Klassifier'"):
        _ = mnistcls.Klassifier
