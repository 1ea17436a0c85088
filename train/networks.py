"""The networks: images in, logits out. Scaling, softmax and calibration belong to the exported graph."""

from __future__ import annotations

from torch import nn

IMAGE_SIZE = 28
CLASSES = 10
DROPOUT = 0.05
"""Share of the feature maps' values that training sets to zero; small, as the network underfits."""


def reference() -> nn.Sequential:
    """The reference network: 13,120 parameters, 3.8 million multiply-adds an image.

    Input float32 (N, 1, 28, 28) in [0, 1]; output float32 (N, 10), the logits. Its closing softmax is in the
    loss while training and in the exported graph afterwards.
    """
    return nn.Sequential(
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


NETWORKS = {"reference": reference}
"""Every network that `python -m train NAME` knows, by name."""
