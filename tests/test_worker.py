from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from toy_model import save

from mnistcls.batch import Batch
from mnistcls.classifier import Classifier
from mnistcls.engine import OnSource, answers, unwatched
from mnistcls.sources import Source, Sources

pytestmark = pytest.mark.usefixtures("here")


class Environment(Classifier):
    """Answers with what the environment has, as a warning."""

    def answer(self, sources: Sequence[Source], on_source: OnSource = unwatched) -> Batch:
        logging.getLogger("mnistcls").warning("%s", os.environ.get("MNISTCLS_TEST"))
        return super().answer(sources, on_source)


def test_workers_have_the_environment_of_the_moment(
    toy_model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    save(Path("7.png"), 7)
    for value in ("first", "second"):  # the server that workers are forked off starts with the first
        monkeypatch.setenv("MNISTCLS_TEST", value)
        list(answers(Sources(["7.png"]), Environment(toy_model).answer, workers=1))
    assert [record.getMessage() for record in caplog.records] == ["first", "second"]
