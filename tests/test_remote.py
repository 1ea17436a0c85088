"""Objects in a bucket, over a real S3 protocol: see `bucket`."""

from __future__ import annotations

import csv
import io
import json
import os
import pickle
import re
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import fsspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from bucket import BUCKET, Bucket, rates, refused, reset_before, reset_within, running, silent
from fsspec.exceptions import FSTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from running import HEADER, digits, one_of_each_status, run
from toy_model import glyph, save
from trees import MATCHES, TREE

from mnistcls import remote
from mnistcls.classifier import Classifier
from mnistcls.decode import decode
from mnistcls.engine import prepare
from mnistcls.errors import ImageError, LabelError, OutputError, StorageError
from mnistcls.evaluation.labels import find_labels
from mnistcls.inspection.seen import SecondLook, Seen
from mnistcls.limits import MAX_PIXELS, usable_cpus
from mnistcls.outputs.columns import Columns
from mnistcls.outputs.formats import Format
from mnistcls.outputs.manifest import Manifest
from mnistcls.outputs.targets import target
from mnistcls.ray_engine.folder import Record, ResultFolder
from mnistcls.remote import objects
from mnistcls.remote.objects import _Blocks
from mnistcls.remote.uploads import upload
from mnistcls.results import Prediction, Status, Tally
from mnistcls.sources import Source, Sources
from mnistcls.sources.listed import PathList
from mnistcls.sources.patterns import expand, is_pattern


@pytest.fixture(scope="module")
def server() -> Iterator[Bucket]:
    with running() as bucket:
        yield bucket


@pytest.fixture
def bucket(server: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bucket:
    """An empty bucket that this process and those that it starts can reach; nothing is known of it yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    server.reset()
    forget()
    return server


def forget() -> None:
    """What was made for another environment."""
    remote.check.cache_clear()
    remote._filesystem.cache_clear()
    fsspec.get_filesystem_class("s3").clear_instance_cache()


@pytest.fixture
def classifier(toy_model: Path) -> Classifier:
    return Classifier(toy_model)


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(("AWS_", "TMPDIR"))}


def png(digit: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(glyph(digit)).save(stream, "PNG")
    return stream.getvalue()


def url(key: str) -> str:
    return f"s3://{BUCKET}/{key}"


def answers(predictions: Iterable[Prediction]) -> dict[str, int | str | None]:
    """Of each path the digit, or else the error."""
    return {p.path: p.error if p.error else p.digit for p in predictions}


def left_behind() -> list[str]:
    return [path.name for path in Path().glob("mnistcls-*")]


# --- what a URL stands for


def test_a_folder_in_a_bucket_has_the_rows_that_it_has_on_disk(command: list[str], bucket: Bucket) -> None:
    one_of_each_status()
    bucket.put({path.as_posix(): path.read_bytes() for path in Path("d").iterdir()})

    here = run(command, "d", "--top-k", "2", "--scores")
    there = run(command, url("d/"), "--top-k", "2", "--scores", **environment())

    assert there.stdout.replace(url(""), "") == here.stdout
    assert (there.returncode, here.returncode) == (1, 1)
    assert "skipped 1 other file" in there.stderr


def test_a_folder_an_object_and_a_bucket_can_be_named(bucket: Bucket) -> None:
    bucket.put({"d/7.png": b"x", "d/8": b"x"})

    def found(named: str) -> list[str]:
        return [source.path for source in Sources([named])]

    for named in (url("d/"), url("d"), url(""), f"s3://{BUCKET}", url("d/7.png")):
        assert found(named) == [url("d/7.png")]
    assert found(url("d/8")) == [url("d/8")]


def test_pages_of_keys_are_drawn_as_they_are_needed(bucket: Bucket) -> None:
    keys = [f"many/{i:04}.png" for i in range(2345)]
    bucket.put(dict.fromkeys(keys, b"x"))

    images = iter(Sources([url("many/")]))

    first = list(islice(images, 1000))
    asked = len(bucket.queries)
    assert first == [Source(url(key)) for key in keys[:1000]]
    assert [source.path for source in images] == [url(key) for key in keys[1000:]]
    assert (asked, len(bucket.queries)) == (2, 4)  # one was to see that the bucket is there
    assert bucket.requests.keys() == {f"GET /{BUCKET}"}


def test_keys_come_in_the_order_of_their_bytes_and_only_images_count(bucket: Bucket) -> None:
    keys = ["a/b.png", "a.png", "a/", "a/notes.txt", "a/b/c.png", "é.png", "z.png", "B.png"]
    bucket.put(dict.fromkeys(keys, b"x"))
    images = Sources([f"s3://{BUCKET}/"])

    found = [source.path for source in images]

    assert found == [url(key) for key in ("B.png", "a.png", "a/b.png", "a/b/c.png", "z.png", "é.png")]
    assert images.skipped == 1
    assert images.count() is None
    assert [source.path for source in Sources([url("a/")], recursive=False)] == [url("a/b.png")]


def test_a_list_of_objects_costs_no_request_for_each(bucket: Bucket) -> None:
    named = [url(f"{i}.png") for i in range(50)]

    assert [source.path for source in Sources(named)] == named
    assert bucket.requests.total() == 1


@pytest.mark.parametrize(("pattern", "files"), MATCHES)
def test_a_pattern_stands_for_what_it_does_on_disk(bucket: Bucket, pattern: str, files: list[str]) -> None:
    bucket.put(dict.fromkeys(TREE, b"x"))
    for path in map(Path, TREE):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    for root in (url(""), f"file://{Path.cwd()}/"):
        assert [source.path for source in Sources([f"{root}{pattern}"])] == [f"{root}{file}" for file in files]


def test_of_a_pattern_only_what_begins_so_is_listed_and_by_pages(bucket: Bucket) -> None:
    keys = [f"d/7-{i:04}.png" for i in range(2100)]
    bucket.put(
        dict.fromkeys([*keys, *(f"d/{i:04}.png" for i in range(3000)), *(f"d/7-x/{i}.png" for i in range(3000))], b"x")
    )

    images = iter(Sources([url("d/7-*.png")]))

    assert [source.path for source in islice(images, 900)] == [url(key) for key in keys[:900]]
    asked = len(bucket.queries)
    assert [source.path for source in images] == [url(key) for key in keys[900:]]
    listings = [query for query in bucket.queries if "prefix=d%2F7-&" in query]
    assert (asked, len(bucket.queries), len(listings)) == (3, 5, 3)  # two asked for the bucket, and that very name


def test_an_object_or_a_folder_of_that_very_name_is_no_pattern(bucket: Bucket) -> None:
    bucket.put(dict.fromkeys(["[a].png", "a.png", "[b]/1.png", "b/2.png", "c?d.png", "cxd.png"], b"x"))

    for named, keys in (
        ("[a].png", ["[a].png"]),
        ("[b]", ["[b]/1.png"]),
        ("[b]/", ["[b]/1.png"]),
        ("c?d.png", ["c?d.png"]),
        ("c[x]d.png", ["cxd.png"]),
    ):
        assert [source.path for source in Sources([url(named)])] == [url(key) for key in keys]


@pytest.mark.parametrize("pattern", ["d/*.jpg", "e/*", "e/**", "d/**/*.jpg"])
def test_a_pattern_without_a_match_is_one_row_that_says_so(bucket: Bucket, pattern: str) -> None:
    bucket.put({"d/7.png": b"x"})

    (source,) = Sources([url(pattern)])

    assert (source.path, str(source.error)) == (url(pattern), "not_found: nothing matches; check the spelling")


@pytest.mark.parametrize("pattern", ["d/*.png", "d/**/*.png", "d/*/*.png"])
def test_a_folder_that_may_not_be_listed_for_a_pattern_is_a_row(bucket: Bucket, pattern: str) -> None:
    bucket.put({"d/7.png": b"x"})
    bucket.fail(f"GET /{BUCKET}/?$", refused("403 Forbidden", "AccessDenied", "Access Denied"))

    (found,) = expand(url(pattern))

    assert found.path == url("d/")
    assert str(found.error) == "permission_denied: Access Denied; check the credentials and their permissions"


def test_a_query_of_the_web_and_a_line_of_a_list_are_no_patterns(bucket: Bucket) -> None:
    bucket.put({"d/7.png": b"x"})
    Path("list.txt").write_text(f"{url('d/*.png')}\n")

    assert not is_pattern("https://example.org/7.png?size=[1]*")
    assert [source.path for source in Sources([], listed=[PathList("list.txt")])] == [url("d/*.png")]


def test_hostile_keys_are_text_and_lead_nowhere(classifier: Classifier, bucket: Bucket) -> None:
    keys = ["a\nb.png", "a\"',b.png", "../x.png", "a/../../y.png", "=1+1.png", "ü☃.png", "a//b.png", "/c.png"]
    keys += ["a b+c%20.png", "a::b.png", "a?b#1.png", "[a]*.png", "#2.png", "%2e%2e/d.png", "x" * 1000 + ".png"]
    bucket.put({f"h/{key}": png(i % 10) for i, key in enumerate(keys)})

    assert answers(classifier.classify([url("h/")])) == {url(f"h/{key}"): i % 10 for i, key in enumerate(keys)}


@given(keys=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=9)))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_key_comes_back_as_it_is(bucket: Bucket, keys: list[str]) -> None:
    bucket.reset()
    named = {f"p/{key}/7.png" for key in keys}
    bucket.put(dict.fromkeys(named, b"x"))

    found = [source.path for source in Sources([url("p/")]) if not source.error]

    assert found == [url(key) for key in sorted(named, key=str.encode)]


def test_archives_and_tiff_pages_are_read_as_from_disk(classifier: Classifier, bucket: Bucket) -> None:
    save(Path("7.png"), 7)
    pages = [Image.fromarray(glyph(digit)) for digit in (1, 2)]
    pages[0].save("scan.tif", save_all=True, append_images=pages[1:])
    with tarfile.open("shard.tar.gz", "w:gz") as archive:
        for name in ("7.png", "scan.tif"):
            archive.add(name)
    with zipfile.ZipFile("b.zip", "w") as archive:
        archive.write("7.png")
    bucket.put({name: Path(name).read_bytes() for name in ("shard.tar.gz", "b.zip", "scan.tif")})

    found = answers(classifier.classify([url("shard.tar.gz"), url("b.zip"), url("scan.tif")]))

    assert found == {
        url("shard.tar.gz/7.png"): 7,
        url("shard.tar.gz/scan.tif#1"): 1,
        url("shard.tar.gz/scan.tif#2"): 2,
        url("b.zip/7.png"): 7,
        url("scan.tif#1"): 1,
        url("scan.tif#2"): 2,
    }


def test_an_object_too_long_to_be_read_ahead_is_read_all_the_same(
    classifier: Classifier, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "AHEAD_BYTES", 1000)
    Image.fromarray(glyph(8)).resize((1100, 1100), Image.Resampling.NEAREST).save("8.bmp")
    bucket.put({"7.png": png(7), "8.bmp": Path("8.bmp").read_bytes()})

    (here,) = classifier.classify(["8.bmp"])
    _, there = classifier.classify([url("7.png"), url("8.bmp")])

    assert there == replace(here, path=url("8.bmp"))
    assert there.error is None
    assert bucket.requests[f"GET /{BUCKET}/7.png"] == 1
    assert bucket.requests[f"GET /{BUCKET}/8.bmp"] > 1


def test_objects_wait_for_each_other_and_not_for_the_latency_of_each(classifier: Classifier, bucket: Bucket) -> None:
    bucket.put({f"d/{i:02}.png": png(3) for i in range(32)})
    bucket.latency = 0.5  # long beside what a busy machine adds

    began = time.monotonic()
    found = list(classifier.classify([url("d/")]))

    assert [p.digit for p in found] == [3] * 32
    assert time.monotonic() - began < 32 * bucket.latency / 2
    assert bucket.most_waiting >= 16


def test_a_second_look_at_objects_waits_for_them_together(bucket: Bucket) -> None:
    bucket.put({f"d/{i:02}.png": png(3) for i in range(32)})
    bucket.latency = 0.5
    paths = [*(url(f"d/{i:02}.png") for i in range(32)), url("d/gone.png")]

    *seen, gone = SecondLook(MAX_PIXELS).at([Prediction(path, Status.OK, 3, 0.9) for path in paths])

    assert all(isinstance(image, Seen) and np.array_equal(image.decoded, glyph(3)) for image in seen)
    assert str(gone).startswith("not_found: no such object")
    assert bucket.most_waiting >= 16


def test_a_second_look_at_an_archive_searches_for_it_once(bucket: Bucket) -> None:
    save(Path("7.png"), 7)
    with tarfile.open("a.tar", "w") as archive:
        for i in range(50):
            archive.add("7.png", f"{i}.png")
    bucket.put({"a.tar": Path("a.tar").read_bytes()})

    seen = SecondLook(MAX_PIXELS).at([Prediction(url(f"a.tar/{i}.png"), Status.OK, 7, 0.9) for i in range(50)])

    assert all(isinstance(image, Seen) for image in seen)
    assert bucket.requests.total() < 20


@pytest.mark.slow
@pytest.mark.alone
def test_a_latency_of_20_ms_costs_no_more_than_a_fifth_of_the_rate(command: list[str], bucket: Bucket) -> None:
    images = [png(i) for i in range(10)]
    bucket.put({f"d/{i:04}.png": images[i % 10] for i in range(10_000)})

    with subprocess.Popen([*command, url("d/"), "-j", "2", "-o", "r.csv", "--quiet"]) as process:
        late, prompt = rates(bucket, 0.02, process)

    assert process.returncode == 0
    assert digits(Path("r.csv").read_text()) == {url(f"d/{i:04}.png"): str(i % 10) for i in range(10_000)}
    assert late >= 0.8 * prompt


def test_what_the_network_saw_is_shown_of_objects_too(command: list[str], bucket: Bucket) -> None:
    Image.fromarray(glyph(1)).save("s.tif", save_all=True, append_images=[Image.fromarray(glyph(2))])
    bucket.put({"d/7.png": png(7), "d/8.png": b"hello", "d/s.tif": Path("s.tif").read_bytes()})

    result = run(command, url("d/"), "--debug-dir", "seen", "--report", "report.html", **environment())

    assert result.returncode == 1
    steps = list(csv.DictReader(Path("seen/steps.csv").read_text().splitlines()))
    assert [row["path"] for row in steps] == [url(f"d/{name}") for name in ("7.png", "8.png", "s.tif#1", "s.tif#2")]
    assert "no longer" not in Path("seen/steps.csv").read_text() + Path("report.html").read_text()
    assert bucket.requests[f"GET /{BUCKET}/d/7.png"] == 3, "the answer, the debug folder and the page"


def test_labels_are_the_names_of_a_buckets_folders_or_in_a_file(command: list[str], bucket: Bucket) -> None:
    bucket.put({f"d/{digit}/{name}.png": png(digit) for digit in (3, 7) for name in "ab"} | {"d/loose.png": png(1)})
    Path("labels.csv").write_text(f"path,digit\n3/a.png,3\n{url('d/7/b.png')},7\n")
    evaluate = [*command[:3], "evaluate", *command[4:], "--format", "json"]

    by_folder = run(evaluate, url("d/"), **environment())
    by_file = run(evaluate, url("d/"), "--labels", "labels.csv", **environment())

    for result, images, unlabelled in ((by_folder, 4, 1), (by_file, 2, 3)):
        assert result.returncode == 0, result.stderr
        figures = json.loads(result.stdout)
        assert (figures["images"], figures["accuracy"]["count"], figures["unlabelled"]) == (images, images, unlabelled)


@pytest.mark.parametrize(
    ("named", "says"),
    [("e", "no folder in it; expected folders named 0 to 9"), ("d", "a folder named 'x'; expected folders")],
)
def test_folders_in_a_bucket_that_are_no_labels_are_an_error(bucket: Bucket, named: str, says: str) -> None:
    bucket.put({"d/x/7.png": b"x", "e/7.png": b"x"})

    with pytest.raises(LabelError, match=f"{url(named)}: {says}"):
        find_labels(url(named), None)


def test_other_storage_is_walked_like_folders(tmp_path: Path, classifier: Classifier) -> None:
    for name in ("d/b.png", "d/a/z.png", "d/a.png", "d/a/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(png(3))
    root = f"file://{tmp_path}"
    images = Sources([f"{root}/d", f"{root}/e/"])

    found = {path.removeprefix(root): answer for path, answer in answers(classifier.classify(images)).items()}

    assert list(found) == ["/d/a/z.png", "/d/a.png", "/d/b.png", "/e/"]
    assert list(found.values()) == [3, 3, 3, "not_found: no such folder; check the spelling"]
    assert images.skipped == 1


# --- faults


def test_a_missing_a_forbidden_and_an_empty_object_are_rows(classifier: Classifier, bucket: Bucket) -> None:
    bucket.put({"d/7.png": png(7), "d/empty.png": b"", "d/secret.png": png(1)})
    bucket.fail("secret", refused("403 Forbidden", "AccessDenied", "Access Denied"))

    assert answers(classifier.classify([url("d/"), url("gone.png"), url("nothing/"), url("neither")])) == {
        url("d/7.png"): 7,
        url("d/empty.png"): "not_an_image: the file is empty; copy it again",
        url("d/secret.png"): "permission_denied: Access Denied; check the credentials and their permissions",
        url("gone.png"): "not_found: no such object; check the spelling, and end a folder's URL with /",
        url("nothing/"): "not_found: nothing is there; check the spelling",
        url("neither"): "not_found: no such object; check the spelling, and end a folder's URL with /",
    }


@pytest.mark.parametrize("workers", [0, 2])
def test_passing_faults_are_retried_and_leave_no_trace(classifier: Classifier, bucket: Bucket, workers: int) -> None:
    bucket.put({f"d/{i}.png": png(i) for i in range(8)})
    bucket.fail("d/1", refused("503 Slow Down", "SlowDown"), times=1)
    bucket.fail("d/2", refused("500 Internal Server Error", "InternalError"), times=1)
    bucket.fail("d/3", reset_before, times=1)
    bucket.fail("d/4", reset_within, times=1)
    bucket.fail(f"GET /{BUCKET}/?$", refused("503 Slow Down", "SlowDown"), times=1)

    found = answers(classifier.classify([url("d/")], workers=workers))

    assert found == {url(f"d/{i}.png"): i for i in range(8)}
    assert [bucket.requests[f"GET /{BUCKET}/d/{i}.png"] for i in range(8)] == [1, 2, 2, 2, 2, 1, 1, 1]


def test_faults_that_stay_are_rows_and_the_others_are_not_touched(classifier: Classifier, bucket: Bucket) -> None:
    bucket.put({f"d/{i}.png": png(i) for i in range(6)})
    bucket.fail("d/1", refused("503 Slow Down", "SlowDown", "Please reduce your request rate."))
    bucket.fail("d/3", reset_before)
    bucket.fail("d/4", reset_within)

    found = answers(classifier.classify([url("d/")]))

    assert list(found) == [url(f"d/{i}.png") for i in range(6)]
    assert found[url("d/1.png")] == "io_error: Please reduce your request rate; try again"
    for i in (3, 4):
        assert re.fullmatch("io_error: .+; try again", str(found[url(f"d/{i}.png")]))
    assert [found[url(f"d/{i}.png")] for i in (0, 2, 5)] == [0, 2, 5]


def test_an_object_that_stops_coming_is_an_io_error() -> None:
    class Stalled(io.BytesIO):
        def readinto(self, _buffer: object) -> int:
            raise FSTimeoutError

    with pytest.raises(ImageError) as caught:
        decode(cast("BinaryIO", io.BufferedReader(_Blocks(Stalled()))))
    assert str(caught.value) == "io_error: FSTimeoutError; try again"


def test_objects_count_as_large_without_a_request(bucket: Bucket) -> None:
    few, many = ([Source(url(f"d/{i}.png")) for i in range(count)] for count in (10, 11))
    assert (prepare(few, None)[1], prepare(many, None)[1]) == (0, usable_cpus())
    assert not bucket.requests


@pytest.mark.slow
def test_an_object_that_never_comes_is_a_timeout_and_no_other_row(classifier: Classifier, bucket: Bucket) -> None:
    bucket.put({f"d/{i}.png": png(i) for i in range(6)})
    bucket.fail("d/3", silent)

    found = answers(classifier.classify([url("d/")], workers=1, timeout=3))

    assert str(found.pop(url("d/3.png"))).startswith("timeout: took longer than 3 s")
    assert found == {url(f"d/{i}.png"): i for i in (0, 1, 2, 4, 5)}


@pytest.mark.parametrize(
    ("named", "changed", "says"),
    [
        ("s3://nobody/d/", {}, "cannot read s3://nobody: The specified bucket does not exist; check the spelling"),
        ("s3://no!/d/", {}, 's3://no!: Parameter validation failed: Invalid bucket name "no!"'),
        (url("d/"), {"AWS_ACCESS_KEY_ID": ""}, f"s3://{BUCKET}: Unable to locate credentials; set AWS_PROFILE"),
        (url("d/"), {"AWS_PROFILE": "nobody"}, "The config profile (nobody) could not be found; set AWS_PROFILE"),
        (url("d/"), {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "check AWS_ENDPOINT_URL and the network"),
        (url("d/"), {"AWS_ENDPOINT_URL": "127.0.0.1:9"}, "Invalid endpoint: 127.0.0.1:9; check"),
        ("zz://a/b/", {}, "cannot open zz://a: Protocol not known: zz; check the spelling"),
        ("gs://a/b/", {}, "gs:// needs a package that is not installed; Please install gcsfs"),
    ],
    ids=["bucket", "bucket name", "credentials", "profile", "endpoint", "endpoint's form", "scheme", "package"],
)
@pytest.mark.usefixtures("bucket")
def test_storage_that_cannot_be_used_is_an_error_that_says_what_to_do(
    named: str, changed: dict[str, str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in changed.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(StorageError, match=re.escape(says)) as raised:
        next(iter(Sources([named])))

    assert "\n" not in str(raised.value)


@pytest.mark.usefixtures("bucket")
def test_such_an_error_is_one_line_and_exit_2(command: list[str]) -> None:
    result = run(command, "s3://nobody/d/", **environment())

    says = "Error: cannot read s3://nobody: The specified bucket does not exist; check the spelling\n"
    assert (result.returncode, result.stdout, result.stderr) == (2, "", says)


@pytest.mark.parametrize("missing", ["fsspec", "s3fs"])
def test_without_the_extra_a_url_says_how_to_get_it(command: list[str], missing: str) -> None:
    program = f"import sys; sys.modules['{missing}'] = None; from mnistcls.cli import main; main()"

    result = run([sys.executable, "-c", program, *command[3:]], url("d/"))

    says = 'Error: s3:// needs a package that is not installed; pip install "mnistcls[remote]"\n'
    assert (result.returncode, result.stderr) == (2, says)


def test_local_files_need_none_of_it(command: list[str], tmp_path: Path) -> None:
    save(tmp_path / "7.png", 7)
    program = (
        "import sys, atexit; from mnistcls.cli import main\n"
        "names = ('fsspec', 's3fs', 'mnistcls.remote', 'mnistcls.remote.objects', 'asyncio')\n"
        "atexit.register(lambda: print(*[n for n in names if n in sys.modules], file=sys.stderr)); main()"
    )

    result = run([sys.executable, "-c", program, *command[3:]], tmp_path / "7.png", "--quiet")

    assert [*digits(result.stdout).values()] == ["7"]
    assert result.stderr == "\n"


def test_a_listing_that_may_not_be_made_is_a_row_and_its_objects_can_be_named(
    classifier: Classifier, bucket: Bucket
) -> None:
    bucket.put({"d/7.png": png(7)})
    bucket.fail(f"GET /{BUCKET}/?$", refused("403 Forbidden", "AccessDenied", "Access Denied"))

    assert answers(classifier.classify([url("d/"), url("d/7.png")])) == {
        url("d/"): "permission_denied: Access Denied; check the credentials and their permissions",
        url("d/7.png"): 7,
    }


def test_a_listing_that_breaks_off_is_an_error_and_no_end(bucket: Bucket) -> None:
    keys = [f"d/{i:04}.png" for i in range(1100)]
    bucket.put(dict.fromkeys(keys, b"x"))
    images = iter(Sources([url("d/")]))

    assert [source.path for source in islice(images, 1000)] == [url(key) for key in keys[:1000]]
    bucket.fail(f"GET /{BUCKET}/?$", refused("500 Internal Server Error", "InternalError", "We broke"))
    with pytest.raises(StorageError, match=f"cannot read {url('d/')}: We broke; try again"):
        next(images)


# --- output


def test_results_go_to_a_bucket_whole_with_their_manifest(command: list[str], bucket: Bucket) -> None:
    save(Path("d/7.png"), 7)

    assert run(command, "d", "-o", url("out/r.csv"), **environment()).returncode == 0
    assert run(command, "d", "-o", url("out/r.parquet"), **environment()).returncode == 0

    assert run(command, "d").stdout.encode() == bucket.get("out/r.csv")
    assert pq.read_table(io.BytesIO(bucket.get("out/r.parquet") or b"")).column("digit").to_pylist() == [7]
    manifest = json.loads(bucket.get("out/r.csv.manifest.json") or b"")
    assert (manifest["finished"], manifest["counts"]["rows"]) == (True, 1)
    names = ["out/r.csv", "out/r.csv.manifest.json", "out/r.parquet", "out/r.parquet.manifest.json"]
    assert bucket.keys() == names
    assert left_behind() == []


def test_an_existing_object_is_only_replaced_when_asked(command: list[str], bucket: Bucket) -> None:
    save(Path("7.png"), 7)
    bucket.put({"r.csv": b"old"})

    refusal = run(command, "7.png", "-o", url("r.csv"), **environment())

    assert (refusal.returncode, bucket.get("r.csv")) == (2, b"old")
    assert refusal.stderr == f"Error: {url('r.csv')} exists; use --overwrite, or another -o\n"
    assert run(command, "7.png", "-o", url("r.csv"), "--overwrite", **environment()).returncode == 0
    assert digits((bucket.get("r.csv") or b"").decode()) == {"7.png": "7"}


@pytest.mark.parametrize(
    ("output", "chosen", "resume", "says"),
    [
        (url("r.csv"), None, True, "--resume continues a file on disk, not an object; name a file with -o"),
        (url("d"), Format.CSV, False, f"{url('d')} is a folder; name a file in it with -o"),
        (url("out"), None, False, f"{url('out')}: its suffix names no known format; use .csv, .jsonl"),
        ("s3://nobody/r.csv", None, False, "s3://nobody: The specified bucket does not exist; check the spelling"),
        (url("secret/r.csv"), None, False, f"cannot tell whether {url('secret/r.csv')} exists: Forbidden; check the"),
        ("gs://x/r.csv", None, False, "gs:// needs a package that is not installed; Please install gcsfs"),
    ],
)
def test_an_output_that_cannot_be_is_refused_before_the_work(
    bucket: Bucket, output: str, chosen: Format | None, resume: bool, says: str
) -> None:
    bucket.put({"d/x.csv": b"x"})
    bucket.fail("secret", refused("403 Forbidden", "AccessDenied"))

    with pytest.raises(OutputError, match=re.escape(says)):
        target(output, chosen, Columns(), overwrite=False, resume=resume)

    assert bucket.keys() == ["d/x.csv"]
    assert left_behind() == []


def test_a_failed_upload_leaves_no_object_and_says_where_the_rows_are(command: list[str], bucket: Bucket) -> None:
    save(Path("7.png"), 7)
    bucket.fail("PUT", refused("403 Forbidden", "AccessDenied", "Access Denied"))

    result = run(command, "7.png", "-o", url("r.csv"), "--quiet", **environment())

    assert result.returncode == 2
    start, _, file = result.stderr.rstrip("\n").partition("; all rows are in ")
    assert start.startswith(f"Error: cannot write {url('r.csv')}.manifest.json: Access Denied; check the credentials")
    assert digits(Path(file).read_text()) == {"7.png": "7"}
    assert bucket.keys() == []


@pytest.mark.parametrize(("failing", "digit"), [("/r.csv$", "7"), ("manifest", "7"), (None, "8")])
def test_no_manifest_of_another_run_passes_for_that_of_a_finished_object(
    command: list[str], bucket: Bucket, failing: str | None, digit: str
) -> None:
    for number in (7, 8):
        save(Path(f"{number}.png"), number)
    assert run(command, "7.png", "-o", url("r.csv"), **environment()).returncode == 0
    if failing:
        bucket.fail(f"PUT .*{failing}", refused("403 Forbidden", "AccessDenied", "Access Denied"))

    result = run(command, "8.png", "-o", url("r.csv"), "--overwrite", **environment())

    assert result.returncode == (2 if failing else 0)
    assert list(digits((bucket.get("r.csv") or b"").decode()).values()) == [digit]
    manifest = json.loads(bucket.get("r.csv.manifest.json") or b"")
    assert not manifest["finished"] or manifest["inputs"]["paths"] == [f"{digit}.png"]


def test_a_long_output_is_uploaded_in_parts_that_never_show(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3fs.core.calculate_chunksize", lambda *_, **__: 5 << 20)
    rows = HEADER.encode() + bytes(11 << 20)
    Path("r.csv").write_bytes(rows)

    upload(Path("r.csv"), url("r.csv"))
    bucket.fail("PUT .*again", refused("403 Forbidden", "AccessDenied"))
    with pytest.raises(OutputError, match="cannot write"):
        upload(Path("r.csv"), url("again.csv"))

    assert bucket.get("r.csv") == rows
    assert bucket.keys() == ["r.csv"]
    assert bucket.uploads() == 0


def test_a_terminated_run_leaves_no_object_and_its_rows_on_disk(command: list[str], bucket: Bucket) -> None:
    bucket.put(dict.fromkeys((f"d/{i:03}.png" for i in range(300)), png(7)))
    bucket.latency = 0.5
    arguments = [*command, url("d/"), "-j", "1", "-o", url("r.csv"), "--quiet"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not any(part.stat().st_size > len(HEADER) + 1 for part in Path().glob("*.csv.part")):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)

    assert process.returncode == 143
    part = Path(said.strip().partition("finished rows are in ")[2])
    assert set(digits(part.read_text()).values()) == {"7"}
    assert bucket.get("r.csv") is None


# --- the folder of results of a cluster


@pytest.fixture
def manifest(classifier: Classifier) -> Manifest:
    return Manifest.of(classifier, {"paths": [url("d/")]}, {"top_k": 1})


def test_a_folder_of_results_in_a_bucket_is_used_as_one_on_disk(bucket: Bucket, manifest: Manifest) -> None:
    folder = pickle.loads(pickle.dumps(ResultFolder(url("out/results/"))))  # noqa: S301 - our own
    folder.check(manifest, overwrite=False, resume=True)
    folder.prepare(manifest, overwrite=False)
    folder.check_seen("here")
    folder.claim("listing")
    tally = Tally()
    tally.inputs = 2
    for number in range(3):
        folder.write_part(f"part-1-{number:06}.parquet", b"rows", Record(tally, [f"{number}.png"]))

    again = ResultFolder(url("out/results"))
    with pytest.raises(OutputError, match="holds the results of an earlier run; use --overwrite, --resume, or another"):
        again.check(manifest, overwrite=False, resume=False)
    with pytest.raises(OutputError, match="listing was lost and cannot run twice; start again"):
        again.claim("listing")
    again.check(manifest, overwrite=False, resume=True)
    assert again.parts() == {f"part-1-{number:06}.parquet" for number in range(3)}
    assert [(record.files, record.tally.inputs) for record in again.records()] == [([f"{i}.png"], 2) for i in range(3)]

    again.check(manifest, overwrite=True, resume=False)
    again.prepare(manifest, overwrite=True)
    assert bucket.keys() == ["out/results/_mnistcls/manifest.json"]


@pytest.mark.parametrize(
    ("output", "changed", "says"),
    [
        ("s3://nobody/r/", {}, "s3://nobody: The specified bucket does not exist; check the spelling"),
        (url("d"), {}, f"{url('d')} holds files that are not results; choose an empty or new folder with -o"),
        (url("d/7.png"), {}, f"{url('d/7.png')} is a file; --engine ray needs a folder for its parts with -o"),
        (url("r/"), {"AWS_ACCESS_KEY_ID": ""}, "Unable to locate credentials; set AWS_PROFILE"),
        (url("r/"), {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "check AWS_ENDPOINT_URL and the network"),
    ],
    ids=["bucket", "other files", "object", "credentials", "endpoint"],
)
def test_a_folder_of_results_that_cannot_be_is_refused_before_a_cluster_is_asked(
    command: list[str], bucket: Bucket, output: str, changed: dict[str, str], says: str
) -> None:
    save(Path("7.png"), 7)
    bucket.put({"d/7.png": b"x"})

    result = run(command, "7.png", "--engine", "ray", "--address", "nowhere", "-o", output, **environment() | changed)

    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert says in result.stderr
    assert bucket.keys() == ["d/7.png"]
    assert bucket.names() == [BUCKET]


def test_a_node_that_may_not_write_the_results_says_so(bucket: Bucket, manifest: Manifest) -> None:
    folder = ResultFolder(url("r"))
    folder.prepare(manifest, overwrite=False)
    bucket.fail("HEAD", refused("403 Forbidden", "AccessDenied"))
    bucket.fail("PUT", refused("403 Forbidden", "AccessDenied", "Access Denied"))

    with pytest.raises(OutputError, match=rf"cannot read {url('r')} from the node n2: Forbidden; check the cred"):
        folder.check_seen("n2")
    with pytest.raises(OutputError, match=rf"cannot write {url('r')}: Access Denied; check the cred"):
        folder.write_part("part-1-000000.parquet", b"rows", Record(Tally(), []))
