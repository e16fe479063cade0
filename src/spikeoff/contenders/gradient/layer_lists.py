"""Gradient-trained networks as lists of layers (``contenders.layer_list``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from spikeoff.contenders.gradient.spiking_layers import SpikingLayers
from spikeoff.contenders.layer_list import (
    Affine,
    ConstantInput,
    Convolution,
    Flatten,
    Layer,
    MaxPool,
    Neurons,
    Normalisation,
    PictureToRow,
    ReLU,
    Rounding,
    Scale,
    SpikeCount,
    StepSum,
    floats,
)

if TYPE_CHECKING:
    from torch import nn

    from spikeoff.contenders.gradient.cnn import Convolutional
    from spikeoff.contenders.gradient.mlp import Perceptron
    from spikeoff.contenders.gradient.quantised import RoundedActivation, RoundedPerceptron


def perceptron(network: Perceptron) -> tuple[Layer, ...]:
    """The layers of ``mlp``."""
    return _perceptron(network, [], [[] for _ in network.names])


def rounded_perceptron(network: RoundedPerceptron) -> tuple[Layer, ...]:
    """The layers of ``mlp-int8``; its weights are those of the grid already."""
    hidden = [[_rounding(one)] for one in network.activations]  # type: ignore[arg-type]
    return _perceptron(network, [_rounding(network.pixels)], hidden)


def _perceptron(
    network: Perceptron, pixels: Sequence[Layer], hidden: Sequence[Sequence[Layer]]
) -> tuple[Layer, ...]:
    """Its layers, with further ones behind the pixels and behind each hidden layer's ReLUs."""
    found: list[Layer] = [PictureToRow(), *pixels]
    *others, last = zip(network.layers(), network.scales, strict=True)
    for (layer, scale), rounding in zip(others, hidden, strict=True):
        found += [*_scaled(scale), _affine(layer), ReLU(), *rounding]
    layer, scale = last
    return (*found, *_scaled(scale), _affine(layer))


def _scaled(factor: float) -> list[Layer]:
    return [] if factor == 1 else [Scale(factor)]


def _rounding(activation: RoundedActivation) -> Rounding:
    top = float(activation.top)
    return Rounding(max(top / activation.n_steps, 1e-12), activation.n_steps)


def convolutional(network: Convolutional) -> tuple[Layer, ...]:
    """The layers of ``cnn``."""
    found: list[Layer] = []
    for convolution, norm, pooled in network.blocks():
        padding = int(convolution.padding[0])  # the same on all sides
        found += [Convolution(floats(convolution.weight), padding), _norm(norm)]
        found += [MaxPool(2), ReLU()] if pooled else [ReLU()]
    return (*found, Flatten(), _affine(network.hidden), ReLU(), _affine(network.output))


def _norm(norm: nn.BatchNorm2d) -> Normalisation:
    return Normalisation(
        floats(norm.weight), floats(norm.bias), floats(norm.running_mean), floats(norm.running_var),
        norm.eps,
    )  # fmt: skip


def _affine(layer: nn.Linear) -> Affine:
    return Affine(floats(layer.weight.T), None if layer.bias is None else floats(layer.bias))


def spiking(
    weights: Sequence[torch.Tensor], layers: SpikingLayers, scale: float, n_steps: int | None
) -> tuple[Layer, ...]:
    """The layers of a network of spiking neurons.

    Args:
        weights: currents by layer, as ``backends.Computation.weights`` returns them.
        layers: what is fixed.
        scale: from spikes to scores.
        n_steps: steps of a network whose input is a constant current; None if it is spikes.
    """
    found: list[Layer] = [] if n_steps is None else [PictureToRow(), ConstantInput(n_steps)]
    arrays = [floats(one) for one in weights]
    for number in range(layers.n_hidden):
        found += [
            Affine(arrays[2 * number]),
            Neurons(layers.params[number], layers.dt, layers.decays[number], arrays[2 * number + 1])
        ]  # fmt: skip
    found.append(Affine(arrays[2 * layers.n_hidden]))
    if layers.linear:
        return (*found, StepSum(arrays[-1], scale))
    found.append(Neurons(layers.params[-1], layers.dt, layers.decays[-1]))
    return (*found, SpikeCount(scale, potential=layers.readout == "spikes+potential"))
