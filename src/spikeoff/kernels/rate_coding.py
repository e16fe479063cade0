"""Rate coding straight to lists of pixels: the forms in which products take spikes."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from spikeoff.coding import LEVELS, STEPS_PER_BLOCK, block_words, thresholds, word_draw
from spikeoff.coding.philox import philox4x32
from spikeoff.data import Images
from spikeoff.kernels.events import Events
from spikeoff.kernels.jit import jitable, kernel, noalias_kernel
from spikeoff.kernels.spike_delta import SpikeDelta

jitable(philox4x32, block_words, word_draw)


def rate_code_events(
    images: Images, n_steps: int, max_rate: float, *, seed: int, epoch: int, presentation: int = 0
) -> Events:
    """The spikes of ``coding.rate_code``, as lists of active pixels a step.

    Raises:
        UserError: ``max_rate`` is no probability.
    """
    key = {"seed": seed, "epoch": epoch, "presentation": presentation}
    return draw_events(images, n_steps, thresholds(max_rate), **key)


def rate_code_delta(
    images: Images, n_steps: int, max_rate: float, *, seed: int, epoch: int, presentation: int = 0
) -> SpikeDelta:
    """The spikes of ``coding.rate_code``, as what departs from each pixel's usual state.

    Raises:
        UserError: ``max_rate`` is no probability.
    """
    key = {"seed": seed, "epoch": epoch, "presentation": presentation}
    return draw_delta(images, n_steps, thresholds(max_rate), **key)


def draw_events(
    images: Images,
    n_steps: int,
    limits: NDArray[np.int64],
    *,
    seed: int,
    epoch: int,
    presentation: int = 0,
) -> Events:
    """The spikes of ``coding.rate.draw``, as lists of active pixels a step."""
    n, n_pixels = images.flat.shape
    counts = np.empty(n * n_steps, np.int32)
    active = np.empty((n * n_steps, n_pixels), np.uint16)
    _draw(images.flat, images.ids, limits, seed, epoch, presentation, n_steps, counts, active)
    return Events(counts, active, n_pixels)


def draw_delta(
    images: Images,
    n_steps: int,
    limits: NDArray[np.int64],
    *,
    seed: int,
    epoch: int,
    presentation: int = 0,
) -> SpikeDelta:
    """The spikes of ``coding.rate.draw``, as what departs from each pixel's usual state."""
    n, n_pixels = images.flat.shape
    result = SpikeDelta(
        n_baseline=np.empty(n, np.int32),
        baseline=np.empty((n, n_pixels), np.uint16),
        n_fired=np.empty(n * n_steps, np.int32),
        n_flips=np.empty(n * n_steps, np.int32),
        flips=np.empty((n * n_steps, n_pixels), np.uint16),
    )
    _draw_delta(
        images.flat, images.ids, limits, seed, epoch, presentation, n_steps,
        result.n_baseline, result.baseline, result.n_fired, result.n_flips, result.flips,
    )  # fmt: skip
    return result


@kernel
def _draw(
    pixels: Any,
    ids: Any,
    limits: Any,
    seed: Any,
    epoch: Any,
    presentation: Any,
    n_steps: Any,
    counts: Any,
    active: Any,
) -> None:
    """Fill ``counts`` [n * n_steps] and ``active`` [n * n_steps, n_pixels] in place."""
    n, n_pixels = pixels.shape
    for example in numba.prange(n):
        lit, limit = np.empty(n_pixels, np.int64), np.empty(n_pixels, np.int64)
        words = np.empty((4, n_pixels), np.int64)
        rows = slice(example * n_steps, (example + 1) * n_steps)
        n_lit = _list_between(pixels[example], limits, 1, LEVELS, 0, lit, limit)
        for first in range(0, n_steps, STEPS_PER_BLOCK):
            block = first // STEPS_PER_BLOCK
            _draw_words(block, lit[:n_lit], ids[example], epoch, presentation, seed, words)
            _fire(first, lit[:n_lit], limit, words, counts[rows], active[rows])


@kernel
def _draw_delta(
    pixels: Any,
    ids: Any,
    limits: Any,
    seed: Any,
    epoch: Any,
    presentation: Any,
    n_steps: Any,
    n_baseline: Any,
    baseline: Any,
    n_fired: Any,
    n_flips: Any,
    flips: Any,
) -> None:
    """Fill the fields of ``SpikeDelta`` in place."""
    n, n_pixels = pixels.shape
    half = LEVELS // 2
    for example in numba.prange(n):
        lit, limit = np.empty(n_pixels + 1, np.int64), np.empty(n_pixels + 1, np.int64)
        words = np.empty((4, n_pixels), np.int64)
        rows = slice(example * n_steps, (example + 1) * n_steps)
        # Those that always fire need no draw: they are listed behind those that are in doubt.
        n_dim = _list_between(pixels[example], limits, 1, half, 0, lit, limit)
        n_doubt = _list_between(pixels[example], limits, half + 1, LEVELS - 1, n_dim, lit, limit)
        n_lit = _list_between(pixels[example], limits, LEVELS, LEVELS, n_doubt, lit, limit)
        n_baseline[example] = n_lit - n_dim
        for k in range(n_dim, n_lit):
            baseline[example, k - n_dim] = lit[k]
        for first in range(0, n_steps, STEPS_PER_BLOCK):
            block = first // STEPS_PER_BLOCK
            _draw_words(block, lit[:n_doubt], ids[example], epoch, presentation, seed, words)
            _depart(
                first, lit[:n_doubt], limit, n_dim, words,
                n_fired[rows], n_flips[rows], flips[rows],
            )  # fmt: skip


@noalias_kernel
def _list_between(
    pixels: Any, limits: Any, least: Any, most: Any, begin: Any, lit: Any, limit: Any
) -> Any:
    """List pixels whose limit lies in [least, most], from place ``begin``; returns the end."""
    n = np.uintp(begin)
    for pixel in range(len(pixels)):
        # Written always, counted only if it lies there: cheaper than a branch.
        lit[n] = pixel
        limit[n] = limits[pixels[pixel]]
        n += np.uintp(least <= limit[n] <= most)
    return np.int64(n)


@noalias_kernel
def _draw_words(
    block: Any, lit: Any, example: Any, epoch: Any, presentation: Any, seed: Any, words: Any
) -> None:
    """The words of a block of steps for all these pixels, side by side: ``words`` [4, ...]."""
    w0, w1, w2, w3 = words[0], words[1], words[2], words[3]
    for k in range(len(lit)):
        w0[k], w1[k], w2[k], w3[k] = block_words(block, lit[k], example, epoch, presentation, seed)


@noalias_kernel
def _fire(first: Any, lit: Any, limit: Any, words: Any, counts: Any, active: Any) -> None:
    """List who fires at the steps of a block, from ``first`` on."""
    for j in range(min(STEPS_PER_BLOCK, len(counts) - first)):
        word, row = words[j // 2], active[first + j]
        n = np.uintp(0)
        for k in range(len(lit)):
            row[n] = lit[k]
            n += np.uintp(word_draw(word[k], j) < limit[k])
        counts[first + j] = n


@noalias_kernel
def _depart(
    first: Any, lit: Any, limit: Any, n_dim: Any, words: Any,
    n_fired: Any, n_flips: Any, flips: Any,
) -> None:  # fmt: skip
    """List at the steps of a block who of the first ``n_dim`` fires, then who else is silent."""
    for j in range(min(STEPS_PER_BLOCK, len(n_fired) - first)):
        word, row = words[j // 2], flips[first + j]
        n = np.uintp(0)
        for k in range(n_dim):
            row[n] = lit[k]
            n += np.uintp(word_draw(word[k], j) < limit[k])
        n_fired[first + j] = n
        for k in range(n_dim, len(lit)):
            row[n] = lit[k]
            n += np.uintp(word_draw(word[k], j) >= limit[k])
        n_flips[first + j] = n
