"""Runs a network over images. `train.calibrate` and `train.scoring` judge the logits."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

BATCH_SIZE = 500  # images; without gradients, so more than in training


def to_input(images: Tensor) -> Tensor:
    """Turn images, uint8 (N, H, W), into the networks' input, float32 (N, 1, H, W) in [0, 1]."""
    return images.unsqueeze(1).float().div_(255).contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def logits_of(network: nn.Module, images: NDArray[np.uint8], device: torch.device) -> NDArray[np.float32]:
    """Logits, float32 (N, 10), of canonical images, uint8 (N, 28, 28); leaves the network in evaluation mode."""
    network.eval()
    batches = torch.from_numpy(images).split(BATCH_SIZE)
    return torch.cat([network(to_input(batch.to(device))).float().cpu() for batch in batches]).numpy()
