"""Triton draws the input spikes that all others draw."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spikeoff.coding import rate_code_torch
from spikeoff.contenders.gradient.triton.rate_coding import BLOCK, rate_code
from spikeoff.errors import UserError

pytestmark = pytest.mark.slow


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**32 - 1),
    epoch=st.integers(0, 1000),
    presentation=st.integers(0, 20),
    n_steps=st.integers(1, 21),
    max_rate=st.floats(0.01, 1.0),
    first_id=st.integers(0, 2**31),
    n_pixels=st.integers(1, BLOCK + 44),
)
def test_the_same_bits_as_pytorchs(
    device: str,
    seed: int,
    epoch: int,
    presentation: int,
    n_steps: int,
    max_rate: float,
    first_id: int,
    n_pixels: int,
) -> None:
    pixels = torch.from_numpy(np.resize(np.arange(256, dtype=np.uint8), (2, n_pixels))).to(device)
    ids = torch.arange(2, device=device) + first_id
    key = {"seed": seed, "epoch": epoch, "presentation": presentation}
    drawn = rate_code(pixels, ids, n_steps, max_rate, torch.float32, **key)
    assert drawn.dtype == torch.float32
    expected = rate_code_torch(pixels, ids, n_steps, max_rate, **key)
    assert torch.equal(drawn, expected.float())


def test_a_row_of_a_larger_tensor_is_drawn_as_if_alone(device: str) -> None:
    """Batches are views at times, their rows not one after another."""
    wide = torch.arange(2 * 40, device=device).to(torch.uint8).view(2, 40)
    ids = torch.arange(4, device=device)[::2]
    part = rate_code(wide[:, 7:30], ids, 9, 1.0, torch.float64, seed=1, epoch=1)
    expected = rate_code_torch(wide[:, 7:30], ids, 9, 1.0, seed=1, epoch=1)
    assert torch.equal(part, expected.double())
    assert 0 < part.mean() < 1


def test_a_rate_that_is_no_probability_is_refused(device: str) -> None:
    pixels = torch.zeros((1, 1), dtype=torch.uint8, device=device)
    with pytest.raises(UserError, match="max_rate"):
        rate_code(pixels, pixels[0].long(), 1, 1.5, torch.float32, seed=0, epoch=1)
