"""The Izhikevich layer through time on a GPU, forward and backward, each in one pass over memory.

A thread has a neuron of an image: its state stays in registers for all steps. As on the CPU
(``gradient.numba.neuron_loop``), per step and neuron only the current is read and the membrane
potential before reset written, in its place; the backward pass needs no more than that.

Not yet run on a GPU.
"""

from __future__ import annotations

from typing import get_args

import torch
import triton
import triton.language as tl

from spikeoff.contenders.gradient.triton.triton_jit import EXACT, kernel, translated
from spikeoff.learning import surrogate as surrogates
from spikeoff.learning.surrogate import Surrogate
from spikeoff.neurons import izhikevich
from spikeoff.neurons.models import Params

BLOCK = 128
"""Neurons of an image that one program runs."""

SLOPES = {name: translated(getattr(surrogates, name)) for name in get_args(Surrogate)}
advance, excess, fire, pull_back, settled = map(
    translated,
    (
        izhikevich.advance,
        izhikevich.excess,
        izhikevich.fire,
        izhikevich.pull_back,
        izhikevich.settled,
    ),
)
State = izhikevich.State


def forward(currents: torch.Tensor, bias: torch.Tensor, params: Params, dt: float) -> torch.Tensor:
    """Run the layer; ``currents`` becomes the membrane potential before reset, in place.

    Args:
        currents: [n, steps, neurons] input currents (mV/ms).
        bias: [neurons] a constant current (mV/ms).
        params: of the neurons, which are Izhikevich ones.
        dt: step (ms).

    Returns:
        [n, neurons] spikes of each neuron, counted in the precision of ``currents``.
    """
    assert currents.is_contiguous()
    n, n_steps, n_neurons = currents.shape
    counts = torch.empty_like(currents[:, 0])
    _forward[n, triton.cdiv(n_neurons, BLOCK)](
        currents, bias, counts, n_steps, n_neurons, params.constants(dt), *params.rest(), BLOCK,
        **EXACT,
    )  # fmt: skip
    return counts


def backward(
    trace: torch.Tensor,
    by_sums: torch.Tensor,
    weights: torch.Tensor,
    scale: torch.Tensor | None,
    params: Params,
    dt: float,
    surrogate: Surrogate,
    width: float,
    max_slope: float,
) -> torch.Tensor:
    """Gradient by the currents, from the gradient by sums of the spikes, through all steps.

    ``trace`` (what ``forward`` left) becomes the result, in place. The reset is held constant and
    the slope of a step bounded, as ``neurons.torch_layer`` explains. The gradient by a spike,

        by_spike[h] = scale[h] sum_k by_sums[k] weights[k, h],

    is computed where it is used and never stored.

    Args:
        trace: [n, steps, neurons] membrane potential before reset (mV).
        by_sums: [n, steps, sums], or [n, 1, sums] where it is the same at every step.
        weights: [sums, neurons] with which spikes went into the sums.
        scale: [n, neurons] factor of a neuron's spikes before they did; None for 1.
        params: of the neurons, which are Izhikevich ones.
        dt: step (ms).
        surrogate: which derivative stands in for the spike's.
        width: its width (mV).
        max_slope: bound of dv[t+1]/dv[t].

    Returns:
        [n, steps, neurons], the memory of ``trace``.
    """
    assert trace.is_contiguous()
    n, n_steps, n_neurons = trace.shape
    by_sums, weights = by_sums.contiguous(), weights.contiguous()
    n_sums = len(weights)
    _backward[n, triton.cdiv(n_neurons, BLOCK)](
        trace, by_sums, weights, scale, n_steps, n_neurons,
        n_sums, n_sums if by_sums.shape[1] > 1 else 0, by_sums.shape[1] * n_sums,
        params.constants(dt), params.rest().v,
        SLOPES[surrogate], width, max_slope, BLOCK, **EXACT,
    )  # fmt: skip
    return trace


@kernel()
def _forward(
    currents: tl.tensor,
    bias: tl.tensor,
    counts: tl.tensor,
    n_steps: tl.tensor,
    n_neurons: tl.tensor,
    p: tl.constexpr,
    v_rest: tl.constexpr,
    u_rest: tl.constexpr,
    block: tl.constexpr,
) -> None:
    example = tl.program_id(0).to(tl.int64)
    neuron = tl.program_id(1) * block + tl.arange(0, block)
    there = neuron < n_neurons
    number = currents.dtype.element_ty
    constant = tl.load(bias + neuron, mask=there, other=0.0)
    place = currents + example * n_steps * n_neurons + neuron
    state = State(tl.full([block], v_rest, number), tl.full([block], u_rest, number))
    count = tl.full([block], 0.0, number)
    for _ in range(n_steps):
        current = tl.load(place, mask=there, other=0.0)
        reached = advance(state, current + constant, p)
        tl.store(place, reached.v, mask=there)
        state, spike = fire(reached, p)
        count += spike.to(number)
        place += n_neurons
    tl.store(counts + example * n_neurons + neuron, count, mask=there)


@kernel()
def _backward(
    trace: tl.tensor,
    by_sums: tl.tensor,
    weights: tl.tensor,
    scale: tl.tensor,
    n_steps: tl.tensor,
    n_neurons: tl.tensor,
    n_sums: tl.constexpr,
    sums_a_step: tl.tensor,
    sums_an_example: tl.tensor,
    p: tl.constexpr,
    v_rest: tl.constexpr,
    slope: tl.constexpr,
    width: tl.constexpr,
    max_slope: tl.constexpr,
    block: tl.constexpr,
) -> None:
    example = tl.program_id(0).to(tl.int64)
    neuron = tl.program_id(1) * block + tl.arange(0, block)
    there = neuron < n_neurons
    number = trace.dtype.element_ty
    zero = tl.full([block], 0.0, number)
    by = State(zero, zero)  # gradient by the state after the step
    sent = ()  # what a spike adds to each sum: stays in registers
    for k in tl.static_range(n_sums):
        weight = tl.load(weights + k * n_neurons + neuron, mask=there, other=0.0)
        if scale is not None:
            weight *= tl.load(scale + example * n_neurons + neuron, mask=there, other=0.0)
        sent = sent + (weight,)  # type: ignore[assignment]  # noqa: RUF005
    place = trace + (example * n_steps + n_steps - 1) * n_neurons + neuron
    sums = by_sums + example * sums_an_example + (n_steps - 1) * sums_a_step
    reached = tl.load(place, mask=there, other=v_rest)
    for back in range(n_steps):
        # What came before the first step lies at rest: below the peak and above the floor.
        has_earlier = tl.where(back < n_steps - 1, there, False)
        earlier = tl.load(place - n_neurons, mask=has_earlier, other=v_rest)
        v = settled(earlier, p)
        by_spike = zero
        for k in tl.static_range(n_sums):
            by_spike += tl.load(sums + k) * sent[k]
        by_fired = by_spike * slope(excess(reached, p), width)
        by, by_current = pull_back(by, by_fired, reached, v, p, max_slope)
        tl.store(place, by_current, mask=there)
        reached = earlier
        place -= n_neurons
        sums -= sums_a_step
