"""The Izhikevich neuron against SciPy's solver and against the published firing patterns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from spikeoff.errors import UserError
from spikeoff.neurons.izhikevich import (
    CHATTERING,
    FAST_SPIKING,
    INTRINSICALLY_BURSTING,
    LOW_THRESHOLD_SPIKING,
    PRESETS,
    REGULAR_SPIKING,
    RESONATOR,
    THALAMO_CORTICAL,
    IzhikevichParams,
    State,
    advance,
    fire,
    slope,
    step,
)
from spikeoff.neurons.simulate import simulate

DT = 0.05  # ms
START = -75.0  # mV


def intervals(params: IzhikevichParams, current: float, duration: float = 500) -> np.ndarray:
    """Times between the spikes that a step of current evokes (ms)."""
    drive = np.full(round(duration / DT), current)
    return np.diff(simulate(params, drive, DT).spike_times)


def solve(params: IzhikevichParams, current: float, duration: float) -> np.ndarray:
    """(v, u) by SciPy, the equations stated anew from the paper."""
    a, b = params.a, params.b

    def right_hand_side(_: float, y: np.ndarray) -> list[float]:
        v, u = y
        return [0.04 * v**2 + 5 * v + 140 - u + current, a * (b * v - u)]

    solution = solve_ivp(right_hand_side, (0, duration), [START, b * START], rtol=1e-10, atol=1e-10)
    return np.asarray(solution.y[:, -1])


@pytest.mark.parametrize("name", PRESETS)
def test_between_spikes_it_is_scipys_solution_and_the_error_falls_with_dt(name: str) -> None:
    params, current, duration = PRESETS[name], -1.0, 6.0
    exact = solve(params, current, duration)
    errors = []
    for dt in (0.02, 0.01, 0.005):
        drive = np.full(round(duration / dt), current)
        trace = simulate(params, drive, dt, state=(START, params.b * START))
        assert not len(trace.spike_times)
        errors.append(abs(trace.v[-1] - exact[0]) + abs(trace.u[-1] - exact[1]))
    # Forward Euler is of first order: half the step, half the error.
    assert errors[0] < 0.05
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 2, rtol=0.05)


def test_spike_times_converge_to_scipys() -> None:
    def right_hand_side(_: float, y: np.ndarray) -> list[float]:
        v, u = y
        return [0.04 * v**2 + 5 * v + 140 - u + 10, 0.02 * (0.2 * v - u)]

    def peak(_: float, y: np.ndarray) -> float:
        return float(y[0] - 30)

    peak.terminal = True  # type: ignore[attr-defined]
    solution = solve_ivp(
        right_hand_side, (0, 50), [-70.0, -14.0], events=peak, rtol=1e-10, atol=1e-10
    )
    assert solution.t_events is not None
    first = float(solution.t_events[0][0])
    ours = simulate(REGULAR_SPIKING, np.full(50_000, 10.0), 0.001).spike_times[0]
    assert ours == pytest.approx(first, abs=0.05)


def test_regular_spiking_slows_down() -> None:
    gaps = intervals(REGULAR_SPIKING, 10)
    assert len(gaps) > 5
    assert gaps[-1] > 1.5 * gaps[0]


def test_fast_spiking_is_fast_and_keeps_its_pace() -> None:
    gaps = intervals(FAST_SPIKING, 10)
    assert gaps[-1] == pytest.approx(gaps[3], rel=0.1)
    assert len(gaps) > 2 * len(intervals(REGULAR_SPIKING, 10))


def test_intrinsically_bursting_bursts_once_then_fires_single_spikes() -> None:
    gaps = intervals(INTRINSICALLY_BURSTING, 10)
    assert gaps[0] < 6
    late = gaps[len(gaps) // 2 :]
    assert late.min() > 3 * gaps[0]


def test_chattering_bursts_again_and_again() -> None:
    gaps = intervals(CHATTERING, 10)
    within, between = gaps[gaps < 10], gaps[gaps >= 10]
    assert len(between) > 5
    assert len(within) > len(between)


def test_low_threshold_spiking_adapts_and_starts_where_regular_spiking_stays_silent() -> None:
    gaps = intervals(LOW_THRESHOLD_SPIKING, 10)
    assert gaps[-1] > 1.2 * gaps[0]
    assert len(intervals(LOW_THRESHOLD_SPIKING, 2)) > len(intervals(REGULAR_SPIKING, 2))


def test_thalamo_cortical_rebounds_from_hyperpolarisation() -> None:
    held = np.full(round(150 / DT), -10.0)
    released = np.zeros(round(100 / DT))
    trace = simulate(THALAMO_CORTICAL, np.concatenate([held, released]), DT)
    assert len(trace.spike_times) >= 2
    assert trace.spike_times.min() > 150


def test_resonator_oscillates_below_threshold_where_the_others_only_relax() -> None:
    """Its recovery is fast enough to swing: v passes its resting value again and again."""

    def crossings(params: IzhikevichParams, rest: float) -> int:
        drive = np.zeros(round(200 / DT))
        drive[: round(1 / DT)] = 0.2
        trace = simulate(params, drive, DT, state=(rest, params.b * rest))
        assert not len(trace.spike_times)
        away = trace.v - rest
        return int(np.count_nonzero(np.diff(np.sign(away[np.abs(away) > 1e-5]))))

    # The resting potentials solve 0.04 v^2 + (5 - b) v + 140 = 0.
    assert crossings(RESONATOR, -62.5) >= 3
    assert crossings(REGULAR_SPIKING, -70.0) <= 1


@given(st.floats(-90, 29), st.floats(0.01, 1))
def test_the_slope_of_a_step_is_its_derivative(v: float, dt: float) -> None:
    p = REGULAR_SPIKING.constants(dt)
    h = 1e-3
    above, below = (advance(State(v + move, 0.0), 0.0, p).v for move in (h, -h))
    assert slope(v, p) == pytest.approx((above - below) / (2 * h), abs=1e-6)


def test_strong_inhibition_stops_at_the_reversal_potential_of_potassium() -> None:
    """-90 mV, by Nernst's equation at 37 degrees with 5 mM outside and 145 mM inside."""
    state, _ = step(State(-80.0, 0.0), -1000.0, REGULAR_SPIKING.constants())
    assert state.v == -90
    assert state.v == pytest.approx(8314.46 * 310.15 / 96485.33 * np.log(5 / 145), abs=0.5)


def test_arrays_tensors_and_scalars_take_the_same_arithmetic() -> None:
    import torch

    p = REGULAR_SPIKING.constants()
    v, u, i = np.linspace(-80, 30, 7), np.linspace(-20, 5, 7), np.linspace(-5, 20, 7)
    arrays, spikes = step(State(v, u), i, p)
    tensors, fired = step(State(torch.from_numpy(v), torch.from_numpy(u)), torch.from_numpy(i), p)
    assert 0 < spikes.sum() < len(spikes)
    np.testing.assert_array_equal(spikes, fired)
    for array, tensor in zip(arrays, tensors, strict=True):
        np.testing.assert_allclose(array, tensor.numpy(), rtol=1e-14)
    for k in range(len(v)):
        alone, spike = step(State(float(v[k]), float(u[k])), float(i[k]), p)
        assert (alone.v, alone.u, spike) == (arrays.v[k], arrays.u[k], spikes[k])


def test_why_v_has_a_floor() -> None:
    """0.04 v^2 + 6 v + 140 = 30 at v = -128.6 mV: below it, a step of 1 ms ends in a spike."""
    p = REGULAR_SPIKING.constants()
    turning_point = min(np.roots([0.04, 6.0, 110.0]))
    assert turning_point == pytest.approx(-128.6, abs=0.05)
    assert advance(State(turning_point - 0.1, 0.0), 0.0, p).v > p.v_peak
    assert advance(State(turning_point + 0.1, 0.0), 0.0, p).v < p.v_peak
    assert advance(State(p.v_floor, 0.0), 0.0, p).v < p.v_peak
    assert fire(State(turning_point, 0.0), p)[0].v == p.v_floor


def test_reset_lands_exactly_on_c() -> None:
    p = FAST_SPIKING.constants(1.0, np.float32)
    state, spike = fire(State(np.float32(347.123), np.float32(-3)), p)
    assert spike
    assert state == (p.c, np.float32(-1))


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ((0.0, 0.2, -65.0, 8.0), "a"),
        ((float("nan"), 0.2, -65.0, 8.0), "a"),
        ((0.02, float("inf"), -65.0, 8.0), "b"),
        ((0.02, 0.2, 30.0, 8.0), "c"),
        ((0.02, 0.2, -200.0, 8.0), "c"),
    ],
)
def test_impossible_parameters_are_refused_by_name(
    values: tuple[float, float, float, float], name: str
) -> None:
    with pytest.raises(UserError, match=f"`{name}`"):
        IzhikevichParams(*values)


def test_a_step_of_no_time_is_refused() -> None:
    with pytest.raises(UserError, match="dt"):
        simulate(REGULAR_SPIKING, [1.0], 0.0)


@pytest.mark.parametrize(
    ("name", "a", "b", "c", "d"),
    [
        ("regular-spiking", 0.02, 0.2, -65, 8),
        ("intrinsically-bursting", 0.02, 0.2, -55, 4),
        ("chattering", 0.02, 0.2, -50, 2),
        ("fast-spiking", 0.1, 0.2, -65, 2),
        ("low-threshold-spiking", 0.02, 0.25, -65, 2),
        ("thalamo-cortical", 0.02, 0.25, -65, 0.05),
        ("resonator", 0.1, 0.26, -65, 2),
    ],
)
def test_patterns_have_the_parameters_of_the_papers_figure_2(
    name: str, a: float, b: float, c: float, d: float
) -> None:
    assert PRESETS[name] == IzhikevichParams(a, b, c, d)
    assert PRESETS[name].rest() == (c, b * c)
    p = PRESETS[name].constants(0.5)
    assert (p.quadratic, p.linear, p.constant, p.v_peak, p.dt) == (0.04, 5, 140, 30, 0.5)


def test_a_simulation_starts_where_the_papers_figures_start_and_names_its_times() -> None:
    trace = simulate(CHATTERING, np.full(400, 10.0), 0.25)
    np.testing.assert_allclose(trace.times, 0.25 * np.arange(1, 401))
    # One Euler step from v = -70, u = b v = -14: dv = 196 - 350 + 140 + 14 + 10.
    assert trace.v[0] == pytest.approx(-70 + 0.25 * 10)
    assert trace.u[0] == pytest.approx(-14)
    fired = np.isin(trace.times, trace.spike_times)
    assert fired.sum() == len(trace.spike_times) > 2
    np.testing.assert_array_equal(trace.v == 30, fired)
