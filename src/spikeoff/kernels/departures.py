"""Input spikes told by what departs from the usual, and their products with weights and gradients.

By rate coding a bright pixel fires at nearly every step and a dark one at nearly none. So each
input of an example has a usual state, and a step lists only who departs from it: a fifth of the
spikes, where half of the lit pixels are near white. The product with the weights is the sum over
inputs that usually fire, once an example, and at each step the rows of those that depart, added
where they fire and taken away where they are silent. Its gradient goes the same way back.

Sums are those of ``kernels.events`` up to rounding, each in a fixed order by one thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from spikeoff.kernels.events import BACKWARD_BYTES, Real, sum_rows
from spikeoff.kernels.jit import kernel, separate_kernel, serial_kernel

FORWARD_BYTES = 1024


@dataclass(frozen=True)
class Departures:
    """Spikes of ``n_inputs`` binary inputs over rows (one row an example and step).

    n_usual: [n] int32, inputs that usually fire, an example.
    usual: [n, n_inputs] uint16, those inputs in the first places.
    n_fired: [rows] int32, inputs that fire though they usually do not.
    n_listed: [rows] int32, those and the ones that are silent though they usually fire.
    listed: [rows, n_inputs] uint16, the former in the first places, then the latter.
    """

    n_usual: NDArray[np.int32]
    usual: NDArray[np.uint16]
    n_fired: NDArray[np.int32]
    n_listed: NDArray[np.int32]
    listed: NDArray[np.uint16]

    @property
    def n_rows(self) -> int:
        """Examples times steps."""
        return len(self.n_listed)

    @property
    def n_steps(self) -> int:
        """Steps an example."""
        return self.n_rows // max(1, len(self.n_usual))

    def total(self) -> int:
        """All spikes together."""
        usual = self.n_steps * int(self.n_usual.sum(dtype=np.int64))
        fired, listed = (int(n.sum(dtype=np.int64)) for n in (self.n_fired, self.n_listed))
        return usual + fired - (listed - fired)

    def dense(self) -> NDArray[np.uint8]:
        """[rows, n_inputs] uint8, 1 where an input fires."""
        out = np.zeros(self.listed.shape, np.uint8)
        for row in range(self.n_rows):
            example = row // self.n_steps
            out[row, self.usual[example, : self.n_usual[example]]] = 1
            out[row, self.listed[row, : self.n_fired[row]]] = 1
            out[row, self.listed[row, self.n_fired[row] : self.n_listed[row]]] = 0
        return out


def product(spikes: Departures, weights: NDArray[Real]) -> NDArray[Real]:
    """spikes @ weights, [rows, n_inputs] x [n_inputs, n_out] -> [rows, n_out]."""
    n_out = weights.shape[1]
    out = np.empty((spikes.n_rows, n_out), weights.dtype)
    width = FORWARD_BYTES // weights.itemsize
    for first in range(0, n_out, width):
        block = np.ascontiguousarray(weights[:, first : first + width])
        _gather(
            spikes.n_usual, spikes.usual, spikes.n_fired, spikes.n_listed, spikes.listed,
            block, out, first,
        )  # fmt: skip
    return out


def gradients(spikes: Departures, by_current: NDArray[Real]) -> tuple[NDArray[Real], NDArray[Real]]:
    """Gradients by weights, spikes.T @ by_current [n_inputs, n_out], and by a bias [n_out].

    Args:
        spikes: what was multiplied.
        by_current: [rows, n_out] gradient by the product.
    """
    n_out = by_current.shape[1]
    n_inputs = spikes.listed.shape[1]
    nothing = np.zeros(0, np.int32)
    more = _by_input(spikes.n_usual, spikes.usual, np.zeros_like(spikes.n_fired), spikes.n_fired,
                     spikes.listed, n_inputs)  # fmt: skip
    less = _by_input(nothing, spikes.usual, spikes.n_fired, spikes.n_listed, spikes.listed,
                     n_inputs)  # fmt: skip
    out = np.empty((n_inputs, n_out), by_current.dtype)
    summed = np.empty(n_out, by_current.dtype)
    width = BACKWARD_BYTES // by_current.itemsize
    _gather_by_input(*more, *less, by_current, spikes.n_steps, width, out, summed)
    return out, summed


@kernel
def _gather(
    n_usual: Any, usual: Any, n_fired: Any, n_listed: Any, listed: Any,
    weights: Any, out: Any, first: Any,
) -> None:  # fmt: skip
    """out[row, first:...] = sum of the weights' rows that are active in it, in place."""
    stop = first + weights.shape[1]
    n_steps = len(n_listed) // max(1, len(n_usual))
    for example in numba.prange(len(n_usual)):
        base = np.empty(weights.shape[1], weights.dtype)
        sum_rows(weights, usual[example], 0, n_usual[example], base)
        for row in range(example * n_steps, (example + 1) * n_steps):
            _depart(weights, listed[row], n_fired[row], n_listed[row], base, out[row, first:stop])


@separate_kernel
def _depart(table: Any, listed: Any, n_fired: Any, n_listed: Any, base: Any, out: Any) -> None:
    """out = base + the rows that fire - those that are silent, four at a time, in place."""
    n, one, four = len(out), np.uintp(1), np.uintp(4)
    for h in range(n):
        out[h] = base[h]
    k, end = np.uintp(0), np.uintp(n_fired)
    while k + four <= end:
        r0, r1 = table[np.uintp(listed[k])], table[np.uintp(listed[k + one])]
        r2 = table[np.uintp(listed[k + np.uintp(2)])]
        r3 = table[np.uintp(listed[k + np.uintp(3)])]
        for h in range(n):
            out[h] += (r0[h] + r1[h]) + (r2[h] + r3[h])
        k += four
    while k < end:
        r0 = table[np.uintp(listed[k])]
        for h in range(n):
            out[h] += r0[h]
        k += one
    end = np.uintp(n_listed)
    while k + four <= end:
        r0, r1 = table[np.uintp(listed[k])], table[np.uintp(listed[k + one])]
        r2 = table[np.uintp(listed[k + np.uintp(2)])]
        r3 = table[np.uintp(listed[k + np.uintp(3)])]
        for h in range(n):
            out[h] -= (r0[h] + r1[h]) + (r2[h] + r3[h])
        k += four
    while k < end:
        r0 = table[np.uintp(listed[k])]
        for h in range(n):
            out[h] -= r0[h]
        k += one


@serial_kernel
def _by_input(
    n_usual: Any, usual: Any, begin: Any, end: Any, listed: Any, n_inputs: Any
) -> tuple[Any, Any]:
    """The rows whose list holds an input from ``begin`` to ``end``: (starts [n_inputs + 1], rows).

    Row number ``len(listed)`` + example stands for the sum over all steps of an example to which
    the input usually fires.
    """
    starts = np.zeros(n_inputs + 1, np.int64)
    one = np.uintp(1)
    for row in range(len(end)):
        for k in range(begin[row], end[row]):
            starts[np.uintp(listed[row, k]) + one] += 1
    for example in range(len(n_usual)):
        for k in range(n_usual[example]):
            starts[np.uintp(usual[example, k]) + one] += 1
    for column in range(n_inputs):
        starts[column + 1] += starts[column]
    place = starts[:-1].copy()
    rows = np.empty(starts[-1], np.int32)
    for example in range(len(n_usual)):
        for k in range(n_usual[example]):
            source = np.uintp(usual[example, k])
            rows[np.uintp(place[source])] = len(end) + example
            place[source] += 1
    for row in range(len(end)):
        for k in range(begin[row], end[row]):
            source = np.uintp(listed[row, k])
            rows[np.uintp(place[source])] = row
            place[source] += 1
    return starts, rows


@kernel
def _gather_by_input(
    more_starts: Any, more: Any, less_starts: Any, less: Any, gradient: Any, n_steps: Any,
    width: Any, out: Any, summed: Any,
) -> None:  # fmt: skip
    """out[input] = sum of the gradient's rows at which it was active, in place.

    A thread takes a block of columns, copies it together, examples' sums below it, and gathers
    from the copy: rows of the whole gradient lie so far apart that they would displace each other
    in the cache.
    """
    n_rows, n_out = gradient.shape
    n = n_rows // n_steps
    for number in numba.prange((n_out + width - 1) // width):
        first = number * width
        stop = min(first + width, n_out)
        block = np.empty((n_rows + n, stop - first), gradient.dtype)
        silenced = np.empty(stop - first, gradient.dtype)
        _copy_and_sum(gradient[:, first:stop], n_steps, block, summed[first:stop])
        for column in range(len(more_starts) - 1):
            target = out[column, first:stop]
            sum_rows(block, more, more_starts[column], more_starts[column + 1], target)
            sum_rows(block, less, less_starts[column], less_starts[column + 1], silenced)
            for h in range(len(silenced)):
                target[h] -= silenced[h]


@separate_kernel
def _copy_and_sum(gradient: Any, n_steps: Any, block: Any, summed: Any) -> None:
    """The rows of ``gradient``, then the sum of each example's, and the sum of all."""
    summed[:] = 0
    n_rows = len(gradient)
    for example in range(n_rows // n_steps):
        total = block[n_rows + example]
        total[:] = 0
        for row in range(example * n_steps, (example + 1) * n_steps):
            source, target = gradient[row], block[row]
            for h in range(len(target)):
                target[h] = source[h]
                total[h] += source[h]
        for h in range(len(total)):
            summed[h] += total[h]
