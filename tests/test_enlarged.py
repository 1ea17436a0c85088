import numpy as np
import pytest

from train.enlarged import Frame, thinned, written
from train.photo import to_8_bit

RING = np.zeros((28, 28), np.uint8)
RING[5:23, 8:20] = 255
RING[8:20, 11:17] = 0


def test_ink_fills_its_box_and_is_solid_with_a_sharp_edge():
    ink = written(RING, 180)
    assert ink.dtype == np.float32
    assert ink.shape[0] == pytest.approx(180, abs=10)
    assert ink.shape[1] == pytest.approx(120, abs=10)
    assert all(border.max() >= 0.3 for border in (ink[0], ink[-1], ink[:, 0], ink[:, -1]))
    assert ((ink > 0) & (ink < 1)).mean() < 0.1


def test_small_ink_leaves_the_paper_bare():
    ink = written(RING, 11)
    assert ink[5, ink.shape[1] // 2] < 0.1
    assert ink.max() > 0.9


def test_bold_lines_are_wider():
    def share(bold):
        return (written(RING, 180, bold) > 0.5).mean()

    assert share(0.0) < share(0.4) < share(0.8)


@pytest.mark.parametrize("offset", [0.0, 0.45])
def test_a_frame_holds_the_whole_digit(offset):
    rng = np.random.default_rng(0)
    for _ in range(20):
        page = Frame((60, 200), (0.8, 0.9), offset).lay(RING, rng)
        assert page.shape == (60, 200)
        rows, columns = np.nonzero(page > 0.3)
        assert 0.75 * 60 < np.ptp(rows) + 1 < 0.97 * 60
        assert np.ptp(columns) + 1 == pytest.approx(2 / 3 * (np.ptp(rows) + 1), abs=4)


def test_a_thinned_ring_is_a_closed_line_of_one_pixel():
    line = thinned(np.asarray(to_8_bit(Frame().lay(RING, np.random.default_rng(0)))) > 127)
    solid = line[:-1, :-1] & line[1:, :-1] & line[:-1, 1:] & line[1:, 1:]
    assert not solid.any()
    y, x = np.nonzero(line)
    around = np.pad(line, 1)
    neighbours = [around[row : row + 3, column : column + 3].sum() - 1 for row, column in zip(y, x, strict=True)]
    assert min(neighbours) == 2  # one neighbour would be a loose end
    assert len(y) == pytest.approx(2 * (np.ptp(y) + np.ptp(x)), rel=0.2)
