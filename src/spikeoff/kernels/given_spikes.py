"""Given input spikes as differences from a baseline, the form in which networks take drawn ones."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from spikeoff.kernels.jit import kernel
from spikeoff.kernels.spike_delta import SpikeDelta


def spike_delta_from_dense(spikes: NDArray[np.uint8], baseline: NDArray[np.bool_]) -> SpikeDelta:
    """The spikes as what departs from the baseline.

    Args:
        spikes: [n, steps, n_inputs] 1 where an input fires.
        baseline: [n, n_inputs] whether an input usually fires.
    """
    n, n_steps, n_inputs = spikes.shape
    result = SpikeDelta(
        n_baseline=baseline.sum(axis=1, dtype=np.int32),
        baseline=np.argsort(~baseline, axis=1, kind="stable").astype(np.uint16),
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
