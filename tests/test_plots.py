from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from train.data import Digits
from train.loop import Epoch
from train.plots import MIN_ERROR, draw_mistakes, plot_curves
from train.scoring import Mistakes

HISTORY = [Epoch(1, 0.5, 0.25, 0.9, 1.0), Epoch(2, 0.4, 0.2, 0.95, 1.0), Epoch(3, 0.3, 0.1, 0.99, 1.0)]


def plotted(history: list[Epoch], path: Path) -> NDArray[np.uint8]:
    plot_curves(history, path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def coloured(picture: NDArray[np.uint8]) -> list[int]:
    """Pixels of either panel that have a colour, as lines and marks have."""
    middle = picture.shape[1] // 2
    panels = picture[:, :middle], picture[:, middle:]
    return [int(((panel.max(axis=2).astype(int) - panel.min(axis=2)) > 80).sum()) for panel in panels]


def test_curves_are_a_wide_png_with_both_panels_drawn(tmp_path: Path) -> None:
    picture = plotted(HISTORY, tmp_path / "curve.png")
    height, width, _ = picture.shape
    assert width > 1.5 * height > 300
    assert all(count > 200 for count in coloured(picture))


def test_curves_show_the_history(monkeypatch: pytest.MonkeyPatch) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: figures.append(figure))
    plot_curves([*HISTORY, Epoch(4, 0.2, 0.05, 1.0, 1.0)], Path("curve.png"))
    losses, errors = figures[0].axes
    assert [axes.get_yscale() for axes in (losses, errors)] == ["log", "log"]
    assert [axes.get_ylabel() for axes in (losses, errors)] == ["cross-entropy", "validation error, %"]
    curves = {str(line.get_label()).partition(",")[0]: line.get_xydata() for line in losses.lines}
    assert curves.keys() == {"training", "validation"}
    np.testing.assert_allclose(curves["training"], [(1, 0.5), (2, 0.4), (3, 0.3), (4, 0.2)])
    np.testing.assert_allclose(curves["validation"], [(1, 0.25), (2, 0.2), (3, 0.1), (4, 0.05)])
    (error,) = errors.lines
    np.testing.assert_allclose(error.get_xydata(), [(1, 10), (2, 5), (3, 1), (4, MIN_ERROR)])


@pytest.mark.parametrize("history", [HISTORY[:1], [Epoch(1, 0.1, 0.2, 1.0, 1.0), Epoch(2, 0.1, 0.2, 1.0, 1.0)]])
def test_one_epoch_and_no_error_at_all_can_be_drawn(tmp_path: Path, history: list[Epoch]) -> None:
    assert all(coloured(plotted(history, tmp_path / "curve.png")))


def test_curve_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "curve.png").write_bytes(b"old")
    assert all(coloured(plotted(HISTORY, tmp_path / "curve.png")))


def test_mistakes_are_a_png_with_an_image_each(tmp_path: Path) -> None:
    digits = Digits(np.full((30, 28, 28), 255, np.uint8), np.zeros(30, np.int64))
    dark = []
    for count in (0, 1, 12):
        wrong = Mistakes(np.zeros((10, 10), np.int64), np.arange(count), np.ones(count, np.int64))
        draw_mistakes(digits, wrong, tmp_path / "mistakes.png")
        with Image.open(tmp_path / "mistakes.png") as image:
            dark.append(int((np.asarray(image.convert("L")) < 50).sum()))
    assert dark[0] == 0
    assert dark[2] > 8 * dark[1] > 0
