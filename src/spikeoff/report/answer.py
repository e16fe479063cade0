"""The answer that the page opens with: do spikes pay here, in a line and a tile a contender."""

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
    leads = f"{best.title} leads with {best.accuracy:.2f} % of the test images right"
    if not verdicts:
        return Answer(leads, "No verdict: it takes a spiking and a conventional network.",
                      [])  # fmt: skip
    by_name = {row.name: row for row in standings}
    nearest, *_ = ordered = sorted(verdicts, key=lambda one: one.ratio_with_memory)
    ours, theirs = by_name[nearest.spiking], by_name[nearest.conventional]
    lead = (
        f"{leads}. The spiking network that {'pays most' if nearest.pays else 'comes nearest'} is "
        f"{nearest.spiking}: an image costs it {times(nearest.ratio_with_memory)} times the energy "
        f"that it costs {nearest.conventional}, and it gets {ours.accuracy:.2f} % right, "
        f"{nearest.conventional} {theirs.accuracy:.2f} %."
    )
    return Answer(_headline(ordered), lead, [_tile(one, by_name) for one in ordered])


def _headline(verdicts: Sequence[Verdict]) -> str:
    paying = [one.spiking for one in verdicts if one.pays]
    others = [one.spiking for one in verdicts if not one.pays]
    if not paying:
        return "No: spikes do not pay here"
    if not others:
        return "Yes: spikes pay here"
    return f"Spikes pay here for {' and '.join(paying)}, not for {' and '.join(others)}"


def _tile(verdict: Verdict, rows: Mapping[str, TrainState]) -> Tile:
    ours, theirs = rows[verdict.spiking], rows[verdict.conventional]
    now = (
        f"Without memory traffic {times(verdict.ratio)} times. A synapse carries a spike in "
        f"{100 * verdict.rate:.2g} % of the steps; "
    )
    if verdict.break_even is None:
        alone = f"{times(verdict.neurons_alone)} times what {verdict.conventional} computes"
        then = f"fewer would not help, as updating the neurons alone costs {alone}."
    else:
        then = f"computing alone would break even at {100 * verdict.break_even:.2g} %."
    return Tile(
        name=verdict.spiking,
        other=verdict.conventional,
        pays=verdict.pays,
        ratio=times(verdict.ratio_with_memory),
        accuracy=f"{ours.accuracy:.2f} % right, {verdict.conventional} {theirs.accuracy:.2f} %",
        break_even=now + then,
    )
