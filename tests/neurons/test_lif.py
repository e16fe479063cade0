"""The leaky integrate-and-fire neuron against closed forms and against snnTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spikeoff.errors import UserError
from spikeoff.neurons.cost import update_cost
from spikeoff.neurons.lif import LIFParams, State, step

CURRENTS = 12 * torch.rand(60, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.reference
@pytest.mark.parametrize(("tau_mem", "v_thresh", "dt"), [(10.0, 20.0, 1.0), (4.0, 7.0, 0.5)])
def test_every_step_is_that_of_snntorchs_leaky(tau_mem: float, v_thresh: float, dt: float) -> None:
    snntorch = pytest.importorskip("snntorch")
    params = LIFParams(tau_mem, v_thresh)
    p = params.constants(dt)
    beta = torch.tensor(math.exp(-dt / tau_mem), dtype=torch.float64)
    leaky = snntorch.Leaky(beta, threshold=v_thresh, reset_mechanism="subtract").double()
    theirs = torch.zeros(40, dtype=torch.float64)
    state = State(torch.zeros(40, dtype=torch.float64))
    n_spikes = 0
    for current in CURRENTS:
        spikes, theirs = leaky(dt * current, theirs)
        state, fired = step(state, current, p)
        assert torch.equal(state.v, theirs)
        assert torch.equal(fired.double(), spikes)
        n_spikes += int(fired.sum())
    assert 100 < n_spikes < CURRENTS.numel() / 2


@given(st.floats(0, 19), st.floats(0.01, 1), st.integers(1, 50))
def test_without_input_it_decays_exponentially(v: float, dt: float, n: int) -> None:
    state, p = State(v), LIFParams(tau_mem=5.0).constants(dt)
    for _ in range(n):
        state, fired = step(state, 0.0, p)
        assert not fired
    assert state.v == pytest.approx(v * math.exp(-n * dt / 5.0), rel=1e-9, abs=1e-300)


def test_below_the_threshold_it_settles_where_input_and_leak_balance() -> None:
    params = LIFParams(tau_mem=10.0)
    for dt in (1.0, 0.1, 0.01):
        state, p = State(0.0), params.constants(dt)
        for _ in range(round(200 / dt)):
            state, _ = step(state, 1.5, p)
        assert state.v == pytest.approx(1.5 * dt / (1 - math.exp(-dt / 10)), rel=1e-6)
    assert state.v == pytest.approx(1.5 * 10, rel=1e-3)  # tau_mem I, as the equation has it


def test_it_fires_above_the_threshold_not_at_it_and_loses_the_threshold_a_step_later() -> None:
    p = LIFParams(tau_mem=10.0, v_thresh=20.0).constants()
    state, fired = step(State(0.0), 20.0, p)
    assert not fired
    state, fired = step(State(0.0), 21.0, p)
    assert fired
    assert state.v == 21.0
    state, fired = step(state, 0.0, p)
    assert not fired
    assert state.v == p.beta * 21.0 - 20.0
    assert step(State(20.0), 0.0, p)[0].v == p.beta * 20.0  # at it: nothing to lose


def test_scalars_arrays_and_tensors_take_the_same_arithmetic() -> None:
    p = LIFParams().constants()
    v, i = np.linspace(-10, 30, 9), np.linspace(0, 9, 9)
    arrays, spikes = step(State(v), i, p)
    tensors, fired = step(State(torch.from_numpy(v)), torch.from_numpy(i), p)
    np.testing.assert_array_equal(arrays.v, tensors.v)
    np.testing.assert_array_equal(spikes, fired)
    for k in range(len(v)):
        state, spike = step(State(float(v[k])), float(i[k]), p)
        assert (state.v, spike) == (arrays.v[k], spikes[k])


def test_an_update_by_hand() -> None:
    # beta v, dt I; their sum, the last step's threshold and reset, this step's threshold
    cost = update_cost("lif")
    assert (cost.arithmetic.multiplications, cost.arithmetic.additions) == (2, 4)
    assert cost.arithmetic.divisions == 0
    assert cost.words == 1


@pytest.mark.parametrize(("name", "value"), [("tau_mem", 0.0), ("v_thresh", float("nan"))])
def test_impossible_parameters_are_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(UserError, match=f"LIF `{name}`"):
        LIFParams(**{name: value})
