from __future__ import annotations

import io
import json
import pickle
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from PIL import Image
from toy_model import METADATA, canonical_glyphs, checkerboard, doubtful, glyph, save, write_toy_model

from mnistcls import Classifier, Prediction, Status, StorageError, canonical
from mnistcls.limits import BATCH_SIZE
from mnistcls.sources import Source, Sources


@pytest.fixture(scope="module")
def classifier(toy_model: Path) -> Classifier:
    return Classifier(toy_model)


pytestmark = pytest.mark.usefixtures("here")


def answer(prediction: Prediction) -> tuple[object, ...]:
    return prediction.digit, prediction.confidence, prediction.digit_score, prediction.probabilities


def test_reads_each_digit_surely(classifier: Classifier) -> None:
    predictions = classifier.predict([glyph(digit) for digit in range(10)])

    assert [p.digit for p in predictions] == list(range(10))
    assert {p.status for p in predictions} == {Status.OK}
    for p in predictions:
        assert p.digit is not None
        assert p.probabilities is not None
        assert p.confidence == max(p.probabilities) == p.probabilities[p.digit]
        assert p.error is None


def test_arrays_pillow_images_and_paths_agree(classifier: Classifier) -> None:
    array, path = glyph(5), save(Path("5.png"), 5)
    colour = np.stack([array] * 3, axis=-1)

    first, *others = classifier.predict([array, Image.fromarray(array), path, str(path), colour])

    assert first.digit == 5
    assert {answer(p) for p in others} == {answer(first)}
    assert [p.path for p in (first, *others)] == ["", "", "5.png", "5.png", ""]


def test_encoded_images_are_read_like_files(classifier: Classifier, tmp_path: Path) -> None:
    path = tmp_path / "7.png"
    Image.fromarray(canonical_glyphs()[7]).save(path)
    content = path.read_bytes()
    every_other = memoryview(bytes(byte for pair in zip(content, content, strict=True) for byte in pair))[::2]
    seven, *same, noise = classifier.predict([content, bytearray(content), memoryview(content), every_other, b"noise"])
    assert (seven.path, seven.digit, seven.error) == ("", 7, None)
    assert same == [seven] * 3
    assert (noise.status, str(noise.error).partition(":")[0]) == (Status.UNREADABLE, "not_an_image")


def test_paths_are_as_results_have_them(classifier: Classifier) -> None:
    given = ["./gone//7.png", "file:///gone/7.png"]
    assert [p.path for p in classifier.predict(given)] == [p.path for p in classifier.classify(given)]


@pytest.mark.parametrize("image", [7, None, io.BytesIO(b"")])
def test_what_is_no_image_at_all_is_a_type_error(classifier: Classifier, image: object) -> None:
    with pytest.raises(
        TypeError, match=f"not an image: {type(image).__name__}; pass paths, bytes, PIL images or arrays"
    ):
        classifier.predict([image])  # type: ignore[list-item] # the point of the test


@pytest.mark.parametrize(
    "image",
    [
        *(glyph(3), np.stack([glyph(3)] * 2, axis=-1), np.stack([glyph(3)] * 3, axis=-1)),
        *(np.stack([glyph(3)] * 4, axis=-1), glyph(3)[..., None], np.zeros(5)),
        *("3.png", Path("3.png"), b"3", bytearray(b"3"), memoryview(b"3")),
        *(Image.fromarray(glyph(3)), None, 7, io.BytesIO),
    ],
    ids=lambda image: f"array {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__,
)
def test_one_image_where_several_belong_is_a_type_error(classifier: Classifier, image: Any) -> None:
    with pytest.raises(TypeError, match=r"^pass a list of images, or an array \(N, H, W\)$"):
        classifier.predict(image)


def test_an_array_of_colour_images_is_as_many_and_narrow_images_may_be_listed(classifier: Classifier) -> None:
    colour = np.stack([canonical_glyphs()] * 3, axis=-1)

    assert [p.digit for p in classifier.predict(colour)] == list(range(10))
    assert len(classifier.predict(list(np.zeros((2, 28, 4), np.uint8)))) == 2


def test_one_array_is_as_many_images_as_its_first_axis(classifier: Classifier) -> None:
    images = canonical_glyphs()

    assert [p.digit for p in classifier.predict(images)] == list(range(10))
    assert classifier.predict(images) == classifier.predict(list(images))


def test_no_images_have_no_predictions(classifier: Classifier) -> None:
    assert classifier.predict([]) == []
    assert classifier.predict(np.zeros((0, 28, 28), np.uint8)) == []
    assert list(classifier.classify([])) == []


def test_an_answer_does_not_depend_on_its_company(classifier: Classifier) -> None:
    company = [glyph(n % 10) for n in range(BATCH_SIZE + 3)]

    assert [answer(p) for p in classifier.predict(company)] == [
        answer(classifier.predict([image])[0]) for image in company
    ]


def test_blank_paper_has_no_digit_and_a_score_of_zero(classifier: Classifier) -> None:
    (blank,) = classifier.predict([np.full((40, 40), 255, np.uint8)])

    assert blank == Prediction("", Status.NO_DIGIT, digit_score=0.0)


def test_ink_that_is_no_digit_has_no_digit(classifier: Classifier) -> None:
    (other,) = classifier.predict([checkerboard()])

    assert (other.status, other.digit, other.confidence) == (Status.NO_DIGIT, None, None)
    assert other.digit_score is not None
    assert other.digit_score < METADATA.digit_score_threshold


def test_a_doubtful_digit_is_uncertain_and_still_given(classifier: Classifier) -> None:
    (unsure,) = classifier.predict([doubtful()])

    assert unsure.status is Status.UNCERTAIN
    assert unsure.digit in range(10)
    assert unsure.confidence is not None
    assert 0.3 < unsure.confidence < METADATA.confidence_threshold


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_min_confidence_replaces_the_models_own_and_its_value_is_enough(toy_model: Path, step: int) -> None:
    confidence = Classifier(toy_model).predict([doubtful()])[0].confidence
    assert confidence is not None
    threshold = confidence if step == 0 else float(np.nextafter(confidence, max(step, 0)))

    (unsure,) = Classifier(toy_model, min_confidence=threshold).predict([doubtful()])

    assert unsure.status is (Status.UNCERTAIN if step == 1 else Status.OK)


def test_a_model_that_is_never_sure_has_no_ok(tmp_path: Path) -> None:
    never = json.dumps({**asdict(METADATA), "confidence_threshold": 1.01})

    (answer,) = Classifier(write_toy_model(tmp_path / "m.onnx", metadata=never)).predict([glyph(3)])

    assert (answer.digit, answer.status) == (3, Status.UNCERTAIN)


def test_a_min_confidence_of_zero_is_not_the_models_own(toy_model: Path) -> None:
    assert Classifier(toy_model, min_confidence=0).predict([doubtful()])[0].status is Status.OK


def test_broken_images_keep_their_place(classifier: Classifier) -> None:
    save(Path("d/1.png"), 1)
    Path("d/2.png").write_bytes(b"hello")
    save(Path("d/3.png"), 3)
    Path("d/4.jpg").touch()

    predictions = list(classifier.classify(["missing.png", "d", "d/3.png"]))

    assert [(p.path, p.digit, p.error and p.error.partition(":")[0]) for p in predictions] == [
        ("missing.png", None, "not_found"),
        ("d/1.png", 1, None),
        ("d/2.png", None, "not_an_image"),
        ("d/3.png", 3, None),
        ("d/4.jpg", None, "not_an_image"),
        ("d/3.png", 3, None),
    ]


def test_arrays_that_are_no_images_are_rows_too(classifier: Classifier) -> None:
    first, odd, last = classifier.predict([glyph(1), np.zeros((0, 5)), glyph(2)])

    assert (first.digit, last.digit) == (1, 2)
    assert odd.status is Status.UNREADABLE
    assert str(odd.error).startswith("not_an_image: an array of shape (0, 5)")


@pytest.mark.parametrize(
    "image",
    [
        np.full((28, 28), np.nan),
        np.array([[np.inf, -np.inf], [0, 1]]),
        np.full((30, 30), 1e300),
        np.zeros((1, 1), np.uint8),
        np.zeros((30, 30), bool),
        np.arange(900).reshape(30, 30) * 2**50,
        np.zeros((28, 28, 1), np.uint8),
        np.zeros((1, 5000), np.uint16),
    ],
    ids=["nan", "infinite", "huge", "one pixel", "bool", "int64", "one channel", "line"],
)
def test_odd_arrays_end_without_a_digit_error_or_warning(classifier: Classifier, image: NDArray[np.generic]) -> None:
    (prediction,) = classifier.predict([image])

    assert prediction.status is not Status.UNREADABLE
    assert prediction.digit is None or prediction.digit_score is not None


def test_max_pixels_reaches_files_and_pillow_images(toy_model: Path) -> None:
    path = save(Path("1.png"), 1)
    small = Classifier(toy_model, max_pixels=20 * 28 - 1)

    for prediction in small.predict([path, Image.fromarray(glyph(1))]):
        assert str(prediction.error).startswith("too_large: 20x28 is more than 559 pixels")


def test_classify_is_lazy_to_a_batch(classifier: Classifier) -> None:
    path = save(Path("1.png"), 1)
    drawn: list[int] = []

    def names() -> Iterator[Path]:
        for number in range(10 * BATCH_SIZE):
            drawn.append(number)
            yield path

    stream = classifier.classify(names())

    assert drawn == []
    assert next(stream).digit == 1
    assert len(drawn) <= BATCH_SIZE


def test_classify_leaves_its_counts_in_the_sources_it_is_given(classifier: Classifier) -> None:
    save(Path("d/1.png"), 1)
    Path("d/notes.txt").touch()
    images = Sources(["d"])

    assert [p.path for p in classifier.classify(images)] == ["d/1.png"]
    assert images.skipped == 1


def test_storage_that_cannot_be_opened_raises_an_error_that_the_package_names(classifier: Classifier) -> None:
    with pytest.raises(StorageError, match=r"^cannot open |^nowhere:// needs"):
        list(classifier.classify(["nowhere://bucket/d"]))


def test_classify_without_recursion_stays_in_the_folder(classifier: Classifier) -> None:
    save(Path("d/1.png"), 1)
    save(Path("d/sub/2.png"), 2)

    assert [p.path for p in classifier.classify(["d"])] == ["d/1.png", "d/sub/2.png"]
    assert [p.path for p in classifier.classify(["d"], recursive=False)] == ["d/1.png"]


def test_is_a_stage_that_takes_tables_of_files(classifier: Classifier) -> None:
    files = [save(Path(f"{digit}.png"), digit) for digit in (3, 8)]
    contents = [files[0].read_bytes(), None, b"no image", files[1].read_bytes()]
    paths = ["s3://bucket/3.png", "8.png", "bad.png", "t.png"]

    batches: list[Any] = [
        pa.table({"path": paths, "bytes": contents}),
        {"path": np.array(paths), "bytes": np.array(contents, object)},
        {"path": [path.encode() for path in paths], "bytes": contents},
        {"path": paths, "bytes": [content and bytearray(content) for content in contents]},
        {"path": paths, "bytes": [content and memoryview(content) for content in contents]},
    ]
    first, *others = [classifier(batch) for batch in batches]

    assert first.column_names == ["path", "digit", "confidence", "status", "error"]
    assert first["path"].to_pylist() == paths
    assert first["digit"].to_pylist() == [3, 8, None, 8]
    assert first["status"].to_pylist() == ["ok", "ok", "unreadable", "ok"]
    assert first["error"].to_pylist()[2].startswith("not_an_image: ")
    assert all(other.equals(first) for other in others)
    assert classifier({"path": ["gone.png"]})["error"].to_pylist()[0].startswith("not_found: ")
    with pytest.raises(TypeError, match="needs a column `path`"):
        classifier({"bytes": [b""]})
    with pytest.raises(ValueError, match="shorter"):
        classifier({"path": paths, "bytes": contents[:1]})
    with pytest.raises(TypeError, match="bytes-like"):
        classifier({"path": paths[:1], "bytes": [7]})


def test_travels_without_its_session_and_answers_the_same(classifier: Classifier) -> None:
    before = classifier.predict([glyph(4)])

    sent = pickle.dumps(classifier)
    received: Classifier = pickle.loads(sent)  # noqa: S301 - our own

    assert len(sent) < classifier.model.path.stat().st_size + 10_000
    assert "_session" not in vars(received.model), "only a process that has images for it makes one"
    assert received.predict([glyph(4)]) == before


def test_predict_says_who_reads_archives(classifier: Classifier) -> None:
    for name, content in (("a.zip", b"PK\3\4 and more"), ("a.tar", b"a/7.png" + bytes(1000)), ("7.png", b"PK\3\4")):
        Path(name).write_bytes(content)

    errors = [prediction.error for prediction in classifier.predict(["a.zip", "a.tar", "7.png", "missing.zip"])]

    advice = "it may hold many images, and predict reads one; pass it to classify"
    assert errors == [
        f"unsupported_format: {advice}",
        f"not_an_image: {advice}",
        "unsupported_format: a ZIP archive: give it a name that ends in .zip",
        "not_found: no such file; check the spelling",
    ]


def test_no_source_is_named_while_the_forms_of_several_are_made(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [Source(str(save(Path(f"{digit}.png"), digit))) for digit in range(5)]
    said: list[int] = []
    while_made: list[int] = []
    make = canonical._canonicalize_block

    def making(stack: Sequence[NDArray[np.uint8]]) -> list[canonical.Canonical]:
        while_made.append(said[-1])
        return make(stack)

    monkeypatch.setattr(canonical, "MAX_BLOCK_IMAGES", 2)
    monkeypatch.setattr(canonical, "_canonicalize_block", making)

    assert len(classifier.answer(sources, said.append)) == 5
    assert while_made == [5, 5, 5]
    assert said[::3] == [0, 1, 2, 3, 4, 5], "before each is read, and at the end"
