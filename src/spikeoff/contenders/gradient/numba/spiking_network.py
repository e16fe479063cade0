"""Layers of spiking neurons as one PyTorch function, by the CPU kernels.

Input spikes -> hidden layers -> output neurons -> spike counts, and back. The plain counterpart
is autograd over ``neurons.torch_layer``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from spikeoff.contenders.gradient.numba import neuron_loop
from spikeoff.contenders.gradient.spiking_layers import SpikingLayers
from spikeoff.kernels import events, spike_delta
from spikeoff.kernels.tiles import blocks_of, untiled

Array = NDArray[Any]
Masks = Sequence[NDArray[np.uint8]]
"""[n, neurons] of each hidden layer, 0 for neurons whose spikes are withheld; empty for none."""


class Evoked(NamedTuple):
    """What images evoke in all layers.

    traces: of each layer, [n, tiles, steps or one more, lanes] membrane potential before reset
        (mV).
    hidden: spikes of each hidden layer, rows by example and step.
    output: [n, steps, n_output] uint8, spikes of the output neurons.
    """

    traces: list[Array]
    hidden: list[events.Events]
    output: NDArray[np.uint8]


def run(
    inputs: spike_delta.SpikeDelta,
    weights: Sequence[Array],
    layers: SpikingLayers,
    keep_masks: Masks = (),
) -> Evoked:
    """Run all layers.

    Args:
        inputs: spikes, rows by example and step.
        weights: matrix [sources, neurons] (mV/ms) and bias [neurons] (mV/ms) of each hidden layer
            in turn, then the matrix of the output layer.
        layers: what is fixed.
        keep_masks: whose spikes go on.
    """
    n, n_steps, n_output = len(inputs.n_baseline), inputs.n_steps, weights[-1].shape[1]
    biases = [*weights[1::2], np.zeros(n_output, weights[-1].dtype)]
    traces: list[Array] = []
    hidden: list[events.Events] = []
    for matrix, bias, params in zip(weights[::2], biases, layers.params, strict=True):
        if hidden:
            trace = blocks_of(events.product(hidden[-1], matrix), n)
        else:
            trace = spike_delta.product(inputs, matrix)
        fired = neuron_loop.forward(trace, bias, n_steps, params, layers.dt)
        traces.append(trace)
        if len(traces) == len(layers.params):
            break
        if keep_masks:
            fired *= keep_masks[len(hidden)][:, None]
        hidden.append(events.from_dense(fired.reshape(inputs.n_rows, -1)))
    return Evoked(traces, hidden, fired)


class SpikingNetwork(torch.autograd.Function):
    """[n, n_output] spike counts of the output neurons."""

    @staticmethod
    def forward(
        ctx: Any,
        inputs: spike_delta.SpikeDelta,
        layers: SpikingLayers,
        keep_masks: Sequence[torch.Tensor],
        keep_share: float,
        *weights: torch.Tensor,
    ) -> tuple[torch.Tensor, int]:
        """Run all layers.

        Args:
            ctx: PyTorch's.
            inputs, layers, weights: as for ``run``.
            keep_masks: likewise, as tensors.
            keep_share: share of 1 in the masks by expectation; the weight of the spikes that go on
                makes up for the others.

        Returns:
            Counts in the precision of the weights, and the number of hidden spikes that went on.
        """
        masks = [mask.numpy() for mask in keep_masks]
        arrays = [one.detach().numpy() for one in weights]
        if masks:
            for number in range(2, len(arrays), 2):
                arrays[number] = arrays[number] / arrays[number].dtype.type(keep_share)
        evoked = run(inputs, arrays, layers, masks)
        ctx.held = (inputs, layers, masks, keep_share, arrays[2::2], evoked)
        counts = evoked.output.sum(axis=1, dtype=arrays[-1].dtype)
        return torch.from_numpy(counts), sum(one.total() for one in evoked.hidden)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor | None, ...]:
        """Gradients by all weights, from the last layer to the first; the traces are used up."""
        inputs, layers, masks, keep_share, matrices, (traces, hidden, output) = ctx.held
        ctx.held = None
        n, n_steps, n_output = output.shape
        number = matrices[-1].dtype
        # A count is the sum of one neuron's spikes: at every step, each has its own gradient.
        by_sums = np.repeat(gradients[0].numpy()[:, None, :], n_steps, axis=1)
        back, keep_mask = np.eye(n_output, dtype=number), np.ones((n, n_output), np.uint8)
        found: list[Array] = []
        for layer in reversed(range(1, len(traces))):
            by_currents = neuron_loop.backward(
                traces[layer], by_sums, back, keep_mask, layers.params[layer], *layers.rule
            )
            n_sources, n_neurons = matrices[layer - 1].shape
            by_sums = untiled(by_currents, n_steps, n_neurons)
            by_matrix = events.weight_gradient(
                hidden[layer - 1], by_sums.reshape(inputs.n_rows, -1)
            )
            if masks:
                by_matrix /= keep_share
            if layer < len(hidden):
                found.append(by_sums.sum(axis=(0, 1)))
            found.append(by_matrix)
            back = np.ascontiguousarray(matrices[layer - 1].T)
            keep_mask = masks[layer - 1] if masks else np.ones((n, n_sources), np.uint8)
        by_currents = neuron_loop.backward(
            traces[0], by_sums, back, keep_mask, layers.params[0], *layers.rule
        )
        by_matrix, by_bias = spike_delta.gradients(inputs, by_currents, keep_mask.shape[1])
        found += [by_bias, by_matrix]
        return None, None, None, None, *map(torch.from_numpy, reversed(found))
