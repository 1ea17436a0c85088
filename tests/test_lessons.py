from __future__ import annotations

import pytest
import torch

from train.lessons import Lessons

ANSWERS = torch.tensor([[4.0, 0.0, *[-2.0] * 8], [-9.0] * 10])


class Counts:
    """A teacher that says how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def logits(self, _images: torch.Tensor) -> torch.Tensor:
        self.asked += 1
        return ANSWERS


def loss(logits: torch.Tensor, softness: float) -> float:
    return float(Lessons(Counts(), softness).losses(logits, torch.zeros(2, 1, 28, 28), (1, 0)).mean())


@pytest.mark.parametrize("softness", [1.0, 3.0])
def test_nothing_is_nearer_to_the_teacher_than_its_own_answer(softness: float) -> None:
    own = loss(ANSWERS, softness)
    assert all(loss(ANSWERS + change, softness) > own for change in (0.1 * torch.randn(2, 10), torch.ones(2, 10)))


def test_softer_lessons_tell_more_of_the_unlikely_digits() -> None:
    unlikely = ANSWERS.clone()
    unlikely[0, 5] -= 3
    rises = [loss(unlikely, softness) - loss(ANSWERS, softness) for softness in (1.0, 4.0)]
    assert rises[1] > 2 * rises[0] > 0


def test_teacher_is_asked_once_about_a_place() -> None:
    teacher = Counts()
    lessons = Lessons(teacher, 1.0)
    for place in ((1, 0), (1, 1), (2, 0), (1, 0), (2, 0)):
        lessons.losses(ANSWERS, torch.zeros(2, 1, 28, 28), place)
    assert teacher.asked == 3
