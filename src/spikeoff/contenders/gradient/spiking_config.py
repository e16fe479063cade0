"""The settings of the spiking networks that learn by surrogate gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import tyro

from spikeoff.coding import CodingName, InputCoding
from spikeoff.coding.levels import LEVELS, check_levels
from spikeoff.contenders.base import require
from spikeoff.contenders.gradient.connection import Connection, check_connection
from spikeoff.contenders.gradient.layer_sizes import (
    ALIASES,
    Sizes,
    check_sizes,
    migrate_sizes,
)
from spikeoff.contenders.gradient.spiking_layers import Readout, SpikingLayers
from spikeoff.contenders.gradient.trainer import GradientConfig
from spikeoff.contenders.input_settings import unused_input_settings
from spikeoff.learning.surrogate import Surrogate
from spikeoff.neurons.izhikevich import PRESETS, Pattern
from spikeoff.neurons.lif import LIFParams
from spikeoff.neurons.models import Params
from spikeoff.neurons.synapse import Synapse, decay_per_step

OutputPattern = Annotated[Pattern, tyro.conf.arg(aliases=["--output"])]

MAX_NEURONS = 2**16 - 1
"""Neurons of a hidden layer: kernels number them in 16 bits."""

OF_A_NEURON = {
    "izhikevich": ("hidden_pattern", "output_pattern"),
    "lif": ("tau_mem", "v_thresh"),
}
"""Settings that only one neuron has."""


@dataclass(frozen=True, kw_only=True)
class IzhikevichGradientConfig(GradientConfig):
    """The spiking network, trained by surrogate gradient and Adam."""

    weight_decay: float = 0.01
    """Decoupled weight decay (AdamW): share of each weight removed per step, times the step
    size."""
    engine: Literal["native", "torch"] = "native"
    """native: fused kernels, with Numba on the CPU and with Triton on supported GPUs, otherwise the
    same as torch; torch: plain autograd."""
    neuron: Literal["izhikevich", "lif"] = "izhikevich"
    """Neuron model of all layers; lif: leaky integrate-and-fire with reset by subtraction."""
    hidden: Sizes = (1024,)
    """Number of neurons in each hidden layer, such as 512 256."""
    n_steps: int = 50
    """Number of time steps for which an image is shown."""
    dt: float = 1.0
    """Time step (ms)."""
    coding: CodingName = "rate"
    """How pixels become input: rate (at random at every step), poisson (the same as a Poisson
    process), latency or latency-log (one spike, the brighter the earlier), threshold (one spike, at
    the first of falling levels that the pixel exceeds), direct (a constant current)."""
    max_rate: float = 1.0
    """Probability that a pixel of value 255 fires at a step; for poisson, spikes per step."""
    levels: tuple[int, ...] = LEVELS
    """Falling levels, one per step; for coding threshold."""
    synapse: Synapse = "kick"
    """Synaptic current after a spike: kick (one step), held (until the image ends) or decaying
    (exponentially, with tau_syn)."""
    tau_syn: float = 5.0
    """Time constant of the synaptic current (ms); for synapse decaying."""
    current_gain: float = 1.0
    """Factor of the weights and biases into hidden layers, from their learned values to mV/ms."""
    readout: Readout = "spikes"
    """What answers: spikes (of output neurons), spikes+potential (in addition, how far their
    membrane potential has come in the end), linear (no output neurons: the output weights of the
    hidden spikes, summed, with a learned weight per step)."""
    output_gain: float = 1.0
    """Factor of the weights into output neurons, from their learned values to mV/ms."""
    hidden_pattern: Pattern = "fast-spiking"
    """Firing pattern of the hidden neurons; for neuron izhikevich."""
    output_pattern: OutputPattern = "fast-spiking"
    """Firing pattern of the output neurons; for neuron izhikevich."""
    tau_mem: float = 10.0
    """Time constant of the membrane (ms); for neuron lif."""
    v_thresh: float = 20.0
    """Threshold (mV), which a spike also subtracts from the membrane potential; for neuron lif."""
    logit_scale: float = 1.0
    """Factor that turns spike counts into logits."""
    surrogate: Surrogate = "fast_sigmoid"
    """Surrogate for the derivative of a spike."""
    surrogate_width: float = 25.0
    """Width of the surrogate (mV)."""
    max_slope: float = 1.0
    """Upper bound of dv[t+1]/dv[t] in the backward pass."""
    hidden_scale: float = 0.5
    """Standard deviation of the initial weights into hidden layers (mV/ms)."""
    output_scale: float = 0.5
    """Standard deviation of the initial weights from hidden to output (mV/ms)."""
    initial_bias: float = 4.0
    """Initial bias of the hidden neurons (mV/ms)."""
    dropout: float = 0.4
    """Dropout: share of hidden neurons whose spikes do not reach the next layer in training."""
    spike_penalty: float = 0.0
    """Penalty on the loss per nonzero weight that the hidden spikes of an image meet, in the
    mean."""
    keep: float = 1.0
    """Share of the weights into hidden layers kept in the end by gradual magnitude pruning."""
    synapses: Connection = "dense"
    """dense: every pixel to every neuron of the first hidden layer; columns: the synapses of
    izhikevich-stdp, where each neuron sees one field of the image."""
    columns: int | None = None
    """Columns per side of the map, for synapses columns; by default the largest number, up to 8,
    with at least two neurons per column."""
    field: int = 10
    """Pixels per side of the field that a column sees, for synapses columns."""

    aliases: ClassVar[Mapping[str, str]] = ALIASES
    has_strict: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require("engine", self.engine, not self.strict or self.engine == "native",
                "native: PyTorch's operators have no strict mode")  # fmt: skip
        check_sizes(self.hidden, MAX_NEURONS)
        require("n_steps", self.n_steps, self.n_steps >= 1, "at least 1")
        require("dt", self.dt, 0 < self.dt <= 1, "above 0 and at most 1 ms")
        require("max_rate", self.max_rate, 0 < self.max_rate <= 1, "above 0 and at most 1")
        for name in ("logit_scale", "surrogate_width", "max_slope", "hidden_scale", "output_scale",
                     "tau_mem", "v_thresh"):  # fmt: skip
            value = getattr(self, name)
            require(name, value, 0 < value < math.inf, "above 0")
        require("dropout", self.dropout, 0 <= self.dropout < 1, "from 0 to below 1")
        require("initial_bias", self.initial_bias, math.isfinite(self.initial_bias), "finite")
        for name in ("tau_syn", "current_gain", "output_gain"):
            require(name, getattr(self, name), 0 < getattr(self, name) < math.inf, "above 0")
        require("spike_penalty", self.spike_penalty, self.spike_penalty >= 0, "0 or more")
        require("keep", self.keep, 0 < self.keep <= 1, "above 0 and at most 1")
        check_connection(self)
        if self.coding == "threshold":
            check_levels(self.levels, self.n_steps)
        if self.readout == "spikes+potential":
            require("readout", self.readout, self.neuron == "izhikevich",
                    "spikes or linear for neuron lif, whose potential has no peak")  # fmt: skip

    @classmethod
    def unused_settings(cls, settings: Mapping[str, Any]) -> Mapping[str, str]:
        """Settings of another neuron, coding, synapse or read-out."""

        def of(name: str) -> Any:
            return settings.get(name, getattr(cls, name))

        neuron, readout = of("neuron"), of("readout")
        of_others = (names for name, names in OF_A_NEURON.items() if name != neuron)
        unused = {name: f"`neuron` is {neuron}" for names in of_others for name in names}
        unused |= unused_input_settings(of("coding"), of("synapse"))
        if readout == "linear":
            unused |= dict.fromkeys(("output_gain", "output_pattern"), f"`readout` is {readout}")
        return unused

    @classmethod
    def migrate(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings as earlier versions had them: ``n_hidden``, and patterns by other names."""
        changed = dict(settings)
        for name in ("hidden", "output"):
            if isinstance(changed.get(name), str):
                changed[f"{name}_pattern"] = changed.pop(name)
        return migrate_sizes(changed)

    @staticmethod
    def renamed_flags(flags: Sequence[str]) -> list[str]:
        """Flags as earlier versions had them: ``--hidden`` before the name of a pattern."""
        renamed = list(flags)
        for place, flag in enumerate(flags):
            name, given, value = flag.partition("=")
            following = value if given else next(iter(flags[place + 1 :]), "")
            if name == "--hidden" and following in PRESETS:
                renamed[place] = f"--hidden_pattern{given}{value}"
        return renamed

    def spiking_layers(self) -> SpikingLayers:
        """What is fixed about the layers."""
        if self.neuron == "lif":
            lif: Params = LIFParams(self.tau_mem, self.v_thresh)
            params = (*(lif for _ in self.hidden), lif)
        else:
            hidden, output = PRESETS[self.hidden_pattern], PRESETS[self.output_pattern]
            params = (*(hidden for _ in self.hidden), output)
        if self.readout == "linear":
            params = params[:-1]
        decay = decay_per_step(self.synapse, self.tau_syn, self.dt)
        decays = [decay] * len(params)
        if self.coding == "direct":
            decays[0] = 0.0  # a current from outside is no synaptic current
        return SpikingLayers(
            params, self.dt, self.surrogate, self.surrogate_width, self.max_slope, tuple(decays),
            self.readout,
        )  # fmt: skip

    def is_plain(self) -> bool:
        """Whether currents last one step, and inputs and answers are counts of spikes."""
        layers = self.spiking_layers()
        by_spikes = layers.readout == "spikes" and self.coding != "direct"
        return by_spikes and not any(layers.decays)

    def input_coding(self) -> InputCoding:
        """How images become input."""
        return InputCoding(self.coding, self.n_steps, self.max_rate, self.levels, self.seed)
