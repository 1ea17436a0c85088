"""The page as a command uses it: checked before the work, filled during it, written after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from mnistcls.batch import Batch
from mnistcls.classifier import Classifier
from mnistcls.errors import OutputError
from mnistcls.evaluation import Evaluation
from mnistcls.outputs import whole_file
from mnistcls.outputs.paths import check_free, check_writable, fingerprint
from mnistcls.page.cards import Track, draw_cards
from mnistcls.page.html import Content, render
from mnistcls.page.sample import Sample
from mnistcls.results import Prediction

OPTION = "--report"

_GENERATOR = b'<meta name="generator" content="mnistcls '


class Page:
    """A page of results.

    Args:
        path: the file, named .html.
        overwrite: whether it may exist already.
        resume: whether it may exist already if it is such a page.

    Raises:
        OutputError: the page cannot be written there.
    """

    def __init__(self, path: Path, *, overwrite: bool, resume: bool = False) -> None:
        if path.suffix.lower() not in {".html", ".htm"}:
            raise OutputError(f"{path}: the report is an HTML page; name it {path.stem}.html")
        check_free(path, overwrite=overwrite or (resume and _is_replaceable(path)), option=OPTION)
        check_writable(path, OPTION)
        self.path, self._sample = path, Sample()
        self._was = fingerprint(path)

    def add(self, predictions: Iterable[Prediction]) -> None:
        """Count the predictions and keep those that the page shows."""
        for prediction in predictions:
            self._sample.add(prediction)

    def follow(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Pass the batches on, adding their predictions."""
        for batch in batches:
            self.add(batch)
            yield batch

    def follow_labelled(self, labelled: Iterable[tuple[int, Prediction]]) -> Iterator[tuple[int, Prediction]]:
        """Pass labelled predictions on, adding each with its label."""
        for label, prediction in labelled:
            self._sample.add(prediction, label)
            yield label, prediction

    def write(
        self, classifier: Classifier, track: Track = iter, *, skipped: int = 0, evaluation: Evaluation | None = None
    ) -> None:
        """Read the images to show again, and write the page.

        Args:
            classifier: what made the predictions.
            track: shows progress.
            skipped: number of files that were not images.
            evaluation: of the same predictions, if labels are known.

        Raises:
            OutputError: it cannot be written.
        """
        metadata = classifier.model.metadata
        model = f"{metadata.name} {metadata.version}"
        content = Content(model, classifier.min_confidence, skipped, self._sample, evaluation)
        rows = self._sample.rows()
        html = render(content, draw_cards(rows, classifier, track))
        with whole_file(self.path, OPTION, self._was) as stream:
            stream.write(html)


def _is_replaceable(path: Path) -> bool:
    """Whether the file is missing or, by its head, a page of an earlier run."""
    try:
        with path.open("rb") as file:
            return _GENERATOR in file.read(4096)
    except FileNotFoundError:
        return True
    except OSError:
        return False
