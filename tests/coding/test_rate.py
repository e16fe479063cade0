"""Rate coding: the same spikes everywhere, at the promised rates."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from spikeoff.coding import LEVELS, rate_code, rate_code_torch, thresholds
from spikeoff.coding.rate import draw, draw_torch
from spikeoff.data import Images
from spikeoff.errors import UserError
from spikeoff.kernels import jit
from spikeoff.kernels.rate_coding import rate_code_delta, rate_code_events
from spikeoff.ledger.environment import available_cores

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def gradient_images(n: int) -> Images:
    """Images whose pixels run through all 256 values."""
    pixels = np.resize(np.arange(256, dtype=np.uint8), (n, 784))
    return Images(pixels, np.zeros(n, np.uint8), np.arange(n, dtype=np.int64))


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    epoch=st.integers(0, 1000),
    presentation=st.integers(0, 20),
    n_steps=st.integers(1, 21),
    max_rate=st.floats(0.01, 1.0),
    first_id=st.integers(0, 2**31),
)
def test_numpy_numba_and_torch_draw_the_same_spikes(
    seed: int, epoch: int, presentation: int, n_steps: int, max_rate: float, first_id: int
) -> None:
    images = gradient_images(3)
    images = Images(images.pixels, images.labels, images.ids + first_id)
    key = {"seed": seed, "epoch": epoch, "presentation": presentation}
    by_numpy = rate_code(images, n_steps, max_rate, **key)
    by_numba = rate_code_events(images, n_steps, max_rate, **key).dense()
    np.testing.assert_array_equal(by_numpy.reshape(by_numba.shape), by_numba)
    departures = rate_code_delta(images, n_steps, max_rate, **key)
    np.testing.assert_array_equal(departures.dense(), by_numba)
    assert departures.total() == by_numba.sum()
    for device in DEVICES:
        pixels = torch.from_numpy(images.flat).to(device)
        ids = torch.from_numpy(images.ids).to(device)
        by_torch = rate_code_torch(pixels, ids, n_steps, max_rate, **key)
        np.testing.assert_array_equal(by_numpy, by_torch.cpu().numpy())


def test_thread_count_changes_no_spike(few: Images) -> None:
    drawn = []
    for threads in (1, 2):
        jit.set_threads(threads)
        drawn.append(rate_code_events(few, 50, 1.0, seed=3, epoch=1).dense())
        drawn.append(rate_code_delta(few, 50, 1.0, seed=3, epoch=1).dense())
    jit.set_threads(available_cores())
    for other in drawn[1:]:
        np.testing.assert_array_equal(drawn[0], other)


def test_images_of_one_brightness_are_drawn_whole() -> None:
    """All pixels in doubt, all certain, none lit: every list is full or empty."""
    for value in (0, 1, 100, 200, 254, 255):
        images = Images(np.full((2, 784), value, np.uint8), np.zeros(2, np.uint8), np.arange(2))
        departures = rate_code_delta(images, 9, 1.0, seed=0, epoch=1)
        expected = rate_code(images, 9, 1.0, seed=0, epoch=1).reshape(18, 784)
        np.testing.assert_array_equal(departures.dense(), expected)


def test_departures_are_few(few: Images) -> None:
    """Each pixel lists the rarer of firing and silence: min(p, 1 - p) a step by expectation."""
    rates = few.flat / 255
    listed = rate_code_delta(few, 50, 1.0, seed=3, epoch=1).n_flips.mean()
    np.testing.assert_allclose(listed, np.minimum(rates, 1 - rates).sum(axis=1).mean(), rtol=0.05)


def test_what_names_no_presentation_is_the_first(few: Images) -> None:
    key = {"seed": 1, "epoch": 2}
    first = rate_code(few, 10, 0.5, **key, presentation=0)
    limits, pixels, ids = thresholds(0.5), torch.from_numpy(few.flat), torch.from_numpy(few.ids)
    for other in (
        rate_code(few, 10, 0.5, **key),
        draw(few, 10, limits, **key),
        rate_code_torch(pixels, ids, 10, 0.5, **key).numpy(),
        draw_torch(pixels, ids, 10, limits, **key).numpy(),
    ):
        np.testing.assert_array_equal(other, first)


@pytest.mark.parametrize("max_rate", [0.3, 1.0])
def test_each_pixel_value_has_its_share_of_65536_draws(max_rate: float) -> None:
    expected = [round(value / 255 * max_rate * 65536) for value in range(256)]
    assert thresholds(max_rate).tolist() == expected


def test_an_example_has_its_spikes_whatever_its_company(few: Images) -> None:
    together = rate_code(few, 20, 0.5, seed=1, epoch=2)
    rows = np.array([7, 3, 31])
    apart = rate_code(few.take(rows), 20, 0.5, seed=1, epoch=2)
    np.testing.assert_array_equal(together[rows], apart)


def test_fewer_steps_are_the_first_of_more(few: Images) -> None:
    long = rate_code(few, 50, 1.0, seed=1, epoch=2)
    np.testing.assert_array_equal(long[:, :13], rate_code(few, 13, 1.0, seed=1, epoch=2))


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 2, "epoch": 1},
        {"seed": 1, "epoch": 2},
        {"seed": 1, "epoch": 1, "presentation": 1},
    ],
)
def test_seed_epoch_and_presentation_each_give_other_spikes(
    few: Images, other: dict[str, int]
) -> None:
    first = rate_code(few, 10, 0.5, seed=1, epoch=1)
    assert (first != rate_code(few, 10, 0.5, **other)).mean() > 0.01


@pytest.mark.parametrize("max_rate", [0.1, 0.5, 1.0])
def test_rates_are_binomial_about_their_expectation(max_rate: float) -> None:
    images = gradient_images(200)
    n_steps = 100
    spikes = rate_code(images, n_steps, max_rate, seed=11, epoch=1)
    counts = np.zeros(256)
    trials = np.zeros(256)
    np.add.at(counts, images.flat, spikes.sum(axis=1))
    np.add.at(trials, images.flat, n_steps)
    p = np.rint(np.arange(256) / 255 * max_rate * LEVELS) / LEVELS
    spread = np.sqrt(trials * p * (1 - p))
    scores = (counts - trials * p)[spread > 0] / spread[spread > 0]
    # Independent draws make these scores standard normal.
    assert stats.kstest(scores, "norm").pvalue > 1e-3
    assert counts[0] == 0
    if max_rate == 1.0:
        assert counts[255] == trials[255]


def test_steps_and_neighbours_are_independent() -> None:
    images = Images(np.full((400, 784), 128, np.uint8), np.zeros(400, np.uint8), np.arange(400))
    spikes = rate_code(images, 16, 1.0, seed=5, epoch=1).astype(float)
    n = spikes[:, :-1].size
    for left, right in (
        (spikes[:, :-1], spikes[:, 1:]),
        (spikes[:, :, :-1], spikes[:, :, 1:]),
        (spikes[:-1], spikes[1:]),
    ):
        correlation = np.corrcoef(left.ravel(), right.ravel())[0, 1]
        assert abs(correlation) < 5 / np.sqrt(n)


@pytest.mark.parametrize("max_rate", [0.0, -0.1, 1.01, float("nan")])
def test_a_rate_that_is_no_probability_is_refused(max_rate: float) -> None:
    with pytest.raises(UserError, match="max_rate"):
        thresholds(max_rate)
