"""Names of labels and of answers: the rows and columns of the confusion matrix."""

from __future__ import annotations

from mnistcls.evaluation.label_files import DIGITS, NO_DIGIT
from mnistcls.results import Status

LABELS = [*range(NO_DIGIT), Status.NO_DIGIT.value]
"""Labels in the order of their numbers, for programs."""

ANSWERS = [*LABELS, Status.UNREADABLE.value]
"""Answers in the order of their columns, for programs."""

ANSWER_NAMES = (*DIGITS, "none", Status.UNREADABLE.value)
"""Answers in the order of their columns, for people; those before the last are the labels as well."""

UNREADABLE_HEADING = "unread"
"""The last answer where a column is narrow."""


def label_name(label: int) -> str:
    """A label 0-9 or `NO_DIGIT`, or such an answer, for people."""
    return ANSWER_NAMES[label]
