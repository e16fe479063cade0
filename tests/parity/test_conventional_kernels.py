"""A training step of mlp and cnn by the kernels against the same module by PyTorch alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from spikeoff.contenders.gradient.cnn import CNN, CNNConfig, as_pictures
from spikeoff.contenders.gradient.mlp import MLP, MLPConfig
from spikeoff.contenders.gradient.trainer import GradientContender
from spikeoff.data import Images


def mlp() -> MLP:
    return MLP(MLPConfig(hidden=(40,), num_threads=1, device="cpu"))


def cnn() -> CNN:
    return CNN(CNNConfig(n_hidden=40, num_threads=1, device="cpu"))


def deeper_cnn() -> CNN:
    settings = {"channels": (8, 12), "convolutions": 2, "n_hidden": 40, "map_dropout": 0.25}
    return CNN(CNNConfig(num_threads=1, device="cpu", **settings))  # type: ignore[arg-type]


def plainly(
    network: GradientContender,
    pixels: torch.Tensor,
    keep_mask: torch.Tensor,
    keep_maps: list[torch.Tensor],
) -> Any:
    """Logits by PyTorch's operators."""
    if isinstance(network, CNN):
        return network.module(as_pictures(pixels).double(), keep_mask, keep_maps)
    return network.module(pixels.double() / 255, [keep_mask])


@pytest.mark.parametrize("make", [mlp, cnn, deeper_cnn])
def test_logits_gradients_and_buffers_are_the_modules(few: Images, make: Any) -> None:
    pixels, labels = torch.from_numpy(few.flat), torch.from_numpy(few.labels).long()
    results = []
    for by_kernels in (True, False):
        network = make()
        network.module.double().train()
        keep_mask = network.keep_mask(few.ids, 1, 40, network.config.dropout)
        assert keep_mask is not None
        assert 0 < keep_mask.double().mean() < 1
        keep_maps = network._keep_maps(few.ids, 1) if isinstance(network, CNN) else []
        if by_kernels:
            pictures = as_pictures(pixels).double()
            logits = (
                network.module(pictures, keep_mask, keep_maps, fused=True)
                if isinstance(network, CNN)
                else network.module.by_kernels(pixels, [keep_mask])
            )
        else:
            logits = plainly(network, pixels, keep_mask, keep_maps)
        functional.cross_entropy(logits, labels).backward()  # type: ignore[no-untyped-call]
        found = [logits.detach(), *(one.grad for one in network.module.parameters())]
        results.append([*found, *network.module.buffers()])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("make", [mlp, cnn, deeper_cnn])
def test_training_goes_by_the_kernels_and_warming_up_leaves_no_trace(
    few: Images, make: Any
) -> None:
    network = make()
    before = network.state()
    network.warm_up(few.take(slice(0, 2)))
    after = network.state()
    assert all((before[name] == after[name]).all() for name in before)
    network.module.train()
    sent = network.present(torch.from_numpy(few.flat), few.ids, 1)
    names = set()
    waiting = [sent.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None:
            names.add(type(node).__name__)
            waiting += [following for following, _ in node.next_functions]
    assert {"ReluLayerBackward", "NormPoolBackward"} & names
