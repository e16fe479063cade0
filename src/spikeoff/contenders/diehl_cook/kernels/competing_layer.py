"""A layer of excitatory neurons and the inhibitory ones that make them compete, step by step.

Excitatory neurons are updated all together, by vector instructions. Refractory ones and those
inhibitory ones that have a conductance are few, and kept in lists; the potential of any other
inhibitory neuron decays by a closed form that is not looked at before it is needed.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from spikeoff.kernels import (
    elementary_functions,  # noqa: F401 (lets kernels call exp)
    neuron_models,  # noqa: F401 (lets kernels call the neuron's functions)
)
from spikeoff.kernels.jit import inlined, jitable, no_refcount_kernel
from spikeoff.neurons.conductance_lif import State, relax
from spikeoff.neurons.conductance_lif import step as neuron_step
from spikeoff.numerics.functions import exp


class LayerParams(NamedTuple):
    """What a layer learns and how it is connected; n neurons (padded), n_i inhibitory ones.

    weights, delays: [n, n_inputs]; delays in steps.
    learned: [n, n_inputs], what the rule changes: the weights themselves, or, where these stand
        still, changes that are gathered for later.
    first, targets, strengths: excitatory to inhibitory synapses, those of neuron j from
        ``first[j]`` up to ``first[j + 1]``.
    inhibition: [n_i, n], conductance that an inhibitory spike opens.
    theta: [n] float64, adaptive part of the thresholds (mV).
    dirty: [n] uint8, 1 where weights changed since they were normalised.
    gain: conductance of a weight of 1.
    weight_sum: what a neuron's weights are normalised to.
    """

    weights: Any
    delays: Any
    learned: Any
    first: Any
    targets: Any
    strengths: Any
    inhibition: Any
    theta: Any
    dirty: Any
    gain: Any
    weight_sum: Any


class LayerState(NamedTuple):
    """What a layer is doing: carried from one presentation to the next in training.

    v, ge, gi: [n], of the excitatory neurons; last: [n] int64, step of the last spike.
    v_i, ge_i, last_i: [n_i], of the inhibitory neurons.
    asleep_i: [n_i] int64, step for which v_i of a sleeping one holds; FAR for one that is awake.
    last_inputs: [n_inputs] int64, step of each input's last spike.
    """

    v: Any
    ge: Any
    gi: Any
    last: Any
    v_i: Any
    ge_i: Any
    last_i: Any
    asleep_i: Any
    last_inputs: Any


class Scratch(NamedTuple):
    """Scratch of a layer.

    counts: [5] int64: how many fired, inhibitory ones that fired, held, awake inhibitory ones,
        and spikes recorded.
    fired, fired_i, held, awake: who.
    is_awake: [n_i] uint8.
    theta: [n], as the vector loop takes it.
    since: [n] int64, step up to which each row of weights is settled; FAR where nothing is due.
    column: scratch of ``apply_pending_stdp``.
    spikes: [n] int64, spikes within the presentation.
    raster: [m, 2] int64, step and neuron of spikes, as far as there is room.
    tally, tally_i: [readings or 0, n] and [readings or 0, n_i] int64, to which the spikes of a
        presentation are added, those of ``every`` steps into a row.
    """

    counts: Any
    fired: Any
    fired_i: Any
    held: Any
    awake: Any
    is_awake: Any
    theta: Any
    since: Any
    column: Any
    spikes: Any
    raster: Any
    tally: Any
    tally_i: Any
    every: Any


class Physics(NamedTuple):
    """Constants of both populations.

    excitatory, inhibitory: of the neuron equations.
    base, base_i: thresholds (mV), that of the excitatory ones without theta.
    hold, hold_i: refractory steps.
    theta_plus: mV a spike; theta_decay: a step's factor.
    quiet: a conductance below this is none.
    zero: in the precision of all these.
    """

    excitatory: Any
    inhibitory: Any
    base: Any
    base_i: Any
    hold: Any
    hold_i: Any
    theta_plus: Any
    theta_decay: Any
    quiet: Any
    zero: Any


FIRED, FIRED_I, HELD, AWAKE, RECORDED = range(5)
FAR = -(1 << 60)
"""A step before everything."""


def advance(
    v: Any, ge: Any, gi: Any, theta: Any, share: Any, base: Any, arriving: Any, c: Any
) -> Any:
    """One step of all excitatory neurons; returns whether any is above its threshold."""
    above = np.int32(0)
    for j in range(len(v)):
        state, crossed = neuron_step(
            State(v[j], ge[j], gi[j]), arriving[j], theta[j], share, base, c
        )
        v[j], ge[j], gi[j] = state.v, state.ge, state.gi
        above = np.int32(above | np.int32(crossed))
    return above


jitable(advance)


@no_refcount_kernel
def start(layer: Any, lists: Any, now: Any, physics: Any) -> None:
    """Fill the lists for a presentation whose first step is ``now``."""
    lists.counts[:] = 0
    lists.spikes[:] = 0
    lists.is_awake[:] = 0
    for j in range(len(layer.v)):
        if now - layer.last[j] < physics.hold:
            lists.held[lists.counts[HELD]] = j
            lists.counts[HELD] += 1
    for i in range(len(layer.v_i)):
        if layer.asleep_i[i] == FAR:
            lists.is_awake[i] = 1
            lists.awake[lists.counts[AWAKE]] = i
            lists.counts[AWAKE] += 1


@inlined
def wake(layer: Any, lists: Any, i: Any, now: Any, physics: Any) -> None:
    """Put an inhibitory neuron on the list of those to be updated, its v as of step ``now``."""
    if not lists.is_awake[i]:
        lists.is_awake[i] = 1
        lists.awake[lists.counts[AWAKE]] = i
        lists.counts[AWAKE] += 1
        v_rest = physics.inhibitory.v_rest
        share = exp((layer.asleep_i[i] - now) * float(physics.inhibitory.rate))
        layer.v_i[i] = v_rest + (layer.v_i[i] - v_rest) * share
        layer.asleep_i[i] = FAR


@inlined
def step(layer: Any, lists: Any, arriving: Any, share: Any, now: Any, physics: Any) -> None:
    """Neurons one step on, and who fires in it; what spikes do is not done yet."""
    counts, last, v = lists.counts, layer.last, layer.v
    c = physics.excitatory
    above = advance(v, layer.ge, layer.gi, lists.theta, share, physics.base, arriving, c)
    kept = 0
    for k in range(counts[HELD]):
        j = lists.held[k]
        if now - last[j] < physics.hold:
            v[j] = c.v_reset
            lists.held[kept] = j
            kept += 1
    counts[HELD] = kept
    counts[FIRED] = 0
    if above:
        for j in range(len(v)):
            if v[j] > physics.base + lists.theta[j] * share and now - last[j] >= physics.hold:
                lists.fired[counts[FIRED]] = j
                counts[FIRED] += 1
    _step_inhibitory(layer, lists, now, physics)


@inlined
def _step_inhibitory(layer: Any, lists: Any, now: Any, physics: Any) -> None:
    counts, v, ge, last = lists.counts, layer.v_i, layer.ge_i, layer.last_i
    c = physics.inhibitory
    counts[FIRED_I] = 0
    kept = 0
    for k in range(counts[AWAKE]):
        i = lists.awake[k]
        free = now - last[i] >= physics.hold_i
        if free:
            v[i] = relax(v[i], ge[i], physics.zero, c)
        ge[i] = ge[i] * c.decay_ge
        if free and v[i] > physics.base_i:
            lists.fired_i[counts[FIRED_I]] = i
            counts[FIRED_I] += 1
        elif free and ge[i] < physics.quiet:
            ge[i] = physics.zero
            lists.is_awake[i] = 0
            layer.asleep_i[i] = now
            continue
        lists.awake[kept] = i
        kept += 1
    counts[AWAKE] = kept


@inlined
def spread(
    wiring: Any,
    layer: Any,
    lists: Any,
    arriving_i: Any,
    share: Any,
    now: Any,
    physics: Any,
    learn: Any,
    first_step: Any,
    counting: Any,
) -> None:
    """What this step's spikes do within the layer: inhibition, resets, thresholds, records.

    Args:
        wiring, layer, lists, physics: the layer.
        arriving_i: [n_i (padded) or 0] conductance that input opens in inhibitory neurons.
        share: what is left of theta since the presentation began.
        now, first_step: this step and the presentation's first.
        learn: whether thresholds adapt.
        counting: whether spikes count for the response.
    """
    counts = lists.counts
    for i in range(min(len(arriving_i), len(layer.v_i))):
        if arriving_i[i] > physics.zero:
            layer.ge_i[i] += arriving_i[i]
            wake(layer, lists, i, now, physics)
    for k in range(counts[FIRED]):
        j = lists.fired[k]
        for s in range(wiring.first[j], wiring.first[j + 1]):
            wake(layer, lists, wiring.targets[s], now, physics)
            layer.ge_i[wiring.targets[s]] += wiring.strengths[s]
        layer.v[j] = physics.excitatory.v_reset
        layer.last[j] = now
        lists.held[counts[HELD]] = j
        counts[HELD] += 1
        if learn:
            wiring.theta[j] += physics.theta_plus / share
            lists.theta[j] = wiring.theta[j]
        if counting:
            lists.spikes[j] += 1
        if counts[RECORDED] < len(lists.raster):
            lists.raster[counts[RECORDED], 0] = now - first_step
            lists.raster[counts[RECORDED], 1] = j
            counts[RECORDED] += 1
        if len(lists.tally):
            lists.tally[(now - first_step) // lists.every, j] += 1
    for k in range(counts[FIRED_I]):
        i = lists.fired_i[k]
        if len(lists.tally_i):
            lists.tally_i[(now - first_step) // lists.every, i] += 1
        for j in range(len(layer.gi)):
            layer.gi[j] += wiring.inhibition[i, j]
        layer.v_i[i] = physics.inhibitory.v_reset
        layer.last_i[i] = now


@no_refcount_kernel
def is_quiet(layer: Any, lists: Any, now: Any, physics: Any) -> bool:
    """Whether nothing but the decay of potentials is left to happen unless input comes."""
    if lists.counts[HELD]:
        return False
    strongest = physics.zero
    for k in range(lists.counts[AWAKE]):
        i = lists.awake[k]
        if now - layer.last_i[i] < physics.hold_i:
            return False
        strongest = max(strongest, layer.ge_i[i])
    for j in range(len(layer.ge)):
        strongest = max(strongest, layer.ge[j], layer.gi[j])
    return bool(strongest < physics.quiet)


@no_refcount_kernel
def rest(layer: Any, lists: Any, now: Any, steps: Any, physics: Any) -> None:
    """Let potentials as of step ``now`` decay for so many steps in which nothing else happens."""
    zero = physics.zero
    v_rest = physics.excitatory.v_rest
    share = exp(-steps * float(physics.excitatory.rate))
    for j in range(len(layer.v)):
        layer.v[j] = v_rest + (layer.v[j] - v_rest) * share
        layer.ge[j] = zero
        layer.gi[j] = zero
    for k in range(lists.counts[AWAKE]):
        layer.ge_i[lists.awake[k]] = zero
        layer.asleep_i[lists.awake[k]] = now
