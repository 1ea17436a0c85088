from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from mnistcls.page.charts import confidence_bars, digit_bars
from mnistcls.page.sample import Group, Row, Sample
from mnistcls.results import Prediction, Status


def prediction(number: int, status: Status, confidence: float = 0.5, digit: int = 3) -> Prediction:
    if status in {Status.OK, Status.UNCERTAIN}:
        return Prediction(str(number), status, digit, confidence)
    return Prediction(str(number), status)


def sample_of(*predictions: Prediction, limit: int = 10, label: int | None = None) -> Sample:
    sample = Sample(limit)
    for each in predictions:
        sample.add(each, label)
    return sample


def paths(rows: list[Row]) -> list[int]:
    return [int(row.prediction.path) for row in rows]


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(Status), st.floats(0, 1)), max_size=60), st.integers(1, 20))
def test_whatever_the_batch_the_doubtful_come_first_and_as_many_as_there_is_room(
    batch: list[tuple[Status, float]], limit: int
) -> None:
    sample = sample_of(*(prediction(i, *each) for i, each in enumerate(batch)), limit=limit)

    rows = sample.rows()

    assert len(rows) == min(limit, len(batch))
    assert len(set(paths(rows))) == len(rows)
    room = limit
    for group in Group:
        of_group = [row for row in rows if row.group is group]
        assert len(of_group) == min(sample.groups[group], room)
        room -= len(of_group)
        confidences = [row.prediction.confidence or 0 for row in of_group]
        assert confidences == sorted(confidences)
    assert [row.group for row in rows] == sorted(row.group for row in rows)
    assert sample.groups.total() == len(batch)


@settings(deadline=None)
@given(st.integers(1, 2000), st.integers(1, 30))
def test_what_does_not_fit_is_thinned_evenly(count: int, limit: int) -> None:
    rows = sample_of(*(prediction(i, Status.OK) for i in range(count)), limit=limit).rows()

    kept = sorted(paths(rows))

    assert kept[0] == 0
    even = count / len(kept)
    assert all(after - before <= 2 * even + 1 for before, after in pairwise([*kept, count]))


def test_a_wrong_answer_that_is_sure_comes_before_all_that_are_right() -> None:
    batch = [
        prediction(0, Status.OK, 0.99, digit=7),
        prediction(1, Status.OK, 0.95, digit=3),
        prediction(2, Status.OK, 0.999, digit=3),
        prediction(3, Status.UNCERTAIN, 0.6, digit=7),
        prediction(4, Status.NO_DIGIT),
    ]

    assert paths(sample_of(*batch, label=7).rows()) == [3, 2, 1, 4, 0]
    assert paths(sample_of(*batch).rows()) == [3, 4, 1, 0, 2]


def test_counts_are_of_the_whole_batch() -> None:
    batch = [prediction(i, Status.OK, 0.97, digit=8) for i in range(40)]
    batch += [prediction(40, Status.UNCERTAIN, 0.52, digit=1), prediction(41, Status.UNCERTAIN, 1.0, digit=1)]
    sample = sample_of(*batch, limit=3)

    bars, digits = confidence_bars(sample), digit_bars(sample)

    assert {bar.name: bar.count for bar in bars if bar.count} == {"50 to 55%": 1, "95 to 100%": 41}
    assert [bar.height for bar in bars if bar.count == 41] == [100]
    assert [bar.uncertain for bar in bars if bar.count == 1] == [bar.height for bar in bars if bar.count == 1]
    assert {bar.name: (bar.count, bar.height) for bar in digits if bar.count} == {"1": (2, 5), "8": (40, 100)}
