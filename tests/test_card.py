from __future__ import annotations

import json
import re
from dataclasses import replace

from mnistcls.model import ModelMetadata
from train.card import TrainingRecord, model_card

METRICS = {
    "val_accuracy": 0.9914,
    "val_accuracy_low": 0.98842,
    "val_accuracy_high": 0.99362,
    "val_nll": 0.03448,
    "val_images": 5_000.0,
    "val_calibration_error": 0.0012,
    "val_no_digit": 0.001,
    "val_ok": 0.9876,
    "val_ok_accuracy": 0.99901,
    "val_ok_accuracy_low": 0.9976,
    "val_ok_accuracy_high": 0.9996,
    "test_accuracy": 0.9925,
    "test_accuracy_low": 0.99062,
    "test_accuracy_high": 0.99401,
    "test_nll": 0.02512,
    "test_images": 10_000.0,
    "test_calibration_error": 0.0009,
    "test_no_digit": 0.002,
    "test_ok": 0.9866,
    "test_ok_accuracy": 0.9985,
    "test_ok_accuracy_low": 0.9975,
    "test_ok_accuracy_high": 0.9991,
}
METADATA = ModelMetadata(
    contract=1,
    name="reference",
    version="1.4",
    preprocessing=3,
    confidence_threshold=0.71234,
    digit_score_threshold=0.5,
    provenance={"commit": "0123abcd", "seed": "9", "data_sha256": "feed" * 16, "torch": "2.9.0"},
    metrics=METRICS,
)

RECORD = TrainingRecord(
    1_260.0, [[10 + row if row == column else 0 for column in range(10)] for row in range(10)], [7, 123]
)


def table_row(card: str, start: str) -> list[str]:
    """Cells of the one table row whose first cell is `start`."""
    (line,) = [line for line in card.splitlines() if line.startswith(f"| {start} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_card_names_file_model_and_version() -> None:
    card = model_card(METADATA, "reference.onnx", RECORD)
    assert card.startswith("# reference.onnx\n")
    assert "reference 1.4" in card
    assert card.endswith("|\n")


def test_card_states_the_contract_of_inputs_and_outputs() -> None:
    card = model_card(METADATA, "reference.onnx", RECORD)
    assert "uint8 (N, 28, 28), canonical form version 3" in table_row(card, "input")[1]
    assert "`probabilities`: float32 (N, 10)" in table_row(card, "output")[1]
    assert "`digit_score`: float32 (N,)" in table_row(card, "output")[1]
    assert table_row(card, "contract") == ["contract", "version 1"]


def test_card_gives_every_result_with_its_interval() -> None:
    card = model_card(METADATA, "reference.onnx", RECORD)
    assert table_row(card, "validation") == ["validation", "5,000", "99.14%", "98.84% to 99.36%", "0.0345", "0.12%"]
    assert table_row(card, "test") == ["test", "10,000", "99.25%", "99.06% to 99.40%", "0.0251", "0.09%"]


def test_card_leaves_out_what_was_not_measured() -> None:
    unscored = replace(METADATA, metrics={k: v for k, v in METRICS.items() if k.startswith("val_")})
    card = model_card(unscored, "x.onnx", TrainingRecord())
    assert "| validation |" in card
    assert "| test |" not in card
    assert "wrong answer" not in card
    assert "minutes" not in card


def test_card_gives_what_the_thresholds_make_of_the_results() -> None:
    card = model_card(METADATA, "reference.onnx", RECORD)
    assert table_row(card, "of validation")[1:] == ["98.76%", "99.90%", "99.76% to 99.96%", "0.10%"]
    assert table_row(card, "of test")[1:] == ["98.66%", "99.85%", "99.75% to 99.91%", "0.20%"]


def test_card_counts_the_teachers() -> None:
    taught = replace(METADATA, provenance={**METADATA.provenance, "recipe": json.dumps({"teachers": 4})})
    assert (
        ": 21 minutes for its epochs and those of its 4 teachers in turn, without the drawing of images."
        in model_card(taught, "default.onnx", RECORD)
    )
    assert "teachers" not in model_card(METADATA, "reference.onnx", RECORD)


def test_card_names_every_mistake() -> None:
    card = model_card(METADATA, "reference.onnx", RECORD)
    assert ": 21 minutes for its epochs, without the drawing of images." in card
    assert table_row(card, "3") == ["3", "0", "0", "0", "13", "0", "0", "0", "0", "0", "0"]
    assert "Indices of the 2 test images" in card
    assert "\n7, 123\n" in card


def test_card_gives_thresholds_with_their_rules() -> None:
    card = model_card(METADATA, "reference.onnx", RECORD)
    assert table_row(card, "confidence")[1] == "0.7123"
    assert "99.9 %" in table_row(card, "confidence")[2]
    assert table_row(card, "digit score")[1] == "0.5000"


def test_card_gives_the_whole_provenance() -> None:
    card = model_card(METADATA, "reference.onnx", RECORD)
    for key, value in METADATA.provenance.items():
        assert table_row(card, key) == [key, f"`{value}`"]


def test_card_leaves_no_placeholder() -> None:
    card = model_card(METADATA, "reference.onnx", RECORD)
    assert not re.search(r"\{[a-z_]+\}", card)


def test_card_has_hard_images_only_if_they_were_measured() -> None:
    hard = {"stress": {"blurred": 0.97, "dim": 1.0}, "auroc": {"curves": 0.99871}, "refused": 0.953}
    card = model_card(METADATA, "reference.onnx", replace(RECORD, hard=hard))
    assert table_row(card, "blurred") == ["blurred", "97%"]
    assert table_row(card, "curves") == ["curves", "0.9987"]
    assert "95.3% are not `ok`" in card
    assert "hard images" not in model_card(METADATA, "reference.onnx", RECORD)
