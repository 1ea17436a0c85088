from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mnistcls.canonical.numerics.enlarge import PIXELS_AT_ONCE, Kernel, bicubic, bilinear, enlarged


@pytest.mark.parametrize(
    ("kernel", "method"), [(bilinear, Image.Resampling.BILINEAR), (bicubic, Image.Resampling.BICUBIC)]
)
@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 44), st.integers(1, 44)),
    more=st.tuples(st.integers(0, 90), st.integers(0, 90)),
    seed=st.integers(0, 2**16),
)
def test_every_image_is_as_pillow_makes_it(
    kernel: Kernel, method: Image.Resampling, size: tuple[int, int], more: tuple[int, int], seed: int
) -> None:
    random = np.random.default_rng(seed)
    stack = random.choice([0, 255], (3, *size)) if seed % 2 else random.integers(0, 256, (3, *size))
    height, width = size[0] + more[0], size[1] + more[1]

    large = enlarged(stack.astype(np.uint8), (height, width), kernel)

    alone = [np.asarray(Image.fromarray(image).resize((width, height), method)) for image in stack.astype(np.uint8)]
    assert large.dtype == np.uint8
    assert np.array_equal(large, alone)


def test_more_images_than_are_made_at_once_are_as_each_alone() -> None:
    stack = np.random.default_rng(0).integers(0, 256, (2 * PIXELS_AT_ONCE // 96**2 + 1, 32, 32), np.uint8)
    alone = [enlarged(image[None], (96, 96), bicubic)[0] for image in stack]
    assert np.array_equal(enlarged(stack, (96, 96), bicubic), alone)
