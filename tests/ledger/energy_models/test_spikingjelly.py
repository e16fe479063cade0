"""Models against SpikingJelly's release itself, on layers and spikes of our own choice."""

from __future__ import annotations

import pytest
import torch
from torch import nn

pytest.importorskip("spikingjelly")

from spikingjelly.activation_based import layer, neuron
from spikingjelly.activation_based.op_counter.analytical_energy import estimate_lemaire_energy
from spikingjelly.activation_based.op_counter.neuromc.core import estimate_neuromc_runtime_energy

from spikeoff.ledger.energy_models import lemaire, neuromc
from tests.ledger.energy_models.made import (
    conventional,
    convolution,
    dense_layer,
    spiking,
    spiking_layer,
)

pytestmark = pytest.mark.reference


@pytest.mark.parametrize(("sources", "targets", "steps"), [(20, 30, 1), (50, 16, 7), (33, 9, 12)])
def test_neuromc_of_spikes_over_steps(sources: int, targets: int, steps: int) -> None:
    module = layer.Linear(sources, targets, bias=False, step_mode="m")
    spikes = (torch.rand(steps, 1, sources) < 0.2).float()
    ours = spiking("if", spiking_layer(sources, targets, 1, neurons=0), steps=steps)
    expected = estimate_neuromc_runtime_energy(module, spikes).energy_total_pj
    assert sum(neuromc.energy(ours).values()) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kind", ["if", "lif"])
def test_lemaire_of_a_layer_and_its_neurons(kind: str, bias: bool) -> None:
    torch.manual_seed(0)
    sources, targets = 60, 25
    nodes = {"if": neuron.IFNode(), "lif": neuron.LIFNode()}
    linear = nn.Linear(sources, targets, bias=bias)
    module = nn.Sequential(linear, nodes[kind])
    spikes = (torch.rand(1, sources) < 0.4).float()
    with torch.no_grad():
        linear.weight.mul_(20)
        fired = int(module(spikes).sum())
    nodes[kind].reset()
    ours = spiking(kind, spiking_layer(sources, targets, int(spikes.sum()), fired, bias=bias))
    expected = estimate_lemaire_energy(module, spikes).total_pj
    assert sum(lemaire.energy(ours).values()) == pytest.approx(expected, rel=1e-12)


def test_neuromc_of_values() -> None:
    module = nn.Linear(40, 30, bias=False)
    expected = estimate_neuromc_runtime_energy(module, torch.rand(1, 40)).energy_total_pj
    ours = conventional(dense_layer(40, 30))
    assert sum(neuromc.energy(ours).values()) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("into", "out", "side", "kernel"), [(1, 32, 28, 3), (40, 5, 9, 2)])
def test_conventional_convolutions(into: int, out: int, side: int, kernel: int, bias: bool) -> None:
    module = nn.Conv2d(into, out, kernel, bias=bias)
    images = torch.rand(1, into, side, side)
    ours = conventional(convolution(into, out, side, kernel, bias=bias))
    expected = estimate_lemaire_energy(module, images).total_pj
    assert sum(lemaire.energy(ours).values()) == pytest.approx(expected, rel=1e-12)
    expected = estimate_neuromc_runtime_energy(module, images).energy_total_pj
    assert sum(neuromc.energy(ours).values()) == pytest.approx(expected, rel=1e-12)


def test_neuromc_of_a_convolution_of_spikes_over_steps() -> None:
    steps, into, out, side, kernel = 6, 20, 7, 8, 3
    module = layer.Conv2d(into, out, kernel, bias=False, step_mode="m")
    spikes = (torch.rand(steps, 1, into, side, side) < 0.2).float()
    ours = spiking("if", convolution(into, out, side, kernel), steps=steps)
    expected = estimate_neuromc_runtime_energy(module, spikes).energy_total_pj
    assert sum(neuromc.energy(ours).values()) == pytest.approx(expected, rel=1e-12)
