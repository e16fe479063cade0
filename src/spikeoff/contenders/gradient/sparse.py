"""``izhikevich-sparse``: the network of ``izhikevich-gradient`` with few spikes and few steps.

A pixel fires at most once, at the first of four falling levels that it exceeds: about 130 input
spikes per image. Synaptic currents are held, so that a spike counts at all later steps and costs
one addition per synapse. After 8 steps of 1 ms, the answer is the class with the largest sum of
output weights over all hidden spikes, each step with a learned weight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from spikeoff.coding import CodingName
from spikeoff.contenders.gradient.layer_sizes import Sizes
from spikeoff.contenders.gradient.spiking import IzhikevichGradient
from spikeoff.contenders.gradient.spiking_config import IzhikevichGradientConfig
from spikeoff.contenders.gradient.spiking_layers import Readout
from spikeoff.neurons.synapse import Synapse


@dataclass(frozen=True, kw_only=True)
class IzhikevichSparseConfig(IzhikevichGradientConfig):
    """The spiking network with few spikes, trained by surrogate gradient and Adam."""

    epochs: int = 20
    learning_rate: float = 0.01
    weight_decay: float = 0.2
    hidden: Sizes = (256,)
    n_steps: int = 8
    coding: CodingName = "threshold"
    synapse: Synapse = "held"
    current_gain: float = 20.0
    readout: Readout = "linear"
    output_gain: float = 20.0
    hidden_scale: float = 0.1
    output_scale: float = 0.1
    initial_bias: float = 0.0
    dropout: float = 0.2


class IzhikevichSparse(IzhikevichGradient):
    """The spiking network with few spikes."""

    id = "izhikevich-sparse"
    title = "Izhikevich, sparse"
    config_type = IzhikevichSparseConfig
    search_space: ClassVar[dict[str, str]] = {
        "learning_rate": "log:0.004..0.04",
        "dropout": "0..0.4",
        "warmup_epochs": "0.25..1.5",
        "batch_size": "64,128",
        "weight_decay": "0..0.4",
    }
