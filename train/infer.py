"""Runs a network over images: logits here, what they are worth in `train.calibrate` and the metrics."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from mnistcls.evaluation.metrics import wilson_interval

BATCH_SIZE = 500


def to_input(images: Tensor) -> Tensor:
    """What the networks take, float32 (N, 1, H, W) in [0, 1], of uint8 (N, H, W)."""
    return images.unsqueeze(1).float().div_(255).contiguous(memory_format=torch.channels_last)


@torch.inference_mode()
def logits_of(network: nn.Module, images: NDArray[np.uint8], device: torch.device) -> NDArray[np.float32]:
    """Logits float32 (N, 10) of canonical images uint8 (N, 28, 28), in evaluation mode."""
    network.eval()
    batches = torch.from_numpy(images).split(BATCH_SIZE)
    return torch.cat([network(to_input(batch.to(device))).float().cpu() for batch in batches]).numpy()


def scores(logits: NDArray[np.float32], labels: NDArray[np.int64], prefix: str, temperature: float) -> dict[str, float]:
    """Accuracy with its 95 % interval and calibrated negative log-likelihood, names starting with `prefix`."""
    correct = int((logits.argmax(axis=1) == labels).sum())
    low, high = wilson_interval(correct, len(labels))
    nll = F.cross_entropy(torch.from_numpy(logits) / temperature, torch.from_numpy(labels)).item()
    return {
        f"{prefix}_accuracy": correct / len(labels),
        f"{prefix}_accuracy_low": low,
        f"{prefix}_accuracy_high": high,
        f"{prefix}_nll": nll,
        f"{prefix}_images": float(len(labels)),
    }
