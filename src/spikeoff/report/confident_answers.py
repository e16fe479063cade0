"""Answers with confidence in words: what a network saves that stops as soon as it is sure.

The energy is estimated from operation counts, as that of every early answer (``report.anytime``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from spikeoff.ledger.operation_energy import EnergyTable
from spikeoff.report.verdict import run_energy, times
from spikeoff.run.run_record import RunRecord


@dataclass(frozen=True)
class Confident:
    """A spiking contender that stops with confidence; figures are means over seeds.

    thresholds: smallest margin with which it stops, of each seed; None if it never stops early.
    unit: of the margin.
    steps, of_steps: mean number of time steps per image, and of the whole inference.
    quartiles: of the steps over images.
    accuracy, final: fractions, with confidence and at the end.
    share: of the energy of a whole inference; None where the cost of an update is not known.
    tolerance: accuracy that it may lose on the validation images.
    """

    name: str
    thresholds: tuple[float | None, ...]
    unit: str
    steps: float
    of_steps: float
    quartiles: tuple[float, float, float]
    accuracy: float
    final: float
    share: float | None
    tolerance: float


def confident(groups: Mapping[str, Sequence[RunRecord]], table: EnergyTable) -> list[Confident]:
    """One for each contender all of whose runs stopped with confidence too."""
    result = []
    for name, runs in groups.items():
        found: list[dict[str, Any]] = [run.summary.get("early") or {} for run in runs]
        whole_steps = [run.summary["operations"].get("steps") for run in runs]
        if not all(found) or not all(whole_steps):
            continue
        share = None
        if runs[0].summary.get("neuron"):
            spent, whole = (
                np.mean([run_energy(run, table, reading)[0].total for run, reading in pairs])
                for pairs in (zip(runs, found, strict=True), ((run, None) for run in runs))
            )
            share = float(spent / whole)
        first, second, third = np.mean([one["quartiles"] for one in found], axis=0).tolist()
        one = Confident(
            name=name,
            thresholds=tuple(one["threshold"] for one in found),
            unit=str(found[0]["unit"]),
            steps=_mean(one["mean_steps"] for one in found),
            of_steps=_mean(whole_steps),
            quartiles=(first, second, third),
            accuracy=_mean(one["accuracy"] for one in found),
            final=_mean(run.summary["accuracy"]["test"] for run in runs),
            share=share,
            tolerance=float(found[0]["tolerance"]),
        )
        result.append(one)
    return result


def say(one: Confident) -> str:
    """That in words."""
    known = [threshold for threshold in one.thresholds if threshold is not None]
    if not known:
        return (
            f"{one.name} takes all its steps: on the validation images, every threshold loses more "
            f"than {100 * one.tolerance:.2g} points."
        )
    energy = "" if one.share is None else f", with {times(one.share)} times the energy"
    low, middle, high = (f"{steps:,.4g}" for steps in one.quartiles)
    return (
        f"{one.name} stops when the margin reaches {_range(known)} ({one.unit}): "
        f"{one.steps:,.1f} of {one.of_steps:,.4g} steps in the mean (quartiles {low}, {middle} and "
        f"{high}), {100 * one.accuracy:.2f} % against {100 * one.final:.2f} % at the end{energy}."
    )


def _range(values: Sequence[float]) -> str:
    """The value, or from the lowest to the highest."""
    low, high = (f"{value:.3g}" for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _mean(values: Any) -> float:
    return float(np.mean(list(values)))
