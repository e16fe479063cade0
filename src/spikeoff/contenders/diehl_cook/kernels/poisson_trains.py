"""Poisson input for the kernels: the trains of one image, as ``coding.poisson`` defines them."""

from __future__ import annotations

from typing import Any

import numpy as np

from spikeoff.coding.philox import philox4x32
from spikeoff.coding.poisson import silence_scale, silent_steps
from spikeoff.coding.rate import block_words
from spikeoff.kernels import elementary_functions  # noqa: F401 (lets kernels call them)
from spikeoff.kernels.jit import jitable, serial_kernel
from spikeoff.kernels.rows import copy_row

jitable(philox4x32, block_words, silence_scale, silent_steps)


@serial_kernel
def draw_trains(
    pixels: Any,
    n_steps: Any,
    intensity: Any,
    dt: Any,
    example: Any,
    epoch: Any,
    presentation: Any,
    seed: Any,
) -> tuple[Any, Any, Any]:
    """The fields of ``Trains`` for one image [784] uint8."""
    n_pixels = len(pixels)
    active = np.empty(n_pixels, np.int64)
    first = np.empty(n_pixels + 1, np.int64)
    times = np.empty(4096, np.int64)
    n_active, n_times = 0, 0
    first[0] = 0
    for pixel in range(n_pixels):
        if pixels[pixel] == 0:
            continue
        scale = silence_scale(float(pixels[pixel]), intensity, dt)
        step = np.int64(-1)
        block = np.int64(0)
        while step < n_steps:
            if n_times + 4 > len(times):
                longer = np.empty(2 * len(times), np.int64)
                copy_row(times[:n_times], longer)
                times = longer
            for word in block_words(block, pixel, example, epoch, presentation, seed):
                step += 1 + np.int64(silent_steps(word, scale))
                if step >= n_steps:
                    break
                times[n_times] = step
                n_times += 1
            block += 1
        if n_times > first[n_active]:
            active[n_active] = pixel
            n_active += 1
            first[n_active] = n_times
    return active[:n_active], first[: n_active + 1], times[:n_times]
