"""Which settings of the input a coding and a synapse leave without effect."""

from __future__ import annotations

from spikeoff.coding.input_coding import DRAWN, CodingName
from spikeoff.neurons.synapse import Synapse


def idle_inputs(coding: CodingName, synapse: Synapse) -> dict[str, str]:
    """The settings that have no effect, and why."""
    idle = {}
    if coding not in DRAWN:
        idle["max_rate"] = f"`coding` is {coding}"
    if coding != "threshold":
        idle["levels"] = f"`coding` is {coding}"
    if synapse != "decaying":
        idle["tau_syn"] = f"`synapse` is {synapse}"
    return idle
