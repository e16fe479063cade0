"""Weights rounded to few bits: laws of a uniform symmetric quantizer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeoff.contenders.registry import BUILT_IN
from spikeoff.errors import UserError
from spikeoff.experiments.robustness.weight_rounding import (
    BITS,
    rounded,
    rounded_state,
    step_size,
)
from tests.contenders.test_contract import make


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


def test_codes_become_the_nearest_codes() -> None:
    codes = np.array([[-127, 50], [3, 127]], np.int8)
    assert (rounded(codes, 8) == codes).all()
    assert (rounded(codes, 3) == np.array([[-127, 42], [0, 127]])).all()  # a step of 127 / 3


@pytest.mark.parametrize("name", BUILT_IN)
def test_three_bits_change_the_weights_of_every_contender(name: str) -> None:
    contender = make(name)
    state, names = contender.state(), contender.weight_names()
    assert set(names) <= state.keys()
    got = rounded_state(state, names, 3)
    changed = {key for key, array in got.items() if not np.array_equal(array, state[key])}
    assert changed
    assert changed <= set(names)
