"""Every coding: the same spikes by NumPy, Numba and PyTorch."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spikeoff.coding import CodingName, InputCoding, rate_code
from spikeoff.data import Images
from spikeoff.kernels.input_coding import input_delta, input_events

CODINGS = get_args(CodingName)


def shades(n: int, first_id: int = 0) -> Images:
    """Images whose pixels run through all 256 values."""
    pixels = np.resize(np.arange(256, dtype=np.uint8), (n, 784))
    return Images(pixels, np.zeros(n, np.uint8), np.arange(n, dtype=np.int64) + first_id)


@pytest.mark.parametrize("name", CODINGS)
@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    epoch=st.integers(0, 1000),
    n_steps=st.integers(4, 21),
    first_id=st.integers(0, 2**31),
)
def test_numpy_numba_and_torch_give_the_same_spikes(
    name: CodingName, seed: int, epoch: int, n_steps: int, first_id: int
) -> None:
    images = shades(3, first_id)
    coding = InputCoding(name, n_steps, 0.7, (200, 90, 30), seed)
    expected = coding.spikes(images, epoch)
    assert expected.shape == (3, n_steps, 784)
    events, delta = input_events(coding, images, epoch), input_delta(coding, images, epoch)
    np.testing.assert_array_equal(events.dense().reshape(expected.shape), expected)
    np.testing.assert_array_equal(delta.dense().reshape(expected.shape), expected)
    by_torch = coding.spikes_torch(
        torch.from_numpy(images.flat), torch.from_numpy(images.ids), epoch
    )
    np.testing.assert_array_equal(by_torch.numpy(), expected)


def test_rate_is_the_rate_coding_that_it_was() -> None:
    images = shades(2)
    coded = InputCoding("rate", 30, 0.5, seed=7).spikes(images, epoch=3)
    np.testing.assert_array_equal(coded, rate_code(images, 30, 0.5, seed=7, epoch=3))


def test_poisson_spikes_are_steps_with_an_event_of_the_process() -> None:
    """Their share is 1 - exp(-rate), within four standard errors."""
    images, n_steps = shades(100), 100
    spikes = InputCoding("poisson", n_steps, 1.0, seed=2).spikes(images, epoch=1)
    fired = np.bincount(images.flat.ravel(), spikes.sum(axis=1).ravel(), 256)
    trials = np.bincount(images.flat.ravel(), minlength=256) * n_steps
    p = 1 - np.exp(-np.arange(256) / 255)
    assert fired[0] == 0
    z = (fired - p * trials)[1:] / np.sqrt(trials * p * (1 - p))[1:]
    assert abs(z).max() < 4.5


@pytest.mark.parametrize("name", ["latency", "latency-log", "threshold"])
def test_a_pixel_fires_at_most_once(name: CodingName, few: Images) -> None:
    fired = InputCoding(name, 8).spikes(few, epoch=0).sum(axis=1)
    assert fired.max() == 1
    lit = few.flat > (40 if name == "threshold" else 2)
    np.testing.assert_array_equal(fired, lit)
