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
from spikeoff.neurons.izhikevich import IzhikevichParams

BLOCK = 128
"""Neurons of an image that one program runs."""

SLOPES = {name: translated(getattr(surrogates, name)) for name in get_args(Surrogate)}
euler, euler_slope, reset = map(
    translated, (izhikevich.euler, izhikevich.euler_slope, izhikevich.reset)
)


def forward(
    currents: torch.Tensor, bias: torch.Tensor, params: IzhikevichParams, dt: float
) -> torch.Tensor:
    """Run the layer; ``currents`` becomes the membrane potential before reset, in place.

    Args:
        currents: [n, steps, neurons] input currents (mV/ms).
        bias: [neurons] a constant current (mV/ms).
        params: the firing pattern.
        dt: step (ms).

    Returns:
        [n, neurons] spikes of each neuron, counted in the precision of ``currents``.
    """
    assert currents.is_contiguous()
    n, n_steps, n_neurons = currents.shape
    counts = torch.empty_like(currents[:, 0])
    _forward[n, triton.cdiv(n_neurons, BLOCK)](
        currents, bias, counts, n_steps, n_neurons, params.constants(), dt, *params.rest(), BLOCK,
        **EXACT,
    )  # fmt: skip
    return counts


def backward(
    trace: torch.Tensor,
    by_sums: torch.Tensor,
    weights: torch.Tensor,
    scale: torch.Tensor | None,
    params: IzhikevichParams,
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
        params: the firing pattern.
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
        params.constants(), dt, params.rest()[0],
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
    dt: tl.constexpr,
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
    v = tl.full([block], v_rest, number)
    u = tl.full([block], u_rest, number)
    count = tl.full([block], 0.0, number)
    for _ in range(n_steps):
        current = tl.load(place, mask=there, other=0.0)
        v_next, u_next = euler(v, u, current + constant, dt, p)
        spike = (v_next >= p.v_peak).to(number)
        tl.store(place, v_next, mask=there)
        v, u = reset(tl.maximum(v_next, p.v_floor), u_next, spike, p)
        count += spike
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
    dt: tl.constexpr,
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
    by_v = zero  # gradient by the state after the step
    by_u = zero
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
        v = tl.where(earlier >= p.v_peak, p.c, tl.maximum(earlier, p.v_floor))
        by_spike = zero
        for k in tl.static_range(n_sums):
            by_spike += tl.load(sums + k) * sent[k]
        carried = tl.where((reached >= p.v_floor) & (reached < p.v_peak), by_v, zero)
        by_reached = by_spike * slope(reached - p.v_peak, width) + carried
        by_drift = dt * by_reached
        by_recovery = dt * p.a * by_u
        bounded = tl.maximum(zero, tl.minimum(euler_slope(v, dt, p), max_slope))
        tl.store(place, by_drift, mask=there)
        by_v = bounded * by_reached + p.b * by_recovery
        by_u = by_u - by_recovery - by_drift
        reached = earlier
        place -= n_neurons
        sums -= sums_a_step
