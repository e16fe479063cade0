"""``simple``: one price per byte moved, whatever the memory (SpikingJelly's "Simple" model).

    E = 4.6 MAC + 0.9 AC + 24.96 bytes
    bytes = 4 (weights met + biases + state read + state written)

SpikingJelly counts k additions per update: 3 for integrate-and-fire, 5 for leaky neurons. Others
are charged with their own arithmetic and state here.

Sources: SpikingJelly 2.0.0, ``activation_based/op_counter/simple_energy.py``; the price per byte is
from STEP (a spiking transformer evaluation platform), table 9.
"""

from __future__ import annotations

from spikeoff.ledger.energy_models.base import EnergyModel, Network, Terms
from spikeoff.ledger.energy_models.horowitz import (
    FP32_ADD,
    FP32_MULTIPLY,
    MULTIPLICATIONS_PER_DIVISION,
    WORD,
)

PER_BYTE = 24.96
ADDITIONS = {"if": 3, "lif": 5}
"""Per update of the neurons that SpikingJelly knows; they hold one number of state."""


def energy(network: Network) -> Terms:
    """The terms of a network (pJ)."""
    mac = FP32_MULTIPLY + FP32_ADD
    synapses = sum(
        layer.operations * (mac if layer.graded else FP32_ADD) for layer in network.layers
    )
    biases, readout = network.bias_additions, network.readout
    update, words = _update(network)
    return {
        "synapses": synapses,
        "neurons": network.updates * update,
        "biases": FP32_ADD * biases,
        "read-out": mac * readout,
        "weights": PER_BYTE * WORD * (network.operations + biases + readout),
        "index": PER_BYTE * WORD * network.index_words_read,
        "state": PER_BYTE * WORD * 2 * words * network.updates,
    }


def _update(network: Network) -> tuple[float, int]:
    """pJ of an update's arithmetic, and the numbers of its state."""
    if network.neuron in ADDITIONS:
        return FP32_ADD * ADDITIONS[network.neuron], 1
    cost = network.known_update()
    counts = cost.arithmetic
    products = counts.multiplications + MULTIPLICATIONS_PER_DIVISION * counts.divisions
    return FP32_MULTIPLY * products + FP32_ADD * counts.additions, cost.words


MODEL = EnergyModel(
    "simple",
    energy,
    "SpikingJelly 2.0.0, simple_energy.py",
    "arithmetic in fp32; one price for every byte of weights, biases and state",
    "memory costs the same per byte at any size",
)
