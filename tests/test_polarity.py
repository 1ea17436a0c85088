from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistcls.canonical.polarity import ink_is_bright, shape_evidence

Bytes = NDArray[np.uint8]


def bar() -> NDArray[np.bool_]:
    """A bold 1 that fills 40x14, its ends rounded: only the corners are paper."""
    y, x = np.abs(np.mgrid[:40, :14] - np.array([19.5, 6.5])[:, None, None])
    mask: NDArray[np.bool_] = (np.maximum(y - 13, 0) / 6.6) ** 2 + (x / 6.8) ** 2 <= 1
    return mask


def inked(mask: NDArray[np.bool_], bright: bool) -> Bytes:
    return np.where(mask == bright, 240, 20).astype(np.uint8)


def decided(*images: Bytes, flatness: float) -> list[bool]:
    decisions: list[bool] = ink_is_bright(np.stack(images), np.full(len(images), flatness)).tolist()
    return decisions


def test_shape_evidence_is_shares_less_a_half_and_turns_with_the_image() -> None:
    image = np.zeros((10, 10), np.uint8)
    image[:, 5:] = 255
    image[0, 9] = 0
    evidence, inverted = shape_evidence(np.stack([image, 255 - image]))
    np.testing.assert_allclose(evidence, [19 / 40 - 0.5 - 1 / 40, 0.49 - 0.5, 0.25 - 0.5], atol=0.03)
    np.testing.assert_allclose(inverted, -evidence)


@pytest.mark.parametrize("bright", [False, True])
def test_the_flatter_paper_decides(bright: bool) -> None:
    speckled = np.random.default_rng(0).random((40, 40)) < 0.5
    assert decided(inked(speckled, bright), flatness=3 if bright else -3) == [bright]


@pytest.mark.parametrize("bright", [False, True])
def test_corners_alone_are_never_ink_around_a_digit_that_fills_the_image(bright: bool) -> None:
    assert bar().any(axis=0).all()
    assert bar().any(axis=1).all()
    misled = -3.0 if bright else 3.0
    assert decided(inked(bar(), bright), flatness=misled) == [bright]


@pytest.mark.parametrize("bright", [False, True])
def test_paper_with_a_mark_that_reaches_no_side_may_have_all_corners(bright: bool) -> None:
    """As where light falls on the middle of a page: that is for the flatness to tell."""
    spot = np.pad(bar(), 4)
    assert decided(inked(spot, bright), flatness=-6.0 if bright else 6.0) == [not bright]


def test_a_speck_beside_it_does_not_matter_but_halves_do() -> None:
    speck, halves = bar(), bar()
    speck[18:21, 4:9] = False
    speck[19, 6] = True
    halves[18:21] = False
    assert decided(inked(speck, False), inked(halves, False), flatness=6.0) == [False, True]
