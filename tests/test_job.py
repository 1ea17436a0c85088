"""The account of a job on a cluster: what goes in must come out."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

pytest.importorskip("ray")
from mnistcls import Classifier
from mnistcls.engine import pool
from mnistcls.errors import MnistclsError
from mnistcls.outputs.columns import Columns
from mnistcls.outputs.formats import Format
from mnistcls.ray_engine.chunk import Chunk, End, Receipt
from mnistcls.ray_engine.folder import ResultFolder
from mnistcls.ray_engine.job import Account
from mnistcls.ray_engine.stage import Stage, Work
from mnistcls.results import Prediction, Status, Tally
from mnistcls.sources import Source

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own, when it is imported


def counted(rows: int, inputs: int | None = None) -> Tally:
    tally = Tally()
    tally.inputs = rows if inputs is None else inputs
    for _ in range(rows):
        tally.add(Prediction("", Status.OK, 7))
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


def test_a_chunk_after_one_that_failed_has_its_own_rows_alone(
    toy_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results" / "_mnistcls").mkdir(parents=True)
    (tmp_path / "results" / "_mnistcls" / "manifest.json").touch()
    folder = ResultFolder(str(tmp_path / "results"))
    work = Work(Classifier(toy_model), 60, folder, Format.JSONL, Columns(), "run", str(tmp_path))
    chunks = [Chunk(i, [Source(f"{i}-{n}.png") for n in range(20)], 0, []) for i in range(2)]
    starts = iter([MnistclsError("no memory")])
    begin = pool.Pool._start

    def start(self: pool.Pool) -> None:
        if failure := next(starts, None):
            raise failure
        begin(self)

    monkeypatch.setattr(pool.Pool, "_start", start)
    stage = Stage(work)
    first, second = Receipt.from_table(stage(pa.Table.from_pylist([chunk.to_row() for chunk in chunks])))
    stage._pool.close()

    assert (first.error, first.tally.total) == ("no memory", 0)
    assert (second.error, second.tally.inputs, second.tally.total) == (None, 20, 20)
    (part,) = (tmp_path / "results").glob("part-*.jsonl")
    assert [json.loads(line)["path"] for line in part.read_text().splitlines()] == [f"1-{n}.png" for n in range(20)]
