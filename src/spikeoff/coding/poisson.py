"""Poisson input: the steps at which each pixel fires, drawn interval by interval.

At every step a pixel of value x fires with probability

    p = x / 8 * intensity * dt / 1000        (x / 8 * intensity is its rate in Hz, dt in ms)

The steps between two spikes are then geometrically distributed, and drawn as such: with u uniform
in (0, 1), floor(ln(u) / ln(1 - p)) steps pass in silence before the next spike. Few pixels fire
and none often, so this takes a hundredth of the random numbers that a draw a step would.

The draws are those of Philox at the counter (block, pixel, example, epoch) and the key (seed,
presentation); a block has four. So any engine, thread or resumed run sees the same spikes.

Source of the rates: P. U. Diehl and M. Cook, "Unsupervised learning of digit recognition using
spike-timing-dependent plasticity", Frontiers in Computational Neuroscience 9:99, 2015.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spikeoff.coding.rate import LEVELS, block_words, check_rate
from spikeoff.numerics.functions import expm1, log, log1p


class Trains(NamedTuple):
    """The input spikes of one presentation, pixel by pixel.

    pixels: [n] int64, those that fire at all, in ascending order.
    first: [n + 1] int64, where each one's times begin in ``times``.
    times: steps at which they fire, ascending for each pixel.
    """

    pixels: NDArray[np.int64]
    first: NDArray[np.int64]
    times: NDArray[np.int64]


def poisson_thresholds(max_rate: float) -> NDArray[np.int64]:
    """round(p * 65536) of each pixel value for ``coding.rate.draw``; [256] int64.

    Spikes of a Poisson process that fall into the same step count as one, so that a step has a
    spike with probability

        p = 1 - exp(-x / 255 * max_rate).

    Args:
        max_rate: spikes per step of the process at pixel value 255.

    Raises:
        UserError: ``max_rate`` is not above 0 and at most 1.
    """
    check_rate(max_rate)
    p: NDArray[np.float64] = -expm1(-np.arange(256) / 255 * max_rate)
    return np.rint(p * LEVELS).astype(np.int64)


def silence_scale(level: Any, intensity: Any, dt: Any) -> Any:
    """1 / ln(1 - p) for a pixel value; 0 for one that fires at every step.

    Args:
        level: pixel value above 0.
        intensity: spikes a second at pixel value 8.
        dt: step (ms).
    """
    p = level * intensity * dt / 8000.0
    return 1.0 / log1p(-p) if p < 1.0 else 0.0


def silent_steps(word: Any, scale: Any) -> Any:
    """Steps without a spike before the next one, from a random 32-bit word."""
    return math.floor(log((word + 0.5) / 4294967296.0) * scale)


def poisson_trains(
    pixels: NDArray[np.uint8],
    n_steps: int,
    intensity: float,
    dt: float,
    *,
    example: int,
    epoch: int,
    presentation: int,
    seed: int,
) -> Trains:
    """The spikes of one image over ``n_steps`` steps.

    Args:
        pixels: [784] uint8.
        n_steps: steps of the presentation.
        intensity: spikes a second at pixel value 8.
        dt: step (ms).
        example, epoch, presentation, seed: whose spikes.
    """
    active, first, times = [], [0], []
    for pixel in np.flatnonzero(pixels):
        fired: list[int] = []
        step, draw = -1, 0
        words: tuple[int, ...] = ()
        scale = silence_scale(float(pixels[pixel]), intensity, dt)
        while True:
            if draw % 4 == 0:
                words = block_words(draw // 4, int(pixel), example, epoch, presentation, seed)
            step += 1 + silent_steps(words[draw % 4], scale)
            draw += 1
            if step >= n_steps:
                break
            fired.append(step)
        if fired:
            active.append(int(pixel))
            times += fired
            first.append(len(times))
    return Trains(*(np.array(values, np.int64) for values in (active, first, times)))
