from __future__ import annotations

import ast
import json
import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

import train
from mnistcls.errors import CheckpointError
from train.checkpoints import (
    HEADER_KEY,
    Checkpoint,
    load_optimizer,
    load_weights,
    optimizer_tensors,
    prefixed,
)

HEADER = {"history": [{"epoch": 1, "loss": 0.1}], "name": "é", "none": None}
TENSORS = {"network.0.weight": torch.arange(6.0).reshape(2, 3), "network.0.steps": torch.tensor(7)}


class Bomb:
    """A pickle that makes a file when it is loaded."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


def saved(folder: Path) -> Path:
    path = folder / "best.safetensors"
    Checkpoint(HEADER, TENSORS).save(path)
    return path


def assert_equal(tensors: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    assert set(tensors) == set(expected)
    for name, tensor in tensors.items():
        assert tensor.dtype == expected[name].dtype
        assert torch.equal(tensor, expected[name])


# --- reading what was written


def test_header_and_tensors_come_back_as_they_were(tmp_path: Path) -> None:
    loaded = Checkpoint.load(saved(tmp_path))
    assert loaded.header == HEADER
    assert_equal(dict(loaded.tensors), TENSORS)


def test_file_is_safetensors_with_a_json_header(tmp_path: Path) -> None:
    with safe_open(saved(tmp_path), framework="pt") as file:
        assert json.loads(file.metadata()[HEADER_KEY]) == HEADER
        assert set(file.keys()) == set(TENSORS)


def test_tensors_of_any_layout_and_with_gradients_are_saved_by_value(tmp_path: Path) -> None:
    weight = torch.rand(4, 3, 6, 6).contiguous(memory_format=torch.channels_last).requires_grad_()
    Checkpoint({}, {"weight": weight, "turned": TENSORS["network.0.weight"].T}).save(tmp_path / "x")
    loaded = Checkpoint.load(tmp_path / "x").tensors
    assert torch.equal(loaded["weight"], weight.detach())
    assert torch.equal(loaded["turned"], TENSORS["network.0.weight"].T)
    assert not loaded["weight"].requires_grad


def test_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    Checkpoint({"a": 1, "b": 2}, TENSORS).save(tmp_path / "one")
    Checkpoint({"b": 2, "a": 1}, TENSORS).save(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_under_takes_whole_first_words_only() -> None:
    names = ["network.0.weight", "network.1.network.bias", "networks.0.weight", "averaged.network.0.weight", "network"]
    checkpoint = Checkpoint({}, {name: torch.tensor(k) for k, name in enumerate(names)})
    assert_equal(checkpoint.under("network"), {"0.weight": torch.tensor(0), "1.network.bias": torch.tensor(1)})


def test_prefixed_is_undone_by_under() -> None:
    tensors = {"0.weight": torch.ones(1), "0.bias": torch.zeros(1)}
    assert set(prefixed("network", tensors)) == {"network.0.weight", "network.0.bias"}
    assert_equal(Checkpoint({}, prefixed("network", tensors)).under("network"), tensors)


# --- files that are no checkpoints


def test_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"best\.safetensors: no such checkpoint; `python -m train` makes one"):
        Checkpoint.load(tmp_path / "best.safetensors")


@pytest.mark.parametrize("keep", [0, 4, 100, -1])
def test_truncated_file_is_refused(tmp_path: Path, keep: int) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CheckpointError, match=r"best\.safetensors: not a checkpoint of this project"):
        Checkpoint.load(path)


def test_damaged_header_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'history\\"', b"history\\\\_", 1))
    with pytest.raises(CheckpointError, match="not a checkpoint of this project"):
        Checkpoint.load(path)


@pytest.mark.parametrize("metadata", [None, {"format": "pt"}, {HEADER_KEY: "no JSON"}])
def test_safetensors_of_another_program_is_refused(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    save_file(TENSORS, tmp_path / "foreign.safetensors", metadata)
    with pytest.raises(CheckpointError, match=r"foreign\.safetensors: not a checkpoint of this project"):
        Checkpoint.load(tmp_path / "foreign.safetensors")


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        Checkpoint.load(tmp_path)


@pytest.mark.parametrize("kind", ["pickle", "torch.save"])
def test_pickle_is_refused_without_being_run(tmp_path: Path, kind: str) -> None:
    path, target = tmp_path / "evil.safetensors", tmp_path / "executed"
    if kind == "pickle":
        path.write_bytes(pickle.dumps(Bomb(target)))
    else:
        torch.save({"network": Bomb(target)}, path)
    with pytest.raises(CheckpointError, match="not a checkpoint of this project"):
        Checkpoint.load(path)
    assert not target.exists()


def test_no_module_of_train_can_read_or_write_a_pickle() -> None:
    for source in Path(train.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert not {alias.name for alias in node.names} & {"pickle", "joblib", "shelve", "dill"}, source.name
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "torch":
                assert node.attr not in {"load", "save"}, source.name


# --- writing


def test_failed_write_keeps_the_old_checkpoint_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        Checkpoint({}, {}).save(path)
    assert Checkpoint.load(path).header == HEADER
    assert list(tmp_path.iterdir()) == [path]


# --- into networks and optimizers


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"weight": torch.ones(2, 3)},
        {"weight": torch.ones(3, 3), "bias": torch.ones(2)},
        {"weight": torch.ones(2, 3), "bias": torch.ones(2), "more": torch.ones(1)},
    ],
    ids=["none", "missing", "shape", "more"],
)
def test_weights_of_another_network_are_refused(weights: dict[str, Tensor]) -> None:
    with pytest.raises(CheckpointError, match=r"^the checkpoint's weights are of another network \(.+\)$") as caught:
        load_weights(nn.Linear(3, 2), weights)
    assert "\n" not in str(caught.value)


def test_weights_are_loaded() -> None:
    network = nn.Linear(3, 2)
    load_weights(network, {"weight": torch.full((2, 3), 5.0), "bias": torch.ones(2)})
    assert network(torch.ones(1, 3)).tolist() == [[16.0, 16.0]]


def stepped(weight: Tensor, optimizer: torch.optim.Optimizer, steps: int) -> Tensor:
    for step in range(steps):
        optimizer.zero_grad()
        (weight * torch.arange(1.0, 4) * (step + 1)).sum().square().backward()
        optimizer.step()
    return weight.detach()


def test_optimizer_continues_where_it_was() -> None:
    weights = [torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)]
    one, two = (torch.optim.AdamW([weight], lr=0.1) for weight in weights)
    stepped(weights[0], one, 3)
    weights[1].data.copy_(weights[0].data)
    load_optimizer(two, {name: tensor.clone() for name, tensor in optimizer_tensors(one).items()})
    assert torch.equal(stepped(weights[0], one, 2), stepped(weights[1], two, 2))


def test_optimizer_state_is_named_by_parameter_and_key() -> None:
    weight = torch.ones(3, requires_grad=True)
    optimizer = torch.optim.AdamW([weight])
    assert optimizer_tensors(optimizer) == {}
    stepped(weight, optimizer, 1)
    assert set(optimizer_tensors(optimizer)) == {"0.step", "0.exp_avg", "0.exp_avg_sq"}
