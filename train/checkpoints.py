"""Reads and writes checkpoints: tensors as safetensors, all else as JSON in the file's header; never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn, optim

from mnistcls.errors import CheckpointError
from train.files import write_whole

HEADER_KEY = "mnistcls"
"""Key of the JSON text in the metadata of a safetensors file."""


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by dotted name, and a header of plain JSON values."""

    header: Mapping[str, Any]
    tensors: Mapping[str, Tensor]

    def save(self, path: Path) -> None:
        """Write the file whole or not at all."""
        contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in self.tensors.items()}
        write_whole(path, save(contiguous, metadata={HEADER_KEY: json.dumps(self.header, sort_keys=True)}))

    @classmethod
    def load(cls, path: Path) -> Checkpoint:
        """Read a checkpoint.

        Raises:
            CheckpointError: the file is missing, damaged, or no checkpoint of this project.
        """
        if path.is_dir():
            raise CheckpointError(f"{path} is a folder; name a checkpoint in it, such as best.safetensors")
        try:
            with safe_open(path, framework="pt") as file:
                header = json.loads((file.metadata() or {})[HEADER_KEY])
                return cls(header, {name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118 - no mapping
        except FileNotFoundError:
            raise CheckpointError(f"{path}: no such checkpoint; `python -m train` makes one") from None
        except (SafetensorError, OSError, KeyError, ValueError) as error:
            raise CheckpointError(f"{path}: not a checkpoint of this project ({error}); train again") from None

    def under(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose name starts with `prefix` and a dot, by the rest of their name."""
        start = f"{prefix}."
        return {name.removeprefix(start): t for name, t in self.tensors.items() if name.startswith(start)}


def load_weights(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Load weights into a network.

    Raises:
        CheckpointError: they are the weights of another network.
    """
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise CheckpointError(f"the checkpoint's weights are of another network ({reason})") from None


def prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors, with a dotted prefix before each name."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def optimizer_tensors(optimizer: optim.Optimizer) -> dict[str, Tensor]:
    """The optimizer's state as tensors named `PARAMETER.KEY`."""
    state = optimizer.state_dict()["state"]
    return {f"{index}.{key}": tensor for index, entry in state.items() for key, tensor in entry.items()}


def load_optimizer(optimizer: optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Restore the state that `optimizer_tensors` returned. The learning rate is the scheduler's to restore."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        index, key = name.split(".")
        state.setdefault(int(index), {})[key] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
