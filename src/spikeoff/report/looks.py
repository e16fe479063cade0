"""How the networks of a comparison look in its figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from spikeoff.plotting import colour_and_marker
from spikeoff.report.pairing import Groups

MOST_TOLD_APART = 20
"""Networks that a reader can tell apart in a figure; of more, all of a contender look alike."""


@dataclass(frozen=True)
class Look:
    """Of a network.

    label: its name in a legend; None where another one names it.
    """

    colour: str
    marker: str
    label: str | None


def looks(groups: Groups) -> dict[str, Look]:
    """Of each network."""
    if len(groups) <= MOST_TOLD_APART:
        return {name: Look(*colour_and_marker(place), name) for place, name in enumerate(groups)}
    contenders = Counter(runs[0].label for runs in groups.values())
    places = {label: place for place, label in enumerate(contenders)}
    found: dict[str, Look] = {}
    for name, runs in groups.items():
        label, n = runs[0].label, contenders.pop(runs[0].label, 0)
        legend = f"{label} ({n} networks)" if n > 1 else label if n else None
        found[name] = Look(*colour_and_marker(places[label]), legend)
    return found
