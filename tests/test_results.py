from __future__ import annotations

import pytest
from batches import batch_of

from mnistcls.errors import ErrorCode, ImageError, MnistclsError
from mnistcls.results import Prediction, Status, Tally
from mnistcls.sources import Source

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
    first, second = batch_of(NINE, BROKEN), batch_of(BLANK, NINE)
    stream = tally.count([first, second])

    assert tally.total == 0
    assert next(stream) is first
    assert tally.total == 2
    assert list(stream) == [second]
    assert tally.statuses == {Status.OK: 2, Status.UNREADABLE: 1, Status.NO_DIGIT: 1}
    assert tally.digits == {9: 2}


def test_a_tally_is_made_again_of_its_counts() -> None:
    tally = Tally()
    list(tally.count([batch_of(NINE, BROKEN, BLANK)]))
    tally.inputs, tally.skipped = 3, 2

    counts = tally.counts()

    assert counts == {
        "inputs": 3,
        "rows": 3,
        "skipped": 2,
        "status ok": 1,
        "status unreadable": 1,
        "status no_digit": 1,
        "digit 9": 1,
    }
    assert tally.first_error == (BROKEN.path, BROKEN.error)
    tally.first_error = None  # which no file keeps
    assert vars(Tally.of(counts)) == vars(tally)
    assert Tally.of(counts).counts() == counts


def test_a_row_that_is_missing_does_not_pass_unnoticed() -> None:
    tally = Tally()
    assert [source.path for source in tally.count_inputs(map(Source, "abc"))] == [*"abc"]

    with pytest.raises(MnistclsError, match="3 inputs, but only 2 rows; please report this"):
        list(tally.count([batch_of(NINE, BROKEN)]))
