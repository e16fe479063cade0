"""Synaptic currents against their closed forms."""

from __future__ import annotations

import math

import pytest
import torch

from spikeoff.neurons.synapse import accumulate, decay_per_step, synaptic_currents

ARRIVING = torch.rand(2, 6, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_decays_by_kind() -> None:
    assert decay_per_step("kick", 5.0, 0.5) == 0
    assert decay_per_step("held", 5.0, 0.5) == 1
    assert decay_per_step("decaying", 5.0, 0.5) == pytest.approx(math.exp(-0.1))


def test_a_kick_acts_for_one_step_and_a_held_current_is_the_sum_so_far() -> None:
    assert torch.equal(synaptic_currents(ARRIVING, 0.0), ARRIVING)
    torch.testing.assert_close(synaptic_currents(ARRIVING, 1.0), ARRIVING.cumsum(1))


def test_a_decaying_current_is_a_weighted_sum_of_what_arrived() -> None:
    """I[t] = sum over s <= t of decay^(t - s) x[s]."""
    found = synaptic_currents(ARRIVING, 0.7)
    for t in range(6):
        weights = torch.tensor([0.7 ** (t - s) for s in range(t + 1)], dtype=torch.float64)
        expected = torch.einsum("s,nsk->nk", weights, ARRIVING[:, : t + 1])
        torch.testing.assert_close(found[:, t], expected)
    assert accumulate(2.0, 3.0, 0.5) == 4.0
