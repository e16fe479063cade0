"""What is fixed about the layers of a spiking network, whichever backend computes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from spikeoff.learning.surrogate import Surrogate
from spikeoff.neurons.models import Params, model_of

Readout = Literal["spikes", "spikes+potential", "linear"]


@dataclass(frozen=True)
class SpikingLayers:
    """The neurons of every layer, and how gradients pass them.

    params: of the neurons of each hidden layer, then of the output neurons, which a linear read-out
        does not have.
    dt: step (ms).
    surrogate, width (mV), max_slope: the backward pass, see ``neurons.torch_layer``.
    decays: what is left of the synaptic current of each layer after a step (``neurons.synapse``).
    readout: spikes: how often each output neuron fires. spikes+potential: in addition, how far its
        membrane potential has come from rest to the peak in the end. linear: no output neurons, but
        the weighted hidden spikes of each step times a weight of the step, summed.
    """

    params: tuple[Params, ...]
    dt: float
    surrogate: Surrogate
    width: float
    max_slope: float
    decays: tuple[float, ...]
    readout: Readout = "spikes"

    @property
    def rule(self) -> tuple[float, Surrogate, float, float]:
        """What every layer's backward pass takes: dt, surrogate, width, max_slope."""
        return self.dt, self.surrogate, self.width, self.max_slope

    @property
    def linear(self) -> bool:
        """Whether the read-out is linear."""
        return self.readout == "linear"

    @property
    def n_hidden(self) -> int:
        """Hidden layers."""
        return len(self.params) if self.linear else len(self.params) - 1


def approach(v: Any, params: Params, dt: float) -> tuple[Any, float]:
    """How far membrane potentials are from rest to the peak after a step that reached ``v`` (mV).

    Returns:
        The share of the way, 0 after a spike and below 0 under rest, and its slope (1/mV).
    """
    p = params.constants(dt)
    rest = params.rest()[0]
    slope = 1 / (p.v_peak - rest)
    return (model_of(type(p)).settled(v, p) - rest) * slope, slope
