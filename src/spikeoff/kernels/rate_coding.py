"""Rate coding straight to lists of active pixels: the form in which products take spikes."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from spikeoff.data import Images
from spikeoff.encoding import STEPS_PER_BLOCK, block_words, step_draw, thresholds
from spikeoff.kernels.events import Events
from spikeoff.kernels.jit import admit, kernel
from spikeoff.philox import philox4x32

admit(philox4x32, block_words, step_draw)


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
        first_row = example * n_steps
        counts[first_row : first_row + n_steps] = 0
        for pixel in range(n_pixels):
            limit = limits[pixels[example, pixel]]
            if limit == 0:
                continue
            for first in range(0, n_steps, STEPS_PER_BLOCK):
                words = block_words(
                    first // STEPS_PER_BLOCK, pixel, ids[example], epoch, presentation, seed
                )
                for j in range(min(STEPS_PER_BLOCK, n_steps - first)):
                    row = first_row + first + j
                    # Written always, counted only if it fires: cheaper than a branch.
                    active[row, counts[row]] = pixel
                    counts[row] += step_draw(words, j) < limit
