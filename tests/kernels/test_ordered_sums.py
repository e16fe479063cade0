"""Products and sums of strict mode are those of NumPy, term by term in one order."""

from __future__ import annotations

import numpy as np

from spikeoff.kernels.ordered_sums import product, sum_along, sum_of_rows, sum_of_squares
from spikeoff.numerics.mode import strictly

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(7, 50)), RNG.normal(size=(50, 3))


def test_products() -> None:
    with strictly(True):
        found = product(A, B)
    expected = np.zeros((7, 3))
    for k in range(50):
        expected += A[:, k, None] * B[k]
    assert np.array_equal(found, expected)
    assert np.allclose(product(A, B), expected, rtol=1e-13)


def test_counts_of_spikes_are_weighed_in_the_precision_of_the_weights() -> None:
    counts = RNG.integers(0, 5, (4, 50)).astype(np.int32)
    with strictly(True):
        found = product(counts, B)
    assert found.dtype == np.float64
    assert np.allclose(found, counts @ B, rtol=1e-13)


def test_sums() -> None:
    table = A.astype(np.float32)
    expected = np.zeros(50, np.float32)
    for row in table:
        expected += row
    assert np.array_equal(sum_of_rows(table), expected)
    with strictly(True):
        assert np.array_equal(sum_along(table, axis=0), expected)
        assert np.array_equal(sum_along(table.T, axis=1), expected)
    assert np.array_equal(sum_along(table, axis=1), table.sum(axis=1))


def test_squares_are_summed_in_double_precision() -> None:
    values = np.full((3, 3), 1 + 2.0**-20, np.float32)
    assert sum_of_squares(values) == 9 * (1 + 2.0**-20) ** 2
