"""Networks by their numbers, for tests of the models."""

from __future__ import annotations

from typing import Any

from spikeoff.ledger.energy_models.base import Layer, Network
from spikeoff.neurons.cost import update_cost


def spiking_layer(
    sources: int, targets: int, events_in: float, events_out: float = 0.0,
    steps: float = 1.0, *, bias: bool = True, **changes: Any,
) -> Layer:  # fmt: skip
    """A fully connected layer in which every event meets every target."""
    numbers = targets if bias else 0
    values: dict[str, Any] = {
        "places": sources * targets, "stored": sources * targets,
        "operations": events_in * targets, "dense": steps * sources * targets,
        "biases": numbers, "biased": numbers, "neurons": targets,
    } | changes  # fmt: skip
    return Layer("layer", sources, targets, events_in=events_in, events_out=events_out, **values)


def spiking(neuron: str, *layers: Layer, steps: float = 1.0, **changes: Any) -> Network:
    """A network of such layers; the cost of an update is known where the neuron is ours."""
    known = None if neuron == "if" else update_cost(neuron)
    return Network(layers, True, steps, neuron, known, **changes)


def dense_layer(sources: int, targets: int, *, bias: bool = False, **changes: Any) -> Layer:
    """A fully connected layer of a conventional network, all inputs other than 0."""
    numbers = targets if bias else 0
    values: dict[str, Any] = {
        "places": sources * targets, "stored": sources * targets, "events_in": sources,
        "operations": sources * targets, "dense": sources * targets,
        "biases": numbers, "biased": numbers,
    } | changes  # fmt: skip
    return Layer("layer", sources, targets, events_out=targets, graded=True, **values)


def convolution(into: int, out: int, side: int, kernel: int, *, bias: bool = False) -> Layer:
    """A convolution of a conventional network without padding, all inputs other than 0."""
    fan_in, outputs = into * kernel**2, out * (side - kernel + 1) ** 2
    return dense_layer(
        into * side**2, outputs, places=fan_in * out, stored=fan_in * out,
        operations=fan_in * outputs, dense=fan_in * outputs, biases=out if bias else 0,
        biased=outputs if bias else 0, convolution=True, fan_in=fan_in, kernel=kernel**2,
    )  # fmt: skip


def conventional(*layers: Layer, bits: int = 32) -> Network:
    """A conventional network of such layers."""
    return Network(layers, False, activation_bits=bits)
