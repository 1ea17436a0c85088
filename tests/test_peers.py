from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from running import run
from toy_model import save

from mnistcls.classifier import Classifier
from mnistcls.errors import MnistclsError
from mnistcls.evaluation.labels import find_labels
from mnistcls.evaluation.metrics import Proportion
from train.peers import SAMPLES, STRESS_ROWS, Images, Scores, markdown, naive_reader, score, with_table
from train.stress_table import naive_form

CHECKOUT = Path(__file__).parents[1]
PLACE = "before\n<!-- peers: a command -->\n{}\n<!-- end of peers -->\nafter\n"


def always_seven(files: Sequence[Path]) -> list[int]:
    return [7] * len(files)


def test_all_read_the_same_images_and_are_counted_alike(toy_model: Path, tmp_path: Path) -> None:
    for name, digit in {"7/a": 7, "7/b": 7, "3/c": 3}.items():
        save(tmp_path / f"{name}.png", digit)
    (tmp_path / "3" / "d.png").write_bytes(b"no image")
    images = Images("mine", find_labels(str(tmp_path), None))

    scores = score(images, Classifier(toy_model), {"always 7": always_seven})

    assert scores == Scores("mine", {"mnistcls": Proportion(3, 4), "always 7": Proportion(2, 4)})


def test_the_naive_reader_asks_the_same_network(toy_model: Path, tmp_path: Path) -> None:
    files = [save(tmp_path / f"{digit}.png", digit) for digit in range(10)]
    classifier = Classifier(toy_model)

    read = naive_reader(classifier)(files)

    forms = np.array([naive_form(file) for file in files])
    assert list(read) == classifier.model.run(forms).probabilities.argmax(axis=1).tolist()
    assert len(set(read)) > 1


def test_the_table_has_a_column_for_each_reader() -> None:
    scores = [Scores("MNIST", {"mnistcls": Proportion(999, 1000), "other": Proportion(0, 1000)})]

    assert markdown(scores).splitlines() == [
        "| | images | mnistcls | other |",
        "|---|---:|---|---|",
        "| MNIST | 1,000 | 99.9% (99.4 to 100.0) | 0.0% (0.0 to 0.4) |",
    ]


def test_the_table_is_put_between_its_markers_and_nowhere_else(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(PLACE.format("| old |\n| table |"))

    assert with_table(readme, r"| new \1 |") == PLACE.format(r"| new \1 |")
    readme.write_text(with_table(readme, ""))
    assert with_table(readme, "| new |") == PLACE.format("| new |")
    readme.write_text("<!-- peers: a command -->\n")
    with pytest.raises(MnistclsError, match="not one place for the table; add '<!-- peers"):
        with_table(readme, "")


def test_the_readme_has_the_table_that_the_command_prints() -> None:
    text = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"<!-- peers: .*-->\n(.*?)\n<!-- end of peers -->", text, re.DOTALL)
    header, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines())
    names = ["MNIST test digits", *(f"the same, `{name}`" for name in STRESS_ROWS), f"`{SAMPLES}`"]

    assert header[:4] == ["", "images", "mnistcls", "same network, naive reader"]
    assert header[4].startswith("Tesseract")
    assert [row[0] for row in rows][: len(names)] == names
    assert all(re.fullmatch(r"\d+\.\d% \(\d+\.\d to \d+\.\d\)", share) for row in rows for share in row[2:])


def test_the_command_measures_all_sets(tmp_path: Path, tiny_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    save(tmp_path / "mine" / "7" / "a.png", 7)
    command = [sys.executable, "-m", "train.peers", str(tmp_path / "mine"), "--count", "1", "--data-dir"]

    result = run(command, tiny_mnist, PATH=str(tmp_path))

    assert result.returncode == 0, result.stderr
    assert "apt-get install tesseract-ocr" in result.stderr
    assert [line.split(" | ")[1] for line in result.stdout.splitlines()[2:]] == ["10", *["1"] * 5, "32", "1"]
    assert result.stdout.splitlines()[-1].startswith("| mine | 1 |")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-such-folder"], "no-such-folder: no such folder; check the spelling"),
        (["--readme", "data/README.md"], "<!-- peers: ... -->"),
    ],
)
def test_what_cannot_be_used_is_said(
    tiny_mnist: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(CHECKOUT)

    result = run([sys.executable, "-m", "train.peers", "--count", "1", "--data-dir", str(tiny_mnist)], *arguments)

    assert result.returncode == 2
    assert message in result.stderr
