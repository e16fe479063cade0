"""Faulty input spikes: some are deleted, or each moves by a few time steps.

Like the corruptions of images, a pure function of (spikes, ids, amount, seed): what happens to a
spike depends on the seed, the image's id, the pixel and the time step alone. Both act on spikes
that were drawn as usual, of any coding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spikeoff.coding.philox import philox4x32

KEY = 0x53504B53
"""Second word of the key, which keeps these draws apart from those of the spikes themselves."""

WORDS = 1 << 32
DELETION, JITTER = range(2)

Spikes = NDArray[np.uint8]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class SpikeNoise:
    """A fault of the input spikes, and its amounts at the severities 1 to 5."""

    apply: Callable[[Spikes, Ids, float, int], Spikes]
    amounts: tuple[float, float, float, float, float]
    unit: str


def delete_spikes(spikes: Spikes, ids: Ids, share: float, seed: int) -> Spikes:
    """Each spike is deleted with probability ``share``, independently of all others.

    Args:
        spikes: [n, steps, pixels] 1 where a pixel fires.
        ids: [n] numbers of the images in their data set.
        share: probability.
        seed: of the draws.
    """
    out = spikes.copy()
    at = np.nonzero(spikes)
    deleted = _word(at, ids, DELETION, seed) < round(share * WORDS)
    out[tuple(axis[deleted] for axis in at)] = 0
    return out


def jitter_spikes(spikes: Spikes, ids: Ids, most: float, seed: int) -> Spikes:
    """Each spike moves by a whole number of steps, drawn uniformly from -most to most.

    A spike that leaves the presentation is lost. Two spikes of a pixel at one step are one.

    Args:
        spikes: [n, steps, pixels] 1 where a pixel fires.
        ids: [n] numbers of the images in their data set.
        most: time steps.
        seed: of the draws.
    """
    out = np.zeros_like(spikes)
    image, step, pixel = np.nonzero(spikes)
    reach = round(most)
    word = _word((image, step, pixel), ids, JITTER, seed)
    moved = step + word * (2 * reach + 1) // WORDS - reach
    kept = (moved >= 0) & (moved < spikes.shape[1])
    out[image[kept], moved[kept], pixel[kept]] = 1
    return out


SPIKE_NOISE: Mapping[str, SpikeNoise] = {
    "deleted-spikes": SpikeNoise(delete_spikes, (0.1, 0.2, 0.3, 0.5, 0.7), "share of input spikes"),
    "jittered-spikes": SpikeNoise(jitter_spikes, (1, 2, 3, 5, 10), "time steps, at most"),
}
"""The faults by name."""


def _word(at: tuple[Any, ...], ids: Ids, what: int, seed: int) -> Any:
    """A random word for each spike."""
    image, step, pixel = at
    return philox4x32(step, pixel, ids[image], what, seed, KEY)[0]
