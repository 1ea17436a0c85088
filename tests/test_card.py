from __future__ import annotations

import re
from dataclasses import replace

from mnistcls.model import ModelMetadata
from train.card import model_card

METRICS = {
    "val_accuracy": 0.9914,
    "val_accuracy_low": 0.98842,
    "val_accuracy_high": 0.99362,
    "val_nll": 0.03448,
    "val_images": 5_000.0,
    "test_accuracy": 0.9925,
    "test_accuracy_low": 0.99062,
    "test_accuracy_high": 0.99401,
    "test_nll": 0.02512,
    "test_images": 10_000.0,
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


def table_row(card: str, start: str) -> list[str]:
    """Cells of the one table row whose first cell is `start`."""
    (line,) = [line for line in card.splitlines() if line.startswith(f"| {start} |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_card_names_file_model_and_version() -> None:
    card = model_card(METADATA, "reference.onnx")
    assert card.startswith("# reference.onnx\n")
    assert "reference 1.4" in card
    assert card.endswith("|\n")


def test_card_states_the_contract_of_inputs_and_outputs() -> None:
    card = model_card(METADATA, "reference.onnx")
    assert "uint8 (N, 28, 28), canonical form version 3" in table_row(card, "input")[1]
    assert "`probabilities`: float32 (N, 10)" in table_row(card, "output")[1]
    assert "`digit_score`: float32 (N,)" in table_row(card, "output")[1]
    assert table_row(card, "contract") == ["contract", "version 1"]


def test_card_gives_every_result_with_its_interval() -> None:
    card = model_card(METADATA, "reference.onnx")
    assert table_row(card, "validation") == ["validation", "5,000", "99.14%", "98.84% to 99.36%", "0.0345"]
    assert table_row(card, "test") == ["test", "10,000", "99.25%", "99.06% to 99.40%", "0.0251"]


def test_card_leaves_out_what_was_not_measured() -> None:
    card = model_card(replace(METADATA, metrics={k: v for k, v in METRICS.items() if k.startswith("val_")}), "x.onnx")
    assert "| validation |" in card
    assert "| test |" not in card


def test_card_gives_thresholds_with_their_rules() -> None:
    card = model_card(METADATA, "reference.onnx")
    assert table_row(card, "confidence")[1] == "0.7123"
    assert "99.9 %" in table_row(card, "confidence")[2]
    assert table_row(card, "digit score")[1] == "0.5000"


def test_card_gives_the_whole_provenance() -> None:
    card = model_card(METADATA, "reference.onnx")
    for key, value in METADATA.provenance.items():
        assert table_row(card, key) == [key, f"`{value}`"]


def test_card_leaves_no_placeholder() -> None:
    card = model_card(METADATA, "reference.onnx")
    assert not re.search(r"\{[a-z_]+\}", card)
