"""The engine for clusters, on a real one: two nodes on this machine."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from bucket import BUCKET, Bucket, refused, running, silent
from PIL import Image
from running import ENVIRONMENT, HEADER, README, run
from toy_model import canonical_glyphs, save

from mnistcls import Classifier

pytest.importorskip("ray")
from ray.cluster_utils import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Ray's own

NODE = {"num_cpus": 1, "object_store_memory": 200_000_000, "include_dashboard": False}


NODES, DRIVER = "nodes", "driver"
"""Who asks the bucket."""


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with running() as made:
        yield made


@pytest.fixture(scope="module")
def cluster(bucket: Bucket) -> Iterator[Cluster]:
    """Two nodes, which reach the bucket with a key of their own; their workers get as much of the CPUs as others."""
    ray = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
    nodes = {**ray, **bucket.environment, "AWS_ACCESS_KEY_ID": NODES}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in nodes.items():
            patch.setenv(name, value)
        made = Cluster(initialize_head=True, head_node_args=NODE)
        made.add_node(**NODE)
    yield made
    made.shutdown()


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def on_cluster(command: list[str], cluster: Cluster) -> list[str]:
    """The same on the cluster."""
    return [*command, "--engine", "ray", "--address", cluster.address]


def rows_of(folder: str) -> list[tuple[Any, ...]]:
    """All rows of a folder of parts, sorted, as CSV has them."""
    rows = pq.read_table(folder).to_pylist()
    return sorted(tuple(map(_cell, row.items())) for row in rows)


def _cell(item: tuple[str, Any]) -> str:
    name, value = item
    return "" if value is None else f"{value:.6f}" if name.startswith("confidence") else str(value)


def csv_rows(text: str) -> list[tuple[str, ...]]:
    return sorted(map(tuple, list(csv.reader(io.StringIO(text, newline="")))[1:]))


def paths_of(folder: str) -> Counter[str]:
    return Counter(row[0] for row in rows_of(folder))


def many(folder: str, count: int) -> list[Path]:
    """Images of 28x28 as MNIST has them, most of them links to the same few."""
    drawn = [Path("drawn") / f"{digit}.png" for digit in range(10)]
    drawn[0].parent.mkdir(exist_ok=True)
    for path, image in zip(drawn, canonical_glyphs(), strict=True):
        Image.fromarray(image).save(path)
    Path(folder).mkdir(parents=True)
    made = [Path(folder) / f"{i:06}.png" for i in range(count)]
    for i, path in enumerate(made):
        os.link(drawn[i % 10], path)
    return made


def shard(path: str, names: list[str]) -> Path:
    """An archive of the images that `many` has drawn."""
    with tarfile.open(path, "w") as archive:
        for i, name in enumerate(names):
            content = (Path("drawn") / f"{i % 10}.png").read_bytes()
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return Path(path)


# --- rows


def test_the_rows_are_those_of_the_local_engine(command: list[str], on_cluster: list[str]) -> None:
    many("d/plain", 700)
    save(Path("d/sub/7.png"), 7)
    Path("d/sub/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    Path("d/empty.jpg").touch()
    Path("d/notes.txt").touch()
    save(Path("d/pages.tif"), 3, save_all=True, append_images=[Image.open("d/plain/000004.png")])
    os.mkfifo("d/pipe.png")
    shard("shard.tar", [f"in/{i}.png" for i in range(40)] + ["in/readme.txt"])
    with zipfile.ZipFile("batch.zip", "w") as archive:
        archive.write("drawn/4.png", "four.png")
        archive.writestr("bad.png", b"no image")
    named = ["d", "shard.tar", "batch.zip", "gone.png", "d/sub/7.png"]

    here = run(command, *named)
    result = run(on_cluster, *named, "-o", "results/")

    assert result.returncode == here.returncode == 1
    assert rows_of("results") == csv_rows(here.stdout)
    assert {row[0] for row in rows_of("results")} >= {"shard.tar/in/0.png", "batch.zip/four.png", "gone.png"}
    told, expected = (r.stderr.splitlines()[-2:] for r in (result, here))
    assert told == expected, "inputs, rows and digits"
    assert "skipped 2 other files" in result.stderr
    assert len(list(Path("results").glob("part-*.parquet"))) > 1


def test_json_lines_and_more_columns(on_cluster: list[str], command: list[str]) -> None:
    many("d", 300)
    options = ["--top-k", "2", "--scores"]

    run(on_cluster, "d", "-o", "results", "--format", "jsonl", *options)
    run(command, "d", "-o", "here.jsonl", *options)

    lines = [line for part in Path("results").glob("part-*.jsonl") for line in part.read_text().splitlines()]
    assert sorted(lines) == sorted(Path("here.jsonl").read_text().splitlines())


def test_the_recipe_of_the_readme_runs_as_it_stands(cluster: Cluster) -> None:
    many("scans", 300)
    Path("scans/bad.png").write_bytes(b"no image")
    (recipe,) = re.findall(r"<!-- recipe: ray -->\n```python\n(.*?)```", README, re.DOTALL)

    command = [sys.executable, "-W", "error::DeprecationWarning:__main__", "-c", recipe]
    environment = {**ENVIRONMENT, "RAY_ADDRESS": cluster.address}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)

    assert done.returncode == 0, done.stderr
    rows = pq.read_table("results").to_pylist()
    assert list(rows[0]) == HEADER.split(",")
    assert Counter(row["status"] for row in rows)["unreadable"] == 1
    digits = {Path(row["path"]).name: row["digit"] for row in rows}
    assert len(rows) == len(digits) == 301
    assert digits["bad.png"] is None
    here = Classifier().classify(["scans"])
    assert digits == {Path(p.path).name: p.digit for p in here}


# --- object storage


def test_a_bucket_is_read_and_written_by_the_nodes_and_resumed(
    command: list[str], on_cluster: list[str], bucket: Bucket
) -> None:
    bucket.reset()
    many("d", 0)
    images = [Path(f"drawn/{digit}.png").read_bytes() for digit in range(10)]
    names = [f"{i:04}.png" for i in range(600)]
    bucket.put({f"scans/{name}": images[i % 10] for i, name in enumerate(names)})
    bucket.put({"scans/bad.png": b"no image", "scans/secret.png": images[1], "scans/notes.txt": b"text"})
    bucket.put({f"shards/{name}.tar": shard(f"{name}.tar", names[:40]).read_bytes() for name in ("a", "b")})
    bucket.fail("scans/secret", refused("403 Forbidden", "AccessDenied", "Access Denied"))
    bucket.fail("GET .*scans/0007", refused("503 Slow Down", "SlowDown"), times=1)
    root = f"s3://{BUCKET}"
    named = [f"{root}/scans/", f"{root}/shards/*.tar", f"{root}/gone.png"]
    arguments = [*on_cluster[:-1], "auto", *named, "-o", f"{root}/results/"]
    driver = {**bucket.environment, "AWS_ACCESS_KEY_ID": DRIVER, "RAY_ADDRESS": on_cluster[-1]}  # which `auto` goes by

    here = run(command, *named, **driver)
    bucket.forget()
    there = run(arguments, **driver)

    assert there.returncode == here.returncode == 1
    assert there.stderr.splitlines()[-2:] == here.stderr.splitlines()[-2:]
    expected = csv_rows(here.stdout)
    assert len(expected) == 683
    assert rows_of(fetched(bucket)) == expected
    assert bucket.requests[f"GET /{BUCKET}/scans/0007.png"] == 2
    touched = [request for request in bucket.requests if re.match(r"GET .*(png|tar)$|PUT .*/part-", request)]
    assert len(touched) >= 600
    assert set().union(*bucket.callers.values()) == {NODES, DRIVER}
    by_driver = [request for request in touched if DRIVER in bucket.callers[request]]
    assert by_driver == [], "what images hold, and rows, are between the nodes and the bucket"

    bucket.put({"scans/0000-new.png": images[4]})
    bucket.forget()
    again = run([*arguments, "--resume"], **driver)

    assert "683 of them before" in again.stderr
    four = next(row for row in expected if row[0] == f"{root}/scans/0004.png")
    assert rows_of(fetched(bucket)) == sorted([*expected, (f"{root}/scans/0000-new.png", *four[1:])])
    assert [r for r in bucket.requests if re.match("GET .*png$", r)] == [f"GET /{BUCKET}/scans/0000-new.png"]


def test_an_image_that_takes_too_long_is_a_row(on_cluster: list[str], bucket: Bucket) -> None:
    bucket.reset()
    bucket.put({f"d/{digit}.png": save(Path("made.png"), digit).read_bytes() for digit in range(4)})
    bucket.fail("d/2", silent)

    result = run(on_cluster, f"s3://{BUCKET}/d/", "-o", "results", "--timeout", "3", **bucket.environment)

    assert result.returncode == 1
    assert [(row[1], row[4].partition(";")[0]) for row in rows_of("results")] == [
        ("0", ""),
        ("1", ""),
        ("", "timeout: took longer than 3 s"),
        ("3", ""),
    ]


def fetched(bucket: Bucket) -> str:
    """The folder of results of a bucket, on disk."""
    Path("results").mkdir(exist_ok=True)
    for key in filter(re.compile("results/part-").match, bucket.keys()):
        Path(key).write_bytes(bucket.get(key) or b"")
    return "results"


# --- what goes wrong


def test_a_node_killed_in_mid_job_loses_nothing(on_cluster: list[str], command: list[str], cluster: Cluster) -> None:
    many("d", 12_000)
    doomed = cluster.add_node(**NODE)

    with subprocess.Popen(
        [*on_cluster, "d", "-o", "results"], stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as job:
        wait_for_parts("results", 3)
        assert job.poll() is None
        cluster.remove_node(doomed, allow_graceful=False)
        _, told = job.communicate(timeout=300)

    assert job.returncode == 0, told
    assert "12,000 inputs, 12,000 rows" in told
    assert rows_of("results") == csv_rows(run(command, "d").stdout)


def wait_for_parts(folder: str, count: int) -> None:
    for _ in range(6000):
        if len(list(Path(folder).glob("part-*"))) >= count:
            return
        time.sleep(0.05)
    pytest.fail(f"not {count} parts in five minutes")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_resume_does_the_rest(on_cluster: list[str], command: list[str], number: signal.Signals) -> None:
    many("d", 6_000)
    shard("shard.tar", [f"{i}.png" for i in range(300)])
    with subprocess.Popen(
        [*on_cluster, "shard.tar", "d", "d/000007.png", "-o", "results"],
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    ) as job:
        wait_for_parts("results", 4)
        job.send_signal(number)
        _, told = job.communicate(timeout=60)
    assert job.returncode == (-9 if number is signal.SIGKILL else 143)
    if number is signal.SIGTERM:
        assert told == "Error: terminated; finished parts are in results; resume with --resume\n"
    kept = {path: path.stat().st_mtime_ns for path in Path("results").glob("part-*")}
    save(Path("d/000000-new.png"), 4)  # before all others: what counts is the path, not the place

    again = run(on_cluster, "shard.tar", "d", "d/000007.png", "-o", "results", "--resume")

    assert again.returncode == 0, again.stderr
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    here = run(command, "shard.tar", "d", "d/000007.png")
    assert rows_of("results") == csv_rows(here.stdout)
    assert again.stderr.splitlines()[-2:] == here.stderr.splitlines()[-2:]
    done = sum(len(record_of(path)["files"]) for path in kept)
    assert done > 0
    manifest = json.loads(Path("results/_mnistcls/manifest.json").read_text())
    assert manifest["finished"]
    assert manifest["counts"]["rows"] == 6_302


def record_of(part: Path) -> Any:
    return json.loads(gzip.decompress((part.parent / "_mnistcls" / f"{part.stem}.gz").read_bytes()))


def test_other_results_are_not_resumed(on_cluster: list[str]) -> None:
    many("d", 10)
    assert run(on_cluster, "d", "-o", "results").returncode == 0
    before = rows_of("results")

    nothing = run(on_cluster, "d", "-o", "results", "--resume")
    otherwise = run(on_cluster, "d", "-o", "results", "--resume", "--min-confidence", "0.3")
    twice = run(on_cluster, "d", "-o", "results")
    afresh = run(on_cluster, "d/000001.png", "-o", "results", "--overwrite")

    assert re.search("10 images in .*, 10 of them before", nothing.stderr)
    assert otherwise.returncode == twice.returncode == 2
    assert "results was started with other settings: min_confidence was 0.8 and is 0.3" in otherwise.stderr
    assert twice.stderr == (
        "Error: results holds the results of an earlier run; use --overwrite, --resume, or another -o\n"
    )
    assert len(before) == 10
    assert afresh.returncode == 0
    assert list(paths_of("results")) == ["d/000001.png"]


# --- memory


def test_the_memory_of_the_driver_stays_flat(on_cluster: list[str]) -> None:
    many("d", 100_000)
    shard("shard-00.tar", [f"{i}.png" for i in range(10_000)])
    for i in range(1, 10):
        os.link("shard-00.tar", f"shard-{i:02}.tar")
    seen: list[tuple[int, float]] = []

    with subprocess.Popen(
        [*on_cluster, *sorted(map(str, Path().glob("shard-*.tar"))), "d", "-o", "results"],
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    ) as job:
        while job.poll() is None:
            seen.append((len(list(Path("results").glob("part-*"))), megabytes(job.pid)))
            time.sleep(0.5)
        told = job.stderr.read() if job.stderr else ""

    assert job.returncode == 0, told
    assert "200,000 rows" in told
    begun = max(size for parts, size in seen if 1 <= parts <= 4)
    assert max(size for _, size in seen) < begun + 30, seen


def megabytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
