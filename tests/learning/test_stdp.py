"""The pair rule against its formula, and against traces that carry it forward in time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeoff.learning.stdp import (
    PairParams,
    TripletParams,
    depressed,
    pair_window,
    paired,
    potentiated,
)

PARAMS = PairParams(a_plus=0.8, a_minus=0.3, tau_plus=12.0, tau_minus=25.0)
TRAINS = st.lists(st.booleans(), min_size=40, max_size=40)


@pytest.mark.parametrize("lag", [0.0, 0.5, 1.0, 7.0, 100.0])
def test_pre_before_post_potentiates_and_fades(lag: float) -> None:
    assert pair_window(lag, PARAMS) == pytest.approx(0.8 * math.exp(-lag / 12))


@pytest.mark.parametrize("lag", [-0.5, -1.0, -7.0, -100.0])
def test_post_before_pre_depresses_and_fades(lag: float) -> None:
    assert pair_window(lag, PARAMS) == pytest.approx(-0.3 * math.exp(lag / 25))


@given(TRAINS, TRAINS)
def test_all_pairs_together_are_what_traces_carry(pre: list[bool], post: list[bool]) -> None:
    """As Song, Miller and Abbott state the rule: two traces, read at the other side's spikes."""
    carried = pre_trace = post_trace = 0.0
    for before, after in zip(pre, post, strict=True):
        pre_trace *= math.exp(-1 / 12)
        post_trace *= math.exp(-1 / 25)
        carried -= 0.3 * post_trace * before
        pre_trace += before
        carried += 0.8 * pre_trace * after
        post_trace += after
    lags = np.flatnonzero(post)[None, :] - np.flatnonzero(pre)[:, None]
    assert float(pair_window(lags, PARAMS).sum()) == pytest.approx(carried, abs=1e-9)


@given(st.floats(0, 1), st.floats(-5, 5), st.floats(0, 1))
def test_a_weight_never_falls_below_its_bound(w: float, change: float, rate: float) -> None:
    assert paired(w, change, rate, 0.0) == max(w + rate * change, 0.0)


def test_the_constants_of_diehl_and_cook() -> None:
    assert TripletParams() == TripletParams(
        nu_pre=1e-4, nu_post=1e-2, tau_pre=20, tau_post1=20, tau_post2=40, w_max=1
    )


def test_the_triplet_rule_by_hand() -> None:
    assert depressed(0.5, 0.4, 0.1, 0.0) == pytest.approx(0.5 - 0.1 * 0.4)
    assert depressed(0.01, 0.4, 0.1, 0.0) == 0
    assert potentiated(0.5, 0.4, 0.5, 0.1, 1.0) == pytest.approx(0.5 + 0.1 * 0.4 * 0.5)
    assert potentiated(0.99, 0.9, 0.9, 0.1, 1.0) == 1
    assert potentiated(0.5, 0.4, 0.0, 0.1, 1.0) == 0.5  # the first spike after a long silence
