from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from inspect import signature
from typing import Any

import pytest

from mnistcls.commands.classify import classify
from mnistcls.commands.evaluate import evaluate
from mnistcls.commands.settings import ClassifyOptions, EvaluateOptions


@pytest.mark.parametrize(("command", "options"), [(classify, ClassifyOptions), (evaluate, EvaluateOptions)])
def test_the_object_has_every_option_of_the_command(command: Callable[..., None], options: Any) -> None:
    assert [field.name for field in fields(options)] == list(signature(command).parameters)
