from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from running import run
from toy_model import save

from mnistcls.classifier import Classifier
from mnistcls.errors import MnistclsError
from mnistcls.inspection import bench
from mnistcls.inspection.bench import BATCH_SIZE, MAX_IMAGES, STAGES, Benchmark, Stage, benchmark, draw_images, sample
from mnistcls.inspection.bench_table import as_dict, print_benchmark
from mnistcls.sources import Sources

FIGURES = Benchmark(256, 2, 3.2, 7, tuple(map(Stage, STAGES, (1e-5, 5e-5, 3e-5, 1e-5))), 15_432.1)


@pytest.fixture
def classifier(toy_model: Path) -> Classifier:
    return Classifier(toy_model)


def test_the_slowest_stage_limits_and_shares_add_up() -> None:
    assert FIGURES.limiting.name == "decoding"
    assert FIGURES.limiting.rate == pytest.approx(20_000)
    assert [FIGURES.share(stage) for stage in FIGURES.stages] == pytest.approx([0.1, 0.5, 0.3, 0.1])


def test_the_table_says_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stream = io.StringIO()

    print_benchmark(FIGURES, stream)

    assert [line.rstrip() for line in stream.getvalue().splitlines()] == [
        "256 images, 3.2 MB, left out as unreadable: 2",
        "",
        "One thread       Images/s   Microseconds   Share",
        "────────────────────────────────────────────────",
        "reading           100,000           10.0     10%",
        "decoding           20,000           50.0     50%",
        "canonical form     33,333           30.0     30%",
        "network           100,000           10.0     10%",
        "",
        "Bottleneck: decoding, 50% of the time on one thread.",
        "All steps together, as in classify: 15,432 images/s.",
    ]


def test_one_image_is_no_plural() -> None:
    stream = io.StringIO()

    print_benchmark(replace(FIGURES, images=1), stream)

    assert stream.getvalue().startswith("1 image, 3.2 MB")


def test_each_stage_is_charged_with_its_own_time(
    tmp_path: Path, classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [str(save(tmp_path / f"{i}.png", 3)) for i in range(3)]
    now = 0.0

    def slow(function: object, seconds: float) -> object:
        def delayed(*arguments: object) -> object:
            nonlocal now
            now += seconds
            return function(*arguments)  # type: ignore[operator]

        return delayed

    monkeypatch.setattr(bench.time, "perf_counter", lambda: now)
    monkeypatch.setattr(Path, "read_bytes", slow(Path.read_bytes, 1))
    monkeypatch.setattr(bench, "decode", slow(bench.decode, 2))
    monkeypatch.setattr(bench, "canonicalize_all", slow(bench.canonicalize_all, 4 * BATCH_SIZE))
    monkeypatch.setattr(classifier.model, "run", slow(classifier.model.run, 10 * BATCH_SIZE))
    shares: list[float] = []

    result = benchmark(images, classifier, 300, shares.append)

    assert [stage.seconds for stage in result.stages] == pytest.approx([1, 2, 4, 10])
    assert result.images == 3
    assert shares == sorted(shares)
    assert shares[-1] <= 1


def test_a_short_time_is_kept_to(tmp_path: Path, classifier: Classifier) -> None:
    images = [str(save(tmp_path / "3.png", 3)), str(tmp_path / "gone.png")]

    result = benchmark(images, classifier, 1e-4, lambda _: None)

    assert (result.images, result.unreadable, result.passes) == (1, 1, bench.LEAST_PASSES)
    assert result.end_to_end > 0


def test_a_folder_that_is_not_there_is_an_error() -> None:
    with pytest.raises(MnistclsError, match="nowhere: no such folder or file; check the spelling"):
        sample("nowhere")


@pytest.mark.parametrize("name", ["batch.zip", "batch.tar", "t10k-images-idx3-ubyte"])
def test_an_archive_is_refused_unopened(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sources, "contents", lambda *_: pytest.fail("opened"))
    (tmp_path / name).write_bytes(b"")

    with pytest.raises(MnistclsError, match=f"{name}: bench measures image files; unpack the archive"):
        sample(str(tmp_path / name))

    image = save(tmp_path / "3.png", 3)
    assert sample(str(image)) == sample(str(tmp_path)) == [image.as_posix()]


def test_what_is_elsewhere_is_not_measured() -> None:
    with pytest.raises(MnistclsError, match="s3://b/d: bench measures this machine; download some images"):
        sample("s3://b/d")


def test_nothing_readable_is_an_error(classifier: Classifier) -> None:
    for paths in ([], ["gone.png"]):
        with pytest.raises(MnistclsError, match="no readable image"):
            benchmark(paths, classifier, 1, lambda _: None)


def test_an_image_that_goes_away_is_a_clear_error(tmp_path: Path, classifier: Classifier) -> None:
    path = save(tmp_path / "3.png", 3)

    with pytest.raises(MnistclsError, match="an image changed while it was measured"):
        benchmark([str(path)], classifier, 60, lambda _: path.unlink())


def test_a_sample_is_spread_evenly_over_a_large_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "MAX_IMAGES", 3)
    for i in range(9):
        (tmp_path / f"{i}.png").touch()

    assert [Path(path).name for path in sample(str(tmp_path))] == ["0.png", "4.png", "8.png"]
    (tmp_path / "empty").mkdir()
    assert sample(str(tmp_path / "empty")) == []


def test_drawn_images_are_the_same_everywhere_and_hold_digits(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first, second = draw_images(tmp_path / "a"), draw_images(tmp_path / "b")

    assert len(first) == MAX_IMAGES
    assert [Path(path).read_bytes() for path in first] == [Path(path).read_bytes() for path in second]
    with Image.open(first[8]) as image:
        assert (image.size, image.mode) == ((128, 128), "L")
    answers = [row.digit for row in Classifier().classify(first[:30])]
    assert sum(answer == i % 10 for i, answer in enumerate(answers)) >= 24


def test_the_command_measures_a_folder_and_writes_json(toy_model: Path, tmp_path: Path) -> None:
    save(tmp_path / "d" / "3.png", 3)
    (tmp_path / "d" / "broken.png").touch()
    command = [sys.executable, "-m", "mnistcls", "bench", "--model", str(toy_model), "--seconds", "0.1"]

    result = run(command, tmp_path / "d", "--format", "json")

    figures = json.loads(result.stdout)
    assert list(figures) == list(as_dict(FIGURES))
    assert [stage["name"] for stage in figures["stages"]] == list(STAGES)
    assert (figures["images"], figures["unreadable"]) == (1, 1)
    assert figures["limiting"] in STAGES
    assert (result.stderr, result.returncode) == ("", 0)
