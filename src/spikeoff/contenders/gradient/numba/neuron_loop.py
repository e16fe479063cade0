"""A layer of neurons through time, forward and backward, each in one pass over memory.

Neurons go by in tiles (``kernels.tiles``), all steps of a tile one behind the other in memory:
[n, tiles, steps, lanes], neuron ``tile * lanes + lane``, the last tile perhaps not full. State,
currents and what is written of an example's tile stay in the first-level cache for all steps. Per
step and neuron only the current is read and the membrane potential before reset written, in its
place. The backward pass needs no more than that: the membrane potential after a step follows from
it. The neurons are those of any model (``kernels.neuron_models``).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from spikeoff.kernels.jit import jitable, kernel, noalias_kernel
from spikeoff.kernels.neuron_models import (
    advance,
    excess,
    fire,
    keep_state,
    pull_back,
    rows_of,
    settled,
    state_at,
)
from spikeoff.kernels.rows import copy_row
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
from spikeoff.neurons.models import Params

jitable(fast_sigmoid, arctan, triangle)

Array = NDArray[Any]


def forward(
    currents: Array, bias: Array, n_steps: int, params: Params, dt: float
) -> NDArray[np.uint8]:
    """Run the layer; ``currents`` becomes the membrane potential before reset, in place.

    Args:
        currents: [n, tiles, steps or more, lanes] input currents (mV/ms).
        bias: [neurons] a constant current (mV/ms).
        n_steps: steps to run.
        params: of the neurons; their type tells the model.
        dt: step (ms).

    Returns:
        [n, steps, neurons] uint8 spikes.
    """
    number = currents.dtype.type
    spikes = np.empty((len(currents), n_steps, len(bias)), np.uint8)
    rest = np.array(params.rest(), number)
    _forward(currents, tiled(bias[None])[:, 0], params.constants(dt, number), rest, spikes)
    return spikes


def backward(
    trace: Array,
    by_sums: Array,
    weights: Array,
    keep_mask: Array,
    params: Params,
    dt: float,
    surrogate: Surrogate,
    width: float,
    max_slope: float,
    by_last: Array | None = None,
) -> Array:
    """Gradient by the currents, from the gradient by sums of the spikes, through all steps.

    ``trace`` (what ``forward`` left) becomes the result, in place; where it has room for one step
    more, that gets the gradients' sum over all steps. The reset is held constant and the slope of a
    step bounded, as ``neurons.torch_layer`` explains. The gradient by a spike,

        by_spike[h] = keep_mask[h] sum_k by_sums[k] weights[k, h],

    is computed where it is used and never stored.

    Args:
        trace: [n, tiles, steps or one more, lanes] membrane potential before reset (mV).
        by_sums: [n, steps, sums].
        weights: [sums, neurons] with which spikes went into the sums.
        keep_mask: [n, neurons] uint8, 0 where a neuron's spikes were withheld.
        params: of the neurons; their type tells the model.
        dt: step (ms).
        surrogate: which derivative stands in for the spike's.
        width: its width (mV).
        max_slope: bound of dv[t+1]/dv[t].
        by_last: [n, neurons] gradient by the membrane potential after the last step; 0 by default.

    Returns:
        ``trace``.
    """
    number = trace.dtype.type
    rest = np.array(params.rest(), number)
    if by_last is None:
        by_potential = np.zeros((len(trace), trace.shape[1], trace.shape[3]), number)
    else:
        by_potential = np.ascontiguousarray(tiled(by_last).swapaxes(0, 1))
    _backward(
        trace, by_sums, tiled(weights), keep_mask, params.constants(dt, number), rest,
        code(surrogate), number(width), number(max_slope), by_potential,
    )  # fmt: skip
    return trace


@kernel
def _forward(currents: Any, bias: Any, p: Any, rest: Any, spikes: Any) -> None:
    n, n_tiles, _, lanes = currents.shape
    for example in numba.prange(n):
        state = aligned(len(rest), lanes, currents)
        fired = np.empty(lanes, np.uint8)
        for tile in range(n_tiles):
            for variable in range(len(rest)):
                state[variable] = rest[variable]
            _forward_tile(
                currents[example, tile], bias[tile], p, rows_of(state, p), fired, spikes[example],
                tile * lanes,
            )  # fmt: skip


@noalias_kernel
def _forward_tile(
    currents: Any, bias: Any, p: Any, state: Any, fired: Any, spikes: Any, first: Any
) -> None:
    n = spikes.shape[1] - first
    for step in range(len(spikes)):
        row = spikes[step]
        if n >= len(fired):
            _step(currents[step], bias, p, state, row, first)
        else:
            _step(currents[step], bias, p, state, fired, 0)
            for h in range(n):
                row[np.uintp(first + h)] = fired[h]


@noalias_kernel
def _step(current: Any, bias: Any, p: Any, state: Any, fired: Any, first: Any) -> None:
    for h in range(tile_width(current)):
        reached = advance(state_at(state, h, p), current[h] + bias[h], p)
        current[h] = reached.v
        after, fired[np.uintp(first + h)] = fire(reached, p)
        keep_state(state, h, after)


@kernel
def _backward(
    trace: Any,
    by_sums: Any,
    weights: Any,
    keep_mask: Any,
    p: Any,
    rest: Any,
    surrogate: Any,
    width: Any,
    max_slope: Any,
    by_last: Any,
) -> None:
    n, n_tiles, _, lanes = trace.shape
    each = np.arange(weights.shape[1]).astype(np.uint32)
    for example in numba.prange(n):
        scratch = aligned(5, lanes, trace)
        by_state = aligned(len(rest), lanes, trace)
        for tile in range(n_tiles):
            scratch[:] = 0
            by_state[:] = 0
            copy_row(by_last[example, tile], by_state[0])
            kept = scratch[0]
            part = keep_mask[example, tile * lanes : (tile + 1) * lanes]
            for h in range(len(part)):
                kept[h] = part[h]
            _backward_tile(
                trace[example, tile], by_sums[example], weights[tile], each, kept, p, rest[0],
                surrogate, width, max_slope,
                scratch[1], scratch[2], scratch[3], scratch[4], rows_of(by_state, p),
            )  # fmt: skip


@noalias_kernel
def _backward_tile(  # noqa: PLR0912
    trace: Any,
    by_sums: Any,
    weights: Any,
    each: Any,
    kept: Any,
    p: Any,
    v_rest: Any,
    surrogate: Any,
    width: Any,
    max_slope: Any,
    v: Any,
    slope: Any,
    by_spike: Any,
    summed: Any,
    by_state: Any,
) -> None:
    """All steps of a tile, from the last to the first.

    ``by_state`` are gradients by the state after a step, then by that before it; ``v`` is the
    membrane potential before a step, ``slope`` the surrogate at it. One function, of several short
    loops over rows in the first-level cache: calls would cost as much as the arithmetic, and a loop
    that both reads and writes the trace would not become vectors.
    """
    n_steps = len(by_sums)
    for back in range(n_steps):
        step = n_steps - 1 - back
        reached = trace[step]
        for h in range(tile_width(by_spike)):
            by_spike[h] = 0
        weigh_rows(by_spike, by_spike, weights, each, by_sums[step], 0, len(each))
        if step > 0:
            earlier = trace[step - 1]
            for h in range(tile_width(v)):
                v[h] = settled(earlier[h], p)
        else:
            for h in range(tile_width(v)):
                v[h] = v_rest
        if surrogate == FAST_SIGMOID:
            for h in range(tile_width(slope)):
                slope[h] = fast_sigmoid(excess(reached[h], p), width)
        elif surrogate == ARCTAN:
            for h in range(tile_width(slope)):
                slope[h] = arctan(excess(reached[h], p), width)
        else:
            for h in range(tile_width(slope)):
                slope[h] = triangle(excess(reached[h], p), width)
        for h in range(tile_width(v)):
            by_fired = kept[h] * by_spike[h] * slope[h]
            before, by_current = pull_back(
                state_at(by_state, h, p), by_fired, reached[h], v[h], p, max_slope
            )
            reached[h] = by_current
            summed[h] += by_current
            keep_state(by_state, h, before)
    if len(trace) > n_steps:
        row = trace[n_steps]
        for h in range(tile_width(row)):
            row[h] = summed[h]
