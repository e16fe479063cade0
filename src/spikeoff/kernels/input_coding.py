"""Any coding straight to lists of pixels (``coding.input_coding``); a current is no list.

A pixel that fires at most once goes into the list of its step in a single pass over the image.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from spikeoff.coding.input_coding import DRAWN, InputCoding
from spikeoff.data import Images
from spikeoff.kernels.events import Events
from spikeoff.kernels.jit import kernel, noalias_kernel
from spikeoff.kernels.rate_coding import draw_delta, draw_events
from spikeoff.kernels.spike_delta import SpikeDelta


def input_events(coding: InputCoding, images: Images, epoch: int) -> Events:
    """The spikes of ``coding.spikes``, as lists of active pixels per image and step."""
    if coding.name in DRAWN:
        key = {"seed": coding.seed, "epoch": epoch}
        return draw_events(images, coding.n_steps, coding.limits(), **key)
    n, n_pixels = images.flat.shape
    counts = np.zeros(n * coding.n_steps, np.int32)
    active = np.empty((n * coding.n_steps, n_pixels), np.uint16)
    if coding.name != "direct":
        _list_once(images.flat, coding.first_steps(), coding.n_steps, counts, active)
    return Events(counts, active, n_pixels)


def input_delta(coding: InputCoding, images: Images, epoch: int) -> SpikeDelta:
    """The same as differences from each pixel's baseline, which is silence if it fires once."""
    if coding.name in DRAWN:
        key = {"seed": coding.seed, "epoch": epoch}
        return draw_delta(images, coding.n_steps, coding.limits(), **key)
    events = input_events(coding, images, epoch)
    silent = np.zeros(len(images.flat), np.int32)
    baseline = np.empty(images.flat.shape, np.uint16)
    return SpikeDelta(silent, baseline, events.counts, events.counts, events.active)


@kernel
def _list_once(pixels: Any, first_steps: Any, n_steps: Any, counts: Any, active: Any) -> None:
    """Fill ``counts`` [n * n_steps], 0 before, and ``active`` [n * n_steps, n_pixels] in place."""
    for example in numba.prange(len(pixels)):
        rows = slice(example * n_steps, (example + 1) * n_steps)
        _list_image(pixels[example], first_steps, counts[rows], active[rows])


@noalias_kernel
def _list_image(pixels: Any, first_steps: Any, counts: Any, active: Any) -> None:
    n_steps = len(counts)
    for pixel in range(len(pixels)):
        step = first_steps[pixels[pixel]]
        if step < n_steps:
            row = np.uintp(step)
            active[row, np.uintp(counts[row])] = pixel
            counts[row] += 1
