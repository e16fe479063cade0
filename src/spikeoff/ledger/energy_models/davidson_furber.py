"""``davidson-furber``: energy per synaptic event by the steps of an ideal digital circuit.

    spiking        7 E per event: add 1 E, read a weight 5 E, write back 1 E
    conventional   12 E per multiply-accumulate
    so a spiking network wins below 12 / 7 = 1.71 spikes per synapse

E is about 60 fJ. Neuron updates, biases and the read-out are not charged.

Source: S. Davidson and S. B. Furber, "Comparison of artificial and spiking neural networks on
digital hardware", Frontiers in Neuroscience 15:651141, 2021.
"""

from __future__ import annotations

from spikeoff.ledger.energy_models.base import EnergyModel, Network, Terms

E = 0.06
"""pJ of a unit."""

PER_EVENT, PER_PRODUCT = 7, 12


def energy(network: Network) -> Terms:
    """The term of a network (pJ)."""
    additions = network.operations - network.products
    return {"synapses": E * (PER_EVENT * additions + PER_PRODUCT * network.products)}


MODEL = EnergyModel(
    "davidson-furber",
    energy,
    "Davidson and Furber, Frontiers in Neuroscience 15:651141, 2021",
    "an addition, a weight and a write per spike and synapse; nothing for neurons",
    "neuron updates are free",
)
