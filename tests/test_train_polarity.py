from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mnistcls.canonical.polarity import SHAPE_WEIGHTS
from train import polarity
from train.data import load_train
from train.polarity import INK, Margin, fit, paint
from train.script import app


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app(polarity.main), list(arguments))
    return result.exit_code, result.output


def test_the_command_prints_the_weights_in_use(mnist_dir: Path) -> None:
    code, output = run("--data-dir", str(mnist_dir))
    assert code == 0
    printed = [float(number) for number in re.findall(r"-?\d+\.\d\d(?=[,\]])", output)]
    np.testing.assert_allclose(printed, SHAPE_WEIGHTS, atol=0.011)
    right = dict(re.findall(r"margin (\w+): ([\d.]+)% right", output))
    assert right.keys() == {"none", "even", "random"}
    assert all(float(share) > 98 for share in right.values())


def test_without_mnist_the_command_says_how_to_get_it(tmp_path: Path) -> None:
    code, output = run("--data-dir", str(tmp_path))
    assert code == 2
    assert "python -m train.data" in output


def test_margins_are_as_their_names_say() -> None:
    rng = np.random.default_rng(0)
    none, even, random = ([margin.widths(rng) for _ in range(50)] for margin in Margin)
    assert not np.any(none)
    assert all(len(set(widths.tolist())) == 1 and 1 <= widths[0] <= 4 for widths in even)
    assert np.min(random) == 0
    assert np.max(random) == 7


@pytest.mark.parametrize("bright", [False, True])
def test_a_crop_is_black_and_white_and_its_ink_as_asked(mnist_dir: Path, bright: bool) -> None:
    rng = np.random.default_rng(0)
    for digit in load_train(mnist_dir).images[:20]:
        assert (digit > INK).any()
        image = paint(digit, Margin.EVEN, rng, bright_ink=bright)
        border = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
        assert set(np.unique(image)) == {0, 255}
        assert set(border) == {0 if bright else 255}
        assert 18 <= max(image.shape) <= 72


def test_fit_finds_the_direction_that_separates() -> None:
    rng = np.random.default_rng(0)
    features = rng.uniform(-0.5, 0.5, (2000, 3))
    weights = fit(features, features @ [-2.0, 0.0, 1.0] > 0)
    direction = weights / np.linalg.norm(weights)
    np.testing.assert_allclose(direction, np.array([-2, 0, 1]) / 5**0.5, atol=0.05)
