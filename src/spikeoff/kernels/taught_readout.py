"""Ten Izhikevich output neurons, and what a label teaches the synapses on to them.

Spikes of hidden neurons open a synaptic current that decays; the output neurons share an
inhibitory pool, as the columns do. Rows of weights are padded to ``LANES``, one vector.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from spikeoff.data.images import N_CLASSES
from spikeoff.kernels.events import sum_rows
from spikeoff.kernels.jit import admit, lean_kernel, serial_kernel
from spikeoff.learning.hebbian import post_error, strengthened
from spikeoff.learning.homeostasis import normalising_factor
from spikeoff.neurons.izhikevich import drift, euler, reset

admit(drift, euler, normalising_factor, post_error, reset, strengthened)

LANES = 16


class Readout(NamedTuple):
    """The output layer.

    weights: [neurons, LANES].
    gain: current that a weight of 1 brings at a spike (mV/ms).
    bias: constant current (mV/ms).
    decay: share of the synaptic current left after a step.
    slope: of the share of activity by the sum of weights times spikes.
    """

    weights: Any
    gain: Any
    bias: Any
    decay: Any
    slope: Any


class Answer(NamedTuple):
    """What the output neurons did.

    current: [n_steps, LANES] input of a step, then the current into the neuron (mV/ms).
    reached: [n_steps, LANES] membrane potential before reset (mV).
    counts: [LANES] spikes.
    shares: [LANES] each one's share of the layer's activity.
    signal, v, u: [LANES], fired: [n_steps, neurons + 1], n_fired: [n_steps] scratch.
    """

    current: Any
    reached: Any
    counts: Any
    shares: Any
    signal: Any
    v: Any
    u: Any
    fired: Any
    n_fired: Any


@serial_kernel
def blank(readout: Any, n_steps: Any) -> Any:
    """An ``Answer`` for the layer."""
    zero = readout.gain - readout.gain
    return Answer(
        np.full((n_steps, LANES), zero),
        np.full((n_steps, LANES), zero),
        np.zeros(LANES, np.int32),
        np.full(LANES, zero),
        np.full(LANES, zero),
        np.full(LANES, zero),
        np.full(LANES, zero),
        np.zeros((n_steps, len(readout.weights) + 1), np.int32),
        np.zeros(n_steps, np.int32),
    )


@lean_kernel
def answer(spikes: Any, counts: Any, readout: Any, p: Any, dt: Any, out: Any) -> None:
    """Run the output neurons on what hidden neurons did; fill ``out`` in place.

    Args:
        spikes: [bands, n_steps, width] 1 where a hidden neuron fires.
        counts: [bands, width] its spikes.
        readout: the layer.
        p: constants of its neurons.
        dt: step (ms).
        out: of ``blank``.
    """
    bands, n_steps, width = spikes.shape
    out.n_fired[:] = 0
    for band in range(bands):
        for h in range(width):
            if counts[band, h]:
                for step in range(n_steps):
                    # Written always, counted only if it fires: cheaper than a branch.
                    out.fired[step, out.n_fired[step]] = band * width + h
                    out.n_fired[step] += spikes[band, step, h]
    for step in range(n_steps):
        sum_rows(readout.weights, out.fired[step], 0, out.n_fired[step], out.current[step])
    _share(readout, out)
    _run(readout, p, dt, out)


@lean_kernel
def _share(readout: Any, out: Any) -> None:
    """Each neuron's share of the layer's activity, by all that it received."""
    shares = out.shares
    shares[:] = 0
    for step in range(len(out.current)):
        for k in range(LANES):
            shares[k] += out.current[step, k]
    _normalise(shares, readout.slope)


@lean_kernel
def score_by_step(readout: Any, p: Any, out: Any, scores: Any) -> None:
    """What would be answered after each step, if nothing more came; uses ``out`` up.

    The last row is ``score`` of each neuron.

    Args:
        readout: the layer.
        p: constants of its neurons.
        out: of ``answer``.
        scores: [n_steps, classes], overwritten: as ``score`` has it, of what happened by then.
    """
    received = out.signal
    received[:] = 0
    out.counts[:] = 0
    for step in range(len(scores)):
        sum_rows(readout.weights, out.fired[step], 0, out.n_fired[step], out.current[step])
        for k in range(LANES):
            received[k] += out.current[step, k]
            out.shares[k] = received[k]
        _normalise(out.shares, readout.slope)
        for k in range(N_CLASSES):
            out.counts[k] += out.reached[step, k] >= p.v_peak
            scores[step, k] = score(out, k)


@lean_kernel
def score(out: Any, k: Any) -> float:
    """Spikes of a neuron plus half its share of activity, which settles ties."""
    return float(out.counts[k] + 0.5 * out.shares[k])


@lean_kernel
def _normalise(shares: Any, slope: Any) -> None:
    """Turn what the neurons received into shares of the layer's activity, in place."""
    highest = shares[0]
    for k in range(1, N_CLASSES):
        highest = max(highest, shares[k])
    total = slope - slope
    for k in range(N_CLASSES):
        shares[k] = total - total + math.exp(slope * (shares[k] - highest))
        total += shares[k]
    for k in range(N_CLASSES):
        shares[k] /= total
    shares[N_CLASSES:] = 0


@lean_kernel
def _run(readout: Any, p: Any, dt: Any, out: Any) -> None:
    zero = dt - dt
    synaptic, v, u = out.signal, out.v, out.u
    synaptic[:] = 0
    v[:] = p.c
    u[:] = p.b * p.c
    out.counts[:] = 0
    for step in range(len(out.current)):
        current = out.current[step]
        pool = zero
        for k in range(N_CLASSES):
            synaptic[k] = readout.decay * synaptic[k] + current[k]
            pool += synaptic[k]
        pool /= zero + N_CLASSES
        for k in range(N_CLASSES):
            current[k] = readout.gain * (synaptic[k] - pool) + readout.bias
            v_next, u_next = euler(v[k], u[k], current[k], dt, p)
            spike = v_next >= p.v_peak
            out.reached[step, k] = v_next
            out.counts[k] += spike
            v[k], u[k] = reset(max(v_next, p.v_floor), u_next, zero + spike, p)


@lean_kernel
def teach_by_error(counts: Any, label: Any, readout: Any, rate: Any, out: Any) -> Any:
    """The delta rule on one presentation, in place; returns the sum of all |changes|.

    counts: [bands, width] hidden spikes; label: the right digit; out: what was answered.
    """
    for k in range(LANES):
        target = rate - rate + (k == label)
        out.signal[k] = post_error(target, out.shares[k])
    return _change(counts, readout, rate, out.signal)


@lean_kernel
def teach_plainly(counts: Any, label: Any, readout: Any, rate: Any, length: Any, out: Any) -> Any:
    """Plain Hebbian learning of the label's neuron, whose weights get ``length`` back."""
    for k in range(LANES):
        out.signal[k] = rate - rate + (k == label)
    changed = _change(counts, readout, rate, out.signal)
    weights = readout.weights
    held = rate - rate
    for h in range(len(weights)):
        held += weights[h, label] * weights[h, label]
    factor = normalising_factor(rate - rate + math.sqrt(held), length)
    for h in range(len(weights)):
        weights[h, label] *= factor
    return changed


@lean_kernel
def _change(counts: Any, readout: Any, rate: Any, signal: Any) -> Any:
    zero = rate - rate
    pre = zero
    weights, width = readout.weights, counts.shape[1]
    for h in range(len(weights)):
        count = counts[h // width, h % width]
        if count:
            pre += count
            row = weights[np.uintp(h)]
            for k in range(LANES):
                row[k] = strengthened(row[k], zero + count, signal[k], rate)
    post = zero
    for k in range(N_CLASSES):
        post += abs(signal[k])
    return rate * pre * post
