"""The options of a run as one object: the commands `classify` and `evaluate` make it, and the work reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mnistcls.commands.options import Engine, FigureFormat
from mnistcls.errors import MnistclsError
from mnistcls.outputs.columns import Columns
from mnistcls.outputs.formats import Format

if TYPE_CHECKING:
    from mnistcls.classifier import Classifier
    from mnistcls.outputs.manifest import Manifest
    from mnistcls.sources import Sources
    from mnistcls.sources.listed import PathList


@dataclass(frozen=True, kw_only=True)
class ClassifyOptions:
    """The options of `mnistcls classify`, by the names of its parameters, which describe them."""

    paths: Sequence[str] | None
    files_from: Sequence[str] | None
    nul: bool
    output: str | None
    overwrite: bool
    resume: bool
    format_: Format | None
    engine: Engine
    address: str | None
    workers: int | None
    timeout: float
    model: Path | None
    min_confidence: float | None
    top_k: int
    probabilities: bool
    scores: bool
    recursive: bool
    max_pixels: int
    debug_dir: Path | None
    report: Path | None
    quiet: bool
    verbose: bool

    @property
    def inputs(self) -> list[str]:
        """The named paths; none if there is only a list of them."""
        return list(self.paths or ())

    @property
    def columns(self) -> Columns:
        """The columns of a row."""
        return Columns(self.top_k, self.probabilities, self.scores)

    @property
    def path_lists(self) -> list[PathList]:
        """The lists given with --files-from."""
        if not self.files_from:
            return []
        from mnistcls.sources.listed import PathList

        return [PathList(file, self.nul) for file in self.files_from]

    def check(self) -> None:
        """Check what does not depend on the engine: that there are paths, and that the options belong together.

        Raises:
            MnistclsError: they do not, or a list of paths cannot be read.
        """
        if not self.files_from and not self.paths:
            raise MnistclsError("name image files or folders, or a list of them with --files-from")
        if not self.files_from and self.nul:
            raise MnistclsError("-0 needs a list; name it with --files-from")
        for listed in self.path_lists:
            listed.check()
        if self.engine is Engine.LOCAL and self.address is not None:
            raise MnistclsError("--address needs --engine ray")
        if self.overwrite and self.resume:
            raise MnistclsError("--resume keeps what --overwrite replaces; use one of them")
        if self.debug_dir and self.resume:
            raise MnistclsError(
                "--debug-dir shows all images of a run, --resume only classifies the rest; use only one"
            )

    def sources(self) -> Sources:
        """The sources that the paths stand for."""
        from mnistcls.sources import Sources

        return Sources(self.inputs, recursive=self.recursive, listed=self.path_lists)

    def manifest(self, classifier: Classifier, format_: Format) -> Manifest:
        """The manifest of the run.

        Args:
            classifier: makes the answers.
            format_: the format of the output.
        """
        from mnistcls.outputs.manifest import Manifest

        inputs = {"paths": self.inputs, "files_from": list(self.files_from or ()), "recursive": self.recursive}
        options = {"format": format_.value, **asdict(self.columns), "timeout": self.timeout}
        return Manifest.of(classifier, inputs, options)


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """The options of `mnistcls evaluate`, by the names of its parameters, which describe them."""

    path: str
    labels: Path | None
    output: Path | None
    overwrite: bool
    format_: FigureFormat | None
    workers: int | None
    timeout: float
    model: Path | None
    min_confidence: float | None
    max_pixels: int
    report: Path | None
    quiet: bool
    verbose: bool
