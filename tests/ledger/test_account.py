"""A spiking network's account, by hand and by its laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spikeoff.ledger.account import Account, Projection, spiking_account

WEIGHTS = np.array([[1.0, 0.0, -2.0], [0.0, 0.0, 0.0]])  # sources meet 2 and 0 targets


def account(seed: int, n: int, readings: int) -> Account:
    rng = np.random.default_rng(seed)
    sizes = [int(size) for size in rng.integers(1, 6, 3)]
    projections = [
        Projection.of(
            str(k),
            rng.integers(-1, 2, (sizes[k], sizes[k + 1])).astype(float),
            rng.integers(0, 4, (readings, sizes[k])).cumsum(axis=0),
        )
        for k in range(2)
    ]
    return spiking_account(
        projections,
        right=rng.integers(0, 2, (n, readings)),
        steps=range(1, readings + 1),
        image_steps=n * np.arange(1, readings + 1),
        neurons=7,
        spikes=3,
    )


def test_two_images_and_two_readings_by_hand() -> None:
    sent = np.array([[3, 5], [7, 6]])
    result = spiking_account(
        [Projection.of("in", WEIGHTS, sent)],
        right=np.array([[0, 1], [1, 1]]),
        steps=[4, 8],
        image_steps=np.array([8, 14]),  # one image was done after 6 steps
        neurons=3,
        spikes=6,
    )
    (layer,) = result.operations.layers
    assert layer.dense_macs == 6 * 7
    assert layer.effective_acs == 7 * 2 / 2
    assert result.operations.membrane_updates == 3 * 7
    assert [r.effective_acs for r in result.anytime] == [3, 7]
    assert [r.accuracy for r in result.anytime] == [0.5, 1]
    assert [r.membrane_updates for r in result.anytime] == [12, 21]
    assert result.sparsity.connection == pytest.approx(4 / 6)
    assert result.sparsity.activation == pytest.approx(1 - 6 / (3 * 14))


@given(st.integers(0, 2**32), st.integers(1, 5), st.integers(1, 6))
def test_the_last_reading_is_the_total_and_costs_only_rise(seed: int, n: int, k: int) -> None:
    result = account(seed, n, k)
    operations, last = result.operations, result.anytime[-1]
    assert last.effective_acs == operations.effective_acs
    assert last.membrane_updates == operations.membrane_updates
    assert operations.effective_acs == sum(layer.effective_acs for layer in operations.layers)
    assert operations.dense_macs == sum(layer.dense_macs for layer in operations.layers)
    for cost in ("steps", "effective_acs", "membrane_updates"):
        values = [getattr(reading, cost) for reading in result.anytime]
        assert values == sorted(values)


def test_without_images_there_are_no_readings() -> None:
    assert account(0, 0, 3).anytime == ()
