"""Given input spikes as differences from a baseline, the form in which networks take drawn ones."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from spikeoff.coding.input_coding import DRAWN, InputCoding
from spikeoff.coding.rate import LEVELS
from spikeoff.data import Images
from spikeoff.kernels.jit import kernel
from spikeoff.kernels.spike_delta import SpikeDelta


def given_spike_delta(coding: InputCoding, images: Images, spikes: NDArray[np.uint8]) -> SpikeDelta:
    """The spikes as what departs from the baseline that the coding gives the images.

    The spikes that the coding itself makes are listed in the order of ``kernels.input_coding``, so
    that products with weights have the same bits.

    Args:
        coding: that made the spikes, before they were changed.
        images: n images.
        spikes: [n, steps, n_inputs] 1 where an input fires.
    """
    n, n_steps, n_inputs = spikes.shape
    likely = np.zeros((n, n_inputs), np.int64)
    if coding.name in DRAWN:
        likely = coding.limits()[images.flat]
    baseline = likely > LEVELS // 2
    # Inputs that fire at every step stand behind the others of the baseline.
    order = np.argsort(np.where(baseline, likely == LEVELS, 2), axis=1, kind="stable")
    result = SpikeDelta(
        n_baseline=baseline.sum(axis=1, dtype=np.int32),
        baseline=order.astype(np.uint16),
        n_fired=np.empty(n * n_steps, np.int32),
        n_flips=np.empty(n * n_steps, np.int32),
        flips=np.zeros((n * n_steps, n_inputs), np.uint16),
    )
    _list_flips(spikes, baseline, result.n_fired, result.n_flips, result.flips)
    return result


@kernel
def _list_flips(spikes: Any, baseline: Any, n_fired: Any, n_flips: Any, flips: Any) -> None:
    """Fill ``n_fired`` and ``n_flips`` [n * steps] and ``flips`` [n * steps, n_inputs] in place."""
    n_steps, n_inputs = spikes.shape[1:]
    for row in numba.prange(len(n_flips)):
        example, step = row // n_steps, row % n_steps
        n = 0
        for k in range(n_inputs):
            if spikes[example, step, k] and not baseline[example, k]:
                flips[row, n] = k
                n += 1
        n_fired[row] = n
        for k in range(n_inputs):
            if not spikes[example, step, k] and baseline[example, k]:
                flips[row, n] = k
                n += 1
        n_flips[row] = n
