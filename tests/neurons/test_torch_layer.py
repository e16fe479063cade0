"""A layer through time: its steps forward, and ``pull_back`` of each model backward."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeoff.learning.surrogate import arctan
from spikeoff.neurons.izhikevich import FAST_SPIKING
from spikeoff.neurons.lif import LIFParams
from spikeoff.neurons.models import Params, model_of
from spikeoff.neurons.torch_layer import neuron_layer

WIDTH, DT = 20.0, 0.5


@pytest.mark.parametrize("params", [FAST_SPIKING, LIFParams(5.0, 10.0)])
@pytest.mark.parametrize("max_slope", [0.8, 1e6])
def test_the_layer_steps_forward_and_pulls_gradients_back(params: Params, max_slope: float) -> None:
    generator = torch.Generator().manual_seed(0)
    currents = 40 - 150 * torch.rand(3, 12, 5, dtype=torch.float64, generator=generator) ** 4
    currents.requires_grad_()
    spikes, trace = neuron_layer(currents, params, DT, "arctan", WIDTH, max_slope)
    assert 0 < spikes.sum() < spikes.numel()
    p = params.constants(DT)
    model = model_of(type(p))
    state = model.State(*(np.full((3, 5), start) for start in params.rest()))
    before = []
    for t in range(12):
        before.append(state.v)
        reached = model.advance(state, currents[:, t].detach().numpy(), p)
        state, fired = model.fire(reached, p)
        np.testing.assert_array_equal(spikes[:, t].detach(), fired)
        np.testing.assert_allclose(trace[:, t].detach(), reached.v, rtol=1e-12)
    upstream = torch.randn(3, 12, 5, dtype=torch.float64, generator=generator)
    (spikes * upstream).sum().backward()  # type: ignore[no-untyped-call]
    assert currents.grad is not None
    by = model.State(*(np.zeros((3, 5)) for _ in state))
    for t in reversed(range(12)):
        v = trace[:, t].detach().numpy()
        by_spike = upstream[:, t].numpy() * arctan(model.excess(v, p), WIDTH)
        by, by_current = model.pull_back(by, by_spike, v, before[t], p, max_slope)
        np.testing.assert_allclose(currents.grad[:, t], by_current, rtol=1e-9, atol=1e-12)
