"""Dropout's masks: the same in every engine, independent of how a layer is cut into batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from spikeoff.coding.philox import philox4x32
from spikeoff.contenders.gradient.numba import dropout_mask as kernels
from spikeoff.learning import dropout


@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(1, 20),
    n_neurons=st.integers(1, 40),
    share=st.floats(0, 0.99),
    seed=st.integers(0, 2**32 - 1),
    epoch=st.integers(1, 1000),
)
def test_all_engines_draw_the_same_bits(
    n: int, n_neurons: int, share: float, seed: int, epoch: int
) -> None:
    ids = np.random.default_rng(seed).integers(0, 70_000, n)
    expected = dropout.keep_mask(ids, n_neurons, share, seed=seed, epoch=epoch)
    by_kernel = kernels.keep_mask(ids, n_neurons, share, seed=seed, epoch=epoch)
    by_torch = dropout.keep_mask_torch(
        torch.from_numpy(ids), n_neurons, share, seed=seed, epoch=epoch
    ).numpy()
    np.testing.assert_array_equal(by_kernel, expected)
    np.testing.assert_array_equal(by_torch, expected)


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_eight_neurons_take_one_call_of_philox(layer: int) -> None:
    """The layout that the module promises: another one would change every trained network."""
    words = np.array(philox4x32(1, 0, 7, 3, 5, 2**31 + layer - 1), "<u4")
    expected = words.view("<u2") >= 0.3 * 65536
    found = dropout.keep_mask(np.array([7]), 16, 0.3, seed=5, epoch=3, layer=layer)
    assert found[0, 8:].tolist() == expected.tolist()


def test_an_examples_mask_depends_on_nothing_beside_it() -> None:
    ids = np.arange(50)
    together = dropout.keep_mask(ids, 64, 0.3, seed=1, epoch=2)
    np.testing.assert_array_equal(
        dropout.keep_mask(ids[17:18], 64, 0.3, seed=1, epoch=2)[0], together[17]
    )
    np.testing.assert_array_equal(
        dropout.keep_mask(ids, 20, 0.3, seed=1, epoch=2), together[:, :20]
    )


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 0.9])
def test_the_share_silenced_is_the_one_asked_for(share: float) -> None:
    kept = kernels.keep_mask(np.arange(4000), 512, share, seed=3, epoch=1)
    silenced = int(kept.size - kept.sum())
    assert stats.binomtest(silenced, kept.size, dropout.limit(share) / 65536).pvalue > 1e-4


def test_masks_of_neurons_epochs_and_seeds_are_independent() -> None:
    def mask(seed: int, epoch: int) -> np.ndarray:
        return kernels.keep_mask(np.arange(2000), 64, 0.5, seed=seed, epoch=epoch) - 0.5

    one = mask(0, 1)
    limit = 5 / np.sqrt(one.size) / 4  # five standard deviations of a product's mean
    assert abs((one * mask(0, 2)).mean()) < limit
    assert abs((one * mask(1, 1)).mean()) < limit
    assert abs((one[:, :-1] * one[:, 1:]).mean()) < 1.1 * limit
    assert abs((one[:-1] * one[1:]).mean()) < 1.1 * limit


def test_layers_have_masks_of_their_own() -> None:
    first, second = (
        dropout.keep_mask(np.arange(50), 64, 0.5, seed=0, epoch=1, layer=layer) for layer in (1, 2)
    )
    assert 0.4 < (first != second).mean() < 0.6
    assert dropout.stream(1) == 2**31  # beyond every presentation of rate coding
    assert dropout.stream(3) == 2**31 + 2
    np.testing.assert_array_equal(first, dropout.keep_mask(np.arange(50), 64, 0.5, seed=0, epoch=1))
