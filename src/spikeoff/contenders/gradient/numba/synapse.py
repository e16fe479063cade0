"""Synaptic currents of a layer in place, and their gradients (``neurons.synapse``)."""

from __future__ import annotations

from typing import Any

import numba
from numpy.typing import NDArray

from spikeoff.kernels.jit import jitable, kernel, noalias_kernel
from spikeoff.neurons.synapse import accumulate

jitable(accumulate)


def accumulate_currents(arriving: NDArray[Any], n_steps: int, decay: float) -> None:
    """``arriving`` [n, tiles, steps or more, lanes] becomes the synaptic current, in place."""
    if decay:
        _forward(arriving, n_steps, arriving.dtype.type(decay))


def accumulate_gradients(by_currents: NDArray[Any], n_steps: int, decay: float) -> None:
    """The gradient by currents becomes that by what arrives, in place.

        by_arriving[t] = by_current[t] + decay by_arriving[t+1]

    Args:
        by_currents: [n, tiles, steps or more, lanes]; places after the steps stay.
        n_steps: steps.
        decay: per step.
    """
    if decay:
        _backward(by_currents, n_steps, by_currents.dtype.type(decay))


@kernel
def _forward(currents: Any, n_steps: Any, decay: Any) -> None:
    n, n_tiles = currents.shape[:2]
    for example in numba.prange(n):
        for tile in range(n_tiles):
            rows = currents[example, tile]
            for step in range(1, n_steps):
                _add(rows[step - 1], rows[step], decay)


@kernel
def _backward(by_currents: Any, n_steps: Any, decay: Any) -> None:
    n, n_tiles = by_currents.shape[:2]
    for example in numba.prange(n):
        for tile in range(n_tiles):
            rows = by_currents[example, tile]
            for back in range(1, n_steps):
                step = n_steps - 1 - back
                _add(rows[step + 1], rows[step], decay)


@noalias_kernel
def _add(other: Any, row: Any, decay: Any) -> None:
    """What ``row`` is after ``other``, in place."""
    for h in range(len(row)):
        row[h] = accumulate(other[h], row[h], decay)
