from __future__ import annotations

import numpy as np
import pytest

from mnistcls.batch import statuses_of
from mnistcls.results import STATUSES, Status


@pytest.mark.parametrize("least_score", [0.0, 0.5])
def test_a_score_of_zero_is_no_digit_at_any_threshold(least_score: float) -> None:
    confidences, scores = np.float32([0.99, 0.99, 0.6]), np.float32([0, 0.5, 0.5])

    statuses = statuses_of(confidences, scores, 0.8, least_score)

    assert [STATUSES[status] for status in statuses] == [Status.NO_DIGIT, Status.OK, Status.UNCERTAIN]
