"""Which conventional run each spiking one is compared with: the one of its own topology.

A twin has the same widths, from the input to the classes. Among several, the one with the same
stored synapses comes first, then the native engine, then values that are not rounded, then the
highest accuracy on validation images. Numbers of parameters, padded or not, decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from spikeoff.contenders.registry import NATIVE
from spikeoff.report.networks import input_synapses, widths
from spikeoff.run.run_record import RunRecord

SAME = 0.01
"""Synapses are the same up to this share; weights that learning brought to 0 are not stored."""


@dataclass(frozen=True)
class Pairing:
    """A spiking group of runs and its twin.

    widths: neurons by layer, of both.
    synapses: stored from the input on, of both.
    """

    spiking: str
    twin: str
    widths: tuple[int, ...]
    synapses: tuple[int, int]

    @property
    def same_synapses(self) -> bool:
        """Whether both have the same synapses, and not only the same neurons."""
        ours, theirs = self.synapses
        return abs(ours - theirs) <= SAME * max(ours, theirs)


Groups = Mapping[str, Sequence[RunRecord]]


def pairing(groups: Groups, name: str) -> Pairing | None:
    """The group ``name`` and its twin; None where no twin ran or the record lacks its topology."""
    first = groups[name][0]
    shape, ours = widths(first), input_synapses(first)
    if not shape or ours is None:
        return None
    found = [
        Pairing(name, other, shape, (ours, theirs))
        for other, runs in groups.items()
        if not runs[0].summary["spiking"] and widths(runs[0]) == shape
        if (theirs := input_synapses(runs[0])) is not None
    ]
    return max(found, key=lambda one: _preference(one, groups[one.twin]), default=None)


def pairings(groups: Groups) -> dict[str, Pairing | None]:
    """Those of all spiking groups."""
    return {
        name: pairing(groups, name) for name, runs in groups.items() if runs[0].summary["spiking"]
    }


def why_unpaired(groups: Groups, name: str) -> str:
    """Why a spiking group has no twin, and what to do."""
    shape = widths(groups[name][0])
    if not shape:
        return (
            f"The record of {name} is from an earlier version and does not contain the sizes of its"
            " layers, so no conventional twin is known: no claim. Run it again."
        )
    sizes = "-".join(map(str, shape))
    return (
        f"No conventional network with the layers of {name} ({sizes}) ran: no claim. "
        f"Add one, for example an mlp with --hidden {' '.join(map(str, shape[1:-1]))}."
    )


def _preference(one: Pairing, runs: Sequence[RunRecord]) -> tuple[bool, bool, bool, float]:
    summary = runs[0].summary
    accuracy = [float(run.summary["accuracy"].get("validation") or 0) for run in runs]
    rounded = "activation_bits" in summary["config"]
    return (
        one.same_synapses, summary.get("engine") == NATIVE, not rounded,
        sum(accuracy) / len(accuracy),
    )  # fmt: skip
