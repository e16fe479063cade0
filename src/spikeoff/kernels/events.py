"""Binary spikes as lists of active inputs, and their products with weights and gradients.

Most inputs are silent at most steps, and an active one is exactly 1. So the product with the
weights is a sum of weight rows, and its gradient a sum of the gradients at the steps where an
input fired: additions alone, and few of them.

Both are done block by block of columns, so that the rows gathered lie in the core's own cache,
eight rows at a time, so that the sum is loaded and stored once for eight additions. Each result
is summed by one thread in a fixed order: the same bits on any number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

from spikeoff.kernels.jit import kernel, noalias_kernel, serial_kernel

Real = TypeVar("Real", np.float32, np.float64)

FORWARD_BYTES = 1024  # of a row in a block: 784 such rows fill most of a 1 MiB cache
BACKWARD_BYTES = 256


@dataclass(frozen=True)
class Events:
    """Spikes of ``n_inputs`` binary inputs over rows (one row an example and step).

    counts: [rows] int32, how many inputs are active.
    active: [rows, n_inputs] uint16, the active inputs in the first ``counts[row]`` places.
    """

    counts: NDArray[np.int32]
    active: NDArray[np.uint16]
    n_inputs: int

    def total(self) -> int:
        """All spikes together."""
        return int(self.counts.sum(dtype=np.int64))

    def dense(self) -> NDArray[np.uint8]:
        """[rows, n_inputs] uint8, 1 where an input is active."""
        out = np.zeros((len(self.counts), self.n_inputs), np.uint8)
        _write_dense(self.counts, self.active, out)
        return out


def from_dense(spikes: NDArray[np.uint8]) -> Events:
    """Events of [rows, n_inputs] spikes of 0 and 1."""
    counts = np.empty(len(spikes), np.int32)
    active = np.empty(spikes.shape, np.uint16)
    _list_active(spikes, counts, active)
    return Events(counts, active, spikes.shape[1])


def by_step(events: Events, n_steps: int) -> NDArray[np.int64]:
    """[n_steps, n_inputs] how often each input is active at each step, over all examples."""
    out = np.zeros((n_steps, events.n_inputs), np.int64)
    _count_by_step(events.counts, events.active, out)
    return out


def product(events: Events, weights: NDArray[Real]) -> NDArray[Real]:
    """spikes @ weights, [rows, n_inputs] x [n_inputs, n_out] -> [rows, n_out]."""
    n_out = weights.shape[1]
    out = np.empty((len(events.counts), n_out), weights.dtype)
    width = FORWARD_BYTES // weights.itemsize
    for first in range(0, n_out, width):
        block = np.ascontiguousarray(weights[:, first : first + width])
        _gather(events.counts, events.active, block, out, first)
    return out


def weight_gradient(events: Events, gradient: NDArray[Real]) -> NDArray[Real]:
    """spikes.T @ gradient, [n_inputs, rows] x [rows, n_out] -> [n_inputs, n_out]."""
    n_out = gradient.shape[1]
    starts, rows = _by_input(events.counts, events.active, events.n_inputs)
    out = np.empty((events.n_inputs, n_out), gradient.dtype)
    _gather_by_input(starts, rows, gradient, BACKWARD_BYTES // gradient.itemsize, out)
    return out


@kernel
def _list_active(spikes: Any, counts: Any, active: Any) -> None:
    """Fill ``counts`` and ``active`` from dense spikes, in place."""
    for row in numba.prange(spikes.shape[0]):
        n = 0
        for column in range(spikes.shape[1]):
            active[row, n] = column
            n += spikes[row, column]
        counts[row] = n


@kernel
def _write_dense(counts: Any, active: Any, out: Any) -> None:
    """Set ``out`` [rows, n_inputs], 0 before, to 1 where an input is active."""
    for row in numba.prange(len(counts)):
        for k in range(counts[row]):
            out[row, np.uintp(active[row, k])] = 1


@serial_kernel
def _count_by_step(counts: Any, active: Any, out: Any) -> None:
    """Add each active input to its step's row of ``out``, in place."""
    for row in range(len(counts)):
        step = out[row % len(out)]
        for k in range(counts[row]):
            step[np.uintp(active[row, k])] += 1


@serial_kernel
def _by_input(counts: Any, active: Any, n_inputs: Any) -> tuple[Any, Any]:
    """The rows at which each input was active: (starts [n_inputs + 1], rows)."""
    starts = np.zeros(n_inputs + 1, np.int64)
    for row in range(len(counts)):
        for k in range(counts[row]):
            starts[np.uintp(active[row, k]) + np.uintp(1)] += 1
    for column in range(n_inputs):
        starts[column + 1] += starts[column]
    place = starts[:-1].copy()
    rows = np.empty(starts[-1], np.int32)
    for row in range(len(counts)):
        for k in range(counts[row]):
            source = np.uintp(active[row, k])
            rows[place[source]] = row
            place[source] += 1
    return starts, rows


@kernel
def _gather(counts: Any, active: Any, weights: Any, out: Any, first: Any) -> None:
    """out[row, first:...] = sum of the weights' rows that are active in it, in place."""
    stop = first + weights.shape[1]
    for row in numba.prange(len(counts)):
        sum_rows(weights, active[row], 0, counts[row], out[row, first:stop])


@kernel
def _gather_by_input(starts: Any, rows: Any, gradient: Any, width: Any, out: Any) -> None:
    """out[input] = sum of the gradient's rows at which it was active, in place.

    A thread takes a block of columns, copies it together and gathers from the copy: rows of the
    whole gradient lie so far apart that they would displace each other in the cache.
    """
    n_out = gradient.shape[1]
    for number in numba.prange((n_out + width - 1) // width):
        first = number * width
        stop = min(first + width, n_out)
        block = np.empty((len(gradient), stop - first), gradient.dtype)
        for row in range(len(gradient)):
            source, target = gradient[row, first:stop], block[row]
            for h in range(len(target)):
                target[h] = source[h]
        for column in range(len(starts) - 1):
            sum_rows(block, rows, starts[column], starts[column + 1], out[column, first:stop])


@noalias_kernel
def sum_rows(table: Any, chosen: Any, start: Any, stop: Any, out: Any) -> None:
    """out = sum of table[chosen[k]] for start <= k < stop, eight rows at a time, in place."""
    n = len(out)
    for h in range(n):
        out[h] = 0
    # Unsigned numbers spare the check for negative indices, which keeps the loops vectorised.
    k, end, one = np.uintp(start), np.uintp(stop), np.uintp(1)
    while k + np.uintp(8) <= end:
        r0 = table[np.uintp(chosen[k])]
        r1 = table[np.uintp(chosen[k + one])]
        r2 = table[np.uintp(chosen[k + np.uintp(2)])]
        r3 = table[np.uintp(chosen[k + np.uintp(3)])]
        r4 = table[np.uintp(chosen[k + np.uintp(4)])]
        r5 = table[np.uintp(chosen[k + np.uintp(5)])]
        r6 = table[np.uintp(chosen[k + np.uintp(6)])]
        r7 = table[np.uintp(chosen[k + np.uintp(7)])]
        for h in range(n):
            out[h] += ((r0[h] + r1[h]) + (r2[h] + r3[h])) + ((r4[h] + r5[h]) + (r6[h] + r7[h]))
        k += np.uintp(8)
    while k < end:
        r0 = table[np.uintp(chosen[k])]
        for h in range(n):
            out[h] += r0[h]
        k += one
