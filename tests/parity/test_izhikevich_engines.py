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
from spikeoff.neurons.torch_layer import neuron_layer


@pytest.mark.parametrize("pattern", PRESETS)
@pytest.mark.parametrize("surrogate", get_args(Surrogate))
@pytest.mark.parametrize(("dt", "max_slope"), [(1.0, 1.0), (0.5, 2.0)])
def test_a_layers_spikes_trace_and_gradient_in_float64(
    pattern: str, surrogate: Surrogate, dt: float, max_slope: float
) -> None:
    rule: dict[str, Any] = {"surrogate": surrogate, "width": 25.0, "max_slope": max_slope}
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(6, 50, 17, dtype=torch.float64, generator=generator)
    currents = (drawn * 20 + 5).requires_grad_()
    bias = torch.linspace(-1, 1, 17, dtype=torch.float64)
    spikes, trace = neuron_layer(currents + bias, PRESETS[pattern], dt, **rule)
    weights = torch.randn(5, 17, dtype=torch.float64, generator=generator)
    kept = torch.rand(6, 17, generator=generator) < 0.7
    sums = (spikes * kept[:, None]) @ weights.T
    by_sums = torch.randn(sums.shape, dtype=torch.float64, generator=generator)
    sums.backward(by_sums)  # type: ignore[no-untyped-call]

    # Room for one step more, which gets the sum of the gradients.
    given = np.pad(currents.detach().numpy(), ((0, 0), (0, 1), (0, 0)))
    ours = blocks_of(given.reshape(6 * 51, -1), 6)
    fired = neuron_loop.forward(ours, bias.numpy(), 50, PRESETS[pattern], dt)
    assert 0.01 < fired.mean() < 0.9
    np.testing.assert_array_equal(fired, spikes.detach())
    np.testing.assert_allclose(untiled(ours, 50, 17), trace.detach(), rtol=1e-9)
    heard = kept.numpy().astype(np.uint8)
    gradient = neuron_loop.backward(
        ours, by_sums.numpy(), weights.numpy(), heard, PRESETS[pattern], dt, **rule
    )
    assert currents.grad is not None
    scale = float(currents.grad.abs().max())
    found = untiled(gradient, 50, 17)
    np.testing.assert_allclose(found, currents.grad, rtol=1e-9, atol=1e-9 * scale)
    summed = untiled(gradient, 51, 17)[:, 50]
    np.testing.assert_allclose(summed, found.sum(axis=1), rtol=1e-9, atol=1e-9 * scale)


def gradients(network: IzhikevichGradient, images: Images) -> list[torch.Tensor]:
    logits = network.present(torch.from_numpy(images.flat), images.ids, epoch=1)
    functional.cross_entropy(logits, torch.from_numpy(images.labels).long()).backward()  # type: ignore[no-untyped-call]
    found = [weights.grad for weights in network.module.parameters()]
    return [logits.detach()] + [gradient for gradient in found if gradient is not None]


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_the_network_has_the_same_logits_and_gradients_on_both_engines(
    few: Images, dropout: float
) -> None:
    config = IzhikevichGradientConfig(hidden=(64,), n_steps=50, dropout=dropout, output_scale=3.0)
    networks = [
        IzhikevichGradient(config),
        IzhikevichGradient(replace(config, engine="torch")),
    ]
    assert [network.engine for network in networks] == ["native", "torch"]
    for network in networks:
        network.module.double()
        network.module.train()
    native, plain = (gradients(network, few) for network in networks)
    assert len(native) == len(plain) == 4
    for one, other in zip(native, plain, strict=True):
        scale = float(other.abs().max())
        assert scale > 0
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9 * scale)


def test_both_engines_give_the_same_account(few: Images) -> None:
    config = IzhikevichGradientConfig(hidden=(64,), n_steps=50, output_scale=3.0)
    accounts = []
    for engine in ("native", "torch"):
        network = IzhikevichGradient(replace(config, engine=engine))
        network.module.double()
        accounts.append(network.account(few))
    assert accounts[0] == accounts[1]
    assert accounts[0].operations.layers[1].effective_acs > 0
