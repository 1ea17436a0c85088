"""The account of a job on a cluster: what goes in must come out."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("ray")
from mnistcls.errors import MnistclsError
from mnistcls.ray_engine.chunk import End, Receipt
from mnistcls.ray_engine.folder import ResultFolder
from mnistcls.ray_engine.job import Account
from mnistcls.results import Status, Tally

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own, when it is imported


def counted(rows: int, inputs: int | None = None) -> Tally:
    tally = Tally()
    tally.inputs = rows if inputs is None else inputs
    for _ in range(rows):
        tally.add(Status.OK, 7)
    return tally


@pytest.fixture
def folder(tmp_path: Path) -> ResultFolder:
    """With two parts, of which one is an earlier run's."""
    for part in ("part-a-000000.parquet", "part-b-000000.parquet"):
        (tmp_path / part).touch()
    return ResultFolder(str(tmp_path))


LAST = Receipt(1, 0, counted(0), end=End(3, counted(2), 1))


def test_what_earlier_parts_hold_is_counted_at_the_end(folder: ResultFolder) -> None:
    account = Account()
    account.add(LAST)
    account.add(Receipt(0, 3, counted(4, inputs=3)))

    account.check(folder)

    assert (account.tally.inputs, account.tally.total, account.done) == (5, 6, 2)


@pytest.mark.parametrize(
    "receipts",
    [
        [],
        [LAST],
        [LAST, Receipt(0, 2, counted(3))],
        [LAST, Receipt(0, 3, counted(2, inputs=3))],
        [LAST, Receipt(0, 3, counted(3)), Receipt(0, 3, counted(3))],
        [Receipt(0, 3, counted(3))],
        [Receipt(0, 3, counted(3)), Receipt(1, 0, counted(0), end=End(3, counted(2), 2))],
    ],
    ids=["nothing", "a chunk lost", "a file lost", "a row lost", "a chunk twice", "no end", "a part lost"],
)
def test_what_is_missing_is_an_error(folder: ResultFolder, receipts: list[Receipt]) -> None:
    account = Account()
    for receipt in receipts:
        account.add(receipt)

    with pytest.raises(MnistclsError, match=r"please report this|ended before its listing"):
        account.check(folder)


def test_what_an_actor_could_not_do_ends_the_job() -> None:
    with pytest.raises(MnistclsError, match="No space left"):
        Account().add(Receipt(0, 3, counted(0), error="cannot write results: No space left on device"))
