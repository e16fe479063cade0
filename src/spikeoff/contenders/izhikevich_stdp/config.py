"""Settings of the Izhikevich network that learns by STDP and Hebbian learning."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from spikeoff.coding.input_coding import InputCoding
from spikeoff.coding.levels import LEVELS, check_levels
from spikeoff.contenders.base import Config, require
from spikeoff.contenders.column_map import check_columns, columns_per_side
from spikeoff.contenders.input_settings import unused_input_settings
from spikeoff.neurons.izhikevich import Pattern
from spikeoff.neurons.synapse import Synapse, decay_per_step

Coding = Literal["rate", "poisson", "latency", "latency-log", "threshold"]

MAX_HIDDEN = 65_536
MAX_STEPS = 1000
MAX_READOUT_WEIGHTS = 16

OF_OUTPUT_NEURONS = ("output", "output_gain", "output_bias", "output_tau")
"""Settings that have no effect without output neurons."""


@dataclass(frozen=True, kw_only=True)
class IzhikevichSTDPConfig(Config):
    """The Izhikevich network that learns only by STDP and Hebbian learning."""

    n_hidden: int = 512
    """Number of hidden neurons."""
    n_steps: int = 20
    """Number of time steps for which an image is shown."""
    dt: float = 1.0
    """Time step (ms)."""
    coding: Coding = "rate"
    """How pixels become input: rate (at random at every step), poisson (the same as a Poisson
    process), latency or latency-log (one spike, the brighter the earlier), threshold (one spike, at
    the first of falling levels that the pixel exceeds)."""
    max_rate: float = 0.5
    """Probability that a pixel of value 255 fires at a step; for poisson, spikes per step."""
    levels: tuple[int, ...] = LEVELS
    """Falling levels, one per step; for coding threshold."""
    synapse: Synapse = "kick"
    """Synaptic current of the hidden neurons after a spike: kick (one step), held (until the image
    ends) or decaying (exponentially, with tau_syn)."""
    tau_syn: float = 5.0
    """Time constant of that current (ms); for synapse decaying."""
    columns: int | None = None
    """Columns per side of the map; its square must divide n_hidden. By default the largest number,
    up to 8, with at least two neurons per column."""
    field: int = 10
    """Pixels per side of the field that a column sees; a smaller image is seen completely."""
    stdp_lr: float = 0.01
    """Learning rate of STDP; decreases to zero along a cosine, as do hebbian_lr and theta_plus."""
    hebbian_lr: float = 0.005
    """Learning rate of the readout."""
    theta_plus: float = 0.05
    """Increase of the threshold of a neuron that wins in its column (mV/ms)."""
    readout: Literal["delta", "hebbian"] = "delta"
    """delta: presynaptic activity times error; hebbian: presynaptic activity times target."""
    answer: Literal["spikes", "sum"] = "spikes"
    """What answers: spikes (the output neuron that fires most) or sum (no output neurons: the class
    with the largest sum of readout weights over all hidden spikes)."""
    readout_weights: int = 1
    """Weights of a readout synapse, at most 16 and n_steps: the first acts at the first spike of
    its hidden neuron in a presentation, the next at the second, the last at all that follow."""
    a_plus: float = 0.1
    """STDP: potentiation by a pair of spikes with zero lag, relative to the learning rate."""
    a_minus: float = 0.05
    """STDP: depression by a pair of spikes with zero lag, relative to the learning rate."""
    tau_plus: float = 10.0
    """STDP: time constant of potentiation (ms)."""
    tau_minus: float = 10.0
    """STDP: time constant of depression (ms)."""
    hidden: Pattern = "fast-spiking"
    """Firing pattern of the hidden neurons."""
    output: Pattern = "fast-spiking"
    """Firing pattern of the output neurons; for answer spikes."""
    hidden_gain: float = 40.0
    """Current of an input spike through a weight of 1 (mV/ms); suitable values depend on
    coding and synapse."""
    output_gain: float = 2.0
    """Current of a hidden spike through a weight of 1 (mV/ms); for answer spikes."""
    output_bias: float = 3.5
    """Constant current into the output neurons (mV/ms); for answer spikes."""
    output_tau: float = 10.0
    """Time constant of the output neurons' synapses (ms); for answer spikes."""
    slope: float = 0.4
    """How steeply an output's share of activity depends on its input: for the delta readout, and
    the scale of the scores for answer sum."""
    hebbian_length: float = 2.0
    """Hebbian readout: length to which the weights of an output neuron are scaled."""

    has_strict: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        n = self.n_hidden
        require("n_hidden", n, 2 <= n <= MAX_HIDDEN, f"from 2 to {MAX_HIDDEN}")
        require("n_steps", self.n_steps, 1 <= self.n_steps <= MAX_STEPS, f"from 1 to {MAX_STEPS}")
        require("dt", self.dt, 0.05 <= self.dt <= 1, "from 0.05 to 1 ms")
        require("max_rate", self.max_rate, 0 < self.max_rate <= 1, "above 0 and at most 1")
        check_columns(n, self.columns, self.field)
        require("tau_syn", self.tau_syn, 0 < self.tau_syn < math.inf, "above 0")
        if self.coding == "threshold":
            check_levels(self.levels, self.n_steps)
        weights, most = self.readout_weights, MAX_READOUT_WEIGHTS
        require("readout_weights", weights, 1 <= weights <= min(self.n_steps, most),
                f"from 1 to {most} and at most `n_steps` (={self.n_steps})")  # fmt: skip
        for name in ("stdp_lr", "hebbian_lr", "theta_plus", "a_plus", "a_minus"):
            value = getattr(self, name)
            require(name, value, 0 <= value < math.inf, "0 or more")
        for name in ("tau_plus", "tau_minus", "output_tau", "hidden_gain", "output_gain", "slope",
                     "hebbian_length"):  # fmt: skip
            value = getattr(self, name)
            require(name, value, 0 < value < math.inf, "above 0")
        require("output_bias", self.output_bias, math.isfinite(self.output_bias), "finite")

    @classmethod
    def unused_settings(cls, settings: Mapping[str, Any]) -> Mapping[str, str]:
        """Settings of another coding or synapse, and of output neurons where there are none."""

        def of(name: str) -> Any:
            return settings.get(name, getattr(cls, name))

        unused = unused_input_settings(of("coding"), of("synapse"))
        if of("answer") == "sum":
            unused |= dict.fromkeys(OF_OUTPUT_NEURONS, "`answer` is sum")
        return unused

    @property
    def side(self) -> int:
        """Columns per side."""
        return columns_per_side(self.n_hidden, self.columns)

    def input_coding(self) -> InputCoding:
        """How images become input."""
        return InputCoding(self.coding, self.n_steps, self.max_rate, self.levels, self.seed)

    def decay(self) -> float:
        """What is left of a hidden neuron's synaptic current after a step, of 1."""
        return decay_per_step(self.synapse, self.tau_syn, self.dt)
