"""The settings of the input that have no effect with a coding and a synapse."""

from __future__ import annotations

from spikeoff.coding.input_coding import DRAWN, CodingName
from spikeoff.neurons.synapse import Synapse


def unused_input_settings(coding: CodingName, synapse: Synapse) -> dict[str, str]:
    """The settings without effect, and why."""
    unused = {}
    if coding not in DRAWN:
        unused["max_rate"] = f"`coding` is {coding}"
    if coding != "threshold":
        unused["levels"] = f"`coding` is {coding}"
    if synapse != "decaying":
        unused["tau_syn"] = f"`synapse` is {synapse}"
    return unused
