"""Columns of Izhikevich neurons: one image's spikes in, competition, STDP.

The neurons of a column see the same field of the image and share an inhibitory pool, which takes
the mean of their input from each. Columns lie side by side in bands; the weights of a band lie
together, so that a row of them is one run through memory, and only pixels that the band sees are
met at all.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from spikeoff.kernels.events import sum_rows
from spikeoff.kernels.jit import admit, lean_kernel, serial_kernel
from spikeoff.learning.homeostasis import balanced, normalising_factor
from spikeoff.learning.stdp import paired
from spikeoff.neurons.izhikevich import drift, euler, reset

admit(balanced, drift, euler, normalising_factor, paired, reset)

BITS = 5
"""Steps that one look-up covers: a table of 32 sums stays in the first-level cache."""

MAX_STEPS = 60
"""An input's spikes are the bits of one 64-bit number."""

NOBODY = -1


class Columns(NamedTuple):
    """The hidden layer.

    weights: [bands, n_inputs, width]; theta: [bands, width] (mV/ms).
    seen: [bands, 2] first input that a band sees, and the one after the last.
    fields: [columns, longest] inputs that a column sees; n_seen: [columns] how many they are.
    size: neurons a column; a band holds width / size columns.
    gain: current that a weight of 1 brings (mV/ms).
    """

    weights: Any
    theta: Any
    seen: Any
    fields: Any
    n_seen: Any
    size: Any
    gain: Any


class Trace(NamedTuple):
    """What a presentation leaves, and scratch.

    reached: [bands, steps, width] the sum of weights, then the membrane potential before reset.
    spikes: [bands, steps, width] uint8; counts: [bands, width] int32 spikes a neuron.
    pool: [width] the pools' share at a step; v, u: [width]; first, last: [steps] scratch.
    mean_current: [1] what the pools took, mean over neurons and steps (mV/ms).
    """

    reached: Any
    spikes: Any
    counts: Any
    pool: Any
    v: Any
    u: Any
    first: Any
    last: Any
    mean_current: Any


class PairRule(NamedTuple):
    """STDP as kernels take it.

    window: [2 n_steps - 1] the change by a pair, lags from n_steps - 1 down to -(n_steps - 1).
    sums: [lookups, 32], by_step: [n_steps], active: [longest field + 1] scratch.
    one: 1 in the weights' precision.
    """

    window: Any
    sums: Any
    by_step: Any
    active: Any
    one: Any


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
        np.zeros(n_steps, np.int64),
        np.zeros(n_steps, np.int64),
        np.full(1, zero),
    )


@lean_kernel
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
        for step in range(len(counts)):
            listed, n = active[step], counts[step]
            first, last = trace.first[step], trace.last[step]
            while first < n and listed[first] < start:
                first += 1
            last = max(first, last)
            while last < n and listed[last] < stop:
                last += 1
            trace.first[step], trace.last[step] = first, last
            sum_rows(table, listed, first, last, trace.reached[band, step])
        _run(band, columns, p, dt, trace)
    trace.mean_current[0] /= trace.counts.size * len(counts)


@lean_kernel
def _run(band: Any, columns: Any, p: Any, dt: Any, trace: Any) -> None:
    """The band's neurons through all steps, from rest."""
    pool, v, u = trace.pool, trace.v, trace.u
    theta, counts = columns.theta[band], trace.counts[band]
    size, gain = columns.size, columns.gain
    zero = dt - dt
    share = p.one / (zero + size)
    received = zero
    v[:] = p.c
    u[:] = p.b * p.c
    counts[:] = 0
    for step in range(trace.reached.shape[1]):
        reached, fired = trace.reached[band, step], trace.spikes[band, step]
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
            v_next, u_next = euler(v[h], u[h], current, dt, p)
            spike = v_next >= p.v_peak
            reached[h] = v_next
            fired[h] = spike
            v[h], u[h] = reset(max(v_next, p.v_floor), u_next, zero + spike, p)
        for h in range(len(v)):
            counts[h] += fired[h]
    trace.mean_current[0] += gain * received


@lean_kernel
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


@lean_kernel
def learn(masks: Any, columns: Any, trace: Any, rule: Any, rate: Any, plus: Any) -> Any:
    """Let the first of each column to fire learn, in place; returns the sum of all |changes|.

    Its weights change by STDP and are scaled back to length 1; thresholds of the column share
    the wins out. A column whose field stayed silent learns nothing.

    Args:
        masks: [n_inputs] int64, bit t set where an input fires at step t.
        columns: the layer.
        trace: of the presentation.
        rule: STDP.
        rate: its learning rate.
        plus: what a win adds to a threshold (mV/ms).
    """
    size = columns.size
    per_band = trace.counts.shape[1] // size
    share = rule.one / (rate - rate + size)
    changed = rate - rate
    for number in range(len(columns.fields)):
        band, start = number // per_band, number % per_band * size
        field = columns.fields[number, : columns.n_seen[number]]
        if not _sees(masks, field):
            continue
        won = winner(trace.reached[band], trace.spikes[band], start, start + size)
        theta = columns.theta[band]
        for h in range(start, start + size):
            theta[h] = balanced(theta[h], rule.one if h == won else rate - rate, share, plus)
        if won != NOBODY:
            _tabulate(trace.spikes[band, :, won], rule)
            changed += _strengthen(masks, field, columns.weights[band, :, won], rule, rate)
    return changed


@lean_kernel
def _sees(masks: Any, field: Any) -> bool:
    for source in field:  # noqa: SIM110 (Numba knows no generators)
        if masks[source]:
            return True
    return False


@lean_kernel
def _tabulate(fired: Any, rule: Any) -> None:
    """Sum the window over a neuron's spikes for every step, and the steps' sums by bits."""
    by_step, window = rule.by_step, rule.window
    n_steps = len(by_step)
    by_step[:] = 0
    for after in range(n_steps):
        if fired[after]:
            for before in range(n_steps):
                by_step[before] += window[np.uintp(n_steps - 1 - after) + np.uintp(before)]
    for number in range(len(rule.sums)):
        sums = rule.sums[number]
        for bit in range(min(BITS, n_steps - number * BITS)):
            change = by_step[number * BITS + bit]
            for low in range(1 << bit):
                sums[low + (1 << bit)] = sums[low] + change


@lean_kernel
def _strengthen(masks: Any, field: Any, weights: Any, rule: Any, rate: Any) -> Any:
    """STDP on a neuron's weights, then length 1, in place; returns the sum of |changes|."""
    zero = rate - rate
    held, changed = zero, zero
    low_bits = (1 << BITS) - 1
    n, n_active = len(field), 0
    for k in range(n):
        source = np.uintp(field[k])
        silent = masks[source] == 0
        w = weights[source]
        held += (zero + silent) * w * w
        # Written always, counted only where it fired: cheaper than a branch.
        rule.active[n_active] = source
        n_active += not silent
    for k in range(n_active):
        source = np.uintp(rule.active[k])
        mask = masks[source]
        change = zero
        for number in range(len(rule.sums)):
            change += rule.sums[number, (mask >> (BITS * number)) & low_bits]
        w = weights[source]
        new = paired(w, change, rate, zero)
        changed += abs(new - w)
        weights[source] = new
        held += new * new
    factor = normalising_factor(zero + math.sqrt(held), rule.one)
    for k in range(n):
        weights[np.uintp(field[k])] *= factor
    return changed
