"""Weights rounded to few bits: laws of a uniform symmetric quantizer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeoff.errors import UserError
from spikeoff.experiments.robustness.weight_rounding import (
    BITS,
    rounded,
    rounded_state,
    step_size,
)


@pytest.mark.parametrize("bits", BITS)
def test_no_weight_moves_by_more_than_half_a_step_and_few_values_remain(bits: int) -> None:
    weights = np.random.default_rng(0).normal(size=(50, 30)).astype(np.float32)
    got = rounded(weights, bits)
    step = step_size(weights, bits)
    assert step == pytest.approx(np.abs(weights).max() / (2 ** (bits - 1) - 1))
    assert np.abs(got - weights).max() <= step / 2 * (1 + 1e-5)
    assert len(np.unique(got)) <= 2**bits - 1
    assert got.dtype == np.float32
    assert np.abs(got).max() == pytest.approx(np.abs(weights).max(), rel=1e-6)


@pytest.mark.parametrize("bits", BITS)
def test_weights_on_the_grid_stay_as_they_are(bits: int) -> None:
    most = 2 ** (bits - 1) - 1
    grid = np.arange(-most, most + 1, dtype=np.float32)[:, None] * np.float32(0.25)
    assert (rounded(grid, bits) == grid).all()
    assert (rounded(np.zeros((3, 3), np.float32), bits) == 0).all()


@pytest.mark.parametrize("bits", BITS)
def test_rounding_is_pytorchs_symmetric_fake_quantizer(bits: int) -> None:
    weights = np.random.default_rng(1).normal(size=(40, 40)).astype(np.float32)
    most = 2 ** (bits - 1) - 1
    expected = torch.fake_quantize_per_tensor_affine(
        torch.from_numpy(weights), step_size(weights, bits), 0, -most, most
    ).numpy()
    np.testing.assert_allclose(rounded(weights, bits), expected, rtol=1e-6)


def test_only_named_arrays_are_rounded() -> None:
    rng = np.random.default_rng(2)
    state = {"weights": rng.normal(size=(4, 5)), "bias": rng.normal(size=5)}
    got = rounded_state(state, ["weights"], 3)
    assert got["bias"] is state["bias"]
    assert (got["weights"] != state["weights"]).any()
    with pytest.raises(UserError, match=r"`bits` \(=1\) must be at least 2"):
        rounded_state(state, ["weights"], 1)
