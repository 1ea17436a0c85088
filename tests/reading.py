"""What the bundled model reads in pictures of digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistcls.classifier import Classifier
from train.data import Digits


def right(pictures: list[NDArray[np.uint8]], digits: Digits) -> int:
    """How many pictures of the first digits are read right."""
    answers = Classifier().predict(pictures)
    return sum(answer.digit == label for answer, label in zip(answers, digits.labels, strict=False))
