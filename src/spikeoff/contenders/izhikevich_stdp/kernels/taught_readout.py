"""One Izhikevich output neuron per class, and what a label teaches the synapses on to them.

Spikes of hidden neurons open a synaptic current that decays; the output neurons share an
inhibitory pool, as the columns do. A synapse may have several weights: the first spike of its
neuron in a presentation meets the first of them, the next the second, and all that follow the last.
Rows of weights are padded to whole vectors of ``LANES``.

Without output neurons, the weights that hidden spikes meet are summed, and the largest sum answers.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from spikeoff.kernels import elementary_functions  # noqa: F401 (lets kernels call exp)
from spikeoff.kernels.events import sum_rows
from spikeoff.kernels.jit import jitable, no_refcount_kernel, noalias_kernel, serial_kernel
from spikeoff.kernels.neuron_models import advance, fire
from spikeoff.learning.hebbian import post_error, strengthened
from spikeoff.learning.homeostasis import normalising_factor
from spikeoff.neurons.izhikevich import State
from spikeoff.numerics.functions import exp

jitable(normalising_factor, post_error, strengthened)

LANES = 16
"""Places of a row of weights: as many as classes, rounded up to a multiple of this."""


class Readout(NamedTuple):
    """The output layer.

    weights: [neurons * per_synapse, places], those of a neuron one after another.
    per_synapse: weights of a synapse.
    n_classes: output neurons; the first places of a row are theirs.
    gain: current that a weight of 1 brings at a spike (mV/ms).
    bias: constant current (mV/ms).
    decay: what is left of the synaptic current after a step, of 1.
    share: 1 / n_classes, what the pool takes from each neuron.
    slope: of the share of activity by the sum of weights times spikes.
    spiking: whether there are output neurons.
    """

    weights: Any
    per_synapse: Any
    n_classes: Any
    gain: Any
    bias: Any
    decay: Any
    share: Any
    slope: Any
    spiking: Any


class Answer(NamedTuple):
    """What the output neurons did, or the sums did.

    current: [n_steps, places] sum of weights of a step; then, of neurons, the current (mV/ms).
    reached: [n_steps, places] of neurons, membrane potential before reset (mV).
    counts: [places] of neurons, spikes.
    received: [places] sum of weights of all steps.
    shares: [places] each one's share of the layer's activity.
    pre: [neurons * per_synapse] hidden spikes that met each row of weights, in their precision.
    fired: [n_steps, neurons + 1] rows of weights that were met at a step; n_fired: [n_steps].
    signal, v, u: [places]; busy, earlier: [neurons + 1] neurons of a band that fire, and their
        spikes at the steps before; scratch.
    """

    current: Any
    reached: Any
    counts: Any
    received: Any
    shares: Any
    pre: Any
    signal: Any
    v: Any
    u: Any
    fired: Any
    n_fired: Any
    busy: Any
    earlier: Any


@serial_kernel
def blank(readout: Any, n_steps: Any) -> Any:
    """An ``Answer`` for the layer."""
    zero = readout.gain - readout.gain
    rows, places = readout.weights.shape
    neurons = rows // readout.per_synapse
    return Answer(
        np.full((n_steps, places), zero),
        np.full((n_steps, places), zero),
        np.zeros(places, np.int32),
        np.full(places, zero),
        np.full(places, zero),
        np.full(rows, zero),
        np.full(places, zero),
        np.full(places, zero),
        np.full(places, zero),
        np.zeros((n_steps, neurons + 1), np.int32),
        np.zeros(n_steps, np.int64),
        np.zeros(neurons + 1, np.int64),
        np.zeros(neurons + 1, np.uintp),
    )


@no_refcount_kernel
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
    n_steps, width = spikes.shape[1:]
    out.n_fired[:] = 0
    for band in range(len(spikes)):
        _list_fired(spikes[band], counts[band], band * width, readout.per_synapse, out)
    for step in range(n_steps):
        sum_rows(readout.weights, out.fired[step], 0, out.n_fired[step], out.current[step])
    _receive(readout, out)
    if readout.spiking:
        _run(readout, p, dt, out)


@no_refcount_kernel
def _list_fired(spikes: Any, counts: Any, first: Any, per_synapse: Any, out: Any) -> None:
    """List what a band's neurons, counted from ``first``, meet at the steps at which they fire."""
    _tally(counts, first * per_synapse, per_synapse, out.pre)
    _list_rows(
        spikes, counts, first * per_synapse, per_synapse, out.busy, out.earlier, out.n_fired,
        out.fired,
    )  # fmt: skip


@noalias_kernel
def _tally(counts: Any, first: Any, per_synapse: Any, pre: Any) -> None:
    """How many of a band's spikes meet each row of weights, from row ``first`` on."""
    last = per_synapse - 1
    if last == 0:
        for h in range(len(counts)):
            pre[first + h] = counts[h]
        return
    for h in range(len(counts)):
        row = first + h * per_synapse
        for nth in range(last):
            pre[row + nth] = counts[h] > nth
        pre[row + last] = max(counts[h] - last, 0)


@noalias_kernel
def _list_rows(
    spikes: Any, counts: Any, first: Any, per_synapse: Any, busy: Any, earlier: Any, n_fired: Any,
    fired: Any,
) -> None:  # fmt: skip
    """List the rows of weights, of a band from row ``first`` on, that are met at each step."""
    start, rows, last = np.uintp(first), np.uintp(per_synapse), np.uintp(per_synapse - 1)
    n_busy: Any = np.uintp(0)
    for h in range(len(counts)):
        # Written always, counted only if it fires: cheaper than a branch.
        busy[n_busy] = h
        n_busy += np.uintp(counts[h] > 0)
    for k in range(n_busy):
        earlier[np.uintp(k)] = 0
    for step in range(len(spikes)):
        now, listed = spikes[step], fired[step]
        n: Any = np.uintp(n_fired[step])
        if per_synapse == 1:  # the usual case, without counting the spikes before
            for k in range(n_busy):
                place = np.uintp(busy[np.uintp(k)])
                listed[n] = start + place
                n += np.uintp(now[place])
        else:
            for k in range(n_busy):
                place = np.uintp(busy[np.uintp(k)])
                listed[n] = start + place * rows + min(earlier[k], last)
                n += np.uintp(now[place])
                earlier[k] += np.uintp(now[place])
        n_fired[step] = n


@no_refcount_kernel
def _receive(readout: Any, out: Any) -> None:
    """What each class received, and its share of the layer's activity by that."""
    received = out.received
    received[:] = 0
    for step in range(len(out.current)):
        for k in range(len(received)):
            received[k] += out.current[step, k]
    _share(readout, out)


@no_refcount_kernel
def score_by_step(readout: Any, p: Any, out: Any, scores: Any) -> None:
    """What would be answered after each step, if nothing more came; uses ``out`` up.

    The last row is ``score`` of each class.

    Args:
        readout: the layer.
        p: constants of its neurons.
        out: of ``answer``.
        scores: [n_steps, classes], overwritten: as ``score`` has it, of what happened by then.
    """
    out.received[:] = 0
    out.counts[:] = 0
    for step in range(len(scores)):
        sum_rows(readout.weights, out.fired[step], 0, out.n_fired[step], out.current[step])
        for k in range(len(out.received)):
            out.received[k] += out.current[step, k]
        _share(readout, out)
        for k in range(readout.n_classes):
            out.counts[k] += readout.spiking and out.reached[step, k] >= p.v_peak
            scores[step, k] = score(readout, out, k)


@no_refcount_kernel
def score(readout: Any, out: Any, k: Any) -> float:
    """Spikes of a neuron plus half its share of activity, which settles ties.

    Without neurons, the sum of weights times the slope: the logit of the share.
    """
    if readout.spiking:
        return float(out.counts[k] + 0.5 * out.shares[k])
    return float(readout.slope * out.received[k])


@no_refcount_kernel
def _share(readout: Any, out: Any) -> None:
    """Each class's share of the layer's activity, by all that it received."""
    for k in range(len(out.shares)):
        out.shares[k] = out.received[k]
    _normalise(out.shares, readout.n_classes, readout.slope)


@no_refcount_kernel
def _normalise(shares: Any, n_classes: Any, slope: Any) -> None:
    """Turn what the neurons received into shares of the layer's activity, in place."""
    highest = shares[0]
    for k in range(1, n_classes):
        highest = max(highest, shares[k])
    total = slope - slope
    for k in range(n_classes):
        shares[k] = total - total + exp(slope * (shares[k] - highest))
        total += shares[k]
    for k in range(n_classes):
        shares[k] /= total
    shares[n_classes:] = 0


@no_refcount_kernel
def _run(readout: Any, p: Any, dt: Any, out: Any) -> None:
    zero = dt - dt
    synaptic, v, u = out.signal, out.v, out.u
    synaptic[:] = 0
    v[:] = p.c
    u[:] = p.b * p.c
    out.counts[:] = 0
    for step in range(len(out.current)):
        current, reached = out.current[step], out.reached[step]
        pool = zero
        for k in range(len(v)):
            synaptic[k] = readout.decay * synaptic[k] + current[k]
        for k in range(readout.n_classes):
            pool += synaptic[k]
        pool *= readout.share
        for k in range(len(v)):
            current[k] = readout.gain * (synaptic[k] - pool) + readout.bias
            arrived = advance(State(v[k], u[k]), current[k], p)
            reached[k] = arrived.v
            after, spike = fire(arrived, p)
            out.counts[k] += spike
            v[k], u[k] = after.v, after.u


@no_refcount_kernel
def teach_by_error(label: Any, readout: Any, rate: Any, out: Any) -> Any:
    """The delta rule on one presentation, in place; returns the sum of all |changes|.

    label: the right digit; out: what was answered.
    """
    for k in range(len(out.signal)):
        target = rate - rate + (k == label)
        out.signal[k] = post_error(target, out.shares[k])
    return _change(out.pre, readout.weights, rate, out.signal)


@no_refcount_kernel
def teach_plainly(label: Any, readout: Any, rate: Any, length: Any, out: Any) -> Any:
    """Plain Hebbian learning of the label's neuron, whose weights get ``length`` back."""
    for k in range(len(out.signal)):
        out.signal[k] = rate - rate + (k == label)
    changed = _change(out.pre, readout.weights, rate, out.signal)
    weights = readout.weights
    held = rate - rate
    for h in range(len(weights)):
        held += weights[h, label] * weights[h, label]
    factor = normalising_factor(rate - rate + math.sqrt(held), length)
    for h in range(len(weights)):
        weights[h, label] *= factor
    return changed


@noalias_kernel
def _change(pre: Any, weights: Any, rate: Any, signal: Any) -> Any:
    before, after = rate - rate, rate - rate
    for h in range(len(weights)):
        count = pre[h]
        if count > 0:
            before += count
            row = weights[h]
            for k in range(len(row)):  # a constant would be unrolled and not vectorised
                row[k] = strengthened(row[k], count, signal[k], rate)
    for k in range(len(signal)):  # the places that only pad the rows have none
        after += abs(signal[k])
    return rate * before * after
