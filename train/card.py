"""The model card: what a model file says of itself, as a page to read."""

from __future__ import annotations

from mnistcls.model import ModelMetadata

_TEMPLATE = """# {file}

A classifier of single handwritten digits: {name} {version}, made by `{command}`.

| | |
|---|---|
| input | `images`: uint8 (N, 28, 28), canonical form version {preprocessing}: ink bright (255) on black (0) |
| output | `probabilities`: float32 (N, 10), calibrated; `digit_score`: float32 (N,), 0 to 1 |
| contract | version {contract} |

## Data

MNIST (Y. LeCun, C. Cortes, C. Burges): 55,000 training images to fit the weights, 5,000 held out for every choice,
10,000 test images scored once. SHA-256 of the training pixels and labels: `{data_sha256}`.

## Results

| | images | accuracy | 95 % interval | negative log-likelihood |
|---|---|---|---|---|
{rows}

## Thresholds

Fitted on the validation images alone.

| | value | rule |
|---|---|---|
| confidence | {confidence_threshold:.4f} | under it `uncertain`: the lowest at which `ok` is 99.9 % right |
| digit score | {digit_score_threshold:.4f} | under it `no_digit`: the lowest of any validation digit |

The temperature, fitted for the least negative log-likelihood, is inside the graph.

## Provenance

| | |
|---|---|
{provenance}
"""


def model_card(metadata: ModelMetadata, file: str) -> str:
    """Markdown of one model's card.

    Args:
        metadata: as it stands in the model file.
        file: the model file's name.
    """
    rows = [_score_row(metadata, prefix) for prefix in ("val", "test") if f"{prefix}_accuracy" in metadata.metrics]
    provenance = [f"| {key} | `{value}` |" for key, value in metadata.provenance.items()]
    return _TEMPLATE.format(
        file=file,
        **vars(metadata) | {"provenance": "\n".join(provenance)},
        rows="\n".join(rows),
        command=metadata.provenance.get("command", "python -m train"),
        data_sha256=metadata.provenance.get("data_sha256", "unknown"),
    )


def _score_row(metadata: ModelMetadata, prefix: str) -> str:
    value = {key.removeprefix(f"{prefix}_"): number for key, number in metadata.metrics.items()}
    name = {"val": "validation", "test": "test"}[prefix]
    interval = f"{value['accuracy_low']:.2%} to {value['accuracy_high']:.2%}"
    return f"| {name} | {value['images']:,.0f} | {value['accuracy']:.2%} | {interval} | {value['nll']:.4f} |"
