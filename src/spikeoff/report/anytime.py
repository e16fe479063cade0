"""Anytime accuracy: the accuracy of early answers of spiking networks, and their energy.

The energy is estimated from operation counts, neurons and memory included
(``ledger.operation_energy``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, NullFormatter

from spikeoff.ledger.operation_energy import EnergyTable
from spikeoff.plotting import legend_above, new_figure
from spikeoff.report.groups import group
from spikeoff.report.looks import Look, looks
from spikeoff.report.pairing import pairing
from spikeoff.report.verdict import cost, run_energy
from spikeoff.run.run_record import RunRecord

PJ_PER_UJ = 1e6

TICKS = (0, 50, 80, 90, 95, 98, 99, 99.5, 99.8)

CLOSE = 0.01
"""An answer is early where accuracy lacks no more than this of what it ends at."""


@dataclass(frozen=True)
class Early:
    """The first reading of a spiking contender that is close to what it ends at.

    steps, of_steps: after how many of how many; the latter a mean over images where some take
        longer.
    accuracy, final: fractions, means over seeds.
    share: of the energy of a whole inference.
    conventional: its conventional twin, and ``ratio``, the energy by then over the twin's; None
        where none ran.
    """

    name: str
    steps: int
    of_steps: int
    accuracy: float
    final: float
    share: float
    conventional: str | None
    ratio: float | None


def has_readings(records: Sequence[RunRecord]) -> bool:
    """Whether any run tells what it would have answered on the way."""
    return any(_readings(record) for record in records)


def early(groups: Mapping[str, Sequence[RunRecord]], table: EnergyTable) -> list[Early]:
    """One for each contender whose runs all have readings and whose neurons' cost is known."""
    result = []
    for name, runs in groups.items():
        if not all(map(_readings, runs)) or not runs[0].summary.get("neuron"):
            continue
        n = min(len(_readings(run)) for run in runs)
        accuracy = np.mean([[r["accuracy"] for r in _readings(run)[:n]] for run in runs], axis=0)
        final = float(np.mean([_readings(run)[-1]["accuracy"] for run in runs]))
        spent = np.mean([_energies(run, table)[:n] for run in runs], axis=0)
        whole = float(np.mean([_energies(run, table)[-1] for run in runs]))
        close = np.flatnonzero(accuracy >= final - CLOSE)
        k = int(close[0]) if len(close) else n - 1
        other = _twin(groups, name)
        theirs = None if other is None else cost(other, groups[other], table).energy.total
        one = Early(
            name=name,
            steps=int(_readings(runs[0])[k]["steps"]),
            of_steps=_mean_steps(runs),
            accuracy=float(accuracy[k]),
            final=final,
            share=float(spent[k]) / whole,
            conventional=other,
            ratio=None if theirs is None else float(spent[k]) / theirs,
        )
        result.append(one)
    return result


def say(one: Early) -> str:
    """That in words."""
    text = (
        f"{one.name} has an accuracy of {100 * one.accuracy:.2f} % after {one.steps:,} of "
        f"{one.of_steps:,} steps ({100 * one.final:.2f} % at the end), with "
        f"{100 * one.share:.2g} % of the energy"
    )
    if one.ratio is None:
        return f"{text}."
    ratio = f"{one.ratio:,.0f}" if one.ratio >= 10 else f"{one.ratio:.2g}"
    return f"{text}. This is {ratio} times the energy of {one.conventional}."


def anytime_figure(records: Sequence[RunRecord], table: EnergyTable) -> Figure:
    """Accuracy over time steps and over energy; the conventional twins beside it."""
    figure = new_figure(10, 4.6)
    by_steps, by_energy = figure.subplots(1, 2, sharey=True)
    groups = group(records)
    look = looks(groups)
    shown = [name for name, runs in groups.items() if any(map(_readings, runs))]
    for name in shown:
        for number, record in enumerate(groups[name]):
            accuracy = [100 * reading["accuracy"] for reading in _readings(record)]
            label = look[name].label if number == 0 else None
            steps = [reading["steps"] for reading in _readings(record)]
            _line(by_steps, steps, accuracy, look[name], label)
            if record.summary.get("neuron"):
                _line(by_energy, _energies(record, table) / PJ_PER_UJ, accuracy, look[name], None)
    for other in dict.fromkeys(_twin(groups, name) for name in shown):
        if other is not None:
            _reference(by_steps, by_energy, other, groups[other], look[other], table)
    by_steps.set(xlabel="Time steps", ylabel="Test accuracy (%)")
    by_energy.set(xlabel="Estimated energy per image up to then (\N{MICRO SIGN}J)")
    for axes in (by_steps, by_energy):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
        axes.xaxis.set_minor_formatter(NullFormatter())
    best = max(100 * record.summary["accuracy"]["test"] for record in records)
    by_steps.set_yscale("function", functions=(_by_errors, _of_errors))
    by_steps.set_ylim(0, _of_errors(_by_errors(best) + 0.1))
    by_steps.set_yticks([tick for tick in TICKS if tick <= by_steps.get_ylim()[1]])
    legend_above(figure, 3)
    return figure


def _by_errors(accuracy: Any) -> Any:
    """Where an accuracy (%) stands: halving the errors is the same stretch anywhere."""
    return -np.log10(np.maximum(100 - np.asarray(accuracy, float), 0.05))


def _of_errors(place: Any) -> Any:
    """The accuracy (%) that stands there."""
    return 100 - 10 ** -np.asarray(place, float)


def _readings(record: RunRecord) -> list[dict[str, Any]]:
    return list(record.summary.get("anytime") or [])


def _mean_steps(runs: Sequence[RunRecord]) -> int:
    """Mean number of steps per image; every image takes part in the first reading."""
    ends = [(_readings(run)[0], _readings(run)[-1]) for run in runs]
    taken = [
        first["steps"] * last["membrane_updates"] / first["membrane_updates"]
        for first, last in ends
    ]
    return round(float(np.mean(taken)))


def _energies(record: RunRecord, table: EnergyTable) -> np.ndarray[Any, np.dtype[np.float64]]:
    """pJ per image up to each reading."""
    found = [run_energy(record, table, reading)[0].total for reading in _readings(record)]
    return np.array(found)


def _twin(groups: Mapping[str, Sequence[RunRecord]], name: str) -> str | None:
    pair = pairing(groups, name)
    return None if pair is None else pair.twin


def _line(axes: Axes, x: Any, accuracy: Sequence[float], look: Look, label: str | None) -> None:
    axes.plot(
        x, accuracy, color=look.colour, marker=look.marker, markevery=[-1], markersize=7,
        label=label,
    )  # fmt: skip


def _reference(
    by_steps: Axes,
    by_energy: Axes,
    name: str,
    runs: Sequence[RunRecord],
    look: Look,
    table: EnergyTable,
) -> None:
    """A conventional contender: a level, and what it costs."""
    accuracy = 100 * float(np.mean([run.summary["accuracy"]["test"] for run in runs]))
    by_steps.axhline(accuracy, color=look.colour, linestyle=":", linewidth=1.4)
    energy = cost(name, runs, table).energy.total / PJ_PER_UJ
    by_energy.axhline(accuracy, color=look.colour, linestyle=":", linewidth=1.4)
    by_energy.plot(
        energy, accuracy, look.marker, color=look.colour, markersize=10,
        label=look.label and f"{look.label} (no time steps)",
    )  # fmt: skip
