"""The network as both engines take it: sizes, constants and the arrays that learning changes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spikeoff.learning.homeostasis import ThresholdParams
from spikeoff.learning.stdp import TripletParams
from spikeoff.neurons.conductance_lif import EXCITATORY, INHIBITORY, LIFParams

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Constants:
    """What does not change while a network learns.

    dt: step (ms).
    example_steps, resting_steps: steps of a presentation and of the rest after it.
    weight_sums: sum of the weights that each neuron of a layer is normalised to, by layer.
    gains: conductance that a weight of 1 opens, by layer.
    """

    dt: float = 0.5
    example_steps: int = 700
    resting_steps: int = 300
    weight_sums: tuple[float, ...] = (78.0,)
    gains: tuple[float, ...] = (1.0,)
    excitatory: LIFParams = EXCITATORY
    inhibitory: LIFParams = INHIBITORY
    threshold: ThresholdParams = field(default_factory=ThresholdParams)
    stdp: TripletParams = field(default_factory=TripletParams)


@dataclass
class Layer:
    """An excitatory population with the inhibitory one that makes its neurons compete.

    weights: [n_e, n_inputs], plastic; row j holds the synapses of neuron j.
    delays: [n_e, n_inputs] uint8, steps from an input's spike to its arrival.
    to_inhibitory: [n_e, n_i], conductance that an excitatory spike opens in an inhibitory neuron.
    to_excitatory: [n_i, n_e], conductance that an inhibitory spike opens in an excitatory neuron.
    theta: [n_e], adaptive part of the thresholds (mV).
    input_to_inhibitory, input_delays: [n_i, n_inputs], conductance that an input spike opens in an
        inhibitory neuron, and after how many steps; empty in the published network.
    """

    weights: Floats
    delays: NDArray[np.uint8]
    to_inhibitory: Floats
    to_excitatory: Floats
    theta: Floats
    input_to_inhibitory: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    input_delays: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 0), np.uint8))

    @property
    def size(self) -> int:
        """Excitatory neurons."""
        return len(self.theta)
