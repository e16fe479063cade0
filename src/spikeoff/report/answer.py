"""The answer at the top of the page: does spiking save energy? One line, one tile per contender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spikeoff.report.race_table import TrainState
from spikeoff.report.verdict import Verdict, times


@dataclass(frozen=True)
class Tile:
    """One spiking contender against the conventional one nearest to it in size, in words.

    ratio: times the other's energy, computing and memory.
    accuracy, break_even: sentences.
    """

    name: str
    other: str
    pays: bool
    ratio: str
    accuracy: str
    break_even: str


@dataclass(frozen=True)
class Answer:
    """What a reader who stops after one screen takes away."""

    headline: str
    lead: str
    tiles: list[Tile]


def answer(standings: Sequence[TrainState], verdicts: Sequence[Verdict]) -> Answer:
    """The answer from the standings, best first, and the verdicts."""
    best = standings[0]
    leads = f"{best.title} has the highest test accuracy: {best.accuracy:.2f} %"
    if not verdicts:
        return Answer(leads, "A verdict needs a spiking and a conventional network.",
                      [])  # fmt: skip
    by_name = {row.name: row for row in standings}
    nearest, *_ = ordered = sorted(verdicts, key=lambda one: one.ratio_with_memory)
    ours, theirs = by_name[nearest.spiking], by_name[nearest.conventional]
    lead = (
        f"{leads}. {nearest.spiking} has the {'largest saving' if nearest.pays else 'best ratio'} "
        f"of the spiking networks: per image it needs {times(nearest.ratio_with_memory)} times the "
        f"energy of {nearest.conventional}. Its accuracy is {ours.accuracy:.2f} %, that of "
        f"{nearest.conventional} {theirs.accuracy:.2f} %."
    )
    return Answer(_headline(ordered), lead, [_tile(one, by_name) for one in ordered])


def _headline(verdicts: Sequence[Verdict]) -> str:
    paying = [one.spiking for one in verdicts if one.pays]
    others = [one.spiking for one in verdicts if not one.pays]
    if not paying:
        return "No: spiking does not save energy here"
    if not others:
        return "Yes: spiking saves energy here"
    return f"Spiking saves energy for {' and '.join(paying)}, not for {' and '.join(others)}"


def _tile(verdict: Verdict, rows: Mapping[str, TrainState]) -> Tile:
    ours, theirs = rows[verdict.spiking], rows[verdict.conventional]
    now = (
        f"Without memory access, {times(verdict.ratio)} times. A synapse carries a spike in "
        f"{100 * verdict.rate:.2g} % of the steps. "
    )
    if verdict.break_even is None:
        alone = f"{times(verdict.neurons_alone)} times the computing energy"
        then = (
            f"Fewer spikes would not help: neuron updates alone need {alone} of "
            f"{verdict.conventional}."
        )
    else:
        then = f"Without memory access, both would be equal at {100 * verdict.break_even:.2g} %."
    return Tile(
        name=verdict.spiking,
        other=verdict.conventional,
        pays=verdict.pays,
        ratio=times(verdict.ratio_with_memory),
        accuracy=f"Accuracy {ours.accuracy:.2f} %; {verdict.conventional} {theirs.accuracy:.2f} %",
        break_even=now + then,
    )
