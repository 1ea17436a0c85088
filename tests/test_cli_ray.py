"""What `--engine ray` refuses, before any cluster is asked."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from running import run
from toy_model import save

from mnistcls.classifier import Classifier
from mnistcls.errors import OutputError

pytest.importorskip("fsspec")
from mnistcls.outputs.manifest import Manifest
from mnistcls.ray_engine.folder import Record, ResultFolder
from mnistcls.results import Tally


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(Path("d/7.png"), 7)
    Path("empty").mkdir()
    Path("file").touch()


COMMAND = [sys.executable, "-m", "mnistcls", "classify"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("d", "--engine ray writes a folder of parts; name it with -o"),
        ("d -o r.csv", "r.csv: --engine ray writes a folder of parts; name one with -o, such as r/"),
        ("d -o r.Parquet/", "r.Parquet/: --engine ray writes a folder of parts; name one with -o, such as r/"),
        ("d -o s3://b/r.jsonl", "s3://b/r.jsonl: --engine ray writes a folder of parts; name one with -o, such as r/"),
        ("d -o file", "file is a file; --engine ray needs a folder for its parts with -o"),
        ("d -o d", "d holds files that are not results; choose an empty or new folder with -o"),
        ("d -o nowhere://bucket/x", "cannot open nowhere://bucket: Protocol not known: nowhere; check the spelling"),
        ("d -o r --format csv", "--engine ray writes Parquet or JSON Lines; use --format parquet or jsonl"),
        ("d -o r --overwrite --resume", "--resume keeps what --overwrite replaces; use one of them"),
        ("d -o r -j 0", "--engine ray needs at least one actor; use -j 1 or more"),
        ("d -o r --report x.html", "--debug-dir and --report need --engine local"),
        ("d -o r --files-from -", "the cluster lists the files: --files-from needs a file, not a pipe"),
        ("empty -o r", "no image found; name image files or folders that hold some"),
        ("d -o r --address somewhere", "no Ray cluster at somewhere (Invalid address format: somewhere)"),
    ],
)
def test_options_that_do_not_go_together(arguments: str, says: str) -> None:
    result = run(COMMAND, *arguments.split(), "--engine", "ray")

    assert result.returncode == 2
    assert result.stdout == ""
    assert says in result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert {path.name for path in Path().iterdir()} == {"d", "empty", "file"}


def test_an_empty_name_is_no_folder() -> None:
    result = run(COMMAND, "d", "--engine", "ray", "-o", "")

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "Error: --engine ray writes a folder of parts; name it with -o\n"


def test_nobody_answers_at_the_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        result = run(COMMAND, "d", "--engine", "ray", "--address", address, "-o", "r")

    assert result.returncode == 2
    assert result.stderr == (
        f"Error: no Ray cluster at {address} (Connection refused); check --address, and `ray status` there\n"
    )
    assert {path.name for path in Path().iterdir()} == {"d", "empty", "file"}


def test_the_extra_is_named_where_it_is_missing() -> None:
    program = "import sys; sys.modules['ray'] = None; from mnistcls.cli import main; main()"

    result = run([sys.executable, "-c", program, "classify"], "d", "--engine", "ray", "-o", "r")

    assert (result.returncode, result.stderr) == (
        2,
        'Error: --engine ray needs Ray Data; pip install "mnistcls[ray]"\n',
    )


def test_the_local_engine_loads_nothing_of_it() -> None:
    program = (
        "import sys\nfrom mnistcls.cli import main\ntry: main()\n"
        "finally: print(*sorted(m for m in sys.modules if 'ray' in m.split('.')[0] + m and 'array' not in m))"
    )

    result = run([sys.executable, "-c", program, "classify"], "d", "-o", "r.csv", "-q")

    assert not [name for name in result.stdout.split() if name.startswith(("ray", "mnistcls.ray_engine", "fsspec"))]
    assert Path("r.csv").exists()
    assert "--address needs --engine ray" in run(COMMAND, "d", "--address", "auto").stderr


# --- the folder of results


@pytest.fixture
def manifest(toy_model: Path) -> Manifest:
    return Manifest.of(Classifier(toy_model), {"paths": ["d"]}, {"top_k": 1})


def test_a_folder_of_results_is_made_resumed_and_cleared(manifest: Manifest) -> None:
    folder = ResultFolder("new/results/")
    folder.check(manifest, overwrite=False, resume=True)
    folder.prepare(manifest, overwrite=False)
    tally = Tally()
    tally.inputs = 2
    folder.write_part("part-1-000000.parquet", b"rows", Record(tally, ["a", "b"]))
    folder.write_part("part-1-000000.parquet", b"rows", Record(tally, ["a", "b"]))
    (Path("new/results/_mnistcls") / "part-1-000001.gz").write_bytes(b"its part was never written")

    folder.check(manifest, overwrite=False, resume=True)
    (record,) = folder.records()
    assert (record.files, record.tally.inputs) == (["a", "b"], 2)
    assert folder.parts() == {"part-1-000000.parquet"}

    folder.check(manifest, overwrite=True, resume=False)
    folder.prepare(manifest, overwrite=True)
    assert folder.parts() == set()
    assert [path.name for path in Path("new/results").glob("**/*")] == ["_mnistcls", "manifest.json"]


def test_only_what_was_made_alike_is_resumed_whatever_it_was_made_of(manifest: Manifest) -> None:
    folder = ResultFolder("results")
    folder.prepare(manifest, overwrite=False)

    folder.check(replace(manifest, inputs={"paths": ["d", "e"]}), overwrite=False, resume=True)
    for name, changed in {
        "model": replace(manifest, model={**manifest.model, "sha256": "0" * 64}),
        "preprocessing": replace(manifest, preprocessing=0),
        "top_k": replace(manifest, options={**manifest.options, "top_k": 2}),
    }.items():
        with pytest.raises(OutputError, match=f"results was started with other settings: {name} was "):
            folder.check(changed, overwrite=False, resume=True)


def test_a_folder_in_a_bucket_is_used_alike(manifest: Manifest) -> None:
    folder = ResultFolder("memory://bucket/results")
    folder.check(manifest, overwrite=False, resume=False)
    folder.prepare(manifest, overwrite=False)
    folder.check_seen("here")
    folder.write_part("part-1-000000.parquet", b"rows", Record(Tally(), ["a"]))

    again = ResultFolder("memory://bucket/results")
    assert again.parts() == {"part-1-000000.parquet"}
    assert [record.files for record in again.records()] == [["a"]]
    again.prepare(manifest, overwrite=True)
    assert again.parts() == set()
