from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mnistcls.canonical.numerics.reduce import BYTES_AT_ONCE, all_reduced, reduced


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    factor=st.integers(2, 40),
    margins=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    channels=st.sampled_from([(), (2,), (3,), (4,)]),
    seed=st.integers(0, 2**16),
)
def test_every_image_and_part_of_one_is_as_pillow_makes_it(
    size: tuple[int, int], factor: int, margins: tuple[int, int], channels: tuple[int, ...], seed: int
) -> None:
    random = np.random.default_rng(seed)
    shape = (size[0] + margins[0], size[1] + margins[1], *channels)
    image = random.choice([0, 255], shape) if seed % 2 else random.integers(0, 256, shape)
    part = image.astype(np.uint8)[margins[0] :, margins[1] :]

    small = reduced(part, factor)

    assert small.dtype == np.uint8
    assert np.array_equal(small, np.asarray(Image.fromarray(part).reduce(factor)))


@pytest.mark.parametrize("factor", [2, 3, 5, 8, 16, 17, 60])
def test_every_sum_of_a_block_is_rounded_as_pillow_does(factor: int) -> None:
    count = factor * factor
    sums = np.unique(np.linspace(0, 255 * count, 20_000).astype(int))
    blocks = (sums[:, None] + np.arange(count)) // count  # as even as whole numbers can be
    column = blocks.reshape(-1, factor).astype(np.uint8)
    image = np.dstack([column, ~column, column[::-1]])
    assert np.array_equal(reduced(image, factor), np.asarray(Image.fromarray(image).reduce(factor)))


@pytest.mark.parametrize("size", [(1, 1), (2, 30), (48, 30), (49, 31), (50, 3)])
@pytest.mark.parametrize("count", [1, 3])
def test_a_stack_is_reduced_as_each_image_alone(size: tuple[int, int], count: int) -> None:
    stack = np.random.default_rng(0).integers(0, 256, (count, *size), np.uint8)
    assert np.array_equal(all_reduced(stack, 3), [reduced(image, 3) for image in stack])


def test_grey_may_have_a_third_axis() -> None:
    image = np.random.default_rng(0).integers(0, 256, (30, 40), np.uint8)
    assert np.array_equal(reduced(image[..., None], 4), reduced(image, 4))


def test_an_image_of_more_than_is_summed_at_once_is_as_pillow_makes_it() -> None:
    image = np.random.default_rng(0).integers(0, 256, (BYTES_AT_ONCE // 1500 + 7, 1501, 3), np.uint8)
    assert np.array_equal(reduced(image, 4), np.asarray(Image.fromarray(image).reduce(4)))
