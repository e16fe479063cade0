"""Input through synapses with a delay each, and weights that learn.

The input spikes of a presentation are known before it starts, so the conductance that they will
open is summed for all its steps at once, four neurons side by side: their sums over time fit the
first-level cache, and each delivery is one load, one addition and one store.

Learning does not break this. Between two spikes of a neuron its weights change by the arrivals
alone, which are known too; so a row of weights is settled up to a spike when the spike comes, and
the rest of its input is foreseen anew. About fifteen spikes an image cost less so than a look at
the traces in every step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeoff.kernels.jit import jitable, no_refcount_kernel
from spikeoff.learning.stdp import depressed, potentiated

LANES = 16
"""Neurons are padded to a multiple of this."""


def trace(table: Any, steps: Any) -> Any:
    """A trace so many steps after it was set to 1; a table ends with the 0 that stays."""
    return table[min(steps, len(table) - 1)]


jitable(depressed, potentiated, trace)


@no_refcount_kernel
def deliver(weights: Any, delays: Any, gain: Any, trains: Any, lanes: Any, out: Any) -> None:
    """Conductance that the input opens, with weights as they are.

    Indices are unsigned: signed ones could count from an array's end, which costs a look each.

    Args:
        weights, delays: [n, n_inputs], n a multiple of LANES.
        gain: conductance of a weight of 1.
        trains: the presentation's input spikes.
        lanes: [LANES / 4, 4 steps] scratch: sums of four neurons side by side, step by step.
        out: [steps, n], overwritten; an input spike at step t arrives at step t + its delay.
    """
    pixels, first, times = trains
    steps, n = out.shape
    for block in range(0, n, LANES):
        lanes[:] = 0
        for quarter in range(LANES // 4):
            j = block + 4 * quarter
            sums = lanes[quarter]
            for a in range(len(pixels)):
                i = np.uintp(pixels[a])
                w_0 = gain * weights[j, i]
                w_1 = gain * weights[j + 1, i]
                w_2 = gain * weights[j + 2, i]
                w_3 = gain * weights[j + 3, i]
                d_0 = np.uintp(4 * np.uintp(delays[j, i]))
                d_1 = np.uintp(4 * np.uintp(delays[j + 1, i]) + 1)
                d_2 = np.uintp(4 * np.uintp(delays[j + 2, i]) + 2)
                d_3 = np.uintp(4 * np.uintp(delays[j + 3, i]) + 3)
                for k in range(np.uintp(first[a]), np.uintp(first[a + 1])):
                    sent = np.uintp(times[k]) << np.uintp(2)
                    sums[sent + d_0] += w_0
                    sums[sent + d_1] += w_1
                    sums[sent + d_2] += w_2
                    sums[sent + d_3] += w_3
        for t in range(steps):
            for quarter in range(LANES // 4):
                for lane in range(4):
                    out[t, block + 4 * quarter + lane] = lanes[quarter, 4 * t + lane]


@no_refcount_kernel
def apply_pending_stdp(
    weights: Any,
    delays: Any,
    trains: Any,
    last_inputs: Any,
    begin: Any,
    since: Any,
    now: Any,
    last_spike: Any,
    post2: Any,
    rule: Any,
    gain: Any,
    column: Any,
) -> None:
    """Bring one neuron's weights up to step ``now`` and foresee its input after it.

    Where the rule holds weights frozen, ``weights`` are changes gathered apart, and there is
    nothing to foresee.

    All steps but ``last_inputs`` count from the presentation's first. Arrivals after ``since`` and
    up to ``now`` depress by post1; a spike at ``now`` (``post2`` > 0) potentiates by the trace of
    each input's last arrival; ``column`` takes what later arrivals will open if no further spike
    comes.

    Args:
        weights, delays: [n_inputs], of the neuron; weights are changed.
        trains: the presentation's input spikes.
        last_inputs: [n_inputs], the last spike of each input before this presentation.
        begin: the presentation's first step.
        since, now: steps, -1 for before the first.
        last_spike: the neuron's spike before ``now``.
        post2: trace before the spike at ``now``; 0 with none, negative where there is no spike.
        rule: constants of the rule.
        gain: conductance of a weight of 1.
        column: [steps], overwritten after ``now``.
    """
    pixels, first, times = trains
    if not rule.frozen:
        column[now + 1 :] = 0
    spiked = post2 >= rule.zero
    origin = now if spiked else last_spike
    a = 0
    for i in range(len(weights)):
        w = weights[i]
        delay = np.int64(delays[i])
        last = last_inputs[i] - begin + delay
        k, end = 0, 0
        if a < len(pixels) and pixels[a] == i:
            k, end = first[a], first[a + 1]
            a += 1
        while k < end and times[k] + delay <= now:
            last = times[k] + delay
            if last > since:
                w = depressed(w, trace(rule.post1, last - last_spike), rule.nu_pre, rule.w_min)
            k += 1
        if post2 > rule.zero:
            pre = trace(rule.pre, now - last)
            w = potentiated(w, pre, post2, rule.nu_post, rule.w_max)
        weights[i] = w
        while k < end and not rule.frozen:
            arrival = times[k] + delay
            column[arrival] += gain * w
            w = depressed(w, trace(rule.post1, arrival - origin), rule.nu_pre, rule.w_min)
            k += 1
