"""Triton silences the neurons that all others silence."""

from __future__ import annotations

import pytest
import torch

from spikeoff.contenders.gradient.triton.dropout_scale import BLOCK, scale
from spikeoff.learning.dropout import PER_BLOCK, keep_mask_torch

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("n_neurons", [1, 13, PER_BLOCK * BLOCK + 9])
@pytest.mark.parametrize("seed", [0, 2**32 - 1])
@pytest.mark.parametrize("share", [0.1, 0.4])
def test_the_same_bits_as_pytorchs(n_neurons: int, seed: int, share: float, device: str) -> None:
    ids = torch.tensor([7, 2**31 + 5], device=device)
    expected = keep_mask_torch(ids, n_neurons, share, seed=seed, epoch=3)
    for dtype in (torch.float32, torch.float64):
        found = scale(ids, n_neurons, share, dtype, seed=seed, epoch=3)
        assert torch.equal(found, expected.to(dtype) / (1 - share))
    assert n_neurons < 100 or 0 < expected.double().mean() < 1
