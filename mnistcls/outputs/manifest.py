"""The manifest beside an output, NAME.manifest.json: what made it, so that `--resume` continues only its own run."""

from __future__ import annotations

import json
import platform
import reprlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mnistcls import __version__
from mnistcls.errors import OutputError
from mnistcls.outputs import whole_file
from mnistcls.outputs.paths import manifest_of
from mnistcls.results import Tally

if TYPE_CHECKING:
    from mnistcls.classifier import Classifier


def _versions() -> dict[str, str]:
    import numpy as np  # noqa: PLC0415 - these three are slow to load
    import onnxruntime  # noqa: PLC0415 - as above
    import PIL  # noqa: PLC0415 - as above

    libraries = {"numpy": np.__version__, "onnxruntime": onnxruntime.__version__, "pillow": PIL.__version__}
    return {"mnistcls": __version__, "python": platform.python_version(), **libraries}


@dataclass(frozen=True)
class Manifest:
    """How an output was made."""

    model: Mapping[str, str]
    """The model's name, version and SHA-256."""
    preprocessing: int
    """Version of the canonical form."""
    inputs: Mapping[str, Any]
    """The inputs as the user named them."""
    options: Mapping[str, Any]
    """All options that affect the rows."""
    versions: Mapping[str, str] = field(default_factory=_versions)
    """Versions of mnistcls, Python and the libraries that compute."""
    finished: bool = False
    """Whether the output is complete."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Counts of inputs, rows (in all, by status and by digit) and skipped files; set when the output is complete."""
    timings: Mapping[str, Any] = field(default_factory=dict)
    """When the run, or its last part, began, and how many seconds it took; set when the output is complete."""

    @classmethod
    def of(cls, classifier: Classifier, inputs: Mapping[str, Any], options: Mapping[str, Any]) -> Self:
        """Describe a run.

        Args:
            classifier: makes the answers; its model and its own options are recorded.
            inputs: the inputs as the user named them.
            options: the other options that affect the rows.
        """
        model = classifier.model
        own = {"min_confidence": classifier.min_confidence, "max_pixels": classifier.max_pixels}
        return cls(
            {"name": model.metadata.name, "version": model.metadata.version, "sha256": model.sha256},
            model.metadata.preprocessing,
            inputs,
            {**own, **options},
        )

    def differences(self, other: Manifest) -> list[str]:
        """Each setting that would change the rows, as a phrase: `name was THEIRS and is OURS`."""
        ours, theirs = self._decisive(), other._decisive()
        return [
            f"{name} was {reprlib.repr(theirs.get(name))} and is {reprlib.repr(ours.get(name))}"
            for name in ours | theirs
            if ours.get(name) != theirs.get(name)
        ]

    def check_same(self, earlier: Manifest, output: object) -> None:
        """Check that an output was started with the settings of this run, which resumes it.

        Raises:
            OutputError: the settings differ, so that the rows would differ.
        """
        if differences := self.differences(earlier):
            fix = "repeat the earlier ones to resume, or --overwrite to start afresh"
            raise OutputError(f"{output} was started with other settings: {'; '.join(differences)}; {fix}")

    def _decisive(self) -> dict[str, Any]:
        paths = [path.rstrip("/") or path for path in self.inputs.get("paths", ())]  # shells complete a folder with one
        inputs = {**self.inputs, "paths": paths}
        return {"model": self.model["sha256"][:12], "preprocessing": self.preprocessing, **inputs, **self.options}

    def finish(self, tally: Tally, begun: datetime, seconds: float) -> Manifest:
        """The manifest of the same run when its output is complete."""
        timings = {"begun": begun.isoformat(timespec="seconds"), "seconds": seconds}
        return replace(self, finished=True, counts=tally.counts(), timings=timings)

    def to_json(self) -> str:
        """Convert to the text of the manifest file."""
        return json.dumps(asdict(self), indent=2, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse a manifest file.

        Raises:
            ValueError: it is not JSON, or not the JSON of a manifest.
        """
        try:
            made = cls(**json.loads(text))
            made._decisive()
            if made.finished:
                Tally.of(made.counts)
        except (AttributeError, KeyError, TypeError, RecursionError):  # JSON of another kind
            raise ValueError("its keys are not those of a manifest") from None
        return made

    def write(self, output: Path) -> None:
        """Write the manifest beside the output, completely or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        with whole_file(manifest_of(output)) as stream:
            stream.write(self.to_json())

    @classmethod
    def is_replaceable(cls, output: Path) -> bool:
        """Whether the place of an output's manifest is free, or holds the manifest of an earlier run."""
        try:
            cls.read(output)
        except OutputError:
            return False
        return True

    @classmethod
    def read(cls, output: Path) -> Self | None:
        """Read the manifest beside an output; None if there is none.

        Raises:
            OutputError: it is damaged or cannot be read.
        """
        path = manifest_of(output)
        if path.is_fifo():  # reading it would wait for a writer
            raise OutputError(f"cannot read {path}: it is a pipe; use another -o")
        try:
            return cls.from_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OutputError(f"cannot read {path}: {error.strerror}; use --overwrite, or another -o") from None
        except ValueError as error:
            raise OutputError(f"{path} is damaged ({error}); use --overwrite, or another -o") from None
