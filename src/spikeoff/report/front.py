"""Accuracy against cost: the front of a family, and the cheapest network of a given accuracy.

    front      of a family's networks, those more accurate than every cheaper one
    c(a)       log cost over accuracy, monotone cubic (PCHIP) through the networks of a front
    ratio      cost of a spiking network / min over conventional families of exp(c(its accuracy))

Beyond the most accurate network of a front there is no c(a). Below its cheapest network, the cost
of that network is an upper bound: it is more accurate than asked.

The 95 % interval of a ratio comes from resampling the test images, the same for all networks, and
the seeds of each network; all fronts are drawn anew from every resample (percentile bootstrap).

Sources: F. N. Fritsch and J. Butland, "A method for constructing local monotone piecewise cubic
interpolants", SIAM Journal on Scientific and Statistical Computing 5, 1984; B. Efron, "Bootstrap
methods: another look at the jackknife", The Annals of Statistics 7, 1979.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spikeoff.run.run_record import RunRecord

Floats = NDArray[np.float64]
Place = Literal["within", "below", "beyond"]

RESAMPLES = 1000
SEED = 0
"""Of the resampling, so that the same records give the same interval."""

TAILS = (0.025, 0.975)


@dataclass(frozen=True)
class Cheapest:
    """What the cheapest network of some accuracy costs.

    place: within the front of ``family``; below it, where ``cost`` is that of its cheapest
        network; or beyond all fronts, where there is no cost.
    between: numbers of the networks between which ``cost`` is interpolated, or of the one that
        has it; beyond all fronts, of the most accurate one.
    """

    place: Place
    cost: float | None
    between: tuple[int, ...]


def front(costs: Floats, accuracies: Floats) -> NDArray[np.intp]:
    """The networks more accurate than every cheaper one, cheapest first.

    Args:
        costs: [n] above 0.
        accuracies: [n].

    Returns:
        Numbers of the networks; costs and accuracies both rise strictly.
    """
    order = np.lexsort((-accuracies, costs))
    ranked = accuracies[order]
    before = np.concatenate(([-np.inf], np.maximum.accumulate(ranked)[:-1]))
    chosen: NDArray[np.intp] = order[ranked > before]
    return chosen


def log_cost_at(costs: Floats, accuracies: Floats, targets: Floats) -> Floats:
    """Log cost over a front at these accuracies.

    Args:
        costs, accuracies: [n] of a front, rising.
        targets: [m] accuracies.

    Returns:
        [m]; infinite beyond the front, the cost of its cheapest network below it.
    """
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415 (slow to import)

    inside = np.clip(targets, accuracies[0], accuracies[-1])
    logs = np.log(costs)
    found = (
        PchipInterpolator(accuracies, logs)(inside)
        if len(costs) > 1
        else np.full(len(targets), logs[0])
    )
    return np.where(targets > accuracies[-1], np.inf, found)


def cheapest(costs: Floats, accuracies: Floats, families: Sequence[str], target: float) -> Cheapest:
    """The cheapest network of an accuracy, over the fronts of all families.

    Args:
        costs, accuracies: [n] of the networks.
        families: [n] the family of each.
        target: accuracy.
    """
    at = np.array([target])
    fronts = _fronts(costs, accuracies, families)
    found = [float(log_cost_at(costs[f], accuracies[f], at)[0]) for f in fronts]
    best = int(np.argmin(found))
    if not np.isfinite(found[best]):
        return Cheapest("beyond", None, (int(np.argmax(accuracies)),))
    chosen = fronts[best]
    above = int(np.searchsorted(accuracies[chosen], target))
    exact = accuracies[chosen[above]] == target
    between = chosen[above : above + 1] if exact or not above else chosen[above - 1 : above + 1]
    place: Place = "within" if exact or above else "below"
    return Cheapest(place, float(np.exp(found[best])), tuple(map(int, between)))


class Resampled:
    """Mean accuracies of groups of runs, on resampled test images and seeds."""

    def __init__(self, groups: Sequence[Sequence[RunRecord]], n: int = RESAMPLES) -> None:
        """Draw ``n`` resamples; ``groups`` are runs that differ by their seed only."""
        rng = np.random.default_rng(SEED)
        right = np.array([run.answers == run.labels for runs in groups for run in runs])
        n_images = right.shape[1]
        rates = np.empty((n, len(right)))
        hits = right.T.astype(np.float32)
        for k in range(n):
            drawn = np.bincount(rng.integers(0, n_images, n_images), minlength=n_images)
            rates[k] = drawn.astype(np.float32) @ hits / n_images
        first = np.cumsum([0, *map(len, groups)])[:-1]
        self.runs = [
            start + rng.integers(0, len(runs), (n, len(runs)))
            for start, runs in zip(first, groups, strict=True)
        ]
        """By group: [n, seeds] numbers of the runs drawn."""
        self.accuracies = self.means(rates)
        """[n, groups] mean accuracies."""

    def means(self, values: Floats) -> Floats:
        """[n, groups] means of a value over the seeds drawn.

        Args:
            values: [runs], or [n, runs] with a value of its own for every resample.
        """
        rows = np.arange(len(self.runs[0]))[:, None]
        of = (lambda runs: values[runs]) if values.ndim == 1 else (lambda runs: values[rows, runs])
        return np.stack([of(runs).mean(axis=1) for runs in self.runs], axis=1)


def ratio_intervals(
    costs: Floats,
    accuracies: Floats,
    families: Sequence[str],
    our_costs: Floats,
    our_accuracies: Floats,
) -> list[tuple[float, float]]:
    """95 % intervals of ratios to the cheapest conventional network of the same accuracy.

    A lower limit of 0: in over 2.5 % of the resamples no conventional network is as accurate.

    Args:
        costs, accuracies: [resamples, n] of the conventional networks.
        families: [n] the family of each.
        our_costs, our_accuracies: [resamples, m] of the spiking networks.
    """
    logs = np.empty_like(our_costs)
    for k, targets in enumerate(our_accuracies):
        theirs = np.min(
            [
                log_cost_at(costs[k][f], accuracies[k][f], targets)
                for f in _fronts(costs[k], accuracies[k], families)
            ],
            axis=0,
        )
        logs[k] = np.log(our_costs[k]) - theirs
    low, high = (np.exp(np.quantile(logs, tail, axis=0, method="inverted_cdf")) for tail in TAILS)
    return list(zip(map(float, low), map(float, high), strict=True))


def _fronts(costs: Floats, accuracies: Floats, families: Sequence[str]) -> list[NDArray[np.intp]]:
    """The front of each family, as numbers of networks."""
    names = np.array(families)
    result = []
    for name in dict.fromkeys(families):
        members = np.flatnonzero(names == name)
        result.append(members[front(costs[members], accuracies[members])])
    return result
