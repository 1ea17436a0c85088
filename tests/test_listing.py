from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("fsspec")
from mnistcls.ray_engine.folder import Record
from mnistcls.ray_engine.listing import DIGEST_BYTES, Answered, digest_of
from mnistcls.results import Prediction, Status, Tally

PATHS = st.lists(st.sampled_from([f"d/{i}.png" for i in range(20)]))


@given(PATHS, PATHS)
def test_of_each_path_as_many_are_left_as_have_no_row(answered: list[str], named: list[str]) -> None:
    done = Answered(b"".join(map(digest_of, answered)))

    left = Counter(path for path in named if not done.take(path))

    assert left == Counter(named) - Counter(answered)


def test_a_digest_that_ends_in_zeros_is_known_again() -> None:
    paths = [f"{i}.png" for i in range(3000)]
    zeros = [path for path in paths if digest_of(path).endswith(b"\0")]
    done = Answered(b"".join(map(digest_of, paths)))

    assert zeros, "one in 256"
    assert all(done.take(path) for path in paths)
    assert {len(digest_of(path)) for path in paths} == {DIGEST_BYTES}


def test_a_record_keeps_names_that_are_not_utf8_and_all_counts() -> None:
    tally = Tally()
    tally.inputs, tally.skipped = 3, 2
    tally.add(Prediction("", Status.OK, 7))
    tally.add(Prediction("", Status.NO_DIGIT))

    again = Record.from_bytes(Record(tally, ["a\udcff.png", "shard.tar"]).to_bytes())

    assert again.files == ["a\udcff.png", "shard.tar"]
    assert vars(again.tally) == vars(tally)
