from __future__ import annotations

import pytest

from mnistcls.errors import ErrorCode, ImageError
from mnistcls.results import Prediction, Status, Tally

NINE = Prediction("a.png", Status.OK, 9, 0.6, 0.9, (0.0, 0.2, 0, 0.2, 0, 0, 0, 0, 0, 0.6))
BROKEN = Prediction.unreadable("b.png", ImageError(ErrorCode.TRUNCATED, "cut short"))
BLANK = Prediction("c.png", Status.NO_DIGIT, digit_score=0.0)


def test_ranks_the_likeliest_first_and_equals_by_digit() -> None:
    assert NINE.ranked()[:4] == [(9, 0.6), (1, 0.2), (3, 0.2), (0, 0.0)]


@pytest.mark.parametrize("prediction", [BROKEN, BLANK], ids=["unreadable", "no digit"])
def test_ranks_nothing_where_there_is_no_digit(prediction: Prediction) -> None:
    assert prediction.ranked() == []


def test_an_unreadable_image_has_an_error_and_nothing_else() -> None:
    broken = Prediction.unreadable("b.png", ImageError(ErrorCode.TRUNCATED, "cut short"))

    assert broken == Prediction("b.png", Status.UNREADABLE, None, None, None, None, "truncated: cut short")


def test_the_tally_counts_only_what_has_passed() -> None:
    tally = Tally()
    stream = tally.count([NINE, BROKEN, BLANK, NINE])

    assert tally.total == 0
    assert next(stream) is NINE
    assert tally.total == 1
    assert list(stream) == [BROKEN, BLANK, NINE]
    assert tally.statuses == {Status.OK: 2, Status.UNREADABLE: 1, Status.NO_DIGIT: 1}
    assert tally.digits == {9: 2}
