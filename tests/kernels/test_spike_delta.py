"""Products of rate-coded spikes told by departures, against NumPy's dense products."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeoff.data import Images
from spikeoff.kernels import jit, spike_delta, tiles
from spikeoff.kernels.rate_coding import rate_code_delta
from spikeoff.ledger.environment import available_cores


def drawn(rng: np.random.Generator, n: int, n_pixels: int) -> Images:
    """Images with dark, bright and grey pixels."""
    pixels = rng.choice([0, 0, 255, 254, 3, 128], (n, n_pixels)).astype(np.uint8)
    return Images(pixels, np.zeros(n, np.uint8), np.arange(n))


@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(1, 5),
    n_steps=st.integers(1, 20),
    n_inputs=st.integers(1, 50),
    n_out=st.integers(1, 300),
    max_rate=st.floats(0.01, 1),
    seed=st.integers(0, 1000),
)
def test_products_are_numpys(
    n: int, n_steps: int, n_inputs: int, n_out: int, max_rate: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    images = drawn(rng, n, n_inputs)
    spikes = rate_code_delta(images, n_steps, max_rate, seed=seed, epoch=1)
    dense = spikes.dense()
    weights = rng.standard_normal((n_inputs, n_out))
    currents = spike_delta.product(spikes, weights)
    np.testing.assert_allclose(
        tiles.untiled(currents, n_steps, n_out).reshape(-1, n_out), dense @ weights, atol=1e-12
    )
    blocks = rng.standard_normal(currents.shape)
    blocks[:, :, -1] = blocks[:, :, :-1].sum(axis=2)
    by_current = tiles.untiled(blocks, n_steps, n_out).reshape(-1, n_out)
    by_weight, summed = spike_delta.gradients(spikes, blocks, n_out)
    np.testing.assert_allclose(by_weight, dense.T @ by_current, atol=1e-12)
    np.testing.assert_allclose(summed, by_current.sum(axis=0), atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_same_bits_on_any_number_of_threads(
    dtype: type, rng: np.random.Generator, few: Images
) -> None:
    spikes = rate_code_delta(few, 20, 1.0, seed=0, epoch=1)
    weights: np.ndarray = rng.standard_normal((784, 1000)).astype(dtype)
    results = []
    for threads in (1, 2):
        jit.set_threads(threads)
        currents = spike_delta.product(spikes, weights)
        currents[:, :, -1] = 0
        results.append((currents, *spike_delta.gradients(spikes, currents, 1000)))
    jit.set_threads(available_cores())
    for one, other in zip(*results, strict=True):
        assert one.dtype == dtype
        np.testing.assert_array_equal(one, other)


def test_an_example_has_its_currents_whatever_its_company(
    rng: np.random.Generator, few: Images
) -> None:
    weights = rng.standard_normal((784, 30)).astype(np.float32)
    together, alone = (
        spike_delta.product(rate_code_delta(part, 10, 1.0, seed=0, epoch=1), weights)
        for part in (few, few.take(slice(3, 4)))
    )
    np.testing.assert_array_equal(together[3, :, :10], alone[0, :, :10])
