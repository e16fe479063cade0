"""``counts``: operations by Horowitz's table, every weight from the smallest memory that holds all.

    spiking        0.9 ev + U (3.7 mul + 0.9 add + 14.8 div) + ev W + 2 U words W(state)
    conventional   M (4.6 + W)
    W              pJ per 32-bit word of the memory that holds all weights

Biases cost an addition and a word each, products of the read-out a multiply-accumulate and a word.
The memory is stepped: 5 pJ up to 8 KiB, 10 up to 32 KiB, 50 up to 1 MiB, 650 (DRAM) above. A
network just above 1 MiB costs 13 times as much as one just below; ``smooth`` has no such step.

Source: M. Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014.
"""

from __future__ import annotations

from collections.abc import Callable

from spikeoff.ledger.energy_models.base import EnergyModel, Network, Terms
from spikeoff.ledger.energy_models.horowitz import WORD
from spikeoff.ledger.operation_energy import EnergyTable, ImageEnergy, image_energy, stepped_table


def network_energy(table: EnergyTable, network: Network) -> ImageEnergy:
    """The energy of a network's image by a table; neurons of unknown cost are None in it."""
    macs = network.products
    return image_energy(
        table,
        macs=macs,
        acs=network.operations - macs,
        updates=network.updates,
        update=network.update,
        weight_bytes=WORD * (network.stored + network.index_words),
        state_bytes=WORD * network.neurons * (network.update.words if network.update else 0),
        biases=network.bias_additions,
        readout=network.readout,
        index_words=network.index_words_read,
    )


def by_table(load: Callable[[], EnergyTable]) -> Callable[[Network], Terms]:
    """The terms of networks by a table, which is loaded when it is first needed."""

    def energy(network: Network) -> Terms:
        network.known_update()
        found = network_energy(load(), network)
        return {
            "synapses": found.synapses,
            "neurons": found.neurons or 0.0,
            "biases and read-out": found.extras,
            "memory": found.memory,
        }

    return energy


MODEL = EnergyModel(
    "counts",
    by_table(stepped_table),
    "Horowitz, ISSCC 2014",
    "fp32 operations and a 32-bit weight per operation; caches up to 1 MiB, then DRAM",
    "networks above 1 MiB read their weights from DRAM",
)
