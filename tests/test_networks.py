from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from train.networks import DROPOUT, NETWORKS, default, folded, initialize, reference, with_products

# Each layer of the reference network: its kind, what decides its arithmetic, and the shape it gives for one image.
LAYERS: list[tuple[type[nn.Module], dict[str, Any], tuple[int, ...]]] = [
    (nn.Conv2d, {"in_channels": 1, "out_channels": 20, "kernel_size": (6, 6)}, (20, 28, 28)),
    (nn.ReLU, {}, (20, 28, 28)),
    (nn.Conv2d, {"in_channels": 20, "out_channels": 20, "kernel_size": (3, 3)}, (20, 28, 28)),
    (nn.ReLU, {}, (20, 28, 28)),
    (nn.MaxPool2d, {"kernel_size": 4, "stride": 4, "padding": 0, "ceil_mode": False}, (20, 7, 7)),
    (nn.Dropout, {"p": DROPOUT}, (20, 7, 7)),
    (nn.Conv2d, {"in_channels": 20, "out_channels": 10, "kernel_size": (6, 6)}, (10, 7, 7)),
    (nn.ReLU, {}, (10, 7, 7)),
    (nn.Conv2d, {"in_channels": 10, "out_channels": 10, "kernel_size": (3, 3)}, (10, 7, 7)),
    (nn.ReLU, {}, (10, 7, 7)),
    (nn.MaxPool2d, {"kernel_size": 4, "stride": 4, "padding": 0, "ceil_mode": False}, (10, 1, 1)),
    (nn.Dropout, {"p": DROPOUT}, (10, 1, 1)),
    (nn.Flatten, {"start_dim": 1, "end_dim": -1}, (10,)),
    (nn.Linear, {"in_features": 10, "out_features": 30}, (30,)),
    (nn.Tanh, {}, (30,)),
    (nn.Linear, {"in_features": 30, "out_features": 10}, (10,)),
]
CONVOLUTION = {"padding": "same", "stride": (1, 1), "dilation": (1, 1), "groups": 1, "padding_mode": "zeros"}


def shapes_of(network: nn.Sequential, images: Tensor) -> list[tuple[int, ...]]:
    """The shape after each layer, without the batch."""
    shapes = []
    for layer in network:
        images = layer(images)
        shapes.append(tuple(images.shape[1:]))
    return shapes


def test_reference_network_is_the_published_one_layer_by_layer() -> None:
    network = reference()
    assert [type(layer) for layer in network] == [kind for kind, _, _ in LAYERS]
    for layer, (kind, values, _) in zip(network, LAYERS, strict=True):
        expected = values | (CONVOLUTION if kind is nn.Conv2d else {})
        assert {name: getattr(layer, name) for name in expected} == expected
        if kind in (nn.Conv2d, nn.Linear):
            assert layer.bias is not None


def test_reference_network_takes_28_pixels_to_7_to_1() -> None:
    assert shapes_of(reference(), torch.rand(2, 1, 28, 28)) == [shape for _, _, shape in LAYERS]


def test_reference_network_has_13120_parameters_all_trained() -> None:
    assert sum(p.numel() for p in reference().parameters() if p.requires_grad) == 13_120


def test_reference_network_has_under_4_million_multiply_adds() -> None:
    total = 0
    for layer, (_, _, shape) in zip(reference(), LAYERS, strict=True):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            total += layer.weight[0].numel() * math.prod(shape)
    assert total == 3_784_380


def test_dropout_is_small_and_works_in_training_alone() -> None:
    network, images = reference(), torch.rand(4, 1, 28, 28)
    assert 0 < DROPOUT < 0.5
    torch.manual_seed(0)
    assert not torch.equal(network.train()(images), network(images))
    assert torch.equal(network.eval()(images), network(images))


def test_output_is_logits_not_probabilities() -> None:
    logits = reference().eval()(torch.rand(8, 1, 28, 28))
    assert logits.dtype == torch.float32
    assert (logits < 0).any()
    assert not torch.allclose(logits.sum(dim=1), torch.ones(8), atol=0.01)


def test_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    weights = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        weights.append(reference().state_dict()["0.weight"])
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_initial_weights_keep_the_size_of_the_signal() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(20, 20, 6), nn.Linear(400, 100), nn.Conv2d(1, 1, 1, bias=False))
    initialize(network)
    weights = network.state_dict()
    assert float(weights["0.weight"].std()) == pytest.approx((2 / (20 * 36)) ** 0.5, rel=0.05)  # He's gain for ReLU
    assert float(weights["1.weight"].std()) == pytest.approx((1 / 400) ** 0.5, rel=0.05)
    assert not weights["0.bias"].any()
    assert not weights["1.bias"].any()


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_takes_images_and_gives_ten_logits(name: str) -> None:
    logits = NETWORKS[name]().eval()(torch.rand(3, 1, 28, 28))
    assert logits.shape == (3, 10)
    assert logits.isfinite().all()


@pytest.fixture
def trained() -> nn.Sequential:
    """The default network with statistics as training leaves them, and not those of the start."""
    network = default()
    for layer in network:
        if isinstance(layer, nn.BatchNorm2d):
            for values, low, high in (
                (layer.running_mean, -0.5, 0.5),
                (layer.running_var, 0.5, 2),
                (layer.weight, 0.5, 2),
                (layer.bias, -0.5, 0.5),
            ):
                nn.init.uniform_(values, low, high)  # type: ignore[arg-type] # it has all of them
    return network.eval()


@torch.no_grad()
def test_a_folded_network_answers_alike_without_batch_norms(trained: nn.Sequential) -> None:
    images, less = torch.rand(8, 1, 28, 28), folded(trained)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in less)
    torch.testing.assert_close(less(images), trained(images))


@torch.no_grad()
def test_a_convolution_that_covers_its_map_is_a_product_and_answers_alike(trained: nn.Sequential) -> None:
    images, quicker = torch.rand(8, 1, 28, 28), with_products(folded(trained))
    assert [type(layer) for layer in quicker[-6:]] == [
        nn.Flatten,
        nn.Linear,
        nn.ReLU,
        nn.Flatten,
        nn.Dropout,
        nn.Linear,
    ]
    torch.testing.assert_close(quicker(images), trained(images))


def test_a_network_without_such_a_convolution_stays_as_it_is() -> None:
    network = reference().eval()
    assert [type(layer) for layer in with_products(folded(network))] == [type(layer) for layer in network]
