"""The Diehl & Cook network through one presentation: its input, its steps, and what it learns.

Within a step, in Brian2's order: all neurons are updated, thresholds looked at, spikes delivered
(presynaptic effects before postsynaptic ones), neurons reset.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikeoff.contenders.diehl_cook.kernels.competing_layer import (
    FAR,
    FIRED,
    is_quiet,
    rest,
    spread,
    start,
    step,
)
from spikeoff.contenders.diehl_cook.kernels.delayed_input import apply_pending_stdp, deliver, trace
from spikeoff.kernels.jit import jitable, no_refcount_kernel, serial_kernel
from spikeoff.kernels.rows import copy_row
from spikeoff.learning.homeostasis import normalising_factor
from spikeoff.learning.stdp import depressed, potentiated
from spikeoff.numerics.functions import power

jitable(normalising_factor, depressed, potentiated, trace)


BEFORE = np.int64(-1)
"""The step before a presentation's first."""


class Schedule(NamedTuple):
    """The time of a presentation, in steps, and its input.

    example_steps, total_steps: shown; shown and rested.
    max_delay: the longest input delay.
    dt: step (ms).
    intensity: that of the first presentation; each further one has 1 more.
    seed: of the input spikes.
    """

    example_steps: Any
    total_steps: Any
    max_delay: Any
    dt: Any
    intensity: Any
    seed: Any


class Rule(NamedTuple):
    """Constants of the STDP rule; the traces as tables over steps that end with 0.

    frozen: whether weights stand still while their changes are gathered apart.
    """

    pre: Any
    post1: Any
    post2: Any
    nu_pre: Any
    nu_post: Any
    w_min: Any
    w_max: Any
    zero: Any
    frozen: Any


class Pending(NamedTuple):
    """Conductance that the input of a presentation will open, and scratch to sum it.

    excitatory: [steps, n]; inhibitory: [steps, n_i padded] or [steps, 0].
    nothing: [n] zeros; nothing_2: [n of the second layer] zeros.
    lanes: scratch of ``deliver``.
    """

    excitatory: Any
    inhibitory: Any
    nothing: Any
    nothing_2: Any
    lanes: Any


@no_refcount_kernel
def normalise(wiring: Any, w_max: Any) -> None:
    """Scale the weights of neurons that learned to their sum, none above ``w_max``."""
    weights = wiring.weights
    for j in range(len(weights)):
        if wiring.dirty[j]:
            held = 0.0
            for i in range(weights.shape[1]):
                held += weights[j, i]
            factor = normalising_factor(held, wiring.weight_sum)
            wiring.dirty[j] = 0
            for i in range(weights.shape[1]):
                w = weights[j, i] * factor
                if w > w_max:
                    w = w_max
                    wiring.dirty[j] = 1  # the sum is not reached: to be tried again
                weights[j, i] = w


@serial_kernel
def present(
    trains: Any,
    wirings: Any,
    layers: Any,
    lists: Any,
    pending: Any,
    to_inhibitory: Any,
    schedule: Any,
    rule: Any,
    physics: Any,
    now: Any,
    learn: Any,
) -> int:
    """One presentation and the rest after it; returns the spikes of the first layer while shown.

    Args:
        trains: input spikes.
        wirings, layers, lists: of the first and the second layer; the second may have no neurons.
        pending: scratch for the input.
        to_inhibitory: weights [n_i padded, n_inputs] and delays of input to inhibitory neurons;
            empty where there are none.
        schedule, rule, physics: constants.
        now: step at which the presentation begins.
        learn: whether weights and thresholds change.
    """
    wiring, wiring_2 = wirings
    layer, layer_2 = layers
    list_1, list_2 = lists
    deliver(wiring.weights, wiring.delays, wiring.gain, trains, pending.lanes, pending.excitatory)
    weights_i, delays_i = to_inhibitory
    if len(weights_i):
        deliver(weights_i, delays_i, wiring.gain, trains, pending.lanes, pending.inhibitory)
    start(layer, list_1, now, physics)
    start(layer_2, list_2, now, physics)
    copy_row(wiring.theta, list_1.theta)
    copy_row(wiring_2.theta, list_2.theta)
    if learn:
        _foresee(trains, wiring, layer, list_1, pending, rule, now)
    shares = _shares(schedule.total_steps, physics.theta_decay if learn else 1.0, layer.v)
    n_spikes = _run(
        trains, wirings, layers, lists, pending, shares, schedule, rule, physics, now, learn
    )
    if learn:
        _finish(trains, wiring, layer, list_1, rule, now, schedule.total_steps)
        share = power(physics.theta_decay, schedule.total_steps)
        for theta in (wiring.theta, wiring_2.theta):
            for j in range(len(theta)):
                theta[j] *= share
    return n_spikes


@no_refcount_kernel
def _run(
    trains: Any,
    wirings: Any,
    layers: Any,
    lists: Any,
    pending: Any,
    shares: Any,
    schedule: Any,
    rule: Any,
    physics: Any,
    now: Any,
    learn: Any,
) -> int:
    """All steps of ``present``; ``shares`` is what each leaves of theta."""
    wiring, wiring_2 = wirings
    layer, layer_2 = layers
    list_1, list_2 = lists
    two = len(layer_2.v) > 0
    input_steps = len(pending.excitatory)
    n_spikes = 0
    for t in range(schedule.total_steps):
        if (
            t >= input_steps
            and t % 8 == 0
            and is_quiet(layer, list_1, now + t, physics)
            and is_quiet(layer_2, list_2, now + t, physics)
        ):
            rest(layer, list_1, now + t - 1, schedule.total_steps - t, physics)
            rest(layer_2, list_2, now + t - 1, schedule.total_steps - t, physics)
            break
        arriving = pending.excitatory[t] if t < input_steps else pending.nothing
        step(layer, list_1, arriving, shares[t], now + t, physics)
        if two:
            step(layer_2, list_2, pending.nothing_2, shares[t], now + t, physics)
        fired = list_1.counts[FIRED]
        if learn:
            for k in range(fired):
                _learn_from_spike(
                    trains, wiring, layer, list_1, pending, rule, list_1.fired[k], t, now
                )
        counting = t < schedule.example_steps
        n_spikes += fired if counting else 0
        none_i = pending.nothing[:0]
        arriving_i = pending.inhibitory[t] if t < input_steps else none_i
        spread(wiring, layer, list_1, arriving_i, shares[t], now + t, physics, learn, now, counting)
        if two:
            _feed(wiring_2, layer, layer_2, list_1, list_2, rule, now + t, learn)
            spread(
                wiring_2, layer_2, list_2, none_i, shares[t], now + t, physics, learn, now, counting
            )
    return n_spikes


@serial_kernel
def _shares(steps: Any, decay: Any, like: Any) -> Any:
    """What is left of theta after each step, [steps] in the precision of ``like``."""
    shares = np.empty(steps, like.dtype)
    share = 1.0
    for t in range(steps):
        share *= decay
        shares[t] = share
    return shares


@no_refcount_kernel
def _foresee(
    trains: Any, wiring: Any, layer: Any, lists: Any, pending: Any, rule: Any, now: Any
) -> None:
    """Foresee the input of neurons whose last spike still depresses."""
    for j in range(len(layer.v)):
        lists.since[j] = FAR
        last = layer.last[j] - now
        if -last < len(rule.post1):
            apply_pending_stdp(
                wiring.learned[j], wiring.delays[j], trains, layer.last_inputs, now, BEFORE, BEFORE,
                last, -rule.w_max, rule, wiring.gain, lists.column,
            )  # fmt: skip
            for t in range(len(lists.column)):
                pending.excitatory[t, j] = lists.column[t]
            lists.since[j] = -1
            wiring.dirty[j] = 1


@no_refcount_kernel
def _learn_from_spike(
    trains: Any,
    wiring: Any,
    layer: Any,
    lists: Any,
    pending: Any,
    rule: Any,
    j: Any,
    t: Any,
    now: Any,
) -> None:
    """Neuron j fires at step t of the presentation."""
    last = layer.last[j] - now
    post2 = trace(rule.post2, t - last)
    apply_pending_stdp(
        wiring.learned[j], wiring.delays[j], trains, layer.last_inputs, now,
        max(lists.since[j], BEFORE), np.int64(t), last, post2, rule, wiring.gain, lists.column,
    )  # fmt: skip
    if not rule.frozen:
        for later in range(t + 1, len(lists.column)):
            pending.excitatory[later, j] = lists.column[later]
    lists.since[j] = t
    wiring.dirty[j] = 1


@no_refcount_kernel
def _finish(
    trains: Any, wiring: Any, layer: Any, lists: Any, rule: Any, now: Any, steps: Any
) -> None:
    """Settle all rows that learned, up to the end of the rest, and remember the input spikes."""
    for j in range(len(layer.v)):
        if lists.since[j] != FAR:
            apply_pending_stdp(
                wiring.learned[j], wiring.delays[j], trains, layer.last_inputs, now, lists.since[j],
                np.int64(steps), layer.last[j] - now, -rule.w_max, rule, wiring.gain, lists.column,
            )  # fmt: skip
    pixels, first, times = trains
    for a in range(len(pixels)):
        layer.last_inputs[pixels[a]] = now + times[first[a + 1] - 1]


@no_refcount_kernel
def _feed(
    wiring: Any, source: Any, layer: Any, fired: Any, lists: Any, rule: Any, now: Any, learn: Any
) -> None:
    """The first layer's spikes reach the second at once; then the second's own teach it."""
    for k in range(fired.counts[FIRED]):
        i = fired.fired[k]
        for j in range(len(layer.v)):
            layer.ge[j] += wiring.gain * wiring.weights[j, i]
            if learn:
                w = wiring.learned[j, i]
                post1 = trace(rule.post1, now - layer.last[j])
                wiring.learned[j, i] = depressed(w, post1, rule.nu_pre, rule.w_min)
                wiring.dirty[j] = 1
    if learn:
        for k in range(lists.counts[FIRED]):
            j = lists.fired[k]
            post2 = trace(rule.post2, now - layer.last[j])
            for i in range(wiring.learned.shape[1]):
                pre = trace(rule.pre, now - source.last[i])
                w = wiring.learned[j, i]
                wiring.learned[j, i] = potentiated(w, pre, post2, rule.nu_post, rule.w_max)
            wiring.dirty[j] = 1
