"""Layers of the Diehl & Cook network in operators of ONNX.

A step goes as in the kernels: neurons, thresholds, what arrives, resets. The equations of the
neurons are those of ``neurons.conductance_lif``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from spikeoff.contenders.layer_list import Competition, DelayedAffine, Vote
from spikeoff.experiments.exports.onnx_graph import Graph, Value
from spikeoff.neurons.conductance_lif import Constants, LIFParams, State, relax
from spikeoff.neurons.conductance_lif import step as neuron_step

DOUBLE, FLOAT, INT64 = 11, 1, 7
"""Element types by ONNX's numbers."""


def delayed_affine(graph: Graph, layer: DelayedAffine, sent: Value) -> Value:
    """A convolution over time whose kernel has each weight at its delay.

    The file holds weights and delays; a runtime makes the kernel when it loads them.
    """
    longest = int(layer.delay.max(initial=0))
    weight = graph.constant(np.ascontiguousarray(layer.weight.T), "weight")
    back = graph.constant(np.ascontiguousarray(longest - layer.delay.T, np.uint8), "delay")
    places = graph.add(
        "OneHot", graph.add("Cast", back, to=INT64), graph.integers(longest + 1),
        graph.constant(np.array([0, 1], np.float32), "values"),
    )  # fmt: skip
    kernel = places * graph.add("Unsqueeze", weight, graph.integers(2))
    by_source = graph.add("Transpose", sent, perm=[0, 2, 1])
    arriving = graph.add("Conv", by_source, kernel, pads=[longest, 0])
    return graph.add("Transpose", arriving, perm=[0, 2, 1])


def competition(graph: Graph, layer: Competition, sent: Value) -> Value:
    """Spikes of the excitatory neurons, [n, steps, n_e]."""
    n_e, n_i = layer.to_inhibitory.shape
    silent = graph.add("Gather", sent, graph.constant(np.array(0)), axis=1) * 0.0
    fed = layer.fed_inhibition
    e = _part(graph, silent, 0, n_e) if fed else silent
    to_i = graph.constant(np.zeros((n_e, n_i), np.float32), "nothing")
    i = graph.add("MatMul", e, to_i)
    excitatory, inhibitory = layer.excitatory, layer.inhibitory
    start = [e + excitatory.v_rest, e, e, e, i + inhibitory.v_rest, i, i]
    c_e, c_i = _constants(excitatory, layer.dt), _constants(inhibitory, layer.dt)

    def step(
        inner: Graph, before: list[Value], arriving: Value
    ) -> tuple[Sequence[Value], Sequence[Value]]:
        v, ge, gi, wait, v_i, ge_i, wait_i = before
        arriving_e = _part(inner, arriving, 0, n_e) if fed else arriving
        theta = inner.constant(layer.theta, "theta")
        state, crossed = neuron_step(
            State(v, ge, gi), arriving_e, theta, 1.0, excitatory.v_thresh, c_e
        )
        held, held_i = wait > 1.0, wait_i > 1.0
        fired = inner.add("And", crossed, ~held)
        free_v_i = relax(v_i, ge_i, 0.0, c_i)
        fired_i = inner.add("And", free_v_i > inhibitory.v_thresh, ~held_i)
        sent_e, sent_i = fired.float(), fired_i.float()
        gi = state.gi + inner.add("MatMul", sent_i, inner.constant(layer.to_excitatory, "weight"))
        ge_i = ge_i * c_i.decay_ge
        if fed:
            ge_i = ge_i + _part(inner, arriving, n_e, n_e + n_i)
        ge_i = ge_i + inner.add("MatMul", sent_e, inner.constant(layer.to_inhibitory, "weight"))
        stays, stays_i = (inner.add("Or", *pair) for pair in ((held, fired), (held_i, fired_i)))
        after = [
            _set(state.v, stays, excitatory.v_reset), state.ge, gi,
            _set((wait - 1.0).clamp(0.0), fired, _hold(excitatory, layer.dt)),
            _set(free_v_i, stays_i, inhibitory.v_reset), ge_i,
            _set((wait_i - 1.0).clamp(0.0), fired_i, _hold(inhibitory, layer.dt)),
        ]  # fmt: skip
        return after, [sent_e]

    _, (spikes,) = graph.scan(start, sent, step)
    return spikes


def vote(graph: Graph, layer: Vote, counts: Value) -> Value:
    """Scores [n, classes] of counts of spikes [n, neurons], computed in double precision."""
    double = graph.add("Cast", counts, to=DOUBLE)
    if layer.of_root:
        double = graph.add("Sqrt", double)
    scores = graph.add("MatMul", double, graph.constant(layer.weight, "weight"))
    if layer.bias is not None:
        scores = scores + graph.constant(layer.bias, "bias")
    return graph.add("Cast", scores, to=FLOAT)


def _hold(params: LIFParams, dt: float) -> int:
    """Steps from a spike to the next one possible."""
    return round(params.refractory / dt)


def _set(value: Value, condition: Value, constant: float) -> Value:
    """``constant`` where the condition holds, else ``value``."""
    return value.where(~condition, constant)


def _part(graph: Graph, x: Value, begin: int, end: int) -> Value:
    """Columns of x, from ``begin`` up to ``end``."""
    return graph.add("Slice", x, *(graph.integers(one) for one in (begin, end, -1)))


def _constants(params: LIFParams, dt: float) -> Constants:
    """Those of the kernels in single precision, as Python's numbers."""

    def plain(value: Any) -> Any:
        return tuple(map(float, value)) if isinstance(value, tuple) else float(value)

    return Constants(*map(plain, params.constants(dt, np.float32)))
