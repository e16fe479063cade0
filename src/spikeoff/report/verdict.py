"""Each spiking contender against its conventional twin by one table of energies.

    ratio        energy of the spiking network's image over that of its twin, zeros skipped
    rate         additions over dense synaptic operations: the mean rate of spikes at a synapse
    break-even   rate x (twin - neurons - biases) / synapses, the rate at which both cost the same;
                 there is none where neuron updates alone cost more

All of it is an estimate by counted operations. ``model_ratios`` has the same pairs under all
models, and against a twin that skips no zeros.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeoff.ledger.energy_models.base import NotAvailableError
from spikeoff.ledger.operation_energy import EnergyTable, ImageEnergy, image_energy
from spikeoff.neurons.cost import update_cost
from spikeoff.report.networks import network_of, stored_parameters
from spikeoff.report.pairing import Groups, Pairing, pairing
from spikeoff.run.run_record import RunRecord

WORD_BYTES = 4


@dataclass(frozen=True)
class Cost:
    """Energy per image of a contender by the table, and per correct answer.

    per_correct: total divided by the share of correct answers (pJ).
    weight_bytes: of what an inference reads: weights as stored, biases, those of a vote.
    word: pJ per word of the memory that was billed for them.
    """

    name: str
    energy: ImageEnergy
    per_correct: float
    weight_bytes: float
    word: float


@dataclass(frozen=True)
class Verdict:
    """A spiking contender against its twin.

    stored: parameters that exist, of both.
    same_synapses: whether the twin has the same synapses, and not only the same neurons.
    ratio, ratio_with_memory: spiking over conventional, computing alone and with memory.
    rate: mean number of spikes per synapse and step.
    break_even: that rate at which computing would cost the same; None where there is none.
    break_even_synapses: the same if neuron updates were free.
    neurons_alone: neuron updates over the conventional network's computing.
    """

    spiking: str
    conventional: str
    stored: tuple[int, int]
    same_synapses: bool
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


def run_energy(
    record: RunRecord, table: EnergyTable, reading: dict[str, Any] | None = None
) -> tuple[ImageEnergy, float]:
    """Energy of an image of a run (pJ) and bytes of its weights.

    Records of earlier versions lack stored weights and biases: all parameters are billed.

    Args:
        record: of the run.
        table: what operations cost.
        reading: an early answer, whose operations count instead of the whole image's. Where it says
            how many readings it took, the products of a vote count at each.
    """
    summary = record.summary
    done = dict(summary["operations"])
    if reading is not None:
        done |= {"effective_macs": 0.0, **{k: reading[k] for k in SPENT if k in reading}}
    updates = float(done["membrane_updates"])
    share = updates / (summary["operations"]["membrane_updates"] or 1) if updates else 1.0
    neuron = summary.get("neuron")
    update = update_cost(neuron) if neuron else None
    try:
        network = network_of(record)
        held, biases, readout = network.stored, network.bias_additions, network.readout
        held += network.index_words
        neurons, index_words = network.neurons, network.index_words_read
    except NotAvailableError:
        held, biases, readout, neurons = float(summary["parameters"]), 0.0, 0.0, 0
        index_words = 0.0
    energy = image_energy(
        table,
        macs=float(done["effective_macs"]),
        acs=float(done["effective_acs"]),
        updates=updates,
        update=update,
        weight_bytes=WORD_BYTES * held,
        state_bytes=WORD_BYTES * neurons * (update.words if update else 0),
        biases=biases * share,
        readout=readout * float((reading or {}).get("readings", 1)),
        index_words=index_words * _met(done) / (_met(summary["operations"]) or 1),
    )
    return energy, WORD_BYTES * held


def _met(operations: dict[str, Any]) -> float:
    """Weights that events met."""
    return float(operations["effective_acs"]) + float(operations["effective_macs"])


SPENT = ("effective_acs", "membrane_updates", "effective_macs")
"""What an early answer has cost so far; earlier versions did not keep the last."""


def cost(name: str, records: Sequence[RunRecord], table: EnergyTable) -> Cost:
    """Mean cost of an image over the runs of one contender."""
    found = [run_energy(record, table) for record in records]
    energies = [energy for energy, _ in found]
    neurons = [energy.neurons for energy in energies if energy.neurons is not None]
    mean = ImageEnergy(
        float(np.mean([energy.synapses for energy in energies])),
        float(np.mean(neurons)) if len(neurons) == len(energies) else None,
        float(np.mean([energy.memory for energy in energies])),
        float(np.mean([energy.extras for energy in energies])),
    )
    right = float(np.mean([record.summary["accuracy"]["test"] for record in records]))
    held = float(np.mean([weight_bytes for _, weight_bytes in found]))
    return Cost(name, mean, mean.total / max(right, 1e-12), held, table.word(held))


def verdicts(groups: Groups, table: EnergyTable) -> list[Verdict]:
    """One for each spiking contender with a twin whose neurons' cost is known."""
    result = []
    for name, runs in groups.items():
        if runs[0].summary["spiking"] and runs[0].summary.get("neuron"):
            pair = pairing(groups, name)
            if pair is not None:
                result.append(_verdict(pair, groups, table))
    return result


def _verdict(pair: Pairing, groups: Groups, table: EnergyTable) -> Verdict:
    runs, other_runs = groups[pair.spiking], groups[pair.twin]
    ours, theirs = (cost(name, groups[name], table).energy for name in (pair.spiking, pair.twin))
    neurons = (ours.neurons or 0.0) + ours.extras
    operations: list[dict[str, Any]] = [run.summary["operations"] for run in runs]
    used = np.mean([one["effective_acs"] + one["effective_macs"] for one in operations])
    rate = float(used / np.mean([one["dense_macs"] for one in operations]))
    spare = theirs.computing - neurons
    return Verdict(
        spiking=pair.spiking,
        conventional=pair.twin,
        stored=(stored_parameters(runs[0]), stored_parameters(other_runs[0])),
        same_synapses=pair.same_synapses,
        ratio=ours.computing / theirs.computing,
        ratio_with_memory=ours.total / theirs.total,
        rate=rate,
        break_even=rate * spare / ours.synapses if spare > 0 else None,
        break_even_synapses=rate * theirs.computing / ours.synapses,
        neurons_alone=neurons / theirs.computing,
    )


def say(verdict: Verdict, table: EnergyTable) -> str:
    """The verdict in words."""
    first, second = verdict.spiking, verdict.conventional
    text = (
        f"By {table.name}: per image, {first} needs {times(verdict.ratio_with_memory)} times the "
        f"energy of {second}, which skips zeros ({times(verdict.ratio)} times without memory "
        f"access; {verdict.stored[0]:,} and {verdict.stored[1]:,} stored parameters). "
    )
    if not verdict.same_synapses:
        text += "The two have the same neurons but not the same synapses. "
    text += f"A synapse of {first} carries a spike in {100 * verdict.rate:.2g} % of the steps. "
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
