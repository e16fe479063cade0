"""A few neurons by the GPU kernels and by PyTorch: do they agree on this device?"""

from __future__ import annotations

import torch

from spikeoff.coding import rate_code_torch
from spikeoff.contenders.gradient.triton import dropout_scale, neuron_loop, rate_coding
from spikeoff.learning.dropout import keep_mask_torch
from spikeoff.learning.surrogate import Surrogate
from spikeoff.neurons.izhikevich import FAST_SPIKING
from spikeoff.neurons.torch_layer import neuron_layer

N, STEPS, NEURONS, SUMS = 3, 20, 150, 2
TOLERANCE = 1e-9
"""Of the gradient in float64, relative to its largest entry."""


def differences(device: str) -> list[str]:
    """What differs, by name; nothing where all is well."""
    found = {
        "input spikes": _draws_differ(device),
        "dropout": _silence_differs(device),
        "neurons": _neurons_differ(device),
    }
    return [name for name, differs in found.items() if differs]


def _draws_differ(device: str) -> bool:
    """Whether a bit of the input spikes does."""
    pixels = torch.arange(N * 300, device=device).remainder(256).to(torch.uint8).view(N, 300)
    ids = torch.arange(N, device=device) + 2**31
    key = {"seed": 2**32 - 1, "epoch": 3}
    ours = rate_coding.rate_code(pixels, ids, STEPS, 0.9, torch.float32, **key)
    return not torch.equal(ours, rate_code_torch(pixels, ids, STEPS, 0.9, **key).float())


def _silence_differs(device: str) -> bool:
    """Whether dropout silences another neuron."""
    ids = torch.arange(N, device=device) + 2**31
    key = {"seed": 2**32 - 1, "epoch": 3}
    ours = dropout_scale.scale(ids, NEURONS, 0.5, torch.float32, **key)
    return not torch.equal(ours, 2.0 * keep_mask_torch(ids, NEURONS, 0.5, **key))


def _neurons_differ(device: str) -> bool:
    """Whether a spike does, or the gradient beyond rounding."""
    place = _places(N * STEPS * NEURONS, device).view(N, STEPS, NEURONS)
    currents = (20 * torch.sin(0.7 * place + 0.01 * place**2) + 8).requires_grad_()
    weights = torch.cos(_places(SUMS * NEURONS, device)).view(SUMS, NEURONS)
    surrogate: Surrogate = "fast_sigmoid"
    rule = (1.0, surrogate, 25.0, 1.0)
    spikes, _ = neuron_layer(currents, FAST_SPIKING, *rule)
    sums = spikes @ weights.T
    by_sums = torch.sin(_places(sums.numel(), device)).view(sums.shape)
    (expected,) = torch.autograd.grad(sums, currents, by_sums)

    trace = currents.detach().clone()
    no_bias = torch.zeros_like(trace[0, 0])
    counts = neuron_loop.forward(trace, no_bias, FAST_SPIKING, 1.0)
    gradient = neuron_loop.backward(trace, by_sums, weights, None, FAST_SPIKING, *rule)
    worst = (gradient - expected).abs().max() / expected.abs().max()
    return not torch.equal(counts, spikes.sum(1)) or not float(worst) <= TOLERANCE


def _places(n: int, device: str) -> torch.Tensor:
    """0, 1, 2, ... in float64."""
    return torch.arange(n, dtype=torch.float64, device=device)
