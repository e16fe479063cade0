"""The fused kernels against plain autograd."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
import torch
from torch.nn import functional

from spikeoff.contenders.gradient.numba import neuron_loop
from spikeoff.contenders.gradient.spiking import IzhikevichGradient, IzhikevichGradientConfig
from spikeoff.data import Images
from spikeoff.kernels.tiles import blocks_of, untiled
from spikeoff.learning.surrogate import Surrogate
from spikeoff.neurons.izhikevich import PRESETS
from spikeoff.neurons.lif import LIFParams
from spikeoff.neurons.models import Params
from spikeoff.neurons.torch_layer import neuron_layer

POPULATIONS: dict[str, Params] = {**PRESETS, "lif": LIFParams(), "quick lif": LIFParams(3.0, 30.0)}

N_STEPS = 50

SPARSE: dict[str, Any] = {"coding": "threshold", "synapse": "held", "readout": "linear"}

NETWORKS: dict[str, dict[str, Any]] = {
    "one layer": {"hidden": (64,), "output_scale": 3.0},
    "three layers": {"hidden": (40, 70, 20), "hidden_scale": 1.5, "output_scale": 4.0},
    "lif": {"hidden": (64,), "neuron": "lif", "output_scale": 2.0},
    "two layers of lif": {"hidden": (40, 30), "neuron": "lif", "tau_mem": 5.0, "v_thresh": 12.0,
                          "output_scale": 2.0},
    "held currents, linear read-out": {**SPARSE, "hidden": (70,), "hidden_scale": 2.0},
    "two layers, linear read-out": {**SPARSE, "hidden": (40, 30), "current_gain": 20.0,
                                    "hidden_scale": 0.1, "spike_penalty": 0.01},
    "counts and potentials": {"hidden": (40,), "coding": "threshold", "synapse": "held",
                              "readout": "spikes+potential", "current_gain": 20.0,
                              "hidden_scale": 0.1, "output_gain": 5.0, "output_scale": 0.1},
    "decaying currents, dt 0.5": {"hidden": (40,), "coding": "latency", "synapse": "decaying",
                                  "tau_syn": 3.0, "dt": 0.5, "hidden_scale": 2.0,
                                  "output_scale": 3.0},
    "penalty": {"hidden": (40, 30), "coding": "poisson", "max_rate": 0.5, "output_scale": 3.0,
                "hidden_scale": 1.5, "spike_penalty": 0.01},
    "a current into held lif": {"hidden": (40, 30), "neuron": "lif", "coding": "direct",
                                "synapse": "held", "hidden_scale": 1.0, "readout": "linear"},
}  # fmt: skip


@pytest.mark.parametrize("neurons", POPULATIONS)
@pytest.mark.parametrize("surrogate", get_args(Surrogate))
@pytest.mark.parametrize(("dt", "max_slope"), [(1.0, 1.0), (0.5, 2.0)])
def test_a_layers_spikes_trace_and_gradient_in_float64(
    neurons: str, surrogate: Surrogate, dt: float, max_slope: float
) -> None:
    params = POPULATIONS[neurons]
    rule: dict[str, Any] = {"surrogate": surrogate, "width": 25.0, "max_slope": max_slope}
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(6, 50, 17, dtype=torch.float64, generator=generator)
    currents = (drawn * 20 + 5).requires_grad_()
    bias = torch.linspace(-1, 1, 17, dtype=torch.float64)
    spikes, trace = neuron_layer(currents + bias, params, dt, **rule)
    weights = torch.randn(5, 17, dtype=torch.float64, generator=generator)
    kept = torch.rand(6, 17, generator=generator) < 0.7
    sums = (spikes * kept[:, None]) @ weights.T
    by_sums = torch.randn(sums.shape, dtype=torch.float64, generator=generator)
    sums.backward(by_sums)  # type: ignore[no-untyped-call]

    # Room for one step more, which gets the sum of the gradients.
    given = np.pad(currents.detach().numpy(), ((0, 0), (0, 1), (0, 0)))
    ours = blocks_of(given.reshape(6 * 51, -1), 6)
    fired = neuron_loop.forward(ours, bias.numpy(), 50, params, dt)
    assert 0.01 < fired.mean() < 0.9
    np.testing.assert_array_equal(fired, spikes.detach())
    np.testing.assert_allclose(untiled(ours, 50, 17), trace.detach(), rtol=1e-9)
    keep_mask = kept.numpy().astype(np.uint8)
    gradient = neuron_loop.backward(
        ours, by_sums.numpy(), weights.numpy(), keep_mask, params, dt, **rule
    )
    assert currents.grad is not None
    scale = float(currents.grad.abs().max())
    found = untiled(gradient, 50, 17)
    np.testing.assert_allclose(found, currents.grad, rtol=1e-9, atol=1e-9 * scale)
    summed = untiled(gradient, 51, 17)[:, 50]
    np.testing.assert_allclose(summed, found.sum(axis=1), rtol=1e-9, atol=1e-9 * scale)


def gradients(network: IzhikevichGradient, images: Images) -> list[torch.Tensor]:
    logits = network.present(torch.from_numpy(images.flat), images.ids, epoch=1)
    loss = functional.cross_entropy(logits, torch.from_numpy(images.labels).long())
    penalty = network.penalty()
    (loss if penalty is None else loss + penalty).backward()  # type: ignore[no-untyped-call]
    found = [weights.grad for weights in network.module.parameters()]
    return [logits.detach()] + [gradient for gradient in found if gradient is not None]


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("network", NETWORKS)
def test_the_network_has_the_same_logits_and_gradients_on_both_engines(
    few: Images, network: str, dropout: float
) -> None:
    config = IzhikevichGradientConfig(n_steps=N_STEPS, dropout=dropout, **NETWORKS[network])
    networks = [
        IzhikevichGradient(config),
        IzhikevichGradient(replace(config, engine="torch")),
    ]
    assert [one.engine for one in networks] == ["native", "torch"]
    for one in networks:
        one.module.double()
        one.module.train()
    native, plain = (gradients(one, few) for one in networks)
    linear = config.readout == "linear"
    assert len(native) == len(plain) == 2 * len(config.hidden) + 2 + linear
    for ours, other in zip(native, plain, strict=True):
        scale = float(other.abs().max())
        assert scale > 0
        np.testing.assert_allclose(ours, other, rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize("network", NETWORKS)
def test_both_engines_give_the_same_account(few: Images, network: str) -> None:
    config = IzhikevichGradientConfig(n_steps=N_STEPS, **NETWORKS[network])
    accounts = []
    for engine in ("native", "torch"):
        contender = IzhikevichGradient(replace(config, engine=engine))
        contender.module.double()
        accounts.append(contender.account(few))
    assert accounts[0] == accounts[1]
    layers = accounts[0].operations.layers
    linear = config.readout == "linear"
    assert len(layers) == len(config.hidden) + 1 + linear
    assert all(layer.effective_acs + layer.effective_macs > 0 for layer in layers)
    assert (layers[0].effective_macs > 0) == (config.coding == "direct")
    assert (layers[-1].effective_macs > 0) == linear
