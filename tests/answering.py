"""What workers do in tests instead of classifying: by the name of each source."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from batches import batch_of

from mnistcls.batch import Batch
from mnistcls.engine import OnSource, unwatched
from mnistcls.results import Prediction, Status
from mnistcls.sources import Source


def answer(sources: Sequence[Source], on_source: OnSource = unwatched) -> Batch:
    """A blank for each source; what a name says happens first, `once-` only until a file of that name is there."""
    for index, source in enumerate(sources):
        on_source(index)
        name = source.path
        if name.startswith("once-"):
            if Path(name).exists():
                continue
            Path(name).touch()
        _happen(name.removeprefix("once-").partition(" ")[0])
    on_source(len(sources))
    for name in (source.path for source in sources):
        if name.startswith("afterwards"):
            _happen(name.removeprefix("afterwards-").partition(" ")[0])
    return batch_of(*(Prediction(source.path, Status.NO_DIGIT, digit_score=0.0) for source in sources))


def _happen(what: str) -> None:
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif what == "crashing":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif what == "leaving":
        os._exit(3)
    elif what == "raising":
        raise RuntimeError("something odd")
    elif what == "hanging":
        time.sleep(600)
    elif what == "slow":
        time.sleep(0.3)


class Unable:
    """Cannot even be loaded by a worker."""

    def __call__(self, sources: Sequence[Source], on_source: OnSource = unwatched) -> Batch:
        raise NotImplementedError

    def __setstate__(self, state: object) -> None:
        os._exit(4)

    def __getstate__(self) -> object:
        return 1
