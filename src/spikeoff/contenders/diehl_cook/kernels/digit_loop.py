"""The Diehl & Cook network through images: learning online or side by side, and answering."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeoff.contenders.diehl_cook.kernels.competing_layer import FAR, LayerState, Scratch
from spikeoff.contenders.diehl_cook.kernels.delayed_input import LANES
from spikeoff.contenders.diehl_cook.kernels.poisson_trains import draw_trains
from spikeoff.contenders.diehl_cook.kernels.presentation import Pending, normalise, present
from spikeoff.kernels.jit import serial_kernel
from spikeoff.kernels.rows import add_row, copy_row
from spikeoff.numerics.functions import power

ENOUGH_SPIKES = 5
"""A presentation with fewer excitatory spikes is repeated at a higher intensity."""

MAX_PRESENTATIONS = 25
"""A black image never gives enough; after so many presentations the answer stands as it is."""

# Numbers with a type: of plain ones Numba would compile a presentation for each value.
START, LEARN, ANSWER = np.int64(0), np.bool_(True), np.bool_(False)


@serial_kernel
def learn(
    pixels: Any,
    ids: Any,
    epoch: Any,
    wirings: Any,
    layers: Any,
    lists: Any,
    pending: Any,
    to_inhibitory: Any,
    schedule: Any,
    rule: Any,
    physics: Any,
    now: Any,
    responses: Any,
) -> Any:
    """Learn from images one after another; returns the step after the last.

    Args:
        pixels: [m, n_inputs] uint8.
        ids: [m] int64, and ``epoch``: whose input spikes.
        responses: [m, n + n of the second layer] int32, overwritten: spikes while shown.
        wirings, layers, lists, pending, to_inhibitory, schedule, rule, physics: of ``present``.
        now: step at which the first presentation begins.
    """
    n = len(layers[0].v)
    for e in range(len(pixels)):
        for presentation in range(MAX_PRESENTATIONS):
            normalise(wirings[0], rule.w_max)
            normalise(wirings[1], rule.w_max)
            trains = draw_trains(
                pixels[e], schedule.example_steps, schedule.intensity + presentation, schedule.dt,
                ids[e], epoch, presentation, schedule.seed,
            )  # fmt: skip
            spikes = present(
                trains, wirings, layers, lists, pending, to_inhibitory,
                schedule, rule, physics, now, LEARN,
            )  # fmt: skip
            now += schedule.total_steps
            if spikes >= ENOUGH_SPIKES:
                break
        copy_row(lists[0].spikes, responses[e, :n])
        copy_row(lists[1].spikes, responses[e, n:])
    return now


@serial_kernel
def gather(
    pixels: Any,
    ids: Any,
    epoch: Any,
    wirings: Any,
    thetas: Any,
    gains: Any,
    to_inhibitory: Any,
    schedule: Any,
    rule: Any,
    physics: Any,
    responses: Any,
) -> int:
    """Gather what images would teach the network as it is, each image from rest.

    Returns the number of presentations. Changes of weights are added up in each wiring's
    ``learned``, those of thresholds in ``gains``; weights and ``thetas`` stay as they are, so
    threads may call it side by side, each with changes and scratch thresholds of its own.

    Args:
        pixels: [m, n_inputs] uint8.
        ids: [m] int64, and ``epoch``: whose input spikes.
        wirings: of ``present``; their theta is scratch.
        thetas: [n] of both layers, thresholds that each image starts from.
        gains: [n] of both layers, to which the thresholds' rises are added.
        to_inhibitory, schedule, rule, physics: of ``present``; the rule holds weights frozen.
        responses: [m, n + n of the second layer] int32, overwritten: spikes while shown.
    """
    n, n_inputs = len(wirings[0].theta), pixels.shape[1]
    lists, pending = make_scratch(wirings, to_inhibitory, schedule)
    share = power(physics.theta_decay, schedule.total_steps)
    presentations = 0
    for e in range(len(pixels)):
        for presentation in range(MAX_PRESENTATIONS):
            trains = draw_trains(
                pixels[e], schedule.example_steps, schedule.intensity + presentation, schedule.dt,
                ids[e], epoch, presentation, schedule.seed,
            )  # fmt: skip
            layers = (at_rest(wirings[0], physics, n_inputs), at_rest(wirings[1], physics, n))
            copy_row(thetas[0], wirings[0].theta)
            copy_row(thetas[1], wirings[1].theta)
            spikes = present(
                trains, wirings, layers, lists, pending, to_inhibitory,
                schedule, rule, physics, START, LEARN,
            )  # fmt: skip
            gains[0][:] += wirings[0].theta / share - thetas[0]
            gains[1][:] += wirings[1].theta / share - thetas[1]
            presentations += 1
            if spikes >= ENOUGH_SPIKES:
                break
        copy_row(lists[0].spikes, responses[e, :n])
        copy_row(lists[1].spikes, responses[e, n:])
    return presentations


@serial_kernel
def make_scratch(wirings: Any, to_inhibitory: Any, schedule: Any) -> tuple[Any, Any]:
    """Scratch for presentations: lists of both layers, and conductance to come."""
    steps = schedule.example_steps + schedule.max_delay
    lists = (
        make_layer_scratch(wirings[0], steps, 0, 0, 1),
        make_layer_scratch(wirings[1], steps, 0, 0, 1),
    )
    return lists, make_pending(wirings, to_inhibitory, schedule)


@serial_kernel
def at_rest(wiring: Any, physics: Any, n_inputs: Any) -> LayerState:
    """A layer that has been silent for ever."""
    n, n_i = len(wiring.theta), len(wiring.inhibition)
    dtype = wiring.weights.dtype
    return LayerState(
        np.full(n, physics.excitatory.v_rest, dtype), np.zeros(n, dtype), np.zeros(n, dtype),
        np.full(n, FAR), np.full(n_i, physics.inhibitory.v_rest, dtype), np.zeros(n_i, dtype),
        np.full(n_i, FAR), np.zeros(n_i, np.int64), np.full(n_inputs, FAR),
    )  # fmt: skip


@serial_kernel
def make_layer_scratch(wiring: Any, steps: Any, room: Any, readings: Any, every: Any) -> Scratch:
    """Scratch for a layer whose input takes ``steps``; ``room`` spikes are recorded.

    With ``readings`` above 0, spikes are tallied in so many rows of ``every`` steps.
    """
    n, n_i = len(wiring.theta), len(wiring.inhibition)
    dtype = wiring.weights.dtype
    return Scratch(
        np.zeros(5, np.int64), np.empty(n, np.int64), np.empty(n_i, np.int64),
        np.empty(n, np.int64), np.empty(n_i, np.int64), np.zeros(n_i, np.uint8),
        np.empty(n, dtype), np.full(n, FAR), np.zeros(steps, dtype), np.zeros(n, np.int64),
        np.empty((room, 2), np.int64), np.zeros((readings, n), np.int64),
        np.zeros((readings, n_i), np.int64), every,
    )  # fmt: skip


@serial_kernel
def make_pending(wirings: Any, to_inhibitory: Any, schedule: Any) -> Pending:
    """Scratch for the input of a presentation."""
    steps = schedule.example_steps + schedule.max_delay
    n, n_2 = len(wirings[0].theta), len(wirings[1].theta)
    dtype = wirings[0].weights.dtype
    return Pending(
        np.empty((steps, n), dtype), np.empty((steps, len(to_inhibitory[0])), dtype),
        np.zeros(n, dtype), np.zeros(n_2, dtype), np.empty((LANES // 4, 4 * steps), dtype),
    )  # fmt: skip


@serial_kernel
def respond(
    pixels: Any,
    ids: Any,
    epoch: Any,
    wirings: Any,
    to_inhibitory: Any,
    schedule: Any,
    rule: Any,
    physics: Any,
    responses: Any,
    inputs: Any,
) -> None:
    """Spikes that images evoke in the network as it is, each image from rest.

    Changes nothing but its results, so threads may call it side by side.

    Args:
        pixels: [m, n_inputs] uint8.
        ids: [m] int64, and ``epoch``: whose input spikes.
        wirings, to_inhibitory, rule, physics: of ``present``.
        schedule: of ``present``, without rest.
        responses: [m, n + n of the second layer] int32, overwritten.
        inputs: [m] int64, overwritten: input spikes of the presentation that stands.
    """
    n, n_inputs = len(wirings[0].theta), pixels.shape[1]
    lists, pending = make_scratch(wirings, to_inhibitory, schedule)
    for e in range(len(pixels)):
        for presentation in range(MAX_PRESENTATIONS):
            trains = draw_trains(
                pixels[e], schedule.example_steps, schedule.intensity + presentation, schedule.dt,
                ids[e], epoch, presentation, schedule.seed,
            )  # fmt: skip
            layers = (at_rest(wirings[0], physics, n_inputs), at_rest(wirings[1], physics, n))
            spikes = present(
                trains, wirings, layers, lists, pending, to_inhibitory,
                schedule, rule, physics, START, ANSWER,
            )  # fmt: skip
            inputs[e] = len(trains[2])
            if spikes >= ENOUGH_SPIKES:
                break
        copy_row(lists[0].spikes, responses[e, :n])
        copy_row(lists[1].spikes, responses[e, n:])


@serial_kernel
def watch(
    pixels: Any,
    ids: Any,
    epoch: Any,
    wirings: Any,
    to_inhibitory: Any,
    schedule: Any,
    rule: Any,
    physics: Any,
    every: Any,
    responses: Any,
    inputs: Any,
    sent: Any,
    sent_i: Any,
    presentations: Any,
) -> None:
    """Answer images as ``respond`` does, and tell what is known at each reading.

    In the first presentation there is a reading after every so many steps, and at its end; each
    further presentation has one, at its end. All results are overwritten.

    Args:
        pixels, ids, epoch, wirings, to_inhibitory, schedule, rule, physics: of ``respond``.
        every: steps between two readings.
        responses: [m, readings, n + n of the second layer] int32, spikes of the presentation under
            way up to each reading; once an image has its answer, what that is made from.
        inputs: [readings, n_inputs] int64, spikes since the reading before, over all images.
        sent, sent_i: [readings, n + n_2] and [readings, n_i + n_i2] int64, the same of excitatory
            and inhibitory neurons.
        presentations: [m] int64, how many each image took.
    """
    n, n_i, n_inputs = len(wirings[0].theta), len(wirings[0].inhibition), pixels.shape[1]
    first = (schedule.example_steps + every - 1) // every
    steps = schedule.example_steps + schedule.max_delay
    lists = (
        make_layer_scratch(wirings[0], steps, 0, first, every),
        make_layer_scratch(wirings[1], steps, 0, first, every),
    )
    pending = make_pending(wirings, to_inhibitory, schedule)
    responses[:] = 0
    inputs[:] = 0
    sent[:] = 0
    sent_i[:] = 0
    for e in range(len(pixels)):
        answer = responses[e]
        for presentation in range(MAX_PRESENTATIONS):
            trains = draw_trains(
                pixels[e], schedule.example_steps, schedule.intensity + presentation, schedule.dt,
                ids[e], epoch, presentation, schedule.seed,
            )  # fmt: skip
            layers = (at_rest(wirings[0], physics, n_inputs), at_rest(wirings[1], physics, n))
            for held in lists:
                held.tally[:] = 0
                held.tally_i[:] = 0
            spikes = present(
                trains, wirings, layers, lists, pending, to_inhibitory,
                schedule, rule, physics, START, ANSWER,
            )  # fmt: skip
            presentations[e] = presentation + 1
            last = first - 1 + presentation
            active, begin, times = trains
            for a in range(len(active)):
                for k in range(begin[a], begin[a + 1]):
                    inputs[last if presentation else times[k] // every, active[a]] += 1
            if presentation:
                answer[last, :] = 0
            for reading in range(first):
                row = last if presentation else reading
                add_row(lists[0].tally[reading], sent[row, :n])
                add_row(lists[1].tally[reading], sent[row, n:])
                add_row(lists[0].tally_i[reading], sent_i[row, :n_i])
                add_row(lists[1].tally_i[reading], sent_i[row, n_i:])
                add_row(lists[0].tally[reading], answer[row, :n])
                add_row(lists[1].tally[reading], answer[row, n:])
                if row < first - 1:
                    copy_row(answer[row], answer[row + 1])
            if spikes >= ENOUGH_SPIKES:
                break
        for reading in range(first - 1 + presentations[e], len(answer)):
            copy_row(answer[reading - 1], answer[reading])
