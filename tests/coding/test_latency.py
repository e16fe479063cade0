"""Latency coding: earlier for brighter pixels, at the times of snnTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from spikeoff.coding.latency import THRESHOLD, latency_linear, latency_log


@pytest.mark.parametrize("code", [latency_linear, latency_log])
@pytest.mark.parametrize("n_steps", [1, 2, 8, 50])
def test_brighter_pixels_fire_no_later_and_dark_ones_never(code, n_steps: int) -> None:  # type: ignore[no-untyped-def]
    steps = code(n_steps)
    assert (steps[:3] == n_steps).all()  # 2/255 < 0.01 < 3/255
    assert steps[255] == 0
    assert n_steps * 0.98 - 1 <= steps[3] <= n_steps - 1
    assert (np.diff(steps[3:]) <= 0).all()


def test_linear_times_by_hand() -> None:
    steps = latency_linear(6)  # 51 values a step
    assert [steps[value] for value in (255, 230, 229, 204, 102, 51)] == [0, 0, 1, 1, 3, 4]


@pytest.mark.reference
@pytest.mark.parametrize("linear", [True, False])
@pytest.mark.parametrize("n_steps", [8, 20, 100])
def test_the_spikes_of_snntorch(linear: bool, n_steps: int) -> None:
    spikegen = pytest.importorskip("snntorch.spikegen")
    lit = torch.arange(3, 256, dtype=torch.float64) / 255  # those above the threshold
    theirs = spikegen.latency(
        lit, num_steps=n_steps, threshold=THRESHOLD, normalize=True, linear=linear
    )
    ours = (latency_linear if linear else latency_log)(n_steps)[3:]
    expected = ours == np.arange(n_steps)[:, None]
    np.testing.assert_array_equal(theirs.numpy().astype(bool), expected)
