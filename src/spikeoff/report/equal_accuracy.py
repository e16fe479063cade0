"""Every spiking network against the cheapest conventional network of the same accuracy.

Cost is the energy per image under one model, by default ``smooth``, zeros skipped; ``front`` has
the interpolation and its uncertainty. A family is a contender: all that differs between its
networks (sizes, steps, synapses) makes points of one front.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from spikeoff.ledger.energy_models.base import EnergyModel, NotAvailableError
from spikeoff.ledger.energy_models.registry import find, models
from spikeoff.ledger.operation_energy import EnergyTable, load_table
from spikeoff.report.front import (
    RESAMPLES,
    Cheapest,
    Floats,
    Place,
    Resampled,
    cheapest,
    front,
    ratio_intervals,
)
from spikeoff.report.groups import group
from spikeoff.report.model_ratios import activation_bits, of_table
from spikeoff.report.networks import network_of, stored_parameters
from spikeoff.report.pairing import Groups
from spikeoff.report.statistics import accuracy_interval
from spikeoff.report.verdict import times
from spikeoff.run.run_record import RunRecord

DEFAULT_MODEL = "smooth"

LEAST_SIZES = 3
"""Sizes of a conventional family that make a front."""

FULL_BITS = 32


@dataclass(frozen=True)
class Point:
    """One network: accuracy and cost, means over its seeds.

    interval: of the accuracy, 95 %.
    cost: energy per image in the unit of the model.
    on_front: whether it is more accurate than every cheaper network of its family.
    """

    name: str
    family: str
    spiking: bool
    accuracy: float
    interval: tuple[float, float]
    cost: float
    on_front: bool


@dataclass(frozen=True)
class Comparison:
    """A spiking network against the cheapest conventional one of the same accuracy.

    place: of its accuracy: within the conventional front, below or beyond it.
    ratio: of the costs, with its 95 % interval; below the front, to the cheapest network, which is
        more accurate; None beyond it.
    between: the networks interpolated between, or the one meant.
    accuracies: theirs.
    saving, decided: energy models under which the spiking network needs less, of those that decide.
    """

    point: Point
    place: Place
    ratio: float | None
    interval: tuple[float, float] | None
    between: tuple[str, ...]
    accuracies: tuple[float, ...]
    saving: int
    decided: int


@dataclass(frozen=True)
class EqualAccuracy:
    """All networks, and the spiking ones compared at equal accuracy.

    model, unit: of the costs.
    left_out: networks whose cost is not known, as in records of earlier versions.
    """

    model: str
    unit: str
    seeds: int
    points: tuple[Point, ...]
    comparisons: tuple[Comparison, ...]
    left_out: tuple[str, ...]


def equal_accuracy(records: Sequence[RunRecord], table: EnergyTable) -> EqualAccuracy | None:
    """The comparison; None without a conventional front.

    Args:
        records: of one race, on the same test images.
        table: what operations cost; another than the default takes the place of the model.
    """
    model = find(DEFAULT_MODEL) if table == load_table() else of_table(table)
    every = {  # in an order of their own: resamples are drawn in turn
        name: sorted(runs, key=lambda run: run.seed)
        for name, runs in sorted(group(records).items())
    }
    costs, left_out = {}, []
    for name, runs in every.items():
        try:
            costs[name] = float(np.mean(_costs(model, runs)))
        except NotAvailableError:
            left_out.append(name)
    groups = {name: every[name] for name in costs}
    ours = [name for name, runs in groups.items() if runs[0].summary["spiking"]]
    theirs = [name for name in groups if name not in ours]
    if not _has_front(groups, theirs):
        return None
    networks = _Networks(groups, ours, theirs)
    points = _points(groups, costs)
    return EqualAccuracy(
        model.name, model.unit, len({record.seed for record in records}), tuple(points.values()),
        tuple(_comparisons(networks, model, points)), tuple(left_out),
    )  # fmt: skip


def say(one: Comparison) -> str:
    """A comparison in a sentence or two."""
    point, name = one.point, one.point.name
    at = f"At {100 * point.accuracy:.2f} % accuracy, {name}"
    other = one.between[0]
    if one.ratio is None or one.interval is None:
        return (
            f"{at} is beyond the front: no conventional network of this race reaches that accuracy "
            f"({other} comes closest, with {100 * one.accuracies[0]:.2f} %). No claim."
        )
    limits = _limits(one.interval)
    alone = limits == _limits((one.ratio, one.ratio))  # a network as it is, not interpolated
    factor = f"{times(one.ratio)} {'' if alone else f'{limits} '}times the energy"
    under = f" It saves energy under {one.saving} of {one.decided} energy models that decide."
    under = under if one.decided else ""
    if one.place == "below":
        return (
            f"{at} needs {factor} of {other}, the cheapest network of its family, which is more "
            f"accurate ({100 * one.accuracies[0]:.2f} %); there is none so small that it has the "
            f"same accuracy.{under}"
        )
    if len(one.between) == 1:
        return f"{at} needs {factor} of {other}, which has the same accuracy.{under}"
    return (
        f"{at} needs {factor} of the cheapest conventional network of the same accuracy, "
        f"interpolated between {other} and {one.between[1]}.{under}"
    )


def sentences(found: EqualAccuracy) -> list[str]:
    """One for each spiking network on the front of its family."""
    return [say(one) for one in found.comparisons if one.point.on_front]


def rows(found: EqualAccuracy) -> list[dict[str, str]]:
    """Every spiking network as a row of a table."""
    return [
        {
            "Network": one.point.name,
            "Test accuracy (%)": f"{100 * one.point.accuracy:.2f}",
            "Energy (nJ)" if found.unit == "pJ" else f"Cost ({found.unit})": _amount(
                one.point.cost / 1000 if found.unit == "pJ" else one.point.cost
            ),
            "Ratio": "no claim" if one.ratio is None else times(one.ratio),
            "95 % interval": "none" if one.interval is None else _limits(one.interval).strip("()"),
            "Conventional": " and ".join(one.between) + NOTES[one.place],
            "Models that see a saving": f"{one.saving} of {one.decided}" if one.decided else "none",
        }
        for one in found.comparisons
    ]


def how(found: EqualAccuracy) -> str:
    """How the comparison was made, in a paragraph."""
    seeds = "and of the seeds" if found.seeds > 1 else "(of one seed: its spread is not covered)"
    missing = (
        f" Left out, since their energy is not known: {', '.join(found.left_out)}."
        if found.left_out
        else ""
    )
    return (
        f"Energy per image by the model {found.model}, zeros skipped, estimated and not measured. "
        "A front holds the networks that are more accurate than every cheaper one of their family. "
        "Ratio: energy of the spiking network over that of the cheapest conventional network of "
        "the same accuracy, from the logarithm of energy interpolated over accuracy (PCHIP) along "
        "each conventional front. Intervals are 95 %: all fronts drawn again from "
        f"{RESAMPLES:,} resamples of the test images {seeds}. Where no conventional network of the "
        "race reaches an accuracy, there is no claim. Models are counted where they decide, with "
        f"activations of as many bits as the spikes can tell apart.{missing}"
    )


NOTES: dict[Place, str] = {
    "within": "", "below": " (more accurate)", "beyond": " (less accurate)",
}  # fmt: skip


class _Networks:
    """Costs of all groups under any model, once for each."""

    def __init__(self, groups: Groups, ours: list[str], theirs: list[str]) -> None:
        self.groups, self.ours, self.theirs = groups, ours, theirs
        self._known: dict[tuple[str, str, int], float] = {}

    def families(self) -> list[str]:
        """Of the conventional networks."""
        return [self.groups[name][0].label for name in self.theirs]

    def bits(self, name: str) -> int:
        """Bits of a conventional activation that match the spikes of a spiking network."""
        steps = [float(run.summary["operations"].get("steps", 1)) for run in self.groups[name]]
        return activation_bits(float(np.mean(steps)))

    def conventional_costs(self, model: EnergyModel, bits: int) -> Floats:
        """[conventional networks] under a model; NaN where it does not apply."""
        costs = np.full(len(self.theirs), np.nan)
        for k, name in enumerate(self.theirs):
            with suppress(NotAvailableError):
                costs[k] = self.cost(model, name, bits)
        return costs

    def cost(self, model: EnergyModel, name: str, bits: int = FULL_BITS) -> float:
        """Mean over seeds.

        Raises:
            NotAvailableError: the model does not apply to it, or it costs nothing.
        """
        key = (model.name, name, bits)
        if key not in self._known:
            self._known[key] = float(np.mean(_costs(model, self.groups[name], bits)))
        return self._known[key]


def _costs(model: EnergyModel, runs: Sequence[RunRecord], bits: int = FULL_BITS) -> Floats:
    """By seed.

    Raises:
        NotAvailableError: the model does not apply, or a run costs nothing.
    """
    found = np.array([model.total(network_of(run, activation_bits=bits)) for run in runs])
    if not (found > 0).all():
        raise NotAvailableError("it costs nothing under the model")
    return found


def _comparisons(
    networks: _Networks, model: EnergyModel, points: dict[str, Point]
) -> list[Comparison]:
    ours, theirs = networks.ours, networks.theirs
    if not ours:
        return []
    families, accuracies = networks.families(), np.array([points[n].accuracy for n in theirs])

    def match(under: EnergyModel, name: str) -> tuple[Cheapest, bool]:
        """The cheapest of those that the model prices, and whether it prices all."""
        costs = networks.conventional_costs(under, networks.bits(name))
        known = np.flatnonzero(~np.isnan(costs))
        if not len(known):
            raise NotAvailableError("it prices no conventional network of this race")
        of = [families[k] for k in known]
        found = cheapest(costs[known], accuracies[known], of, points[name].accuracy)
        between = tuple(int(known[k]) for k in found.between)
        return replace(found, between=between), len(known) == len(theirs)

    names = [*theirs, *ours]  # costs by a table do not depend on the bits of activations
    drawn = Resampled([networks.groups[name] for name in names])
    costs = drawn.means(np.concatenate([_costs(model, networks.groups[name]) for name in names]))
    n = len(theirs)
    intervals = ratio_intervals(
        costs[:, :n], drawn.accuracies[:, :n], families, costs[:, n:], drawn.accuracies[:, n:]
    )
    counted = [one for one in models() if one.counted and not one.one_sided]
    result = []
    for name, interval in zip(ours, intervals, strict=True):
        (found, _), point = match(model, name), points[name]
        signs = []
        for other in counted:
            try:
                signs.append(_less(networks.cost(other, name), *match(other, name)))
            except NotAvailableError:
                continue
        decided = [sign for sign in signs if sign is not None]
        result.append(
            Comparison(
                point, found.place,
                None if found.cost is None else point.cost / found.cost,
                None if found.cost is None else interval,
                tuple(theirs[k] for k in found.between),
                tuple(float(accuracies[k]) for k in found.between),
                sum(decided), len(decided),
            )
        )  # fmt: skip
    return sorted(result, key=lambda one: (one.point.family, one.point.cost))


def _less(cost: float, found: Cheapest, all_priced: bool) -> bool | None:
    """Whether the spiking network needs less; None where that cannot be said.

    It needs more as soon as one conventional network that is accurate enough costs less. That it
    needs less can be said within the front alone, and where the model prices all networks.
    """
    if found.cost is None:
        return None
    if cost < found.cost and (found.place == "below" or not all_priced):
        return None
    return cost < found.cost


def _has_front(groups: Groups, theirs: Sequence[str]) -> bool:
    sizes: dict[str, set[int]] = {}
    for name in theirs:
        first = groups[name][0]
        sizes.setdefault(first.label, set()).add(stored_parameters(first))
    return max(map(len, sizes.values()), default=0) >= LEAST_SIZES


def _points(groups: Groups, costs: dict[str, float]) -> dict[str, Point]:
    accuracies = {
        name: float(np.mean([(run.answers == run.labels).mean() for run in runs]))
        for name, runs in groups.items()
    }
    families: dict[str, list[str]] = {}
    for name, runs in groups.items():
        families.setdefault(runs[0].label, []).append(name)
    leading = {
        names[k]
        for names in families.values()
        for k in front(
            np.array([costs[name] for name in names]),
            np.array([accuracies[name] for name in names]),
        )
    }
    return {
        name: Point(
            name, runs[0].label, bool(runs[0].summary["spiking"]), accuracies[name],
            accuracy_interval(runs), costs[name], name in leading,
        )
        for name, runs in groups.items()
    }  # fmt: skip


def _limits(interval: tuple[float, float]) -> str:
    low, high = interval
    if low == 0:
        return f"(at most {times(high)})" if high else "(no interval)"
    return f"({times(low)} to {times(high)})"


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
