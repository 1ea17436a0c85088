from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled import BLANK, BROKEN, LABELLED, answer
from sklearn.metrics import accuracy_score, confusion_matrix

from mnistcls.evaluation import UNREADABLE_COLUMN, WORST, Evaluation, Mistake, evaluate
from mnistcls.evaluation.json_file import as_dict
from mnistcls.evaluation.label_files import NO_DIGIT
from mnistcls.evaluation.metrics import Proportion
from mnistcls.results import Prediction, Status

ROWS = st.one_of(
    st.builds(answer, st.integers(0, 9), st.floats(0, 1), st.sampled_from([Status.OK, Status.UNCERTAIN])),
    st.sampled_from([BLANK, BROKEN]),
)


def test_figures_are_those_counted_by_hand() -> None:
    evaluation = evaluate(iter(LABELLED))

    assert evaluation.accuracy == Proportion(9, 12)
    assert evaluation.accuracy_of_ok == Proportion(6, 7)
    assert evaluation.coverage == Proportion(7, 12)
    expected = np.zeros((11, 12), int)
    expected[0, 0], expected[7, 7], expected[7, 1], expected[9, 9] = 4, 2, 1, 2
    expected[9, NO_DIGIT], expected[NO_DIGIT, NO_DIGIT], expected[9, UNREADABLE_COLUMN] = 1, 1, 1
    np.testing.assert_array_equal(evaluation.confusion, expected)
    assert evaluation.statuses == {
        Status.OK: Proportion(6, 7),
        Status.UNCERTAIN: Proportion(2, 2),
        Status.NO_DIGIT: Proportion(1, 2),
        Status.UNREADABLE: Proportion(0, 1),
    }
    assert list(evaluation.scores) == [0, 7, 9, NO_DIGIT]
    assert evaluation.scores[9].recall == 0.5
    assert evaluation.scores[NO_DIGIT].precision == 0.5
    assert evaluation.answered_images == 9
    assert evaluation.calibration_error == pytest.approx((7 * (0.99 - 6 / 7) + 2 * (1 - 0.51)) / 9)
    likelihoods = [0.99] * 6 + [0.01 / 9] + [0.51] * 2
    assert evaluation.log_loss == pytest.approx(-np.log(likelihoods).mean())
    assert evaluation.worst == (Mistake("seven.png", 7, 1, 0.99),)
    assert evaluation.unreadable == (BROKEN,)


def test_the_worst_mistakes_are_the_most_confident_ones_and_ties_stay_in_order() -> None:
    rows = [(3, answer(8, confidence / 100, path=f"{confidence}.png")) for confidence in range(20, 80)]
    rows += [(NO_DIGIT, answer(1, 0.995, path="page.png")), (3, answer(3, 0.999)), (3, answer(5, 0.995, path="x.png"))]

    worst = evaluate(rows).worst

    assert len(worst) == WORST
    assert [mistake.path for mistake in worst[:4]] == ["page.png", "x.png", "79.png", "78.png"]
    assert worst[0] == Mistake("page.png", NO_DIGIT, 1, 0.995)


def test_one_image_has_figures() -> None:
    figures = as_dict(evaluate([(3, answer(3, 1.0))]), unlabelled=0)

    assert figures["accuracy"] == {"count": 1, "total": 1, "share": 1.0, "low": 0.206549, "high": 1.0}
    assert (figures["calibration_error"], figures["negative_log_likelihood"]) == (0.0, 0.0)
    assert figures["labels"] == [{"label": 3, "images": 1, "precision": 1.0, "recall": 1.0, "f1": 1.0}]


def test_labelled_images_are_drawn_one_by_one() -> None:
    alive = 0

    def stream() -> Iterator[tuple[int, Prediction]]:
        nonlocal alive
        for digit in [3] * 1000:
            alive += 1
            yield digit, Prediction("", Status.OK, digit, 0.9)

    assert evaluate(stream()).accuracy == Proportion(1000, alive)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, NO_DIGIT), ROWS), max_size=30))
def test_whatever_comes_adds_up_and_is_json_without_nan(rows: list[tuple[int, Prediction]]) -> None:
    evaluation = evaluate(rows)

    figures = as_dict(evaluation, unlabelled=2)

    json.dumps(figures, allow_nan=False)
    truth = [label for label, _ in rows]
    answers = [column(row) for _, row in rows]
    assert figures["images"] == len(rows)
    assert figures["unlabelled"] == 2
    assert sum(status["images"] for status in figures["statuses"].values()) == len(rows)
    assert sum(part["images"] for part in figures["labels"]) == figures["macro"]["images"] == len(rows)
    assert sum(part["images"] for part in figures["reliability"]) == sum(row.digit is not None for _, row in rows)
    assert len(figures["unreadable"]) == answers.count(UNREADABLE_COLUMN)
    if rows:
        assert figures["accuracy"]["share"] == pytest.approx(accuracy_score(truth, answers), abs=1e-6)
        assert figures["confusion"]["images"] == confusion_matrix(truth, answers, labels=range(12))[:11].tolist()


def column(row: Prediction) -> int:
    if row.status is Status.UNREADABLE:
        return UNREADABLE_COLUMN
    return NO_DIGIT if row.digit is None else row.digit


def test_the_keys_of_the_json_are_these_for_good() -> None:
    figures = as_dict(evaluate(LABELLED), unlabelled=0)

    assert list(figures) == [
        "schema",
        "images",
        "unlabelled",
        "accuracy",
        "accuracy_of_ok",
        "coverage",
        "calibration_error",
        "negative_log_likelihood",
        "statuses",
        "labels",
        "macro",
        "reliability",
        "confusion",
        "worst",
        "unreadable",
    ]
    assert figures["schema"] == 1
    assert [part["label"] for part in figures["labels"]] == [0, 7, 9, "no_digit"]
    assert figures["worst"] == [{"path": "seven.png", "label": 7, "digit": 1, "confidence": 0.99}]
    assert figures["unreadable"] == [{"path": "b.png", "error": "truncated: cut short"}]
    assert figures["confusion"]["answers"] == [*range(10), "no_digit", "unreadable"]


def test_a_mistake_on_a_page_without_a_digit_has_no_label() -> None:
    assert as_dict(evaluate([(NO_DIGIT, answer(1, 0.9))]), unlabelled=0)["worst"][0]["label"] is None


def test_nothing_is_all_empty_and_no_error() -> None:
    evaluation: Evaluation = evaluate([])

    assert np.isnan(evaluation.accuracy.share)
    assert as_dict(evaluation, unlabelled=0)["macro"] == {"images": 0, "precision": None, "recall": None, "f1": None}
