"""The networks: images in, logits out. Scaling, softmax and calibration belong to the exported graph."""

from __future__ import annotations

import warnings

from torch import nn

# True of the 6x6 kernels, whose one layer has one channel and the other 7x7 maps: the copies cost nothing.
warnings.filterwarnings("ignore", message="Using padding='same' with even kernel lengths")

DROPOUT = 0.02
"""Share of the feature maps' values that training sets to zero; small, as the network underfits."""


def reference() -> nn.Sequential:
    """The reference network: 13,120 parameters, 3.8 million multiply-adds an image.

    Input float32 (N, 1, 28, 28) in [0, 1]; output float32 (N, 10), the logits. Its closing softmax is in the
    loss while training and in the exported graph afterwards.
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


def initialize(network: nn.Module) -> None:
    """He initialisation (K. He et al., "Delving Deep into Rectifiers", 2015): the loss falls from the first step on.

    With PyTorch's own, smaller one this network spends most of its first epoch on a plateau.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu" if isinstance(layer, nn.Conv2d) else "linear")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


NETWORKS = {"reference": reference}
"""Every network that `python -m train NAME` knows, by name."""
