"""``smooth``: the operations of ``counts``, with a memory that has no step at any size.

    W(x) linear through (0, 0), (8 KiB, 10), (32 KiB, 20), (1 MiB, 100 pJ per word), then constant

This is the default of the package's estimates. It charges for 32 bits what Horowitz lists for 64,
twice as much as ``counts``, and never reaches DRAM.

Sources: as in ``horowitz``.
"""

from __future__ import annotations

from spikeoff.ledger.energy_models.base import EnergyModel
from spikeoff.ledger.energy_models.counts import by_table
from spikeoff.ledger.operation_energy import load_table

MODEL = EnergyModel(
    "smooth",
    by_table(load_table),
    "Horowitz, ISSCC 2014, with the memory of Lemaire et al., ICONIP 2022",
    "as counts; a weight costs more the larger the memory, without a step",
    "memory gets dearer gradually with its size",
)
