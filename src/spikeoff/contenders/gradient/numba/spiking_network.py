"""Layers of spiking neurons as one PyTorch function, by the CPU kernels.

Input spikes or currents -> hidden layers -> read-out -> scores, and back. The plain counterpart
is autograd over ``neurons.torch_layer``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from spikeoff.contenders.gradient.numba import neuron_loop
from spikeoff.contenders.gradient.numba.synapse import accumulate_currents, accumulate_gradients
from spikeoff.contenders.gradient.spiking_layers import SpikingLayers, approach
from spikeoff.kernels import events
from spikeoff.kernels.constant_input import ConstantInput
from spikeoff.kernels.ordered_sums import sum_of_rows
from spikeoff.kernels.spike_delta import SpikeDelta
from spikeoff.kernels.tiles import blocks_of, untiled
from spikeoff.numerics.mode import is_strict

Array = NDArray[Any]
Inputs = SpikeDelta | ConstantInput
Masks = Sequence[NDArray[np.uint8]]
"""[n, neurons] of each hidden layer, 0 for neurons whose spikes are withheld; empty for none."""


class Evoked(NamedTuple):
    """What images evoke in all layers.

    traces: of each layer of neurons, [n, tiles, steps or one more, lanes] membrane potential before
        reset (mV).
    hidden: spikes of each hidden layer, rows by example and step.
    output: [n, steps, n_output] uint8, spikes of the output neurons; for a linear read-out the
        weighted sums of the hidden spikes of each step.
    """

    traces: list[Array]
    hidden: list[events.Events]
    output: NDArray[Any]


def run(
    inputs: Inputs, weights: Sequence[Array], layers: SpikingLayers, keep_masks: Masks = ()
) -> Evoked:
    """Run all layers.

    Args:
        inputs: spikes, rows by example and step, or currents.
        weights: matrix [sources, neurons] (mV/ms) and bias [neurons] (mV/ms) of each hidden layer
            in turn, then the matrix of the output layer; others are left alone.
        layers: what is fixed.
        keep_masks: whose spikes go on.
    """
    n, n_steps = inputs.n_examples, inputs.n_steps
    n_hidden = layers.n_hidden
    traces: list[Array] = []
    hidden: list[events.Events] = []
    for number in range(n_hidden):
        matrix, bias = weights[2 * number : 2 * number + 2]
        trace = (
            inputs.product(matrix)
            if number == 0
            else blocks_of(events.product(hidden[-1], matrix), n)
        )
        fired = _fire(trace, bias, n_steps, number, layers)
        if keep_masks:
            fired *= keep_masks[number][:, None]
        traces.append(trace)
        hidden.append(events.from_dense(fired.reshape(n * n_steps, -1)))
    sums = events.product(hidden[-1], weights[2 * n_hidden])
    if layers.linear:
        return Evoked(traces, hidden, sums.reshape(n, n_steps, -1))
    trace = blocks_of(sums, n)
    no_bias = np.zeros(sums.shape[1], sums.dtype)
    traces.append(trace)
    return Evoked(traces, hidden, _fire(trace, no_bias, n_steps, n_hidden, layers))


def _fire(
    trace: Array, bias: Array, n_steps: int, number: int, layers: SpikingLayers
) -> NDArray[np.uint8]:
    """Spikes of a layer; what arrives at it becomes its membrane potential, in place."""
    accumulate_currents(trace, n_steps, layers.decays[number])
    return neuron_loop.forward(trace, bias, n_steps, layers.params[number], layers.dt)


class SpikingNetwork(torch.autograd.Function):
    """[n, n_output] scores, and [n] synapses that the hidden spikes of an image meet."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: Inputs,
        layers: SpikingLayers,
        keep_masks: Sequence[torch.Tensor],
        keep_share: float,
        penalised: bool,
        *weights: torch.Tensor,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run all layers.

        Args:
            ctx: PyTorch's.
            inputs, layers: as for ``run``.
            keep_masks: likewise, as tensors.
            keep_share: share of 1 in the masks by expectation; the weight of the spikes that go on
                makes up for the others.
            penalised: whether the second result is computed, and passes gradients; else it is 0.
            weights: as for ``run``; for a linear read-out also the weight [steps] of each step.

        Returns:
            Scores and synaptic operations in the precision of the weights. Those are the nonzero
            weights met by hidden spikes.
        """
        masks = [mask.numpy() for mask in keep_masks]
        arrays = [one.detach().numpy() for one in weights]
        behind = slice(2, 2 * layers.n_hidden + 1, 2)
        if masks:
            share = arrays[-1].dtype.type(keep_share)
            arrays[behind] = [matrix / share for matrix in arrays[behind]]
        fan_out = [
            np.count_nonzero(matrix, axis=1).astype(matrix.dtype)
            for matrix in (arrays[behind] if penalised else ())
        ]
        evoked = run(inputs, arrays, layers, masks)
        ctx.held = (inputs, layers, masks, keep_share, arrays, fan_out, evoked)
        scores = _scores(evoked, arrays[-1], layers)
        met = _met(evoked.hidden, fan_out, arrays[-1], inputs.n_examples)
        return torch.from_numpy(scores), torch.from_numpy(met)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor | None, ...]:
        """Gradients by all weights, from the last layer to the first; the traces are used up."""
        inputs, layers, masks, keep_share, arrays, fan_out, evoked = ctx.held
        ctx.held = None
        n, n_steps, _ = evoked.output.shape
        by_scores = gradients[0].numpy()
        found: list[Array] = []
        if layers.linear:
            found.append(_by_step_weights(by_scores, evoked.output))
            by_sums = by_scores[:, None, :] * arrays[-1][None, :, None]
        else:
            by_sums = _through_output_neurons(by_scores, evoked, layers)
        for layer in reversed(range(layers.n_hidden)):
            matrix = arrays[2 * layer + 2]
            by_matrix = events.weight_gradient(
                evoked.hidden[layer], by_sums.reshape(n * n_steps, -1)
            )
            if masks:
                by_matrix /= keep_share
            found.append(by_matrix)
            back = matrix.T
            if fan_out:  # a further sum, of the synapses that an image's spikes meet
                each = np.broadcast_to(gradients[1].numpy()[:, None, None], (n, n_steps, 1))
                by_sums = np.concatenate([by_sums, each], axis=2)
                back = np.concatenate([back, fan_out[layer][None]])
            keep_mask = masks[layer] if masks else np.ones((n, len(matrix)), np.uint8)
            by_currents = neuron_loop.backward(
                evoked.traces[layer], by_sums, np.ascontiguousarray(back), keep_mask,
                layers.params[layer], *layers.rule,
            )  # fmt: skip
            if layer > 0:
                by_bias = _summed(untiled(by_currents, n_steps, len(matrix)))
                accumulate_gradients(by_currents, n_steps, layers.decays[layer])
                by_sums = untiled(by_currents, n_steps, len(matrix))
                found.append(by_bias)
        accumulate_gradients(by_currents, n_steps, layers.decays[0])
        by_matrix, by_bias = inputs.gradients(by_currents, keep_mask.shape[1])
        found += [by_bias, by_matrix]
        return None, None, None, None, None, *map(torch.from_numpy, reversed(found))


def _scores(evoked: Evoked, last: Array, layers: SpikingLayers) -> Array:
    """[n, n_output] scores; ``last`` are the weights of the steps if the read-out is linear."""
    if layers.linear:
        return _weighted_steps(evoked.output, last)
    counts: Array = evoked.output.sum(axis=1, dtype=last.dtype)
    share = potential(evoked, layers)
    return counts if share is None else counts + share


def _weighted_steps(sums: Array, weights: Array) -> Array:
    """[n, n_output] the sums [n, steps, n_output] of all steps, each times its weight."""
    if not is_strict():
        found: Array = np.einsum("ntk,t->nk", sums, weights)
        return found
    total: Array = sums[:, 0] * weights[0]
    for step in range(1, len(weights)):
        total += sums[:, step] * weights[step]
    return total


def _by_step_weights(by_scores: Array, sums: Array) -> Array:
    """[steps] the gradient by the weights of the steps."""
    if not is_strict():
        found: Array = np.einsum("nk,ntk->t", by_scores, sums)
        return found
    products = (by_scores[:, None] * sums).transpose(0, 2, 1)
    return sum_of_rows(products.reshape(-1, sums.shape[1]))


def _summed(by_currents: Array) -> Array:
    """[neurons] the sum of [n, steps, neurons] over images and steps."""
    if is_strict():
        return sum_of_rows(by_currents.reshape(-1, by_currents.shape[2]))
    found: Array = by_currents.sum(axis=(0, 1))
    return found


def potential(evoked: Evoked, layers: SpikingLayers) -> Array | None:
    """[n, n_output] what the membrane potential in the end adds to the scores; None for nothing."""
    if layers.readout != "spikes+potential":
        return None
    n_steps, n_output = evoked.output.shape[1:]
    trace = evoked.traces[-1]
    reached = untiled(trace[:, :, n_steps - 1 : n_steps], 1, n_output)[:, 0]
    share: Array = approach(reached, layers.params[-1], layers.dt)[0].astype(trace.dtype)
    return share


def _met(hidden: Sequence[events.Events], fan_out: Sequence[Array], like: Array, n: int) -> Array:
    """[n] synapses that each image's hidden spikes meet; 0 without ``fan_out``."""
    met = np.zeros(n, like.dtype)
    for spikes, each in zip(hidden, fan_out, strict=False):
        met += (spikes.dense() @ each).reshape(n, -1).sum(axis=1)
    return met


def _through_output_neurons(by_scores: Array, evoked: Evoked, layers: SpikingLayers) -> Array:
    """[n, steps, n_output] gradient by what arrives at the output neurons."""
    n, n_steps, n_output = evoked.output.shape
    # A count is the sum of one neuron's spikes: at every step, each has its own gradient.
    by_sums = np.repeat(by_scores[:, None, :], n_steps, axis=1)
    each, keep_mask = np.eye(n_output, dtype=by_scores.dtype), np.ones((n, n_output), np.uint8)
    by_last = None
    if layers.readout == "spikes+potential":
        slope = approach(np.zeros(1), layers.params[-1], layers.dt)[1]
        by_last = by_scores * by_scores.dtype.type(slope)
    by_currents = neuron_loop.backward(
        evoked.traces[-1], by_sums, each, keep_mask, layers.params[-1], *layers.rule, by_last
    )
    accumulate_gradients(by_currents, n_steps, layers.decays[-1])
    return untiled(by_currents, n_steps, n_output)
