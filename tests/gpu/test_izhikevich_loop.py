"""A layer by Triton's kernels against plain autograd, on the same device."""

from __future__ import annotations

from typing import Any, NamedTuple, get_args

import pytest
import torch

from spikeoff.contenders.gradient.triton import neuron_loop
from spikeoff.learning.surrogate import Surrogate
from spikeoff.neurons.izhikevich import FAST_SPIKING, PRESETS, IzhikevichParams
from spikeoff.neurons.torch_layer import neuron_layer

pytestmark = pytest.mark.slow

WIDTH = 25.0


class Case(NamedTuple):
    """A layer's input, and what autograd makes of it."""

    currents: torch.Tensor
    bias: torch.Tensor
    by_sums: torch.Tensor
    weights: torch.Tensor
    scale: torch.Tensor
    spikes: torch.Tensor
    trace: torch.Tensor
    gradient: torch.Tensor


def by_autograd(
    params: IzhikevichParams,
    rule: tuple[float, Surrogate, float, float],
    device: str,
    dtype: torch.dtype = torch.float64,
    shape: tuple[int, int, int] = (1, 50, 17),
) -> Case:
    n, _, n_neurons = shape
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(shape, dtype=dtype, generator=generator).to(device)
    currents = (drawn * 20 + 5).requires_grad_()
    bias = torch.linspace(-1, 1, n_neurons, dtype=dtype, device=device)
    weights = torch.randn(5, n_neurons, dtype=dtype, generator=generator).to(device)
    scale = (torch.rand(n, n_neurons, generator=generator) < 0.7).to(dtype).to(device) / 0.7
    spikes, trace = neuron_layer(currents + bias, params, *rule)
    sums = (spikes * scale[:, None]) @ weights.T
    by_sums = torch.randn(sums.shape, dtype=dtype, generator=generator).to(device)
    (gradient,) = torch.autograd.grad(sums, currents, by_sums)
    return Case(
        currents.detach(), bias, by_sums, weights, scale, spikes.detach(), trace.detach(), gradient
    )


def worst(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """The largest difference, relative to the largest entry."""
    return float((ours - theirs).abs().max() / theirs.abs().max())


@pytest.mark.parametrize("pattern", PRESETS)
@pytest.mark.parametrize("surrogate", get_args(Surrogate))
def test_spikes_trace_and_gradient_in_float64(
    pattern: str, surrogate: Surrogate, device: str
) -> None:
    rule = (0.5, surrogate, WIDTH, 2.0) if pattern == "chattering" else (1.0, surrogate, WIDTH, 1.0)
    case = by_autograd(PRESETS[pattern], rule, device)
    trace = case.currents.clone()
    counts = neuron_loop.forward(trace, case.bias, PRESETS[pattern], rule[0])
    assert 0.01 < case.spikes.mean() < 0.9
    assert torch.equal(trace, case.trace)
    assert torch.equal(counts, case.spikes.sum(1))
    gradient = neuron_loop.backward(
        trace, case.by_sums, case.weights, case.scale, PRESETS[pattern], *rule
    )
    assert gradient.data_ptr() == trace.data_ptr()
    assert worst(gradient, case.gradient) < 1e-9


@pytest.mark.parametrize("surrogate", get_args(Surrogate))
def test_single_precision_rounds_as_pytorch_does(surrogate: Surrogate, device: str) -> None:
    """The way forward to the last bit; back, sums and divisions are taken otherwise."""
    rule = (1.0, surrogate, WIDTH, 1.0)
    case = by_autograd(FAST_SPIKING, rule, device, torch.float32)
    trace = case.currents.clone()
    counts = neuron_loop.forward(trace, case.bias, FAST_SPIKING, 1.0)
    assert torch.equal(trace, case.trace)
    assert torch.equal(counts, case.spikes.sum(1))
    gradient = neuron_loop.backward(
        trace, case.by_sums, case.weights, case.scale, FAST_SPIKING, *rule
    )
    assert gradient.dtype == torch.float32
    assert worst(gradient, case.gradient) < 1e-5


@pytest.mark.parametrize("n_steps", [1, 7])
@pytest.mark.parametrize("n_neurons", [1, neuron_loop.BLOCK, neuron_loop.BLOCK + 3])
def test_any_size_and_nothing_beyond_it(n_neurons: int, n_steps: int, device: str) -> None:
    rule: tuple[float, Surrogate, float, float] = (1.0, "triangle", WIDTH, 1.0)
    case = by_autograd(FAST_SPIKING, rule, device, shape=(2, n_steps, n_neurons))
    size = case.currents.numel()
    around = torch.full((size + 400,), 7.0, dtype=torch.float64, device=device)
    trace = around[200 : 200 + size].view(case.currents.shape).copy_(case.currents)
    counts = neuron_loop.forward(trace, case.bias, FAST_SPIKING, 1.0)
    assert torch.equal(trace, case.trace)
    assert torch.equal(counts, case.spikes.sum(1))
    neuron_loop.backward(trace, case.by_sums, case.weights, case.scale, FAST_SPIKING, *rule)
    torch.testing.assert_close(trace, case.gradient, rtol=1e-9, atol=1e-9)
    assert (around[:200] == 7).all()
    assert (around[200 + size :] == 7).all()


def test_one_gradient_for_all_steps_is_as_if_repeated(device: str) -> None:
    """How a spike count's gradient comes; without a scale, spikes count once."""
    rule: dict[str, Any] = {"surrogate": "arctan", "width": WIDTH, "max_slope": 1.0}
    case = by_autograd(FAST_SPIKING, (1.0, "arctan", WIDTH, 1.0), device)
    trace = case.currents.clone()
    neuron_loop.forward(trace, case.bias, FAST_SPIKING, 1.0)
    once = case.by_sums[:, :1]
    steps = trace.shape[1]
    found = [
        neuron_loop.backward(trace.clone(), by_sums, case.weights, scale, FAST_SPIKING, 1.0, **rule)
        for by_sums in (once, once.repeat(1, steps, 1))
        for scale in (None, torch.ones_like(case.scale))
    ]
    assert found[0].abs().max() > 0
    for other in found[1:]:
        assert torch.equal(found[0], other)
