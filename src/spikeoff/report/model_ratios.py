"""Every pair of twins under every energy model.

    ratio = energy of the spiking network per image / that of its conventional twin

It stands twice: against a twin that computes every product, and against one that skips inputs of 0,
as the spiking network does. The twin has ceil(log2(T + 1)) bits per activation in models that price
bits: a count of spikes in T steps tells no more numbers apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from spikeoff.ledger.energy_models.base import EnergyModel, Network, NotAvailableError
from spikeoff.ledger.energy_models.counts import by_table
from spikeoff.ledger.energy_models.registry import models
from spikeoff.ledger.operation_energy import EnergyTable, load_table
from spikeoff.report.networks import network_of
from spikeoff.report.pairing import Groups, Pairing, pairings
from spikeoff.run.run_record import RunRecord

Sign = Literal["saves", "depends", "costs"]
Billing = Literal["stored", "dense"]

SIGNS: dict[Sign, str] = {"saves": "✓", "depends": "≈", "costs": "✗"}
"""saves: against both twins; depends: only against the one computed densely; costs: neither."""


@dataclass(frozen=True)
class Ratio:
    """A pair under one model.

    dense, skipping: the ratio to the twin that computes everything, and that skips zeros; None
        where the model does not apply, for the reason ``why``.
    energies: of the spiking network, the dense and the skipping twin, in the model's ``unit``.
    """

    model: str
    assumption: str
    counted: bool
    unit: str
    dense: float | None
    skipping: float | None
    energies: tuple[float, float, float] | None
    why: str = ""

    @property
    def sign(self) -> Sign | None:
        """Whether spikes save energy; None where the model does not apply."""
        if self.dense is None or self.skipping is None:
            return None
        if self.skipping < 1:
            return "saves"
        return "depends" if self.dense < 1 else "costs"


@dataclass(frozen=True)
class PairRatios:
    """A pair under all models.

    billing: whether weights are billed as stored, or as dense matrices with their zeros.
    bits: of the twin's activations, in models that price bits.
    """

    pairing: Pairing
    billing: Billing
    bits: int
    ratios: tuple[Ratio, ...]

    @property
    def fair(self) -> bool:
        """Whether the pair has the same synapses, billed as they are."""
        return self.pairing.same_synapses and self.billing == "stored"

    def counted(self) -> list[Ratio]:
        """The ratios that are counted for and against."""
        return [one for one in self.ratios if one.counted and one.sign is not None]

    def saving(self, *, dense: bool = False) -> list[Ratio]:
        """Those that say that spikes save energy, against the skipping or the dense twin."""
        return [
            one
            for one in self.counted()
            if ((one.dense if dense else one.skipping) or math.inf) < 1
        ]


def model_ratios(groups: Groups, table: EnergyTable) -> list[PairRatios]:
    """All pairs, as stored; and as dense matrices too where synapses are missing in them."""
    known = [model for model in models() if not model.one_sided]
    if table != load_table():
        known.append(of_table(table))
    result = []
    for pair in pairings(groups).values():
        if pair is None:
            continue
        ours, twins = groups[pair.spiking], groups[pair.twin]
        billings: tuple[Billing, ...] = ("stored", "dense") if _is_sparse(pair) else ("stored",)
        result += [_pair(pair, billing, ours, twins, known) for billing in billings]
    return result


def activation_bits(steps: float) -> int:
    """Bits that tell the numbers of spikes in so many steps apart: 0 to T."""
    return max(1, math.ceil(math.log2(steps + 1)))


def _pair(
    pair: Pairing,
    billing: Billing,
    ours: Sequence[RunRecord],
    twins: Sequence[RunRecord],
    known: Sequence[EnergyModel],
) -> PairRatios:
    spiking = [_billed(network_of(run), billing) for run in ours]
    bits = activation_bits(float(np.mean([network.steps for network in spiking])))
    skipping = [_billed(network_of(run, activation_bits=bits), billing) for run in twins]
    ratios = tuple(_ratio(model, spiking, skipping) for model in known)
    return PairRatios(pair, billing, bits, ratios)


def _ratio(model: EnergyModel, spiking: list[Network], skipping: list[Network]) -> Ratio:
    about = (model.name, model.assumption, model.counted, model.unit)
    try:
        ours, theirs, dense = (
            float(np.mean([model.total(network) for network in networks]))
            for networks in (spiking, skipping, [n.without_skipping() for n in skipping])
        )
    except NotAvailableError as error:
        return Ratio(*about, None, None, None, str(error))
    if not theirs > 0 or not dense > 0:
        return Ratio(*about, None, None, None, "the twin costs nothing under it")
    return Ratio(*about, ours / dense, ours / theirs, (ours, dense, theirs))


def _billed(network: Network, billing: Billing) -> Network:
    return network.as_dense_matrices() if billing == "dense" else network


def _is_sparse(pair: Pairing) -> bool:
    """Whether fewer synapses are stored than there are places between input and first layer."""
    return pair.synapses[0] < pair.widths[0] * pair.widths[1]


def of_table(table: EnergyTable) -> EnergyModel:
    """The model that prices operations by a user's table."""
    return EnergyModel(
        "your table",
        by_table(lambda: table),
        table.source,
        f"operations by {table.name}",
        f"operations cost what {table.name} says",
    )
