"""The model card: what a model file says of itself, as a page to read."""

from __future__ import annotations

import json

from mnistcls.model import ModelMetadata

_TEMPLATE = """# {file}

A classifier of single handwritten digits: {name} {version}, made by `{command}`.

| | |
|---|---|
| input | `images`: uint8 (N, 28, 28), canonical form version {preprocessing}: ink bright (255) on black (0) |
| output | `probabilities`: float32 (N, 10), calibrated; `digit_score`: float32 (N,), 0 to 1 |
| contract | version {contract} |

## Data

MNIST (Y. LeCun, C. Cortes, C. Burges): {train_images} images to fit the weights, {val_images} held out for every
choice, {test_images} test images scored once. SHA-256 of the images and labels before any were held out:
`{data_sha256}`.

## Recipe

{training}. Chosen on the validation images; the checkpoint is that of
the epoch with the best validation accuracy, of the moving average of the weights. In full, with the optimizer and
schedule in `train/loop.py`:

```json
{recipe}
```

To reproduce: `python -m train.data`, then the command above. The same seed on the same kind of machine gives the same
model; on another kind, sums round differently.

## Results

| | images | accuracy | 95 % interval | negative log-likelihood |
|---|---|---|---|---|
{rows}

## Thresholds

Fitted on the validation images alone.

| | value | rule |
|---|---|---|
| confidence | {confidence_threshold:.4f} | under it `uncertain`: the lowest at which `ok` is 99.9 % right |
| digit score | {digit_score_threshold:.4f} | under it `no_digit`: 99.9 % of the validation digits pass |

The temperature, fitted for the least negative log-likelihood, is inside the graph.

## Provenance

| | |
|---|---|
{provenance}
"""


def model_card(metadata: ModelMetadata, file: str, training_seconds: float | None = None) -> str:
    """Markdown of one model's card.

    Args:
        metadata: as it stands in the model file.
        file: the model file's name.
        training_seconds: how long training took, if that is known; no matter of the file, so that the same run gives
            the same bytes.
    """
    provenance = dict(metadata.provenance)
    recipe = json.dumps(json.loads(provenance.pop("recipe", "{}")), indent=2)
    rows = [_score_row(metadata, prefix) for prefix in ("val", "test") if f"{prefix}_accuracy" in metadata.metrics]
    return _TEMPLATE.format(
        file=file,
        **vars(metadata) | {"provenance": "\n".join(f"| {key} | `{value}` |" for key, value in provenance.items())},
        recipe=recipe,
        **{f"{part}_images": _count(metadata, part) for part in ("train", "val", "test")},
        training=_training(metadata, training_seconds),
        rows="\n".join(rows),
        command=metadata.provenance.get("command", "python -m train"),
        data_sha256=metadata.provenance.get("data_sha256", "unknown"),
    )


def _training(metadata: ModelMetadata, seconds: float | None) -> str:
    where = metadata.provenance.get("hardware", "unknown hardware")
    return f"Trained on {where}" + (f" in {seconds / 60:.0f} minutes" if seconds else "")


def _count(metadata: ModelMetadata, part: str) -> str:
    count = metadata.metrics.get(f"{part}_images")
    return "no" if count is None else f"{count:,.0f}"


def _score_row(metadata: ModelMetadata, prefix: str) -> str:
    value = {key.removeprefix(f"{prefix}_"): number for key, number in metadata.metrics.items()}
    name = {"val": "validation", "test": "test"}[prefix]
    interval = f"{value['accuracy_low']:.2%} to {value['accuracy_high']:.2%}"
    return f"| {name} | {value['images']:,.0f} | {value['accuracy']:.2%} | {interval} | {value['nll']:.4f} |"
