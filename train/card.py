"""Writes the model card: what a model file says of itself, as a page to read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import fill
from typing import Any

from mnistcls.model import ModelMetadata
from train.calibrate import MIN_CONFIDENCE

_TEMPLATE = """# {file}

A classifier of single handwritten digits: {name} {version}, made by `{command}`.

| | |
|---|---|
| input | `images`: uint8 (N, 28, 28), canonical form version {preprocessing}: ink bright (255) on black (0) |
| output | `probabilities`: float32 (N, 10), calibrated; `digit_score`: float32 (N,), 0 to 1 |
| contract | version {contract} |

## Data

MNIST (Y. LeCun, C. Cortes, C. Burges): {train_images} images to fit the weights, {val_images} held out for the choice
of recipe, epoch, temperature and thresholds, {test_images} test images on which this run was scored once. SHA-256 of
the images and labels before any were held out: `{data_sha256}`.

## Recipe

{training}.

It was chosen on the validation images; the checkpoint is that of the epoch with the lowest validation loss, of the
moving average of the weights. In full, with the optimizer and schedule in `train/loop.py`:

```json
{recipe}
```

To train it again: `python -m train.data`, then the command above, with the code of the commit below. The same code and
seed give the same weights on the same kind of machine; on another kind, sums round differently. What was done otherwise
for a model that ships stands in `exported/CHANGELOG.md`.

## Results

| | images | accuracy | 95 % interval | negative log-likelihood | calibration error |
|---|---|---|---|---|---|
{rows}

Of these, with the thresholds below:

| | `ok` | right among them | 95 % interval | `no_digit` |
|---|---|---|---|---|
{statuses}
{mistakes}{hard}
## Thresholds

Fitted on the validation images, but for the least confidence and the even odds below: those are the same for all
runs, and were chosen looking at other draws of the outliers above and at digits of other writers, too.

| | value | rule |
|---|---|---|
| confidence | {confidence_threshold:.4f} | under it `uncertain`: {least}, more if `ok` is less than 99.9 % right |
| digit score | {digit_score_threshold:.4f} | under it `no_digit`: even odds, less if it took over 0.1 % of digits |

The temperature, fitted for the least negative log-likelihood, is inside the graph. So is the digit score's part in the
probabilities: where the image may show no digit, none is likely.

## Provenance

| | |
|---|---|
{provenance}
"""

_HARD = """
Right answers to hard images of test digits (`python -m train.stress_table` says what is done to them; training has
seen its own digits in such scenes). A row has 100 images; the README has the default model's rows of 1,000:

{stress}

Of images that show no digit, a hundred of each kind, none of which training saw, {refused:.1%} are not `ok`. AUROC of
the digit score, against the test digits:

{auroc}
"""


@dataclass(frozen=True)
class TrainingRecord:
    """What is known of how a model was trained, besides what its file says.

    It is kept out of the file, so that the same run gives the same bytes.
    """

    seconds: float | None = None
    """Time that all epochs took, those of the teachers included; None if unknown."""
    confusion: Sequence[Sequence[int]] = ()
    """Test images by label (rows) and answer (columns)."""
    mistakes: Sequence[int] = ()
    """Indices of the test images with a wrong answer."""
    hard: Mapping[str, Any] = field(default_factory=dict)
    """How hard images are answered: the fields of `train.hard.HardResults`; empty if that was not measured."""

    @classmethod
    def of(cls, header: Mapping[str, Any]) -> TrainingRecord:
        """Take the record from the header of a scored checkpoint."""
        return cls(
            header.get("training_seconds"),
            header.get("confusion", ()),
            header.get("mistakes", ()),
            header.get("hard", {}),
        )


def model_card(metadata: ModelMetadata, file: str, record: TrainingRecord) -> str:
    """Write the card of one model, as Markdown.

    Args:
        metadata: as it stands in the model file.
        file: the model file's name.
        record: how the model was trained.
    """
    provenance = dict(metadata.provenance)
    recipe = json.loads(provenance.pop("recipe", "{}"))
    scored = [prefix for prefix in ("val", "test") if f"{prefix}_accuracy" in metadata.metrics]
    return _TEMPLATE.format(
        file=file,
        **vars(metadata) | {"provenance": "\n".join(f"| {key} | `{value}` |" for key, value in provenance.items())},
        recipe=json.dumps(recipe, indent=2),
        **{f"{part}_images": _count(metadata, part) for part in ("train", "val", "test")},
        training=_training(metadata, recipe, record.seconds),
        rows="\n".join(_score_row(metadata, prefix) for prefix in scored),
        statuses="\n".join(_status_row(metadata, prefix) for prefix in scored),
        mistakes=_mistakes(record),
        least=MIN_CONFIDENCE,
        hard=_hard(record),
        command=metadata.provenance.get("command", "python -m train"),
        data_sha256=metadata.provenance.get("data_sha256", "unknown"),
    )


def _mistakes(record: TrainingRecord) -> str:
    """The section on the confusion matrix and the wrong answers; empty for a model that was not scored."""
    if not record.confusion:
        return ""
    header = "| label | " + " | ".join(map(str, range(10))) + " |\n|---" + "|---:" * 10 + "|\n"
    rows = "\n".join(f"| {label} | " + " | ".join(map(str, row)) + " |" for label, row in enumerate(record.confusion))
    indices = fill(", ".join(map(str, record.mistakes)), width=118)
    return (
        f"\nTest images by label (rows) and answer (columns):\n\n{header}{rows}\n\n"
        f"Indices of the {len(record.mistakes)} test images with a wrong answer, shown in the run's `mistakes.png`:\n\n"
        f"{indices}\n"
    )


def _hard(record: TrainingRecord) -> str:
    """The section on the stress set and the outliers; empty for a model that was not measured on them."""
    if not record.hard:
        return ""
    return _HARD.format(
        stress=_listed(record.hard["stress"], ".0%"),
        auroc=_listed(record.hard["auroc"], ".4f"),
        refused=record.hard["refused"],
    )


def _listed(values: Mapping[str, float], form: str) -> str:
    """A table of two columns: the names, and their values in this format."""
    return "| | |\n|---|---|\n" + "\n".join(f"| {name} | {value:{form}} |" for name, value in values.items())


def _training(metadata: ModelMetadata, recipe: Mapping[str, Any], seconds: float | None) -> str:
    where = metadata.provenance.get("hardware", "unknown hardware")
    teachers = f" and those of its {count} teachers in turn" if (count := recipe.get("teachers")) else ""
    time = f": {seconds / 60:.0f} minutes for its epochs{teachers}, without the drawing of images" if seconds else ""
    return f"Trained on {where}{time}"


def _count(metadata: ModelMetadata, part: str) -> str:
    count = metadata.metrics.get(f"{part}_images")
    return "no" if count is None else f"{count:,.0f}"


def _values(metadata: ModelMetadata, prefix: str) -> tuple[str, dict[str, float]]:
    """The name of a set of digits, and the figures that were measured on it, without their prefix."""
    figures = {key.removeprefix(f"{prefix}_"): number for key, number in metadata.metrics.items()}
    return {"val": "validation", "test": "test"}[prefix], figures


def _score_row(metadata: ModelMetadata, prefix: str) -> str:
    name, value = _values(metadata, prefix)
    interval = f"{value['accuracy_low']:.2%} to {value['accuracy_high']:.2%}"
    error = f"{value['calibration_error']:.2%}"
    return f"| {name} | {value['images']:,.0f} | {value['accuracy']:.2%} | {interval} | {value['nll']:.4f} | {error} |"


def _status_row(metadata: ModelMetadata, prefix: str) -> str:
    name, value = _values(metadata, prefix)
    interval = f"{value['ok_accuracy_low']:.2%} to {value['ok_accuracy_high']:.2%}"
    return f"| of {name} | {value['ok']:.2%} | {value['ok_accuracy']:.2%} | {interval} | {value['no_digit']:.2%} |"
