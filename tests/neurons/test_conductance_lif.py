"""The conductance-based neuron against closed forms and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from spikeoff.neurons.conductance_lif import (
    EXCITATORY,
    INHIBITORY,
    LIFParams,
    State,
    relax,
    relaxation,
    step,
)


@pytest.mark.parametrize(("number", "bound"), [(np.float32, 4e-7), (np.float64, 2e-15)])
def test_relaxation_is_exact_to_rounding_however_large_x(number: type, bound: float) -> None:
    x = np.geomspace(1e-6, 300, 5000)
    value = relaxation(x.astype(number), EXCITATORY.constants(0.5, number))
    assert value.dtype == number
    np.testing.assert_allclose(value, -np.expm1(-x) / x, rtol=bound)


@pytest.mark.parametrize("params", [EXCITATORY, INHIBITORY])
def test_a_step_under_constant_conductance_is_the_exact_solution(params: LIFParams) -> None:
    ge, gi = np.meshgrid([0.0, 0.3, 10.4], [0.0, 17.0, 6800.0])
    v = np.linspace(params.v_rest - 20, params.v_thresh, 9).reshape(3, 3)
    g = 1 + ge + gi
    v_inf = (params.v_rest + ge * params.e_exc + gi * params.e_inh) / g
    exact = v_inf + (v - v_inf) * np.exp(-g * 0.5 / params.tau_mem)
    np.testing.assert_allclose(relax(v, ge, gi, params.constants(0.5)), exact, rtol=1e-12)


def test_small_steps_approach_the_differential_equation() -> None:
    def slope(t: float, y: list[float]) -> list[float]:
        v, ge, gi = y
        pull = EXCITATORY.v_rest - v + ge * (0 - v) + gi * (EXCITATORY.e_inh - v)
        return [pull / EXCITATORY.tau_mem, -ge / EXCITATORY.tau_ge, -gi / EXCITATORY.tau_gi]

    start = [-60.0, 4.0, 17.0]
    exact = solve_ivp(slope, (0, 10), start, rtol=1e-10, atol=1e-10).y[0, -1]
    errors = []
    for dt in (0.1, 0.05):
        c = EXCITATORY.constants(dt)
        v, ge, gi = start
        for _ in range(round(10 / dt)):
            v, ge, gi = relax(v, ge, gi, c), ge * c.decay_ge, gi * c.decay_gi
        errors.append(abs(v - exact))
    assert errors[1] == pytest.approx(errors[0] / 2, rel=0.1)


def test_populations_have_the_published_parameters() -> None:
    """As in the code of Diehl and Cook, in ms and mV."""
    excitatory = LIFParams(
        tau_mem=100, v_rest=-65, v_reset=-65, v_thresh=-52, e_exc=0, e_inh=-100, refractory=5,
        tau_ge=1, tau_gi=2,
    )  # fmt: skip
    inhibitory = LIFParams(
        tau_mem=10, v_rest=-60, v_reset=-45, v_thresh=-40, e_exc=0, e_inh=-85, refractory=2,
        tau_ge=1, tau_gi=2,
    )  # fmt: skip
    assert (excitatory, inhibitory) == (EXCITATORY, INHIBITORY)


def test_a_step_decays_conductances_adds_input_and_asks_the_adaptive_threshold() -> None:
    c = EXCITATORY.constants(0.5)
    state, fired = step(State(-60.0, 2.0, 3.0), 0.7, 4.0, 0.5, -72.0, c)
    assert state.v == relax(-60.0, 2.0, 3.0, c)
    assert state.ge == pytest.approx(2 * np.exp(-0.5 / 1) + 0.7)
    assert state.gi == pytest.approx(3 * np.exp(-0.5 / 2))
    for theta, above in ((state.v + 72 - 1e-6, True), (state.v + 72, False)):
        assert step(State(-60.0, 2.0, 3.0), 0.7, theta, 1.0, -72.0, c)[1] == above
    assert not fired or state.v > -72 + 4 * 0.5
    silent, _ = step(State(-65.0, 1e-31, 0.0), 0.0, 0.0, 1.0, -52.0, c)
    assert (silent.ge, silent.gi) == (0, 0)
