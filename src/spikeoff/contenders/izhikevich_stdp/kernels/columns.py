"""Columns of Izhikevich neurons: one image's spikes in, competition, STDP.

The neurons of a column see the same field of the image and share an inhibitory pool, which takes
the mean of their input from each. Columns lie side by side in bands; the weights of a band lie
together, so that a row of them is one run through memory, and only pixels that the band sees are
met at all.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from spikeoff.kernels.events import sum_rows
from spikeoff.kernels.jit import jitable, no_refcount_kernel, noalias_kernel, serial_kernel
from spikeoff.kernels.neuron_models import advance, fire
from spikeoff.learning.homeostasis import balanced, normalising_factor, scaled
from spikeoff.learning.stdp import paired
from spikeoff.neurons.izhikevich import State
from spikeoff.neurons.synapse import accumulate

Real = TypeVar("Real", np.float32, np.float64)

jitable(accumulate, balanced, normalising_factor, paired, scaled)

WORD = 28
"""Steps whose spikes are the bits of one number of 32."""

AT_ONCE = 4
"""Steps that are added up together; divides ``WORD``."""

LANES = 16
"""Places that go side by side through sums over a neuron's weights."""

NOBODY = -1


class Columns(NamedTuple):
    """The hidden layer.

    weights: [bands, n_inputs, width]; theta: [bands, width] (mV/ms).
    seen: [bands, 2] first input that a band sees, and the one after the last.
    fields: [columns, longest] inputs that a column sees; n_seen: [columns] how many they are.
    size: neurons a column; a band holds width / size columns.
    share: 1 / size, what a pool takes from each of its neurons.
    gain: current that a weight of 1 brings (mV/ms).
    decay: what is left of a synaptic current after a step, of 1; 0 for none.
    """

    weights: Any
    theta: Any
    seen: Any
    fields: Any
    n_seen: Any
    size: Any
    share: Any
    gain: Any
    decay: Any


class Trace(NamedTuple):
    """What a presentation leaves, and scratch.

    reached: [bands, steps, width] the sum of weights, then the membrane potential before reset.
    spikes: [bands, steps, width] uint8; counts: [bands, width] int32 spikes a neuron.
    pool: [width] the pools' share at a step; synaptic: [width] the synapses' currents; v, u:
        [width]; first, last: [steps] scratch.
    mean_current: [1] what the pools took, mean over neurons and steps (mV/ms).
    """

    reached: Any
    spikes: Any
    counts: Any
    pool: Any
    synaptic: Any
    v: Any
    u: Any
    first: Any
    last: Any
    mean_current: Any


class PairRule(NamedTuple):
    """STDP as kernels take it.

    window: [2 n_steps - 1] the change by a pair, lags from n_steps - 1 down to -(n_steps - 1).
    one: 1 in the weights' precision.
    least: a weight below this is none.
    by_step: [n_steps, in whole ``AT_ONCE``] what a spike of an input at that step changes.
    own, change, fired: [longest field, in whole ``LANES``] a neuron's weights, their changes, and
        their inputs' spikes (int32); squares, moves: [LANES] scratch.
    """

    window: Any
    one: Any
    least: Any
    by_step: Any
    own: Any
    change: Any
    fired: Any
    squares: Any
    moves: Any


def pair_rule(window: NDArray[Real], longest: int, least: float) -> PairRule:
    """STDP by this window for fields of up to ``longest`` inputs; weights below ``least`` go."""
    number = window.dtype.type
    n_steps = (len(window) + 1) // 2
    places = math.ceil(longest / LANES) * LANES
    return PairRule(
        window, number(1), number(least),
        np.zeros(math.ceil(n_steps / AT_ONCE) * AT_ONCE, number),
        np.zeros(places, number), np.zeros(places, number), np.zeros(places, np.int32),
        np.zeros(LANES, number), np.zeros(LANES, number),
    )  # fmt: skip


@serial_kernel
def scratch(columns: Any, n_steps: Any) -> Any:
    """A ``Trace`` for the layer."""
    bands, _, width = columns.weights.shape
    zero = columns.theta[0, 0] - columns.theta[0, 0]
    return Trace(
        np.full((bands, n_steps, width), zero),
        np.zeros((bands, n_steps, width), np.uint8),
        np.zeros((bands, width), np.int32),
        np.full(width, zero),
        np.full(width, zero),
        np.full(width, zero),
        np.full(width, zero),
        np.zeros(n_steps, np.int64),
        np.zeros(n_steps, np.int64),
        np.full(1, zero),
    )


@no_refcount_kernel
def present(counts: Any, active: Any, columns: Any, p: Any, dt: Any, trace: Any) -> None:
    """Show one image: fill ``trace`` in place.

    Args:
        counts: [n_steps] inputs that fire at a step.
        active: [n_steps, n_inputs] those inputs, ascending, in the first places.
        columns: the layer.
        p: constants of the neurons.
        dt: step (ms).
        trace: of ``scratch``.
    """
    trace.first[:] = 0
    trace.last[:] = 0
    trace.mean_current[0] = 0
    for band in range(len(columns.weights)):
        start, stop = columns.seen[band]
        table = columns.weights[band]
        _find(counts, active, start, stop, trace.first, trace.last)
        for step in range(len(counts)):
            first, last = trace.first[step], trace.last[step]
            sum_rows(table, active[step], first, last, trace.reached[band, step])
        _run(band, columns, p, dt, trace)
    trace.mean_current[0] /= trace.counts.size * len(counts)


@noalias_kernel
def _find(counts: Any, active: Any, start: Any, stop: Any, first: Any, last: Any) -> None:
    """Where at each step the inputs [start, stop) begin and end, from where the last were."""
    one = np.uintp(1)
    for step in range(len(counts)):
        listed, n = active[step], np.uintp(counts[step])
        k: Any = np.uintp(first[step])
        while k < n and listed[k] < start:
            k += one
        first[step] = k
        k = max(k, np.uintp(last[step]))
        while k < n and listed[k] < stop:
            k += one
        last[step] = k


@no_refcount_kernel
def _run(band: Any, columns: Any, p: Any, dt: Any, trace: Any) -> None:
    """The band's neurons through all steps, from rest."""
    pool, v, u = trace.pool, trace.v, trace.u
    theta, counts = columns.theta[band], trace.counts[band]
    size, share, gain = columns.size, columns.share, columns.gain
    zero = dt - dt
    received = zero
    synaptic, decay = trace.synaptic, columns.decay
    synaptic[:] = 0
    v[:] = p.c
    u[:] = p.b * p.c
    counts[:] = 0
    for step in range(trace.reached.shape[1]):
        reached, fired = trace.reached[band, step], trace.spikes[band, step]
        if decay > 0:
            for h in range(len(v)):
                synaptic[h] = accumulate(synaptic[h], reached[h], decay)
                reached[h] = synaptic[h]
        for column in range(len(v) // size):
            start = np.uintp(column * size)
            total = zero
            for k in range(size):
                total += reached[start + np.uintp(k)]
            received += total
            for k in range(size):
                pool[start + np.uintp(k)] = total * share
        for h in range(len(v)):
            current = gain * (reached[h] - pool[h]) - theta[h]
            arrived = advance(State(v[h], u[h]), current, p)
            reached[h] = arrived.v
            after, fired[h] = fire(arrived, p)
            v[h], u[h] = after.v, after.u
        for h in range(len(v)):
            counts[h] += fired[h]
    trace.mean_current[0] += gain * received


@no_refcount_kernel
def winner(reached: Any, spikes: Any, start: Any, stop: Any) -> int:
    """Who of the neurons [start, stop) fires first, by the highest potential; else ``NOBODY``."""
    for step in range(len(spikes)):
        best = NOBODY
        for h in range(start, stop):
            if spikes[step, h] and (best == NOBODY or reached[step, h] > reached[step, best]):
                best = h
        if best != NOBODY:
            return best
    return NOBODY


@no_refcount_kernel
def learn(masks: Any, columns: Any, trace: Any, rule: Any, rate: Any, plus: Any) -> Any:
    """Let the first of each column to fire learn, in place; returns the sum of all |changes|.

    Its weights change by STDP and are scaled back to length 1; thresholds of the column share
    the wins out. A column whose field stayed silent learns nothing.

    Args:
        masks: [words, n_inputs] int32, bit t of word w set where an input fires at step
            w * WORD + t.
        columns: the layer.
        trace: of the presentation.
        rule: STDP.
        rate: its learning rate.
        plus: what a win adds to a threshold (mV/ms).
    """
    size = columns.size
    per_band = trace.counts.shape[1] // size
    changed = rate - rate
    for number in range(len(columns.fields)):
        band, start = number // per_band, number % per_band * size
        field = columns.fields[number, : columns.n_seen[number]]
        if not _sees(masks, field):
            continue
        won = winner(trace.reached[band], trace.spikes[band], start, start + size)
        theta = columns.theta[band]
        for h in range(start, start + size):
            theta[h] = balanced(
                theta[h], rule.one if h == won else rate - rate, columns.share, plus
            )
        if won != NOBODY:
            _sum_window(trace.spikes[band, :, won], rule.window, rule.by_step)
            changed += _strengthen(masks, field, columns.weights[band, :, won], rule, rate)
    return changed


@noalias_kernel
def mark(counts: Any, active: Any, masks: Any) -> None:
    """Set the bits of one image's spikes."""
    for step in range(len(counts)):
        row, bit = masks[step // WORD], np.int32(1 << step % WORD)
        for k in range(counts[step]):
            row[np.uintp(active[step, k])] |= bit


@noalias_kernel
def unmark(counts: Any, active: Any, masks: Any) -> None:
    """Take the bits of one image's spikes back."""
    for step in range(len(counts)):
        row = masks[step // WORD]
        for k in range(counts[step]):
            row[np.uintp(active[step, k])] = 0


@no_refcount_kernel
def _sees(masks: Any, field: Any) -> bool:
    for word in range(len(masks)):
        for source in field:
            if masks[word, source]:
                return True
    return False


@noalias_kernel
def _sum_window(fired: Any, window: Any, by_step: Any) -> None:
    """For every step, the window summed over a neuron's spikes, in ``by_step``."""
    n_steps = len(fired)
    by_step[:] = 0
    for after in range(n_steps):
        if fired[after]:
            pairs = window[n_steps - 1 - after : 2 * n_steps - 1 - after]
            for before in range(n_steps):
                by_step[before] += pairs[before]


@noalias_kernel
def _strengthen(masks: Any, field: Any, weights: Any, rule: Any, rate: Any) -> Any:
    """STDP on a neuron's weights, then length 1, in place; returns the sum of |changes|.

    The weights lie far apart, so it works on a copy: in whole vectors, without a branch.
    """
    zero = rate - rate
    own, change, squares, moves = rule.own, rule.change, rule.squares, rule.moves
    own[len(field) :] = 0
    change[:] = 0
    squares[:] = 0
    moves[:] = 0
    for k in range(len(field)):
        own[k] = weights[np.uintp(field[k])]
    _sum_changes(masks, field, rule.by_step, rule.fired, change)
    for first in range(0, len(own), LANES):
        for lane in range(len(moves)):
            place = np.uintp(first + lane)
            new = paired(own[place], change[place], rate, zero)
            moves[lane] += abs(new - own[place])
            squares[lane] += new * new
            own[place] = new
    held, changed = zero, zero
    for lane in range(LANES):
        held += squares[lane]
        changed += moves[lane]
    squares[0] = normalising_factor(math.sqrt(held), rule.one)
    factor = squares[0]  # in the weights' precision
    for k in range(len(own)):
        own[k] = scaled(own[k], factor, rule.least)
    for k in range(len(field)):
        weights[np.uintp(field[k])] = own[k]
    return changed


@noalias_kernel
def _sum_changes(masks: Any, field: Any, by_step: Any, fired: Any, change: Any) -> None:
    """change[k] = sum of ``by_step`` over the steps at which the field's input k fires."""
    zero = by_step[0] - by_step[0]
    fired[len(field) :] = 0
    for word in range(len(masks)):
        for k in range(len(field)):
            fired[k] = masks[word, np.uintp(field[k])]
        start = word * WORD
        for step in range(start, min(start + WORD, len(by_step)), AT_ONCE):
            b0, b1, b2, b3 = by_step[step], by_step[step + 1], by_step[step + 2], by_step[step + 3]
            bit = 1 << (step - start)
            for k in range(len(change)):
                # Without the casts, Numba tests in 64 bits: half as many at a time.
                f0, f1 = np.int32(fired[k] & bit), np.int32(fired[k] & 2 * bit)
                f2, f3 = np.int32(fired[k] & 4 * bit), np.int32(fired[k] & 8 * bit)
                change[k] += ((b0 if f0 else zero) + (b1 if f1 else zero)) + (
                    (b2 if f2 else zero) + (b3 if f3 else zero)
                )
