"""Two layers of Izhikevich neurons as one PyTorch function, by the CPU kernels.

Input spikes -> hidden neurons -> output neurons -> spike counts, and back. The plain counterpart
is autograd over ``neurons.torch_layer``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from spikeoff.contenders.gradient.numba import neuron_loop as izhikevich_loop
from spikeoff.kernels import events, spike_delta
from spikeoff.kernels.tiles import blocks_of, untiled
from spikeoff.learning.surrogate import Surrogate
from spikeoff.neurons.izhikevich import IzhikevichParams


@dataclass(frozen=True)
class Layers:
    """What is fixed about both layers.

    hidden, output: their firing patterns.
    dt: step (ms).
    surrogate, width (mV), max_slope: the backward pass, see ``neurons.torch_layer``.
    """

    hidden: IzhikevichParams
    output: IzhikevichParams
    dt: float
    surrogate: Surrogate
    width: float
    max_slope: float

    def back(
        self,
        trace: NDArray[Any],
        by_sums: NDArray[Any],
        weights: NDArray[Any],
        kept: NDArray[np.uint8],
        which: str,
    ) -> NDArray[Any]:
        """Gradient by a layer's currents, in the memory of ``trace``."""
        return izhikevich_loop.backward(
            trace,
            by_sums,
            weights,
            kept,
            getattr(self, which),
            self.dt,
            self.surrogate,
            self.width,
            self.max_slope,
        )


class Passage(NamedTuple):
    """What images evoke in both layers.

    trace, output_trace: [n, tiles, steps or one more, lanes] membrane potential before reset (mV).
    spikes: of the hidden neurons, rows by example and step.
    answered: [n, steps, n_output] uint8, spikes of the output neurons.
    """

    trace: NDArray[Any]
    spikes: events.Events
    output_trace: NDArray[Any]
    answered: NDArray[np.uint8]


def run(
    inputs: spike_delta.SpikeDelta,
    weights: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
    layers: Layers,
    kept: NDArray[np.uint8] | None = None,
) -> Passage:
    """Run both layers; ``weights`` are hidden ones, bias and output ones, the rest as below."""
    w_hidden, b_hidden, w_output = weights
    n_rows, n_steps = inputs.n_rows, inputs.n_steps
    trace = spike_delta.product(inputs, w_hidden)
    fired = izhikevich_loop.forward(trace, b_hidden, n_steps, layers.hidden, layers.dt)
    if kept is not None:
        fired *= kept[:, None]
    spikes = events.from_dense(fired.reshape(n_rows, -1))
    output_trace = blocks_of(events.product(spikes, w_output), len(trace))
    no_bias = np.zeros(w_output.shape[1], w_output.dtype)
    answered = izhikevich_loop.forward(output_trace, no_bias, n_steps, layers.output, layers.dt)
    return Passage(trace, spikes, output_trace, answered)


class TwoLayers(torch.autograd.Function):
    """[n, n_output] spike counts of the output neurons."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        bias: torch.Tensor,
        output: torch.Tensor,
        inputs: spike_delta.SpikeDelta,
        layers: Layers,
        kept: torch.Tensor | None,
        kept_share: float,
    ) -> tuple[torch.Tensor, int]:
        """Run both layers.

        Args:
            ctx: PyTorch's.
            hidden: [n_inputs, n_hidden] weights (mV/ms).
            bias: [n_hidden] (mV/ms).
            output: [n_hidden, n_output] weights (mV/ms).
            inputs: spikes, rows by example and step.
            layers: what is fixed.
            kept: [n, n_hidden] uint8, 0 for hidden neurons whose spikes are withheld.
            kept_share: share of 1 in ``kept`` by expectation; the others' weight makes up for it.

        Returns:
            Counts in the precision of the weights, and the number of hidden spikes.
        """
        w_hidden, b_hidden, w_output = (w.detach().numpy() for w in (hidden, bias, output))
        if kept is not None:
            w_output = w_output / w_output.dtype.type(kept_share)
        mask = None if kept is None else kept.numpy()
        trace, spikes, output_trace, answered = run(
            inputs, (w_hidden, b_hidden, w_output), layers, mask
        )
        ctx.kept = (inputs, trace, spikes, output_trace, w_output, layers, kept, kept_share)
        counts = answered.sum(axis=1, dtype=w_output.dtype)
        return torch.from_numpy(counts), spikes.total()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor | None, ...]:
        """Gradients by hidden weights, bias and output weights."""
        inputs, trace, spikes, output_trace, w_output, layers, kept, kept_share = ctx.kept
        ctx.kept = None
        n, n_steps = len(trace), inputs.n_steps
        n_hidden, n_output = w_output.shape
        by_answers = np.repeat(gradients[0].numpy()[:, None, :], n_steps, axis=1)
        each, all_kept = np.eye(n_output, dtype=w_output.dtype), np.ones((n, n_output), np.uint8)
        back_through = layers.back(output_trace, by_answers, each, all_kept, "output")
        by_sums = untiled(back_through, n_steps, n_output)
        by_output = events.weight_gradient(spikes, by_sums.reshape(inputs.n_rows, -1))
        heard = np.ones((n, n_hidden), np.uint8)
        if kept is not None:
            by_output /= kept_share
            heard = kept.numpy()
        back = np.ascontiguousarray(w_output.T)
        by_currents = layers.back(trace, by_sums, back, heard, "hidden")
        by_hidden, by_bias = map(
            torch.from_numpy, spike_delta.gradients(inputs, by_currents, n_hidden)
        )
        return by_hidden, by_bias, torch.from_numpy(by_output), None, None, None, None
