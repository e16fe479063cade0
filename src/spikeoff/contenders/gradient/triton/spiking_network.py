"""A hidden and an output layer of Izhikevich neurons as one PyTorch function, on a GPU.

Input spikes -> hidden neurons -> output neurons -> spike counts, and back: what
``gradient.numba.spiking_network`` is on the CPU. Of the way forward, the membrane potentials are
all that stays in memory. Spikes are read off them where they are needed, and input spikes drawn
again. Nothing here waits for the device. Not yet run on one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from spikeoff.contenders.gradient.spiking_layers import SpikingLayers
from spikeoff.contenders.gradient.triton import neuron_loop
from spikeoff.neurons.izhikevich import V_PEAK

Draw = Callable[[], torch.Tensor]
"""Draws the input spikes, [n, steps, n_inputs] in the precision of the weights."""


class Evoked(NamedTuple):
    """What images evoke in both layers.

    trace, output_trace: [n, steps, neurons] membrane potential before reset (mV).
    counts, output_counts: [n, neurons] spikes of each neuron.
    """

    trace: torch.Tensor
    counts: torch.Tensor
    output_trace: torch.Tensor
    output_counts: torch.Tensor


def run(
    draw: Draw,
    weights: Sequence[torch.Tensor],
    layers: SpikingLayers,
    scale: torch.Tensor | None = None,
) -> Evoked:
    """Run both layers; ``weights`` are hidden ones, bias and output ones, the rest as below."""
    w_hidden, b_hidden, w_output = weights
    trace = draw() @ w_hidden
    counts = neuron_loop.forward(trace, b_hidden, layers.params[0], layers.dt)
    output_trace = _sent(trace, scale) @ w_output
    no_bias = torch.zeros_like(w_output[0])
    output_counts = neuron_loop.forward(output_trace, no_bias, layers.params[1], layers.dt)
    return Evoked(trace, counts, output_trace, output_counts)


def spikes(trace: torch.Tensor) -> torch.Tensor:
    """Where neurons fired, as bool: where v before reset had reached the peak."""
    return trace >= V_PEAK


def _sent(trace: torch.Tensor, scale: torch.Tensor | None) -> torch.Tensor:
    """The spikes that go on, [n, steps, neurons], in the precision of ``trace``."""
    fired = spikes(trace)
    return fired.to(trace.dtype) if scale is None else torch.mul(fired, scale[:, None])


class SpikingNetwork(torch.autograd.Function):
    """[n, n_output] spike counts of the output neurons."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        bias: torch.Tensor,
        output: torch.Tensor,
        draw: Draw,
        layers: SpikingLayers,
        scale: torch.Tensor | None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run both layers.

        Args:
            ctx: PyTorch's.
            hidden: [n_inputs, n_hidden] weights (mV/ms).
            bias: [n_hidden] (mV/ms).
            output: [n_hidden, n_output] weights (mV/ms).
            draw: draws the input spikes, the same every time.
            layers: what is fixed.
            scale: [n, n_hidden] factor of the hidden neurons' spikes on their way to the output
                neurons: 0 where withheld; None for 1.

        Returns:
            Counts in the precision of the weights, and those of the hidden neurons, which carry
            no gradient.
        """
        weights = hidden.detach(), bias.detach(), output.detach()
        evoked = run(draw, weights, layers, scale)
        ctx.held = (draw, layers, scale, weights[2], evoked.trace, evoked.output_trace)
        ctx.mark_non_differentiable(evoked.counts)
        return evoked.output_counts, evoked.counts

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor | None, ...]:
        """Gradients by hidden weights, bias and output weights; the traces are used up."""
        draw, layers, scale, w_output, trace, output_trace = ctx.held
        ctx.held = None
        n_hidden, n_output = w_output.shape
        # A count is the sum of one neuron's spikes: at every step, each has its own gradient.
        each = torch.eye(n_output, dtype=w_output.dtype, device=w_output.device)
        by_sums = neuron_loop.backward(
            output_trace, gradients[0][:, None], each, None, layers.params[1], *layers.rule
        )
        sent = _sent(trace, scale).reshape(-1, n_hidden)
        by_output = sent.T @ by_sums.reshape(-1, n_output)
        del sent
        by_currents = neuron_loop.backward(
            trace, by_sums, w_output.T, scale, layers.params[0], *layers.rule
        ).reshape(-1, n_hidden)
        by_hidden = draw().reshape(len(by_currents), -1).T @ by_currents
        return by_hidden, by_currents.sum(0), by_output, None, None, None
