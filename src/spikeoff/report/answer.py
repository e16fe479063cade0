"""The answer at the top of the page: does spiking save energy? One line, one tile per contender.

The count is over energy models, against a twin of the same topology and the same synapses that
skips zeros as the spiking network does. Pairs with the same neurons but other synapses are shown,
and make no claim.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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
    accuracy, range, break_even: sentences.
    """

    name: str
    claim: str
    count: str
    rest: str
    accuracy: str = ""
    range: str = ""
    break_even: str = ""


@dataclass(frozen=True)
class Answer:
    """What a reader who stops after one screen takes away.

    claim: yes, no, or none.
    """

    headline: str
    lead: str
    claim: str
    tiles: list[Tile]


def answer(
    standings: Sequence[TrainState],
    pairs: Sequence[PairRatios],
    verdicts: Sequence[Verdict],
    groups: Groups,
) -> Answer:
    """The answer from the standings, best first, and the pairs under all models."""
    best = standings[0]
    leads = f"{best.title} has the highest test accuracy: {best.accuracy:.2f} %"
    spiking = [name for name, runs in groups.items() if runs[0].summary["spiking"]]
    if not spiking or len(spiking) == len(groups):
        return Answer(leads, "A verdict needs a spiking and a conventional network.", "", [])
    stored = sorted((one for one in pairs if one.billing == "stored"), key=_rank)
    tiles = [_tile(one, standings, verdicts) for one in stored]
    paired = {one.pairing.spiking for one in stored}
    tiles += [
        Tile(name, "none", "No claim", f"for {name}", range=why_unpaired(groups, name))
        for name in spiking
        if name not in paired
    ]
    fair = [one for one in stored if one.fair and one.counted()]
    if not fair:
        return Answer("No claim: no conventional twin ran", f"{leads}. {NEEDED}", "none", tiles)
    return Answer(headline(fair), f"{leads}. {_lead(fair[0])}", _claim(fair[0]), tiles)


NEEDED = (
    "Whether spiking saves energy can be said against a conventional network with the same layers "
    "and synapses only."
)


def headline(fair: Sequence[PairRatios]) -> str:
    """The answer in a line, from the pairs that make a claim, the best for spiking first."""
    first = fair[0]
    name, counted, saving = first.pairing.spiking, first.counted(), first.saving()
    n, k = len(counted), len(saving)
    under = f"all {n} energy models" if n > 1 else "the one energy model that applies"
    if k == n:
        return f"Yes under {under}: {name} saves energy"
    if k == 0:
        return f"No under {under}: spiking does not save energy here"
    if 2 * k > n:
        against = [one for one in counted if one not in saving]
        return f"Yes under {k} of {n} energy models for {name}; no where {_assumptions(against)}"
    return f"No under {n - k} of {n} energy models; yes for {name} where {_assumptions(saving)}"


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
