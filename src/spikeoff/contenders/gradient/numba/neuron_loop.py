"""The Izhikevich layer through time, forward and backward, each in one pass over memory.

Neurons go by in tiles (``kernels.tiles``), all steps of a tile one behind the other in memory:
[n, tiles, steps, lanes], neuron ``tile * lanes + lane``, the last tile perhaps not full. State,
currents and what is written of an example's tile stay in the first-level cache for all steps. Per
step and neuron only the current is read and the membrane potential before reset written, in its
place. The backward pass needs no more than that: the state after a step follows from it.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from spikeoff.kernels.jit import jitable, kernel, noalias_kernel
from spikeoff.kernels.tiles import aligned, tile_width, tiled, weigh_rows
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

jitable(drift, euler, euler_slope, reset, fast_sigmoid, arctan, triangle)

Array = NDArray[Any]


def forward(
    currents: Array, bias: Array, n_steps: int, params: IzhikevichParams, dt: float
) -> NDArray[np.uint8]:
    """Run the layer; ``currents`` becomes the membrane potential before reset, in place.

    Args:
        currents: [n, tiles, steps or more, lanes] input currents (mV/ms).
        bias: [neurons] a constant current (mV/ms).
        n_steps: steps to run.
        params: the firing pattern.
        dt: step (ms).

    Returns:
        [n, steps, neurons] uint8 spikes.
    """
    number = currents.dtype.type
    spikes = np.empty((len(currents), n_steps, len(bias)), np.uint8)
    v_rest, u_rest = map(number, params.rest())
    constants = params.constants(number)
    _forward(currents, tiled(bias[None])[:, 0], constants, number(dt), v_rest, u_rest, spikes)
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

    ``trace`` (what ``forward`` left) becomes the result, in place; where it has room for one step
    more, that gets the gradients' sum over all steps. The reset is held constant and the slope of a
    step bounded, as ``neurons.torch_layer`` explains. The gradient by a spike,

        by_spike[h] = kept[h] sum_k by_sums[k] weights[k, h],

    is computed where it is used and never stored.

    Args:
        trace: [n, tiles, steps or one more, lanes] membrane potential before reset (mV).
        by_sums: [n, steps, sums].
        weights: [sums, neurons] with which spikes went into the sums.
        kept: [n, neurons] uint8, 0 where a neuron's spikes were withheld.
        params: the firing pattern.
        dt: step (ms).
        surrogate: which derivative stands in for the spike's.
        width: its width (mV).
        max_slope: bound of dv[t+1]/dv[t].

    Returns:
        ``trace``.
    """
    number = trace.dtype.type
    v_rest, _ = map(number, params.rest())
    _backward(
        trace, by_sums, tiled(weights), kept, params.constants(number), number(dt), v_rest,
        code(surrogate), number(width), number(max_slope),
    )  # fmt: skip
    return trace


@kernel
def _forward(
    currents: Any, bias: Any, p: Constants, dt: Any, v_rest: Any, u_rest: Any, spikes: Any
) -> None:
    n, n_tiles, _, lanes = currents.shape
    for example in numba.prange(n):
        state = aligned(2, lanes, currents)
        fired = np.empty(lanes, np.uint8)
        for tile in range(n_tiles):
            state[0] = v_rest
            state[1] = u_rest
            _forward_tile(
                currents[example, tile], bias[tile], p, dt, state[0], state[1], fired,
                spikes[example], tile * lanes,
            )  # fmt: skip


@noalias_kernel
def _forward_tile(
    currents: Any, bias: Any, p: Constants, dt: Any, v: Any, u: Any, fired: Any, spikes: Any,
    first: Any,
) -> None:  # fmt: skip
    n = spikes.shape[1] - first
    for step in range(len(spikes)):
        row = spikes[step]
        if n >= len(fired):
            _step(currents[step], bias, p, dt, v, u, row, first)
        else:
            _step(currents[step], bias, p, dt, v, u, fired, 0)
            for h in range(n):
                row[np.uintp(first + h)] = fired[h]


@noalias_kernel
def _step(
    current: Any, bias: Any, p: Constants, dt: Any, v: Any, u: Any, fired: Any, first: Any
) -> None:
    zero = dt - dt
    for h in range(tile_width(v)):
        v_next, u_next = euler(v[h], u[h], current[h] + bias[h], dt, p)
        spike = v_next >= p.v_peak
        current[h] = v_next
        fired[np.uintp(first + h)] = spike
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
    n, n_tiles, _, lanes = trace.shape
    each = np.arange(weights.shape[1]).astype(np.uint32)
    for example in numba.prange(n):
        scratch = aligned(7, lanes, trace)
        for tile in range(n_tiles):
            scratch[:] = 0
            heard = scratch[0]
            part = kept[example, tile * lanes : (tile + 1) * lanes]
            for h in range(len(part)):
                heard[h] = part[h]
            _backward_tile(
                trace[example, tile], by_sums[example], weights[tile], each, heard, p, dt, v_rest,
                surrogate, width, max_slope,
                scratch[1], scratch[2], scratch[3], scratch[4], scratch[5], scratch[6],
            )  # fmt: skip


@noalias_kernel
def _backward_tile(  # noqa: PLR0912
    trace: Any,
    by_sums: Any,
    weights: Any,
    each: Any,
    heard: Any,
    p: Constants,
    dt: Any,
    v_rest: Any,
    surrogate: Any,
    width: Any,
    max_slope: Any,
    v: Any,
    slope: Any,
    by_spike: Any,
    by_v: Any,
    by_u: Any,
    summed: Any,
) -> None:
    """All steps of a tile, from the last to the first.

    ``by_v``, ``by_u`` are gradients by the state after a step, then by that before it; ``v`` is the
    membrane potential before a step, ``slope`` the surrogate at it. One function, of several short
    loops over rows in the first-level cache: calls would cost as much as the arithmetic, and a loop
    that both reads and writes the trace would not become vectors.
    """
    n_steps, zero = len(by_sums), dt - dt
    for back in range(n_steps):
        step = n_steps - 1 - back
        reached = trace[step]
        for h in range(tile_width(by_spike)):
            by_spike[h] = 0
        weigh_rows(by_spike, by_spike, weights, each, by_sums[step], 0, len(each))
        if step > 0:
            earlier = trace[step - 1]
            for h in range(tile_width(v)):
                v[h] = p.c if earlier[h] >= p.v_peak else max(earlier[h], p.v_floor)
        else:
            for h in range(tile_width(v)):
                v[h] = v_rest
        if surrogate == FAST_SIGMOID:
            for h in range(tile_width(slope)):
                slope[h] = fast_sigmoid(reached[h] - p.v_peak, width)
        elif surrogate == ARCTAN:
            for h in range(tile_width(slope)):
                slope[h] = arctan(reached[h] - p.v_peak, width)
        else:
            for h in range(tile_width(slope)):
                slope[h] = triangle(reached[h] - p.v_peak, width)
        for h in range(tile_width(v)):
            carried = by_v[h] if p.v_floor <= reached[h] < p.v_peak else zero
            by_reached = heard[h] * by_spike[h] * slope[h] + carried
            by_drift = dt * by_reached
            by_recovery = dt * p.a * by_u[h]
            bounded = max(zero, min(euler_slope(v[h], dt, p), max_slope))
            reached[h] = by_drift
            summed[h] += by_drift
            by_v[h] = bounded * by_reached + p.b * by_recovery
            by_u[h] = by_u[h] - by_recovery - by_drift
    if len(trace) > n_steps:
        row = trace[n_steps]
        for h in range(tile_width(row)):
            row[h] = summed[h]
