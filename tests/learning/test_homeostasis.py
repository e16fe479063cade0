"""Adaptive thresholds and weight sums by hand, and their published constants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeoff.learning.homeostasis import ThresholdParams, balanced, normalising_factor, scaled


def test_the_constants_of_diehl_and_cook() -> None:
    """theta starts at 20 mV, an offset of 20 mV, 0.05 mV per spike, a decay over 1e7 ms."""
    assert ThresholdParams() == ThresholdParams(start=20, offset=20, plus=0.05, tau=1e7)


@given(st.lists(st.floats(1e-3, 1), min_size=1, max_size=30), st.floats(1, 100))
def test_weights_times_the_factor_have_the_sum(weights: list[float], total: float) -> None:
    factor = normalising_factor(sum(weights), total)
    assert sum(w * factor for w in weights) == pytest.approx(total)


def test_a_neuron_without_weights_keeps_them() -> None:
    assert normalising_factor(0.0, 78.4) == 1.0


def test_weights_below_the_least_become_zero() -> None:
    assert scaled(0.5, 0.5, 0.25) == 0.25
    assert scaled(0.5, 0.5, 0.2500001) == 0
    assert scaled(np.float32(1e-20), np.float32(1e-3), np.float32(1e-15)) == 0


def test_thresholds_rise_by_wins_and_stay_where_wins_are_shared_fairly() -> None:
    assert balanced(1.0, 1, 0.25, 0.4) == pytest.approx(1.3)
    assert balanced(1.0, 0, 0.25, 0.4) == pytest.approx(0.9)
    theta = 0.7
    for winner in range(4):  # each of four neurons wins once; this is number 2
        theta = balanced(theta, int(winner == 2), 1 / 4, 0.4)
    assert theta == pytest.approx(0.7)
