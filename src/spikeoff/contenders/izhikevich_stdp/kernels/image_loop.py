"""The STDP network over many images: learning one after another, answering side by side."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from spikeoff.contenders.izhikevich_stdp.kernels import columns as hidden
from spikeoff.contenders.izhikevich_stdp.kernels import taught_readout as output
from spikeoff.kernels.jit import serial_kernel
from spikeoff.kernels.rows import add_row, copy_row
from spikeoff.numerics.functions import exp, log

CORRECT, LOSS, HIDDEN_CURRENT, OUTPUT_CURRENT, STDP_CHANGE, HEBBIAN_CHANGE = range(6)
N_SUMS = 6

PART = 64
"""Images that a thread answers with the same scratch."""


class Network(NamedTuple):
    """Both layers, the constants of their neurons, and the step (ms)."""

    columns: hidden.Columns
    readout: output.Readout
    hidden: Any
    output: Any
    dt: Any


class Rates(NamedTuple):
    """How fast what changes.

    stdp, hebbian: learning rates.
    plus: what a win adds to a threshold (mV/ms).
    by_error: whether the readout learns from its error, else plainly.
    length: of an output neuron's weights under plain learning.
    """

    stdp: Any
    hebbian: Any
    plus: Any
    by_error: Any
    length: Any


@serial_kernel
def learn_images(
    counts: Any, active: Any, labels: Any, network: Network, rule: Any, rates: Rates,
    sums: Any, answers: Any,
) -> None:  # fmt: skip
    """Learn from images in their order; all but the first three arguments change in place.

    Args:
        counts, active: [n * n_steps], [n * n_steps, n_inputs] the images' spikes.
        labels: [n].
        network: what learns.
        rule: STDP.
        rates: learning rates.
        sums: [N_SUMS] right answers, summed loss, and what the epoch's metrics are made of.
        answers: [classes] how often each class was the answer.
    """
    n_steps = len(counts) // len(labels)
    columns, readout = network.columns, network.readout
    trace = hidden.scratch(columns, n_steps)
    out = output.blank(readout, n_steps)
    masks = np.zeros((math.ceil(n_steps / hidden.WORD), active.shape[1]), np.int32)
    for example in range(len(labels)):
        rows = slice(example * n_steps, (example + 1) * n_steps)
        hidden.present(counts[rows], active[rows], columns, network.hidden, network.dt, trace)
        output.answer(trace.spikes, trace.counts, readout, network.output, network.dt, out)
        best, label = _best(readout, out), labels[example]
        answers[best] += 1
        sums[CORRECT] += best == label
        sums[LOSS] += _loss(readout, out, label)
        sums[HIDDEN_CURRENT] += trace.mean_current[0]
        sums[OUTPUT_CURRENT] += np.abs(out.current[:, : readout.n_classes]).mean()
        if rates.by_error:
            change = output.teach_by_error(label, readout, rates.hebbian, out)
        else:
            change = output.teach_plainly(label, readout, rates.hebbian, rates.length, out)
        sums[HEBBIAN_CHANGE] += change
        hidden.mark(counts[rows], active[rows], masks)
        sums[STDP_CHANGE] += hidden.learn(masks, columns, trace, rule, rates.stdp, rates.plus)
        hidden.unmark(counts[rows], active[rows], masks)


@serial_kernel
def answer_images(
    counts: Any, active: Any, network: Network, scores: Any, spikes: Any, responses: Any
) -> None:
    """Answer images; fill the last three arguments in place.

    Changes nothing else, so threads may call it side by side.

    Args:
        counts, active: [n * n_steps], [n * n_steps, n_inputs] the images' spikes.
        network: what answers.
        scores: [n, classes] of ``taught_readout.score``.
        spikes: [n] hidden spikes.
        responses: [n, bands, width] spikes of each hidden neuron, or [0, bands, width].
    """
    n = len(spikes)
    n_steps = len(counts) // max(1, n)
    columns, readout = network.columns, network.readout
    trace = hidden.scratch(columns, n_steps)
    out = output.blank(readout, n_steps)
    for example in range(n):
        rows = slice(example * n_steps, (example + 1) * n_steps)
        hidden.present(counts[rows], active[rows], columns, network.hidden, network.dt, trace)
        output.answer(trace.spikes, trace.counts, readout, network.output, network.dt, out)
        for k in range(scores.shape[1]):
            scores[example, k] = output.score(readout, out, k)
        spikes[example] = trace.counts.sum()
        if len(responses):
            copy_row(trace.counts.reshape(-1), responses[example].reshape(-1))


@serial_kernel
def watch_images(counts: Any, active: Any, network: Network, scores: Any, spikes: Any) -> None:
    """Answer images as ``answer_images`` does, step by step; fill the last two in place.

    Args:
        counts, active, network: of ``answer_images``.
        scores: [n, n_steps, classes] those that would decide after each step.
        spikes: [bands, n_steps, width] int64, of each hidden neuron at each step, summed over
            the images.
    """
    n, n_steps, _ = scores.shape
    columns, readout = network.columns, network.readout
    trace = hidden.scratch(columns, n_steps)
    out = output.blank(readout, n_steps)
    spikes[:] = 0
    for example in range(n):
        rows = slice(example * n_steps, (example + 1) * n_steps)
        hidden.present(counts[rows], active[rows], columns, network.hidden, network.dt, trace)
        output.answer(trace.spikes, trace.counts, readout, network.output, network.dt, out)
        output.score_by_step(readout, network.output, out, scores[example])
        add_row(trace.spikes.reshape(-1), spikes.reshape(-1))


@serial_kernel
def _best(readout: Any, out: Any) -> int:
    """The class with the highest score."""
    best = 0
    for k in range(1, readout.n_classes):
        if output.score(readout, out, k) > output.score(readout, out, best):
            best = k
    return best


@serial_kernel
def _loss(readout: Any, out: Any, label: Any) -> float:
    """Cross-entropy of the output spikes as logits; without output neurons, of the scores."""
    highest = _logit(readout, out, 0)
    for k in range(1, readout.n_classes):
        highest = max(highest, _logit(readout, out, k))
    total = 0.0
    for k in range(readout.n_classes):
        total += exp(_logit(readout, out, k) - highest)
    return float(log(total) - (_logit(readout, out, label) - highest))


@serial_kernel
def _logit(readout: Any, out: Any, k: Any) -> float:
    return float(out.counts[k]) if readout.spiking else output.score(readout, out, k)
