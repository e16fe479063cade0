"""Rate coding straight to lists of active pixels: the form in which products take spikes."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from spikeoff.data import Images
from spikeoff.encoding import STEPS_PER_BLOCK, block_words, thresholds, word_draw
from spikeoff.kernels.events import Events
from spikeoff.kernels.jit import admit, kernel, separate_kernel
from spikeoff.philox import philox4x32

admit(philox4x32, block_words, word_draw)


def rate_code_events(
    images: Images, n_steps: int, max_rate: float, *, seed: int, epoch: int, presentation: int = 0
) -> Events:
    """The spikes of ``encoding.rate_code``, as lists of active pixels a step.

    Raises:
        UserError: ``max_rate`` is no probability.
    """
    n, n_pixels = images.pixels.shape
    counts = np.empty(n * n_steps, np.int32)
    active = np.empty((n * n_steps, n_pixels), np.uint16)
    limits = thresholds(max_rate)
    _draw(images.pixels, images.ids, limits, seed, epoch, presentation, n_steps, counts, active)
    return Events(counts, active, n_pixels)


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
        n_lit = _list_lit(pixels[example], limits, lit, limit)
        for first in range(0, n_steps, STEPS_PER_BLOCK):
            block = first // STEPS_PER_BLOCK
            _draw_words(block, lit[:n_lit], ids[example], epoch, presentation, seed, words)
            _fire(first, lit[:n_lit], limit, words, counts[rows], active[rows])


@separate_kernel
def _list_lit(pixels: Any, limits: Any, lit: Any, limit: Any) -> Any:
    """Pixels that may fire, and below what: fill ``lit`` and ``limit``; returns how many."""
    n = np.uintp(0)
    for pixel in range(len(pixels)):
        # Written always, counted only if it may fire: cheaper than a branch.
        lit[n] = pixel
        limit[n] = limits[pixels[pixel]]
        n += np.uintp(limit[n] > 0)
    return n


@separate_kernel
def _draw_words(
    block: Any, lit: Any, example: Any, epoch: Any, presentation: Any, seed: Any, words: Any
) -> None:
    """The words of a block of steps for all these pixels, side by side: ``words`` [4, ...]."""
    w0, w1, w2, w3 = words[0], words[1], words[2], words[3]
    for k in range(len(lit)):
        w0[k], w1[k], w2[k], w3[k] = block_words(block, lit[k], example, epoch, presentation, seed)


@separate_kernel
def _fire(first: Any, lit: Any, limit: Any, words: Any, counts: Any, active: Any) -> None:
    """List who fires at the steps of a block, from ``first`` on."""
    for j in range(min(STEPS_PER_BLOCK, len(counts) - first)):
        word, row = words[j // 2], active[first + j]
        n = np.uintp(0)
        for k in range(len(lit)):
            row[n] = lit[k]
            n += np.uintp(word_draw(word[k], j) < limit[k])
        counts[first + j] = n
