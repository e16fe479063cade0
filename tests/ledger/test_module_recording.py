"""Counts of what meets the weights of a PyTorch module, one by one and in closed form."""

from __future__ import annotations

from dataclasses import astuple
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from spikeoff.ledger.account import Account, account_of
from spikeoff.ledger.module_recording import ModuleRecorder
from spikeoff.ledger.operations import LayerOperations, Operations


def account(module: nn.Module, *batches: torch.Tensor) -> Account:
    with torch.no_grad(), ModuleRecorder(module) as recorder:
        for batch in batches:
            module(batch)
    n = sum(map(len, batches))
    recording = recorder.recording(np.zeros((n, 2), np.float32))
    return account_of(recording, recorder.synapses(), np.zeros(n, np.uint8))


def counted(module: nn.Module, *batches: torch.Tensor) -> list[LayerOperations]:
    return list(account(module, *batches).operations.layers)


def half_zero(*shape: int) -> torch.Tensor:
    values = torch.randn(*shape)
    return values * (torch.rand(*shape) < 0.5)


def one_by_one(layer: nn.Conv2d, x: torch.Tensor) -> tuple[int, int]:
    """Places of a padded input met by weights: all but padding, and those where neither is 0."""
    assert not isinstance(layer.padding, str)
    pad, stride, dilation = (pair[0] for pair in (layer.padding, layer.stride, layer.dilation))
    weight = layer.weight.detach().numpy()
    inside = np.pad(np.ones(x.shape[2:], int), pad)
    padded = np.pad(x.numpy(), ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    size, per_group = layer(x).shape[2:], layer.out_channels // layer.groups
    dense = effective = 0
    ranges = (
        range(len(x)),
        range(layer.out_channels),
        *map(range, size),
        *map(range, weight.shape[1:]),
    )
    for n, out, row, column, channel, i, j in product(*ranges):
        y, z = row * stride + i * dilation, column * stride + j * dilation
        source = out // per_group * weight.shape[1] + channel
        dense += int(inside[y, z])
        effective += int(padded[n, source, y, z] != 0 and weight[out, channel, i, j] != 0)
    return dense, effective


@pytest.mark.parametrize(
    "options",
    [{}, {"stride": 2}, {"padding": 1}, {"dilation": 2}, {"groups": 2, "padding": 1, "stride": 2}],
)
def test_a_convolution_is_counted_as_its_windows_one_by_one(options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    layer = nn.Conv2d(4, 6, 3, **options)
    with torch.no_grad():
        layer.weight.copy_(half_zero(*layer.weight.shape))
    x = half_zero(2, 4, 7, 7)
    (operations,) = counted(nn.Sequential(layer), x)
    dense, effective = one_by_one(layer, x)
    assert (operations.dense_macs, operations.effective_macs) == (dense / 2, effective / 2)
    assert operations.effective_acs == 0
    with torch.no_grad():
        outputs = layer(x).shape[1:].numel()
    assert (operations.sources, operations.targets) == (4 * 7 * 7, outputs)
    assert (operations.biases, operations.biased) == (6, outputs)
    assert operations.places == layer.weight.numel()
    assert operations.stored == int(layer.weight.count_nonzero())
    assert operations.convolution
    channels = 4 // options.get("groups", 1)
    assert (operations.fan_in, operations.kernel) == (channels * 3 * 3, 3 * 3)


def test_a_dense_layer_in_closed_form() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(50, 20)
    with torch.no_grad():
        layer.weight.copy_(half_zero(20, 50))
    x = half_zero(8, 50)
    (operations,) = counted(nn.Sequential(layer), x[:3], x[3:])
    met = (x != 0).double() @ (layer.weight != 0).double().T
    assert operations == LayerOperations(
        "0", 1000, float(met.sum()) / 8, 0.0, source="input", sources=50, targets=20, places=1000,
        stored=int((layer.weight != 0).sum()), events_in=float((x != 0).sum()) / 8, biases=20,
        biased=20, output=True,
    )  # fmt: skip


def test_inputs_of_minus_one_zero_and_one_are_added_and_others_multiplied() -> None:
    layer = nn.Sequential(nn.Linear(4, 3))
    spikes = torch.tensor([[0.0, 1.0, -1.0, 0.0]])
    assert counted(layer, spikes)[0].effective_acs == 2 * 3
    for factor in (0.5, 2.0):
        mixed = counted(layer, spikes, factor * spikes)[0]  # a layer does one of the two
        assert (mixed.effective_acs, mixed.effective_macs) == (0, 2 * 3)


def test_sparsity_counts_zeros_of_weights_and_behind_relus() -> None:
    first, second = nn.Linear(2, 4, bias=False), nn.Linear(4, 2)
    with torch.no_grad():
        first.weight.copy_(torch.tensor([[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0], [-1.0, 0.0]]))
        second.weight.fill_(1)
    module = nn.Sequential(first, nn.ReLU(), second)
    sparsity = account(module, torch.tensor([[1.0, 5.0], [-1.0, 5.0]])).sparsity
    assert sparsity.connection == 4 / 16
    assert sparsity.activation == 4 / 8


def test_nothing_is_recorded_outside_the_block() -> None:
    module = nn.Sequential(nn.Linear(2, 4))
    with torch.no_grad(), ModuleRecorder(module) as recorder:
        module(torch.ones(3, 2))
    module(torch.ones(5, 2))
    np.testing.assert_array_equal(
        recorder.recording(np.zeros((3, 4), np.float32)).events["input"], [[3, 3]]
    )


def test_what_a_layer_does_not_name_it_does_not_have() -> None:
    assert not any(astuple(LayerOperations("a", 1, 2, 3))[4:])


def test_totals_are_sums_over_layers() -> None:
    layers = [LayerOperations("a", 10, 5, 0), LayerOperations("b", 1, 0, 0.5)]
    operations = Operations.of_layers(layers, 7)
    assert operations == Operations(11, 5, 0.5, 7, tuple(layers))
    assert (operations.steps, operations.readout) == (1, 0)
