from __future__ import annotations

from batches import batch_of, eight

from mnistcls.commands.summary import summary
from mnistcls.errors import ErrorCode, ImageError
from mnistcls.results import Prediction, Status, Tally
from mnistcls.sources import Source

BROKEN = ImageError(ErrorCode.TRUNCATED, "cut short")


def tally_of(*predictions: Prediction) -> Tally:
    tally = Tally()
    assert len(list(tally.count_inputs(Source(p.path) for p in predictions))) == len(predictions)
    assert sum(map(len, tally.count([batch_of(*predictions[:1]), batch_of(*predictions[1:])]))) == len(predictions)
    return tally


def test_the_summary_counts_statuses_and_digits() -> None:
    tally = tally_of(eight("a"), eight("b"), Prediction.unreadable("c", BROKEN))
    tally.skipped = 2

    text = summary(tally, 1.5).plain

    assert text == (
        "3 images in 1.5 s (2 images/s), skipped 2 other files\n3 inputs, 3 rows: 2 ok, 1 unreadable\nDigits: 8\u00d72"
    )


def test_the_summary_of_one_image_without_a_digit_counts_no_digits() -> None:
    first, second = summary(tally_of(Prediction("a", Status.NO_DIGIT)), 0.5).plain.split("\n")

    assert first == "1 image in 0.5 s (2 images/s)"
    assert second == "1 input, 1 row: 1 no_digit"


def test_the_summary_of_a_resumed_run_counts_all_and_measures_the_rest() -> None:
    text = summary(tally_of(eight("a"), eight("b"), eight("c")), 0.5, done=2).plain

    assert text.startswith("3 images in 0.5 s (2 images/s), 2 of them before\n3 inputs, 3 rows: 3 ok\n")
