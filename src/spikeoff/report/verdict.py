"""Does spiking save energy? Each spiking contender and its conventional twin, or one of like size.

    ratio        energy of the spiking network's image over that of the conventional one
    rate         additions over dense synaptic operations: the mean rate of spikes at a synapse
    break-even   rate x (conventional - neurons) / synapses, the rate at which both cost the same;
                 there is none where neuron updates alone cost more

All of it is an estimate by counted operations. Conventional networks count with zeros skipped, the
stricter of their two counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeoff.contenders.registry import NATIVE
from spikeoff.ledger.operation_energy import EnergyTable, ImageEnergy, image_energy
from spikeoff.neurons.cost import update_cost
from spikeoff.report.twins import twin_groups
from spikeoff.run.run_record import RunRecord

WORD_BYTES = 4


@dataclass(frozen=True)
class Cost:
    """Energy per image of a contender by the table, and per correct answer.

    per_correct: total divided by the share of correct answers (pJ).
    """

    name: str
    energy: ImageEnergy
    per_correct: float


@dataclass(frozen=True)
class Verdict:
    """A spiking contender against a conventional one.

    parameters: of both.
    ratio, ratio_with_memory: spiking over conventional, computing alone and with memory.
    rate: mean number of spikes per synapse and step.
    break_even: that rate at which computing would cost the same; None where there is none.
    break_even_synapses: the same if neuron updates were free.
    neurons_alone: neuron updates over the conventional network's computing.
    """

    spiking: str
    conventional: str
    parameters: tuple[int, int]
    ratio: float
    ratio_with_memory: float
    rate: float
    break_even: float | None
    break_even_synapses: float
    neurons_alone: float

    @property
    def pays(self) -> bool:
        """Whether spikes save energy here, memory included."""
        return self.ratio_with_memory < 1


def cost(name: str, records: Sequence[RunRecord], table: EnergyTable) -> Cost:
    """Mean cost of an image over the runs of one contender."""
    first = records[0].summary

    def mean(part: str, key: str) -> float:
        return float(np.mean([record.summary[part][key] for record in records]))

    neuron = first.get("neuron")
    energy = image_energy(
        table,
        macs=mean("operations", "effective_macs"),
        acs=mean("operations", "effective_acs"),
        updates=mean("operations", "membrane_updates"),
        update=update_cost(neuron) if neuron else None,
        weight_bytes=WORD_BYTES * float(first["parameters"]),
    )
    return Cost(name, energy, energy.total / max(mean("accuracy", "test"), 1e-12))


def verdicts(groups: Mapping[str, Sequence[RunRecord]], table: EnergyTable) -> list[Verdict]:
    """One for each spiking contender whose neurons' cost is known, where a conventional one ran."""
    result = []
    for name, runs in groups.items():
        summary, other = runs[0].summary, nearest_conventional(groups, name)
        if summary["spiking"] and summary.get("neuron") and other is not None:
            result.append(_verdict(name, runs, other, groups[other], table))
    return result


def nearest_conventional(groups: Mapping[str, Sequence[RunRecord]], name: str) -> str | None:
    """The twin of ``name``, or the conventional contender nearest to it in parameters.

    None where no conventional one ran. Among equals, as one network on two engines, it is that of
    the native engine.
    """
    if twins := twin_groups(groups, name):
        return twins[0]
    conventional = [other for other, runs in groups.items() if not runs[0].summary["spiking"]]
    size = _size(groups[name])

    def distance(one: str) -> tuple[int, bool]:
        return abs(_size(groups[one]) - size), groups[one][0].summary.get("engine") != NATIVE

    return min(conventional, key=distance, default=None)


def _size(runs: Sequence[RunRecord]) -> int:
    return int(runs[0].summary["parameters"])


def _verdict(
    name: str,
    runs: Sequence[RunRecord],
    other: str,
    other_runs: Sequence[RunRecord],
    table: EnergyTable,
) -> Verdict:
    ours, theirs = (cost(n, r, table).energy for n, r in ((name, runs), (other, other_runs)))
    neurons = ours.neurons or 0.0
    operations: list[dict[str, Any]] = [run.summary["operations"] for run in runs]
    used = np.mean([one["effective_acs"] + one["effective_macs"] for one in operations])
    rate = float(used / np.mean([one["dense_macs"] for one in operations]))
    spare = theirs.computing - neurons
    return Verdict(
        spiking=name,
        conventional=other,
        parameters=(_size(runs), _size(other_runs)),
        ratio=ours.computing / theirs.computing,
        ratio_with_memory=ours.total / theirs.total,
        rate=rate,
        break_even=rate * spare / ours.synapses if spare > 0 else None,
        break_even_synapses=rate * theirs.computing / ours.synapses,
        neurons_alone=neurons / theirs.computing,
    )


def say(verdict: Verdict) -> str:
    """The verdict in words."""
    first, second = verdict.spiking, verdict.conventional
    text = (
        f"Spiking {'saves' if verdict.pays else 'does not save'} energy here: per image, {first} "
        f"needs {times(verdict.ratio_with_memory)} times the energy of {second} "
        f"({times(verdict.ratio)} times without memory access; {verdict.parameters[0]:,} and "
        f"{verdict.parameters[1]:,} parameters). A synapse of {first} carries a spike in "
        f"{100 * verdict.rate:.2g} % of the steps. "
    )
    if verdict.break_even is None:
        return text + (
            f"A lower rate would not help: its neuron updates alone need "
            f"{times(verdict.neurons_alone)} times the computing energy of {second}. With free "
            f"updates, computing would need the same energy at "
            f"{100 * verdict.break_even_synapses:.2g} %."
        )
    return text + (
        f"Computing would need the same energy at {100 * verdict.break_even:.2g} % "
        f"({100 * verdict.break_even_synapses:.2g} % if neuron updates were free)."
    )


def times(factor: float) -> str:
    """A factor in as many digits as matter."""
    return f"{factor:,.0f}" if factor >= 10 else f"{factor:.2g}"
