"""The Izhikevich layer through time, forward and backward, each in one pass over memory.

The state of an example's neurons stays in the first-level cache for all steps; per step and
neuron only the current is read and the membrane potential before reset written, in its place.
The backward pass needs no more than that: the state after a step follows from it.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from spikeoff.kernels.jit import admit, kernel, separate_kernel
from spikeoff.learning.surrogate import (
    ARCTAN,
    FAST_SIGMOID,
    Surrogate,
    arctan,
    code,
    fast_sigmoid,
    triangle,
)
from spikeoff.neurons.izhikevich import (
    Constants,
    IzhikevichParams,
    drift,
    euler,
    euler_slope,
    reset,
)

admit(drift, euler, euler_slope, reset, fast_sigmoid, arctan, triangle)

Array = NDArray[Any]


def forward(currents: Array, bias: Array, params: IzhikevichParams, dt: float) -> NDArray[np.uint8]:
    """Run the layer; ``currents`` becomes the membrane potential before reset, in place.

    Args:
        currents: [n, steps, neurons] input currents (mV/ms).
        bias: [neurons] a constant current (mV/ms).
        params: the firing pattern.
        dt: step (ms).

    Returns:
        [n, steps, neurons] uint8 spikes.
    """
    number = currents.dtype.type
    spikes = np.empty(currents.shape, np.uint8)
    v_rest, u_rest = map(number, params.rest())
    _forward(currents, bias, params.constants(number), number(dt), v_rest, u_rest, spikes)
    return spikes


def backward(
    trace: Array,
    by_sums: Array,
    weights: Array,
    kept: Array,
    params: IzhikevichParams,
    dt: float,
    surrogate: Surrogate,
    width: float,
    max_slope: float,
) -> Array:
    """Gradient by the currents, from the gradient by sums of the spikes, through all steps.

    ``trace`` (what ``forward`` left) becomes the result, in place. The reset is held constant and
    the slope of a step bounded, as ``neurons.izhikevich_torch`` explains. The gradient by a spike,

        by_spike[h] = kept[h] sum_k by_sums[k] weights[k, h],

    is computed where it is used and never stored.

    Args:
        trace: [n, steps, neurons] membrane potential before reset (mV).
        by_sums: [n, steps, sums].
        weights: [sums, neurons] with which spikes went into the sums.
        kept: [n, neurons] uint8, 0 where a neuron's spikes were withheld.
        params: the firing pattern.
        dt: step (ms).
        surrogate: which derivative stands in for the spike's.
        width: its width (mV).
        max_slope: bound of dv[t+1]/dv[t].

    Returns:
        [n, steps, neurons], the memory of ``trace``.
    """
    number = trace.dtype.type
    v_rest, _ = map(number, params.rest())
    _backward(
        trace, by_sums, weights, kept, params.constants(number), number(dt), v_rest,
        code(surrogate), number(width), number(max_slope),
    )  # fmt: skip
    return trace


@kernel
def _forward(
    currents: Any, bias: Any, p: Constants, dt: Any, v_rest: Any, u_rest: Any, spikes: Any
) -> None:
    n, n_steps, n_neurons = currents.shape
    zero = dt - dt
    for example in numba.prange(n):
        v = np.full(n_neurons, v_rest)
        u = np.full(n_neurons, u_rest)
        for step in range(n_steps):
            current = currents[example, step]
            fired = spikes[example, step]
            for h in range(n_neurons):
                v_next, u_next = euler(v[h], u[h], current[h] + bias[h], dt, p)
                spike = v_next >= p.v_peak
                current[h] = v_next
                fired[h] = spike
                v[h], u[h] = reset(max(v_next, p.v_floor), u_next, zero + spike, p)


@kernel
def _backward(
    trace: Any,
    by_sums: Any,
    weights: Any,
    kept: Any,
    p: Constants,
    dt: Any,
    v_rest: Any,
    surrogate: Any,
    width: Any,
    max_slope: Any,
) -> None:
    n, n_steps, n_neurons = trace.shape
    zero = dt - dt
    for example in numba.prange(n):
        v = np.empty(n_neurons, trace.dtype)  # the state before the step
        slope = np.empty(n_neurons, trace.dtype)  # the surrogate at the step
        by_spike = np.empty(n_neurons, trace.dtype)
        by_v = np.zeros(n_neurons, trace.dtype)  # gradient by the state after the step
        by_u = np.zeros(n_neurons, trace.dtype)
        for back in range(n_steps):
            step = n_steps - 1 - back
            reached = trace[example, step]
            _spread(by_sums[example, step], weights, kept[example], by_spike)
            # Short loops over rows that stay in the first-level cache: each one vectorises.
            if step > 0:
                earlier = trace[example, step - 1]
                for h in range(n_neurons):
                    v[h] = p.c if earlier[h] >= p.v_peak else max(earlier[h], p.v_floor)
            else:
                v[:] = v_rest
            if surrogate == FAST_SIGMOID:
                for h in range(n_neurons):
                    slope[h] = fast_sigmoid(reached[h] - p.v_peak, width)
            elif surrogate == ARCTAN:
                for h in range(n_neurons):
                    slope[h] = arctan(reached[h] - p.v_peak, width)
            else:
                for h in range(n_neurons):
                    slope[h] = triangle(reached[h] - p.v_peak, width)
            for h in range(n_neurons):
                carried = by_v[h] if p.v_floor <= reached[h] < p.v_peak else zero
                by_reached = by_spike[h] * slope[h] + carried
                by_drift = dt * by_reached
                by_recovery = dt * p.a * by_u[h]
                bounded = max(zero, min(euler_slope(v[h], dt, p), max_slope))
                reached[h] = by_drift
                by_v[h] = bounded * by_reached + p.b * by_recovery
                by_u[h] = by_u[h] - by_recovery - by_drift


@separate_kernel
def _spread(by_sums: Any, weights: Any, kept: Any, by_spike: Any) -> None:
    """by_spike = kept * (by_sums @ weights), in place."""
    by_spike[:] = 0
    for k in range(len(by_sums)):
        by_sum, row = by_sums[k], weights[k]
        for h in range(len(by_spike)):
            by_spike[h] += by_sum * row[h]
    for h in range(len(by_spike)):
        by_spike[h] = by_spike[h] if kept[h] else by_sums[0] - by_sums[0]
