"""Products of spikes against NumPy's dense products."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeoff.kernels import events, jit
from spikeoff.ledger.environment import available_cores


@settings(max_examples=30, deadline=None)
@given(
    n_rows=st.integers(1, 40),
    n_inputs=st.integers(1, 50),
    n_out=st.integers(1, 300),
    density=st.floats(0, 1),
    seed=st.integers(0, 1000),
)
def test_products_are_numpys(
    n_rows: int, n_inputs: int, n_out: int, density: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    dense = (rng.random((n_rows, n_inputs)) < density).astype(np.uint8)
    spikes = events.from_dense(dense)
    np.testing.assert_array_equal(spikes.dense(), dense)
    assert spikes.total() == dense.sum()
    weights = rng.standard_normal((n_inputs, n_out))
    gradient = rng.standard_normal((n_rows, n_out))
    np.testing.assert_allclose(events.product(spikes, weights), dense @ weights, atol=1e-12)
    np.testing.assert_allclose(
        events.weight_gradient(spikes, gradient), dense.T @ gradient, atol=1e-12
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_bits_on_any_number_of_threads(dtype: type, rng: np.random.Generator) -> None:
    spikes = events.from_dense((rng.random((500, 300)) < 0.2).astype(np.uint8))
    weights: np.ndarray = rng.standard_normal((300, 1000)).astype(dtype)
    results = []
    for threads in (1, 2):
        jit.set_threads(threads)
        currents = events.product(spikes, weights)
        results.append((currents, events.weight_gradient(spikes, currents)))
    jit.set_threads(available_cores())
    assert results[0][0].dtype == dtype
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


def test_permuting_inputs_and_weights_together_changes_nothing(rng: np.random.Generator) -> None:
    dense = (rng.random((30, 40)) < 0.3).astype(np.uint8)
    weights = rng.standard_normal((40, 20))
    order = rng.permutation(40)
    one = events.product(events.from_dense(dense), weights)
    other = events.product(events.from_dense(np.ascontiguousarray(dense[:, order])), weights[order])
    np.testing.assert_allclose(one, other, atol=1e-12)


def test_silence_gives_zero() -> None:
    spikes = events.from_dense(np.zeros((5, 7), np.uint8))
    assert not events.product(spikes, np.ones((7, 3))).any()
    assert not events.weight_gradient(spikes, np.ones((5, 3))).any()


def test_events_are_counted_by_step_as_their_dense_form_says(rng: np.random.Generator) -> None:
    spikes = (rng.random((3 * 4, 7)) < 0.4).astype(np.uint8)
    counted = events.by_step(events.from_dense(spikes), 4)
    np.testing.assert_array_equal(counted, spikes.reshape(3, 4, 7).sum(axis=0))
