"""The answer at the top of the page: does spiking save energy? One line, one tile per contender.

The count is over energy models, against a twin of the same topology and the same synapses that
skips zeros as the spiking network does. Pairs with the same neurons but other synapses are shown,
and make no claim. Where conventional networks of several sizes ran, a second count is against the
cheapest one of the same accuracy, and the line says both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from spikeoff.report.equal_accuracy import Comparison, EqualAccuracy
from spikeoff.report.model_ratios import PairRatios, Ratio
from spikeoff.report.pairing import Groups, why_unpaired
from spikeoff.report.race_table import TrainState
from spikeoff.report.verdict import Verdict, times

MOST_NAMED = 2
"""Assumptions that a headline names."""


@dataclass(frozen=True)
class Tile:
    """One spiking contender against its twin, in words.

    claim: yes, no, or none where there is no fair twin.
    count, rest: how many models say that it saves energy, as "6 of 8", and the sentence after it.
    accuracy, range, break_even, equal: sentences; the last is about equal accuracy.
    others: which networks of the same contender the page shows further down only.
    """

    name: str
    claim: str
    count: str
    rest: str
    accuracy: str = ""
    range: str = ""
    break_even: str = ""
    equal: str = ""
    others: str = ""


@dataclass(frozen=True)
class Sentence:
    """A claim, and where another one holds; empty where it holds throughout."""

    claim: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.claim}; {self.where}" if self.where else self.claim


@dataclass(frozen=True)
class Answer:
    """What a reader who stops after one screen takes away.

    sentences: of the headline.
    claim: yes, no, none, or mixed where the answer at equal accuracy is another.
    """

    sentences: tuple[Sentence, ...]
    lead: str
    claim: str
    tiles: list[Tile]

    @property
    def headline(self) -> str:
        """The answer in a line."""
        return ". ".join(map(str, self.sentences))


def answer(
    standings: Sequence[TrainState],
    pairs: Sequence[PairRatios],
    verdicts: Sequence[Verdict],
    groups: Groups,
    equal: EqualAccuracy | None,
) -> Answer:
    """The answer from the standings, best first, and the pairs under all models.

    ``equal`` compares at equal accuracy, where the race has a conventional front.
    """
    best = standings[0]
    leads = f"{best.title} has the highest test accuracy: {best.accuracy:.2f} %"
    spiking = [name for name, runs in groups.items() if runs[0].summary["spiking"]]
    if not spiking or len(spiking) == len(groups):
        needed = "A verdict needs a spiking and a conventional network."
        return Answer((Sentence(leads),), needed, "", [])
    compared = {} if equal is None else {one.point.name: one for one in equal.comparisons}
    stored = sorted((one for one in pairs if one.billing == "stored"), key=_rank)
    tiles = [
        replace(_tile(one, standings, verdicts), equal=_at_equal(compared.get(one.pairing.spiking)))
        for one in stored
    ]
    paired = {one.pairing.spiking for one in stored}
    tiles += [
        Tile(name, "none", "No claim", f"for {name}", range=why_unpaired(groups, name))
        for name in spiking
        if name not in paired
    ]
    tiles = _one_each(tiles, groups)
    fair = [one for one in stored if one.fair and one.counted()]
    if not fair:
        none = Sentence("No claim: no conventional twin ran")
        return Answer((none,), f"{leads}. {NEEDED}", "none", tiles)
    lead, claim = f"{leads}. {_lead(fair[0])}", _claim(fair[0])
    closest = _closest(list(compared.values()))
    if closest is None:
        return Answer((_alone(fair),), lead, claim, tiles)
    also = "yes" if 2 * closest.saving > closest.decided else "no"
    said = _same_layers(fair)
    sentences = (
        Sentence(f"With the same layers, {said.claim}", said.where),
        Sentence(f"At equal accuracy, {_same_accuracy(closest)}"),
    )
    return Answer(sentences, lead, claim if claim == also else "mixed", tiles)


NEEDED = (
    "Whether spiking saves energy can be said against a conventional network with the same layers "
    "and synapses only."
)


def _alone(fair: Sequence[PairRatios]) -> Sentence:
    """The answer without a comparison at equal accuracy."""
    first = fair[0]
    n, k = len(first.counted()), len(first.saving())
    if k == n:
        return Sentence(f"Yes under {_all(n)}: {first.pairing.spiking} saves energy")
    said = _same_layers(fair)
    claim = f"{said.claim[0].upper()}{said.claim[1:]}"
    return Sentence(claim if k else f"{claim}: spiking does not save energy here", said.where)


def _same_layers(fair: Sequence[PairRatios]) -> Sentence:
    """From the pairs that make a claim, the best for spiking first."""
    first = fair[0]
    name, counted, saving = first.pairing.spiking, first.counted(), first.saving()
    n, k = len(counted), len(saving)
    if k == n:
        return Sentence(f"yes under {_all(n)} for {name}")
    if k == 0:
        return Sentence(f"no under {_all(n)}")
    if 2 * k > n:
        against = [one for one in counted if one not in saving]
        yes = f"yes under {k} of {n} energy models for {name}"
        return Sentence(yes, f"no where {_assumptions(against)}")
    no = f"no under {n - k} of {n} energy models"
    return Sentence(no, f"yes for {name} where {_assumptions(saving)}")


def _same_accuracy(closest: Comparison) -> str:
    n, k = closest.decided, closest.saving
    every = f"all {n} models that decide" if n > 1 else "the one model that decides"
    if 2 * k > n:
        return f"yes under {every if k == n else f'{k} of {n}'} for {closest.point.name}"
    return f"no under {every if k == 0 else f'{n - k} of {n}'}"


def _all(n: int) -> str:
    return f"all {n} energy models" if n > 1 else "the one energy model that applies"


def _closest(compared: Sequence[Comparison]) -> Comparison | None:
    """The comparison at equal accuracy that speaks most for spiking; None where none decides."""
    decided = [one for one in compared if one.decided and one.ratio is not None]
    return max(decided, key=lambda one: (one.saving / one.decided, -(one.ratio or 0)), default=None)


def _at_equal(one: Comparison | None) -> str:
    """Of a tile: the comparison at equal accuracy."""
    if one is None:
        return ""
    if one.ratio is None:
        return "At equal accuracy: no claim, since no conventional network here is as accurate."
    against = "the cheapest conventional network of the same accuracy"
    if one.place == "below":
        against = f"{one.between[0]}, the cheapest one, which is more accurate"
    under = (
        f"; {one.saving} of {one.decided} models say that it saves energy" if one.decided else ""
    )
    return f"At equal accuracy: {times(one.ratio)} times the energy of {against}{under}."


def _one_each(tiles: Sequence[Tile], groups: Groups) -> list[Tile]:
    """The first tile of each contender, which says how many others there are."""
    families: dict[str, list[Tile]] = {}
    for tile in tiles:
        families.setdefault(groups[tile.name][0].label, []).append(tile)
    return [
        first if not others else replace(
            first,
            others=f"The best of {len(others) + 1} networks of this kind; Energy models has all.",
        )
        for first, *others in families.values()
    ]  # fmt: skip


def _assumptions(ratios: Sequence[Ratio]) -> str:
    named = " or ".join(one.assumption for one in ratios[:MOST_NAMED])
    more = len(ratios) - MOST_NAMED
    return named if more <= 0 else f"{named}, and under {more} more"


def _lead(first: PairRatios) -> str:
    pair, counted = first.pairing, first.counted()
    k, dense = len(first.saving()), len(first.saving(dense=True))
    best = "saves most" if 2 * k > len(counted) else "comes closest to saving energy"
    return (
        f"{pair.spiking} {best}: {k} of {len(counted)} models say that it saves energy against "
        f"{pair.twin}, a conventional network with the same layers and synapses, which skips zeros;"
        f" {dense} say so if that network computes its zeros too."
    )


def _claim(one: PairRatios) -> str:
    if not one.fair or not one.counted():
        return "none"
    return "yes" if 2 * len(one.saving()) > len(one.counted()) else "no"


def _rank(one: PairRatios) -> tuple[bool, float, float]:
    """Fair pairs first, then by the share of models that say yes, then by the ratio."""
    counted = one.counted()
    share = len(one.saving()) / len(counted) if counted else 0.0
    ratios = [ratio.skipping for ratio in counted if ratio.skipping is not None]
    return not one.fair, -share, float(np.median(ratios)) if ratios else np.inf


def _tile(one: PairRatios, standings: Sequence[TrainState], verdicts: Sequence[Verdict]) -> Tile:
    pair, counted = one.pairing, one.counted()
    rows = {row.name: row for row in standings}
    ours, theirs = rows[pair.spiking], rows[pair.twin]
    accuracy = f"Accuracy {ours.accuracy:.2f} %; {pair.twin} {theirs.accuracy:.2f} %"
    n, k = len(counted), len(one.saving())
    span = _span(counted)
    if not one.fair:
        a, b = pair.synapses
        span = (
            f"No claim: {pair.twin} has the same neurons, but {b:,} input synapses, not {a:,}. "
            f"A saving may come from fewer synapses, not from spikes. {span}"
        )
    return Tile(
        pair.spiking, _claim(one), f"{k} of {n}",
        f"models say that it saves energy against {pair.twin}", accuracy, span,
        _break_even([verdict for verdict in verdicts if verdict.spiking == pair.spiking]),
    )  # fmt: skip


def _span(counted: Sequence[Ratio]) -> str:
    found = [
        sorted(ratio for one in counted if (ratio := getattr(one, which)) is not None)
        for which in ("skipping", "dense")
    ]
    if not all(found):
        return ""
    skipping, dense = (f"{times(ratios[0])} to {times(ratios[-1])}" for ratios in found)
    return (
        f"{skipping} times the energy of its twin; "
        f"{dense} times if the twin computes its zeros too."
    )


def _break_even(verdicts: Sequence[Verdict]) -> str:
    if not verdicts:
        return ""
    (verdict,) = verdicts
    now = f"A synapse carries a spike in {100 * verdict.rate:.2g} % of the steps. "
    if verdict.break_even is None:
        alone = f"{times(verdict.neurons_alone)} times the computing energy"
        return now + (
            f"Fewer spikes would not help: neuron updates alone need {alone} of "
            f"{verdict.conventional}."
        )
    return now + (
        f"By the default model and without memory access, both would be equal at "
        f"{100 * verdict.break_even:.2g} %."
    )
