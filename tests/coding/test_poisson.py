"""Poisson input: rates, independence of steps, purity."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spikeoff.coding.poisson import (
    Trains,
    poisson_thresholds,
    poisson_trains,
    silence_scale,
    silent_steps,
)

STEPS = 700


def draw(pixels: np.ndarray, intensity: float = 2.0, **changes: int) -> Trains:
    key = {"example": 3, "epoch": 1, "presentation": 0, "seed": 5, **changes}
    return poisson_trains(pixels, STEPS, intensity, 0.5, **key)


def test_every_pixel_fires_at_its_rate() -> None:
    for value in (16, 128, 255):
        count = sum(len(draw(np.full(784, value, np.uint8), example=k).times) for k in range(4))
        expected = 4 * 784 * STEPS * value / 8 * 2 * 0.5 / 1000
        assert abs(count - expected) < 4 * np.sqrt(expected)


def test_spikes_are_spread_evenly_and_intervals_are_geometric() -> None:
    trains = draw(np.full(784, 255, np.uint8), intensity=8.0)
    p = 255 / 8 * 8 * 0.5 / 1000
    halves = np.bincount(trains.times >= STEPS // 2, minlength=2)
    assert abs(halves[0] - halves[1]) < 4 * np.sqrt(halves.sum())
    gaps = np.concatenate(
        [np.diff(trains.times[a:b]) for a, b in zip(trains.first, trains.first[1:], strict=False)]
    )
    assert gaps.min() == 1
    expected = (gaps.size * p * (1 - p) ** np.arange(10)).round()
    np.testing.assert_allclose(np.bincount(gaps)[1:11], expected, atol=5 * np.sqrt(gaps.size * p))


def test_spikes_depend_on_every_part_of_their_key_and_on_nothing_else() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, 784).astype(np.uint8)
    one = draw(pixels)
    assert all((a == b).all() for a, b in zip(one, draw(pixels), strict=True))
    for name in ("example", "epoch", "presentation", "seed"):
        other = draw(pixels, **{name: 9})
        assert one.times.size != other.times.size or (one.times != other.times).any()


def test_a_black_image_is_silent_and_a_certain_pixel_fires_at_every_step() -> None:
    black = draw(np.zeros(784, np.uint8))
    assert (black.times.size, black.first.tolist()) == (0, [0])
    certain = draw(np.eye(1, 784, dtype=np.uint8)[0] * np.uint8(255), intensity=1000.0)
    np.testing.assert_array_equal(certain.times, np.arange(STEPS))
    np.testing.assert_array_equal(certain.pixels, [0])
    np.testing.assert_array_equal(certain.first, [0, STEPS])


@pytest.mark.parametrize("intensity", [0.5, 2.0, 100.0])
def test_times_ascend_within_a_pixel_and_stay_in_the_presentation(intensity: float) -> None:
    trains = draw(np.random.default_rng(1).integers(0, 256, 784).astype(np.uint8), intensity)
    for a, b in zip(trains.first, trains.first[1:], strict=False):
        assert (np.diff(trains.times[a:b]) > 0).all()
    assert trains.times.min() >= 0
    assert trains.times.max() < STEPS


@pytest.mark.parametrize("max_rate", [0.2, 1.0])
def test_limits_are_the_probability_of_an_event_per_step(max_rate: float) -> None:
    limits = poisson_thresholds(max_rate)
    for value in (0, 1, 100, 254, 255):
        assert limits[value] == round(65536 * (1 - math.exp(-value / 255 * max_rate)))


def test_silence_is_drawn_by_the_inverse_of_the_geometric_distribution() -> None:
    """P(at least k silent steps) = (1 - p)^k, so a word of (1 - p)^k * 2^32 is at the border."""
    p = 40 / 8 * 2 * 0.5 / 1000
    scale = silence_scale(40.0, 2.0, 0.5)
    assert scale == pytest.approx(1 / math.log(1 - p))
    for k in (1, 3, 20):
        border = (1 - p) ** k * 2**32
        assert silent_steps(math.floor(border) - 1, scale) == k
        assert silent_steps(math.ceil(border) + 1, scale) == k - 1
    assert silence_scale(8.0, 1000.0, 1.0) == 0  # p = 1: every step
    assert silence_scale(8.0, 999.0, 1.0) < 0
