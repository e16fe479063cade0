"""Laws of the hidden layer: bounds, symmetry, silence, and the rule recomputed in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spikeoff.contenders.izhikevich_stdp.kernels import columns as hidden
from spikeoff.kernels.events import from_dense
from spikeoff.learning.stdp import PairParams, pair_window
from spikeoff.neurons.izhikevich import FAST_SPIKING, V_FLOOR, V_PEAK

N_INPUTS, N_STEPS, SIZE = 12, 20, 3
LEAST = 1e-15
PARAMS = PairParams(a_plus=0.1, a_minus=0.05, tau_plus=10.0, tau_minus=10.0)
Spikes = NDArray[np.uint8]


def layer(rng: np.random.Generator, gain: float = 150.0, decay: float = 0.0) -> hidden.Columns:
    """One band of two columns of three neurons, each seeing half of twelve inputs."""
    fields = np.arange(N_INPUTS).reshape(2, -1)
    weights = np.zeros((1, N_INPUTS, 2 * SIZE))
    for column, field in enumerate(fields):
        weights[0, field, column * SIZE : (column + 1) * SIZE] = rng.random((6, SIZE))
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    return hidden.Columns(
        weights, np.zeros((1, 2 * SIZE)), np.array([[0, N_INPUTS]]), fields,
        np.array([6, 6]), SIZE, 1 / SIZE, gain, decay,
    )  # fmt: skip


def rule(n: int) -> hidden.PairRule:
    return hidden.pair_rule(pair_window(np.arange(n - 1, -n, -1.0), PARAMS), 6, LEAST)


def present(spikes: Spikes, columns: hidden.Columns) -> Any:
    """The trace of one presentation."""
    events = from_dense(spikes)
    trace = hidden.scratch(columns, len(spikes))
    constants = FAST_SPIKING.constants()
    hidden.present(events.counts, events.active, columns, constants, 1.0, trace)
    return trace


def learn(spikes: Spikes, columns: hidden.Columns, trace: Any, rate: float, plus: float) -> float:
    events = from_dense(spikes)
    masks = np.zeros((-(-len(spikes) // hidden.WORD), N_INPUTS), np.int32)
    hidden.mark(events.counts, events.active, masks)
    return float(hidden.learn(masks, columns, trace, rule(len(spikes)), rate, plus))


def drawn(rng: np.random.Generator, density: float, n_steps: int = N_STEPS) -> Spikes:
    return (rng.random((n_steps, N_INPUTS)) < density).astype(np.uint8)


def recomputed(spikes: Spikes, columns: hidden.Columns, rate: float, plus: float) -> Any:
    """Spikes, weights and thresholds after a presentation, step by step from the papers."""
    weights, theta = columns.weights[0].copy(), columns.theta[0].copy()
    v, u = np.full(2 * SIZE, -65.0), np.full(2 * SIZE, -13.0)
    fired, reached = np.zeros((2, len(spikes), 2 * SIZE))
    drive = np.zeros(2 * SIZE)
    for step, now in enumerate(spikes):
        drive = columns.decay * drive + now @ weights
        pool = drive.reshape(2, SIZE).mean(axis=1).repeat(SIZE)
        current = columns.gain * (drive - pool) - theta
        v, u = v + 0.04 * v**2 + 5 * v + 140 - u + current, u + 0.1 * (0.2 * v - u)
        reached[step] = v
        fired[step] = v >= V_PEAK
        v = np.where(v >= V_PEAK, -65.0, np.maximum(v, V_FLOOR))
        u += 2.0 * fired[step]
    for column in range(2):
        mine = np.arange(column * SIZE, (column + 1) * SIZE)
        if not spikes[:, columns.fields[column]].any():
            continue
        theta[mine] -= plus / SIZE
        first = np.flatnonzero(fired[:, mine].any(axis=1))
        if not len(first):
            continue
        at = first[0]
        won = mine[np.where(fired[at, mine] > 0, reached[at, mine], -np.inf).argmax()]
        theta[won] += plus
        for source in columns.fields[column]:
            lags = np.flatnonzero(fired[:, won])[:, None] - np.flatnonzero(spikes[:, source])
            change = np.where(
                lags >= 0, PARAMS.a_plus * np.exp(-lags / PARAMS.tau_plus),
                -PARAMS.a_minus * np.exp(lags / PARAMS.tau_minus),
            ).sum()  # fmt: skip
            weights[source, won] = max(weights[source, won] + rate * change, 0)
        weights[:, won] /= np.linalg.norm(weights[:, won])
    return fired, weights, theta


@pytest.mark.parametrize(
    ("n_steps", "gain", "decay"),
    # in one number's bits, all of them, in three; currents that last a step, always, and some time
    [(20, 150.0, 0.0), (28, 150.0, 0.0), (61, 150.0, 0.0), (20, 25.0, 1.0), (20, 60.0, 0.7)],
)
def test_presentations_follow_the_equations_and_the_rule(
    rng: np.random.Generator, n_steps: int, gain: float, decay: float
) -> None:
    columns = layer(rng, gain, decay)
    n_spikes = 0
    for _ in range(40):
        spikes = drawn(rng, rng.choice([0.1, 0.3, 0.6]), n_steps)
        fired, weights, theta = recomputed(spikes, columns, rate=0.5, plus=0.3)
        trace = present(spikes, columns)
        learn(spikes, columns, trace, rate=0.5, plus=0.3)
        np.testing.assert_array_equal(trace.spikes[0], fired)
        np.testing.assert_allclose(columns.weights[0], weights, atol=1e-10)
        np.testing.assert_allclose(columns.theta[0], theta, atol=1e-10)
        n_spikes += int(fired.sum())
    assert n_spikes > 300


@settings(max_examples=50, deadline=None)
@given(
    st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 1),
    st.floats(0, 100), st.floats(1, 500),
)  # fmt: skip
def test_weights_stay_in_bounds_for_any_spikes(
    seed: int, in_density: float, out_density: float, rate: float, gain: float
) -> None:
    rng = np.random.default_rng(seed)
    columns = layer(rng, gain)
    trace = present(drawn(rng, 0.3), columns)
    for _ in range(5):  # spikes of any origin, not only such as the layer would emit
        trace.spikes[0] = rng.random((N_STEPS, 2 * SIZE)) < out_density
        learn(drawn(rng, in_density), columns, trace, rate, plus=0.1)
        assert ((columns.weights >= 0) & (columns.weights <= 1 + 1e-12)).all()
        lengths = np.linalg.norm(columns.weights[0], axis=0)
        assert ((abs(lengths - 1) < 1e-9) | (lengths == 0)).all()


@settings(max_examples=30, deadline=None)
@given(st.permutations(range(6)), st.integers(0, 1000))
def test_permuting_inputs_and_weights_together_changes_nothing(order: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns, spikes = layer(rng), drawn(rng, 0.4)
    shuffle = np.r_[order, 6 + np.arange(6)]
    other = columns._replace(weights=columns.weights[:, shuffle].copy(), theta=columns.theta.copy())
    for _ in range(3):
        one, two = present(spikes, columns), present(spikes[:, shuffle].copy(), other)
        np.testing.assert_array_equal(one.spikes, two.spikes)
        learn(spikes, columns, one, 0.1, 0.1)
        learn(spikes[:, shuffle].copy(), other, two, 0.1, 0.1)
    np.testing.assert_allclose(other.weights, columns.weights[:, shuffle], atol=1e-12)
    np.testing.assert_allclose(other.theta, columns.theta, atol=1e-12)


def test_a_silent_input_changes_nothing(rng: np.random.Generator) -> None:
    columns = layer(rng)
    columns.theta[:] = -20.0  # so excitable that it fires by itself
    weights, theta = columns.weights.copy(), columns.theta.copy()
    spikes = np.zeros((N_STEPS, N_INPUTS), np.uint8)
    trace = present(spikes, columns)
    assert trace.counts.sum() > 0
    assert learn(spikes, columns, trace, 0.5, 0.5) == 0
    np.testing.assert_array_equal(columns.weights, weights)
    np.testing.assert_array_equal(columns.theta, theta)


def test_a_column_learns_from_its_own_field_alone(rng: np.random.Generator) -> None:
    columns = layer(rng)
    before = columns.weights.copy()
    spikes = drawn(rng, 0.6)
    spikes[:, 6:] = 0
    trace = present(spikes, columns)
    assert learn(spikes, columns, trace, 0.5, 0.0) > 0
    np.testing.assert_array_equal(columns.weights[:, :, SIZE:], before[:, :, SIZE:])
    moved = (columns.weights != before)[0, :, :SIZE].any(axis=0)
    assert moved.sum() == 1
    assert columns.theta.sum() == 0


@pytest.mark.parametrize(
    ("spikes", "reached", "won"),
    [
        ([[0, 0, 0], [0, 0, 0]], [[9, 9, 9], [9, 9, 9]], hidden.NOBODY),
        ([[0, 0, 0], [1, 0, 1]], [[9, 9, 9], [30, 99, 31]], 2),
        ([[0, 1, 0], [1, 0, 1]], [[9, 30, 9], [40, 9, 50]], 1),
        ([[1, 1, 0], [0, 0, 1]], [[35, 35, 9], [9, 9, 50]], 0),
    ],
)
def test_the_first_wins_and_of_equals_the_highest(
    spikes: list[list[int]], reached: list[list[float]], won: int
) -> None:
    assert hidden.winner(np.array(reached, float), np.array(spikes, np.uint8), 0, 3) == won


def test_a_weight_that_only_shrinks_ends_at_zero(rng: np.random.Generator) -> None:
    columns = layer(rng)
    columns.weights[0, 0, :SIZE] = 2 * LEAST
    spikes = drawn(rng, 0.6)
    spikes[:, 0] = 0
    for _ in range(20):
        learn(spikes, columns, present(spikes, columns), 0.5, 0.0)
    winners = columns.weights[0, 0, :SIZE] != 2 * LEAST
    assert winners.any()
    assert (columns.weights[0, 0, :SIZE][winners] == 0).all()
    assert (columns.weights[0, 1:6, :SIZE] > 0).any()
