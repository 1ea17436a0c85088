"""The networks, which take images and return logits. Scaling, softmax and calibration belong to the exported graph.

Ten logits, one per digit. That an image shows no digit at all is an eleventh class whose logit is fixed at 0: an image
is a digit as surely as its logits are high, and no network needs another output for it (see `with_no_digit`).
"""

from __future__ import annotations

import warnings
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mnistcls.canonical import SIZE

# PyTorch warns that even kernels with padding='same' copy their input. The copies here are small.
warnings.filterwarnings("ignore", message="Using padding='same' with even kernel lengths")

DROPOUT = 0.02
"""Share of the feature maps' values that training sets to zero in the reference; small, as that network underfits."""


def reference() -> nn.Sequential:
    """The reference network: 13,120 parameters, 3.8 million multiply-adds an image.

    Its input is float32 (N, 1, 28, 28) in [0, 1], its output float32 (N, 10), the logits. The softmax that follows is
    part of the loss in training, and of the exported graph afterwards.
    """
    network = nn.Sequential(
        nn.Conv2d(1, 20, 6, padding="same"),  # (N, 20, 28, 28)
        nn.ReLU(inplace=True),
        nn.Conv2d(20, 20, 3, padding="same"),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(4),  # (N, 20, 7, 7)
        nn.Dropout(DROPOUT),
        nn.Conv2d(20, 10, 6, padding="same"),  # (N, 10, 7, 7)
        nn.ReLU(inplace=True),
        nn.Conv2d(10, 10, 3, padding="same"),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(4),  # (N, 10, 1, 1)
        nn.Dropout(DROPOUT),
        nn.Flatten(),
        nn.Linear(10, 30),
        nn.Tanh(),
        nn.Linear(30, 10),
    )
    initialize(network)
    return network


def default() -> nn.Sequential:
    """The default network: 2.0 million multiply-adds an image, less than a third of the reference's time.

    Deep and narrow, with most of its layers on small maps, where they are cheap. Channels are multiples of 16, or of 32
    where most of the time goes: vectors hold 8 or 16, and inner loops take several. The first layer does not see the
    last row and column, where one in 75 of MNIST's digits has a little ink. Shapes as for `reference`.
    """
    network = nn.Sequential(
        *_convolution(1, 16, 5, stride=2, padding=0),  # (N, 16, 12, 12)
        *_convolution(16, 32),
        nn.MaxPool2d(2),  # (N, 32, 6, 6)
        *_convolution(32, 32),
        *_convolution(32, 32),
        *_convolution(32, 32),
        nn.MaxPool2d(2),  # (N, 32, 3, 3)
        *_convolution(32, 64),
        *_convolution(64, 192, padding=0),  # (N, 192, 1, 1)
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(192, 10),
    )
    initialize(network)
    return network


def _convolution(inputs: int, outputs: int, size: int = 3, *, stride: int = 1, padding: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, size, stride=stride, padding=padding, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]


def with_no_digit(logits: Tensor) -> Tensor:
    """Append the logit of `no digit`, which is 0, to those of the ten digits: (N, 10) becomes (N, 11).

    The odds that an image shows a digit are then exp(logsumexp(logits)): the energy of Liu et al., "Energy-based
    Out-of-distribution Detection" (2020), trained to tell.
    """
    return torch.cat([logits, logits.new_zeros(len(logits), 1)], dim=1)


def folded(network: nn.Sequential) -> nn.Sequential:
    """A faster network with the same answers, in which batch norms are part of the convolutions before them."""
    layers: list[nn.Module] = []
    for layer in network.eval():
        if isinstance(layer, nn.BatchNorm2d):
            layers[-1] = fuse_conv_bn_eval(cast("nn.Conv2d", layers[-1]), layer)
        else:
            layers.append(layer)
    return nn.Sequential(*layers).eval()


def with_products(network: nn.Sequential) -> nn.Sequential:
    """A faster network with the same answers, in which a convolution that covers its whole map is a matrix product.

    Args:
        network: for images (N, 1, 28, 28), in evaluation mode.
    """
    layers: list[nn.Module] = []
    x = torch.zeros(1, 1, SIZE, SIZE)
    for layer in network:
        if isinstance(layer, nn.Conv2d) and layer.padding == (0, 0) and layer.kernel_size == x.shape[2:]:
            layers += [nn.Flatten(), _product(layer)]
        else:
            layers.append(layer)
        x = layer(x)
    return nn.Sequential(*layers).eval()


def _product(covering: nn.Conv2d) -> nn.Linear:
    product = nn.Linear(covering.weight[0].numel(), covering.out_channels, bias=covering.bias is not None)
    product.weight = nn.Parameter(covering.weight.detach().flatten(1))
    if covering.bias is not None:
        product.bias = nn.Parameter(covering.bias.detach())
    return product


def initialize(network: nn.Module) -> None:
    """Initialize the weights as K. He et al. do ("Delving Deep into Rectifiers", 2015).

    The loss then falls from the first step on. With PyTorch's own, smaller weights the reference spends most of its
    first epoch on a plateau.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu" if isinstance(layer, nn.Conv2d) else "linear")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


NETWORKS = {"default": default, "reference": reference}
"""Every network, by name."""
