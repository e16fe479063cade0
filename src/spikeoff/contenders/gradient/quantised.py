"""A perceptron whose weights and activations are rounded while it learns.

    weight      step x code, code from -127 to 127; step = largest weight of the neuron / 127
    activation  step x code, code from 0 to 2^bits - 1; step = top / (2^bits - 1)

Pixels have top 1. The top of a hidden layer follows the largest activation of each batch by a
moving average. Rounding lets gradients through wherever it does not clip (straight-through), by
PyTorch's own fake quantisation. While the network answers, steps stay as they were learned.

Source: B. Jacob et al., "Quantization and training of neural networks for efficient
integer-arithmetic-only inference", CVPR 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize

from spikeoff.contenders.gradient.mlp import Perceptron

WEIGHT_BITS = 8
HIGHEST_CODE = 2 ** (WEIGHT_BITS - 1) - 1

TOP_DECAY = 0.99
"""Share of its top that a hidden layer keeps at a training step."""

SMALLEST = 1e-12
"""No step is smaller: those of a silent layer, and of a neuron without weights, would be 0."""


class RoundedWeight(nn.Module):
    """Weights [neurons, inputs] on the grid of 8 bits, with one step per neuron."""

    step: torch.Tensor
    """[neurons]."""
    zero: torch.Tensor

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("step", step_of(weight))
        self.register_buffer("zero", torch.zeros(len(weight), dtype=torch.int32), persistent=False)

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """The nearest weights of the grid; in training, of a grid that spans the weights."""
        if self.training:
            self.step.copy_(step_of(weight))
        rounded: torch.Tensor = torch.fake_quantize_per_channel_affine(
            weight, self.step, self.zero, 0, -HIGHEST_CODE, HIGHEST_CODE
        )
        return rounded

    def codes(self, weight: torch.Tensor) -> torch.Tensor:
        """[neurons, inputs] int8 of the weights, on the grid by which the layer answers."""
        with torch.no_grad():
            rounded = torch.fake_quantize_per_channel_affine(
                weight, self.step, self.zero, 0, -HIGHEST_CODE, HIGHEST_CODE
            )
            return (rounded / self.step[:, None]).round().to(torch.int8)


class RoundedActivation(nn.Module):
    """Activations of at least 0 on a grid of 2^bits values.

    Args:
        bits: of an activation.
        top: the largest activation, where it is known; else it is learned.
    """

    top: torch.Tensor
    zero: torch.Tensor

    def __init__(self, bits: int, top: float | None = None) -> None:
        super().__init__()
        self.n_steps = 2**bits - 1
        self.known = top is not None
        self.register_buffer("top", torch.tensor([top or 0.0]), persistent=not self.known)
        self.register_buffer("zero", torch.zeros(1, dtype=torch.int32), persistent=False)

    def forward(self, activations: torch.Tensor) -> torch.Tensor:
        """The nearest activations of the grid; those above its top are cut."""
        if self.training and not self.known:
            highest = activations.detach().max()
            mean = TOP_DECAY * self.top + (1 - TOP_DECAY) * highest
            self.top.copy_(torch.where(self.top > 0, mean, highest))
        step = (self.top / self.n_steps).clamp(min=SMALLEST)
        rounded: torch.Tensor = torch.fake_quantize_per_tensor_affine(
            activations, step, self.zero, 0, self.n_steps
        )
        return rounded


class RoundedPerceptron(Perceptron):
    """The perceptron, with the weights of every layer and the inputs of every layer rounded."""

    def __init__(self, bits: int, *perceptron: Any) -> None:
        """``bits`` of an activation; then what ``Perceptron`` takes."""
        super().__init__(*perceptron)
        for layer in self.layers():
            parametrize.register_parametrization(layer, "weight", RoundedWeight(layer.weight))
        self.pixels = RoundedActivation(bits, top=1.0)
        self.activations = nn.ModuleList(RoundedActivation(bits) for _ in self.names)

    def forward(
        self, pixels: torch.Tensor, keep_masks: Sequence[torch.Tensor] = ()
    ) -> torch.Tensor:
        """[n, n_pixels] in [0, 1] -> logits [n, n_classes]."""
        return self._onward(self.pixels(pixels), 0, keep_masks)

    def by_kernels(self, pixels: torch.Tensor, keep_masks: Sequence[torch.Tensor]) -> torch.Tensor:
        """The same of uint8 pixels: the kernels do not round."""
        logits: torch.Tensor = self(pixels.float() / 255, keep_masks)
        return logits

    def activate(self, number: int, sums: torch.Tensor) -> torch.Tensor:
        """Rounded ReLUs of hidden layer ``number``, from 0."""
        rounded: torch.Tensor = self.activations[number](self.relu(sums))
        return rounded

    def rounding(self) -> dict[str, tuple[RoundedWeight, nn.Parameter]]:
        """By layer: what rounds its weights, and the weights that Adam changes."""
        found = {}
        for name, layer in zip([*self.names, "output"], self.layers(), strict=True):
            of: Any = layer.parametrizations
            found[name] = of.weight[0], of.weight.original
        return found


def step_of(weight: torch.Tensor) -> torch.Tensor:
    """[neurons] the step of the grid that spans the weights of each neuron."""
    step: torch.Tensor = weight.detach().abs().amax(dim=1) / HIGHEST_CODE
    return step.clamp(min=SMALLEST)
