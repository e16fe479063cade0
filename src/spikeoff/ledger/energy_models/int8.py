"""``int8``: the operations of ``counts`` with 8-bit weights on both sides.

    spiking        ev (0.1 + W/4) + U (3.1 mul + 0.1 add + 12.4 div) + 2 U words W(state)
    conventional   M (0.1 + 0.2 b_a / 8 + W/4)        b_a = ceil(log2(T + 1))

W is that of ``counts`` for a memory of a byte per weight. Accumulators and neurons have 32-bit
integers. This is our own bit-matched variant of ``counts``, so it is not among the models counted.

Source: M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014.
"""

from __future__ import annotations

from spikeoff.ledger.energy_models.base import EnergyModel, Network, Terms
from spikeoff.ledger.energy_models.horowitz import (
    INT8_MULTIPLY,
    INT32_ADD,
    INT32_MULTIPLY,
    MULTIPLICATIONS_PER_DIVISION,
    WORD,
)
from spikeoff.ledger.operation_energy import stepped_table

WEIGHT_BITS = 8


def energy(network: Network) -> Terms:
    """The terms of a network (pJ)."""
    table = stepped_table()
    byte = table.word(network.stored + WORD * network.index_words) / WORD
    bits = WEIGHT_BITS if network.spiking else network.activation_bits
    multiply = INT8_MULTIPLY * bits / WEIGHT_BITS
    extra = network.bias_additions * INT32_ADD + network.readout * (INT32_ADD + INT8_MULTIPLY)
    accessed = network.operations + network.bias_additions + network.readout
    cost = network.known_update()
    counts = cost.arithmetic
    products = counts.multiplications + MULTIPLICATIONS_PER_DIVISION * counts.divisions
    update = INT32_MULTIPLY * products + INT32_ADD * counts.additions
    return {
        "synapses": INT32_ADD * network.operations + multiply * network.products,
        "neurons": network.updates * update,
        "biases and read-out": extra,
        "weights": byte * (accessed + WORD * network.index_words_read),
        "state": network.updates * 2 * cost.words * table.word(0),
    }


MODEL = EnergyModel(
    "int8",
    energy,
    "Horowitz, ISSCC 2014 (our bit-matched variant of counts)",
    "as counts, with 8-bit weights in both networks and conventional activations of "
    "ceil(log2(T + 1)) bits",
    "both networks have 8-bit weights",
    counted=False,
)
