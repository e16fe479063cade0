"""Fronts and what is interpolated on them, by their laws."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeoff.report.front import Resampled, cheapest, front, log_cost_at, ratio_intervals
from tests.report.test_comparison import record

N_TEST = 10_000

shares = st.integers(0, N_TEST).map(lambda correct: correct / N_TEST)
networks = st.lists(st.tuples(st.floats(0.1, 1e6), shares), min_size=1, max_size=12).map(np.array)


def log_linear(accuracies: np.ndarray) -> np.ndarray:
    """Ten times the cost for every 2 % of accuracy."""
    costs: np.ndarray = 5 * 10 ** ((accuracies - 0.9) / 0.02)
    return costs


ACCURACIES = np.array([0.9, 0.93, 0.94, 0.96, 0.98])
COSTS = log_linear(ACCURACIES)
FAMILIES = ["mlp"] * 5


@given(networks)
def test_a_front_rises_and_every_network_lies_on_or_behind_it(points: np.ndarray) -> None:
    costs, accuracies = points.T
    chosen = front(costs, accuracies)
    assert (np.diff(costs[chosen]) > 0).all()
    assert (np.diff(accuracies[chosen]) > 0).all()
    for cost, accuracy in points:
        cheaper = accuracies[chosen][costs[chosen] <= cost]
        assert cheaper.max() >= accuracy


@given(networks, st.lists(st.floats(0, 1), min_size=2, max_size=8).map(sorted))
def test_cost_never_falls_with_accuracy(points: np.ndarray, targets: list[float]) -> None:
    costs, accuracies = points.T
    chosen = front(costs, accuracies)
    found = np.exp(log_cost_at(costs[chosen], accuracies[chosen], np.array(targets)))
    for one, other in pairwise(found):
        assert other >= one * (1 - 1e-9)


@pytest.mark.parametrize("accuracy", [0.9, 0.905, 0.935, 0.95, 0.979, 0.98])
def test_on_a_log_linear_front_the_cost_is_exact(accuracy: float) -> None:
    found = cheapest(COSTS, ACCURACIES, FAMILIES, accuracy)
    assert found.place == "within"
    assert found.cost == pytest.approx(float(log_linear(np.array(accuracy))), rel=1e-9)


def test_the_networks_beside_an_accuracy_are_named() -> None:
    assert cheapest(COSTS, ACCURACIES, FAMILIES, 0.95).between == (2, 3)
    assert cheapest(COSTS, ACCURACIES, FAMILIES, 0.94).between == (2,)


def test_there_is_no_cost_beyond_the_front() -> None:
    found = cheapest(COSTS, ACCURACIES, FAMILIES, 0.9801)
    assert (found.place, found.cost, found.between) == ("beyond", None, (4,))


def test_below_the_front_the_cost_is_that_of_a_better_network() -> None:
    found = cheapest(COSTS, ACCURACIES, FAMILIES, 0.5)
    assert (found.place, found.between) == ("below", (0,))
    assert found.cost == pytest.approx(5)


def test_of_two_families_the_cheaper_one_counts() -> None:
    costs = np.concatenate([COSTS, [1e9, 2e9]])
    accuracies = np.concatenate([ACCURACIES, [0.97, 0.99]])
    families = [*FAMILIES, "cnn", "cnn"]
    assert cheapest(costs, accuracies, families, 0.95) == cheapest(
        COSTS, ACCURACIES, FAMILIES, 0.95
    )
    beyond_mlp = cheapest(costs, accuracies, families, 0.985)
    assert (beyond_mlp.place, beyond_mlp.between) == ("within", (5, 6))
    assert beyond_mlp.cost is not None
    assert 1e9 < beyond_mlp.cost < 2e9


def test_without_spread_an_interval_is_its_ratio() -> None:
    many = np.ones((50, 1))
    ours = np.array([[0.91, 0.98]]) * many
    found = ratio_intervals(COSTS * many, ACCURACIES * many, FAMILIES, 2 * log_linear(ours), ours)
    np.testing.assert_allclose(found, 2)


def test_an_accuracy_that_is_often_beyond_the_front_has_no_lower_limit() -> None:
    ours = np.where(np.arange(100) < 5, 0.99, 0.95)[:, None]
    many = np.ones((100, 1))
    ((low, high),) = ratio_intervals(
        COSTS * many, ACCURACIES * many, FAMILIES, 2 * log_linear(np.array([0.95])) * many, ours
    )
    assert low == 0
    assert high == pytest.approx(2)


def test_resampled_accuracies_spread_as_a_proportion_does() -> None:
    runs = [record("mlp", 0, 20, 1.0)]
    drawn = Resampled([runs], 4000).accuracies[:, 0]
    assert drawn.mean() == pytest.approx(0.8, abs=0.004)
    assert drawn.std() == pytest.approx(np.sqrt(0.8 * 0.2 / 100), rel=0.06)


def test_resamples_share_their_images() -> None:
    same = Resampled([[record("mlp", 0, 20, 1.0)], [record("snn", 0, 20, 1.0)]], 100)
    np.testing.assert_array_equal(same.accuracies[:, 0], same.accuracies[:, 1])
    again = Resampled([[record("mlp", 0, 20, 1.0)], [record("snn", 0, 20, 1.0)]], 100)
    np.testing.assert_array_equal(same.accuracies, again.accuracies)


def test_seeds_are_resampled_with_their_costs() -> None:
    seeds = [record("mlp", seed, 20, 1.0) for seed in range(3)]
    found = Resampled([seeds], 3000).means(np.array([1.0, 2.0, 3.0]))[:, 0]
    assert found.min() == 1
    assert found.max() == 3
    assert found.var() == pytest.approx((2 / 3) / 3, rel=0.1)
