"""The model file and its contract; the only place where pixels become probabilities."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from mnistcls.canonical import SIZE
from mnistcls.canonical import VERSION as PREPROCESSING
from mnistcls.errors import ModelError
from mnistcls.limits import BATCH_SIZE

DEFAULT_MODEL = "default"
"""Name of the bundled model that is used if none is named."""

CONTRACT = 1
"""Version of the model file's inputs, outputs and metadata that this release reads and writes."""

METADATA_KEY = "mnistcls"
INPUT, PROBABILITIES, DIGIT_SCORE = "images", "probabilities", "digit_score"

_NOTHING = [np.zeros((0, 10), np.float32)], [np.zeros(0, np.float32)]


@dataclass(frozen=True)
class ModelMetadata:
    """The description that a model file contains, under the metadata key `mnistcls`."""

    contract: int
    name: str
    version: str
    """The model's version, as in exported/CHANGELOG.md."""
    preprocessing: int
    """Version of the canonical form that the model reads; it may have been trained and measured with an earlier one."""
    confidence_threshold: float
    """A confidence below this is `uncertain`; slightly over 1 if no answer is ever sure."""
    digit_score_threshold: float
    """A digit score below this is `no_digit`."""
    provenance: Mapping[str, str]
    """Commit, seed, SHA-256 of the data, versions."""
    metrics: Mapping[str, float]
    """Figures measured when the model was made, by their names in the model card."""

    def to_json(self) -> str:
        """Convert to the text that is stored in the model file."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Parse that text, and check it.

        Raises:
            ModelError: not the JSON of a model's metadata, or of a version unknown to this release.
        """
        try:
            values = json.loads(text)
            for kind, ours in (("contract", CONTRACT), ("preprocessing", PREPROCESSING)):
                _check_version(kind, values[kind], ours)  # first: other versions may have other fields
            metadata = cls(**{field.name: values[field.name] for field in fields(cls)})
        except (ValueError, TypeError, KeyError) as error:
            raise ModelError(f"its metadata is damaged ({error!r}); export it again") from None
        if wrong := [name for name, fits in metadata._checks().items() if not fits]:
            raise ModelError(f"its metadata is damaged ({', '.join(wrong)}); export it again")
        return metadata

    def _checks(self) -> dict[str, bool]:
        """Whether each field holds what it should, by name."""
        texts = {name: isinstance(getattr(self, name), str) for name in ("name", "version")}
        tables = {
            name: isinstance(table := getattr(self, name), dict) and all(isinstance(v, kind) for v in table.values())
            for name, kind in (("provenance", str), ("metrics", int | float))
        }
        thresholds = {
            name: _is_threshold(getattr(self, name)) for name in ("confidence_threshold", "digit_score_threshold")
        }
        return texts | tables | thresholds


@dataclass(frozen=True)
class Outputs:
    """The network's output for N canonical images."""

    probabilities: NDArray[np.float32]
    """(N, 10), calibrated, rows sum to 1."""
    digit_scores: NDArray[np.float32]
    """(N,), 0 to 1."""


class Model:
    """A model file, loaded and checked.

    Args:
        path: an ONNX file that `mnistcls export` wrote.

    Raises:
        ModelError: missing, not ONNX, without metadata, or of a version unknown to this release.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not _is_file(self.path):
            fix = "reinstall mnistcls" if self.path == bundled_model() else "make one with `mnistcls export`"
            raise ModelError(f"{path}: no such model file; {fix}")
        try:
            self._content = self.path.read_bytes()  # read once: the file may change while workers start
            properties = self._session.get_modelmeta().custom_metadata_map
        except OSError as error:
            raise ModelError(f"{path}: cannot be read ({error.strerror}); check its permissions") from None
        except Exception as error:  # onnxruntime's own exceptions share no base class
            raise ModelError(f"{path}: not a readable ONNX model ({_first_line(error)}); export it again") from None
        if METADATA_KEY not in properties:
            raise ModelError(f"{path}: not a mnistcls model, its metadata is missing; make one with `mnistcls export`")
        try:
            self.metadata = ModelMetadata.from_json(properties[METADATA_KEY])
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from None
        self._check_signature()

    def __getstate__(self) -> dict[str, Any]:
        """All but the session: each process opens its own when it needs one."""
        return {name: value for name, value in vars(self).items() if name != "_session"}

    @cached_property
    def _session(self) -> ort.InferenceSession:
        return _open_session(self._content)

    @property
    def sha256(self) -> str:
        """Hex digest of the file."""
        return hashlib.sha256(self._content).hexdigest()

    def _check_signature(self) -> None:
        inputs = [(i.name, i.type, i.shape[1:]) for i in self._session.get_inputs() if _is_for_any_number(i.shape)]
        outputs = {(o.name, o.type, *o.shape[1:]) for o in self._session.get_outputs()}
        promised = {(PROBABILITIES, "tensor(float)", 10), (DIGIT_SCORE, "tensor(float)")}
        if inputs != [(INPUT, "tensor(uint8)", [SIZE] * 2)] or outputs != promised:
            raise ModelError(f"{self.path}: inputs or outputs are not those of contract {CONTRACT}; export it again")

    @property
    def size(self) -> int:
        """Size of the file in bytes."""
        return len(self._content)

    @property
    def threads(self) -> int:
        """Number of threads that onnxruntime uses."""
        return int(self._session.get_session_options().intra_op_num_threads)

    def describe(self) -> str:
        """One line: name, version and file."""
        return f"{self.metadata.name} {self.metadata.version} ({self.path})"

    def run(self, images: NDArray[np.uint8]) -> Outputs:
        """Classify canonical images.

        Args:
            images: uint8 (N, 28, 28), canonical.
        """
        count = len(images)
        padding = np.zeros((-count % BATCH_SIZE, *images.shape[1:]), np.uint8)
        batches = np.concatenate([images, padding]).reshape(-1, BATCH_SIZE, *images.shape[1:])
        results = [self._session.run([PROBABILITIES, DIGIT_SCORE], {INPUT: batch}) for batch in batches]
        probabilities, scores = zip(*results, strict=True) if results else _NOTHING
        return Outputs(np.concatenate(probabilities)[:count], np.concatenate(scores)[:count])


def bundled_model(name: str = DEFAULT_MODEL) -> Path:
    """Path of a model that ships with the package: inside the installed package, or in a checkout's exported/."""
    package = Path(__file__).parent
    installed = package / "exported" / f"{name}.onnx"
    return installed if installed.exists() else package.parent / "exported" / f"{name}.onnx"


def _open_session(content: bytes) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1  # a sum split over threads may round differently: same bytes everywhere
    options.inter_op_num_threads = 1
    for threads in ("intra_op", "inter_op"):
        options.add_session_config_entry(f"session.{threads}.allow_spinning", "0")  # waiting costs other workers' time
    options.log_severity_level = 4  # errors are reported once, as ModelError
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _is_for_any_number(shape: list[int | str | None]) -> bool:
    """Whether an input takes any number of images."""
    return bool(shape) and not isinstance(shape[0], int)


def _check_version(kind: str, found: Any, ours: int) -> None:
    """Check that a version is the one that this release knows.

    Raises:
        ModelError: it is older or newer.
        TypeError: it is not an integer.
    """
    if type(found) is not int:
        raise TypeError(f"{kind} is {found!r}")
    if found != ours:
        fix = "update mnistcls" if found > ours else "export the model again"
        raise ModelError(f"{kind} version {found}, this release knows {ours}; {fix}")


def _is_threshold(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # the name is too long, or its folder may not be searched
        return False


def _first_line(error: Any) -> str:
    return str(error).strip().partition("\n")[0]
