from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_model import METADATA, canonical_glyphs, toy_proto, write_toy_model

from mnistcls.errors import ModelError
from mnistcls.limits import BATCH_SIZE
from mnistcls.model import CONTRACT, INPUT, Model, ModelMetadata, bundled_model

GLYPHS = canonical_glyphs()


def metadata(**changes: Any) -> str:
    return json.dumps({**asdict(METADATA), **changes})


def refusal(path: Path) -> str:
    with pytest.raises(ModelError) as caught:
        Model(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    return message


def test_knows_its_metadata_and_says_it_in_a_line(toy_model: Path) -> None:
    model = Model(toy_model)

    assert model.metadata == METADATA
    assert model.describe() == f"toy 1 ({toy_model})"


def test_metadata_survives_json() -> None:
    assert ModelMetadata.from_json(METADATA.to_json()) == METADATA


def test_metadata_may_hold_more_than_this_release_knows() -> None:
    assert ModelMetadata.from_json(metadata(colour="blue")) == METADATA


def test_reads_each_glyph(toy_model: Path) -> None:
    outputs = Model(toy_model).run(GLYPHS)

    np.testing.assert_array_equal(outputs.probabilities.argmax(axis=1), range(10))
    np.testing.assert_allclose(outputs.probabilities.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(outputs.digit_scores, 1, rtol=1e-5)


@pytest.mark.parametrize("count", [0, 1, BATCH_SIZE - 1, BATCH_SIZE, BATCH_SIZE + 1, 2 * BATCH_SIZE + 1])
def test_any_number_of_images_has_as_many_answers(toy_model: Path, count: int) -> None:
    outputs = Model(toy_model).run(GLYPHS[np.arange(count) % 10])

    assert outputs.probabilities.shape == (count, 10)
    assert outputs.digit_scores.shape == (count,)
    np.testing.assert_array_equal(outputs.probabilities.argmax(axis=1), np.arange(count) % 10)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 200), data=st.data())
@settings(deadline=None, max_examples=25)
def test_the_bytes_of_an_answer_do_not_depend_on_its_company(
    toy_model: Path, seed: int, count: int, data: st.DataObject
) -> None:
    images = np.random.default_rng(seed).integers(0, 256, (count, 28, 28), np.uint8)
    index = data.draw(st.integers(0, count - 1))
    model = Model(toy_model)

    among, alone = model.run(images), model.run(images[index : index + 1])

    assert among.probabilities[index].tobytes() == alone.probabilities[0].tobytes()
    assert among.digit_scores[index].tobytes() == alone.digit_scores[0].tobytes()


# --- files that are refused


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert "no such model file" in refusal(tmp_path / "no.onnx")


def test_only_the_missing_bundled_model_is_brought_back_by_reinstalling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistcls.model.__file__", str(tmp_path / "mnistcls" / "model.py"))

    assert refusal(bundled_model()).endswith("default.onnx: no such model file; reinstall mnistcls")
    for path in (tmp_path, tmp_path / "no.onnx"):
        assert refusal(path).endswith("no such model file; make one with `mnistcls export`")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "no such model file" in refusal(tmp_path)


def test_what_may_not_be_read_is_not_called_damaged(toy_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)

    assert refusal(toy_model).endswith(": cannot be read (Permission denied); check its permissions")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x08\x0a" * 50, b"\x89PNG\r\n\x1a\n"])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)

    assert "not a readable ONNX model" in refusal(path)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_model_cut_short_is_refused(tmp_path: Path, toy_model: Path, share: float) -> None:
    path = tmp_path / "cut.onnx"
    content = toy_model.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    assert "export it again" in refusal(path)


def test_a_model_without_metadata_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.onnx"
    path.write_bytes(toy_proto().SerializeToString())

    assert "not a mnistcls model" in refusal(path)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "[]", "7", "{}"),
        *(metadata(contract=None), metadata(preprocessing="new"), metadata(contract=[1])),
        *(metadata(metrics={"test_accuracy": "0.99"}), metadata(metrics=[]), metadata(provenance={"seed": 1})),
    ],
)
def test_damaged_metadata_is_refused(tmp_path: Path, text: str) -> None:
    assert "its metadata is damaged" in refusal(write_toy_model(tmp_path / "m.onnx", metadata=text))


@pytest.mark.parametrize("name", asdict(METADATA))
def test_metadata_that_lacks_a_field_is_refused(tmp_path: Path, name: str) -> None:
    values = asdict(METADATA)
    del values[name]

    message = refusal(write_toy_model(tmp_path / "m.onnx", metadata=json.dumps(values)))

    assert "its metadata is damaged" in message
    assert name in message


@pytest.mark.parametrize("kind", ["contract", "preprocessing"])
@pytest.mark.parametrize(("step", "fix"), [(1, "update mnistcls"), (-1, "export the model again")])
def test_another_version_is_refused_with_what_to_do(tmp_path: Path, kind: str, step: int, fix: str) -> None:
    version = asdict(METADATA)[kind] + step

    message = refusal(write_toy_model(tmp_path / "m.onnx", metadata=metadata(**{kind: version})))

    assert f"{kind} version {version}, this release knows {version - step}; {fix}" in message


def test_another_contract_is_told_by_its_number_whatever_its_fields() -> None:
    with pytest.raises(ModelError, match=f"contract version {CONTRACT + 1}, .* update mnistcls"):
        ModelMetadata.from_json(json.dumps({"contract": CONTRACT + 1, "preprocessing": METADATA.preprocessing}))


def renamed(proto: onnx.ModelProto, old: str, new: str) -> onnx.ModelProto:
    for value in (*proto.graph.input, *proto.graph.output):
        value.name = new if value.name == old else value.name
    for node in proto.graph.node:
        for names in (node.input, node.output):
            names[:] = [new if name == old else name for name in names]
    return proto


@pytest.mark.parametrize("name", [INPUT, "probabilities", "digit_score"])
def test_a_model_with_another_signature_is_refused(tmp_path: Path, name: str) -> None:
    path = write_toy_model(tmp_path / "m.onnx", renamed(toy_proto(), name, "other"))

    assert f"inputs or outputs are not those of contract {CONTRACT}" in refusal(path)


@pytest.mark.parametrize("shape", [[], [1], [1, 28, 28]])
def test_a_model_for_no_or_a_fixed_number_of_images_is_refused(tmp_path: Path, shape: list[int]) -> None:
    proto = toy_proto()
    proto.graph.input[0].CopyFrom(onnx.helper.make_tensor_value_info(INPUT, onnx.TensorProto.UINT8, shape))
    proto.graph.ClearField("node")
    values = {"probabilities": np.zeros((1, 10), np.float32), "digit_score": np.zeros(1, np.float32)}
    for name, value in values.items():
        constant = onnx.numpy_helper.from_array(value)
        proto.graph.node.append(onnx.helper.make_node("Constant", [], [name], value=constant))

    assert "inputs or outputs" in refusal(write_toy_model(tmp_path / "m.onnx", proto))


def test_a_model_with_an_output_too_few_is_refused(tmp_path: Path) -> None:
    proto = toy_proto()
    del proto.graph.output[1]

    assert "inputs or outputs" in refusal(write_toy_model(tmp_path / "m.onnx", proto))


def test_the_bundled_model_is_looked_for_beside_the_package() -> None:
    path = bundled_model("reference")

    assert path.name == "reference.onnx"
    assert path.parent.name == "exported"
