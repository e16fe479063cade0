"""``loihi``: Intel's first Loihi by its published cost of a synaptic operation and of an update.

    E = 23.6 ev + 81 U                    81 pJ active, 52 inactive: an upper figure

A chip's constants price spiking networks alone. They stand beside measured chips, never against a
conventional network priced with another table. Leakage, which dominates at low rates, is left out.

Source: M. Davies et al., "Loihi: a neuromorphic manycore processor with on-chip learning", IEEE
Micro 38(1), 2018, table 2 (pre-silicon simulation, 0.75 V).
"""

from __future__ import annotations

from dataclasses import dataclass

from spikeoff.ledger.energy_models.base import EnergyModel, Network, NotAvailableError, Terms


@dataclass(frozen=True)
class Chip:
    """A chip by two constants (pJ): of a synaptic operation and of a neuron update."""

    operation: float
    update: float

    def energy(self, network: Network) -> Terms:
        """The terms of a spiking network (pJ)."""
        if not network.spiking:
            raise NotAvailableError("a chip's constants price spiking networks only")
        return {
            "synapses": self.operation * network.operations,
            "neurons": self.update * network.updates,
        }


LOIHI = Chip(23.6, 81.0)

MODEL = EnergyModel(
    "loihi",
    LOIHI.energy,
    "Davies et al., IEEE Micro 38(1), 2018, table 2",
    "23.6 pJ per synaptic operation and 81 pJ per neuron update; no leakage",
    "the constants of Loihi hold",
    counted=False,
    one_sided=True,
)
