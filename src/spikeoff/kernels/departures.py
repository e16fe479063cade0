"""Input spikes told by what departs from the usual, and their products with weights and gradients.

By rate coding a bright pixel fires at nearly every step and a dark one at nearly none. So each
input of an example has a usual state, and a step lists only who departs from it: a fifth of the
spikes, where half of the lit pixels are near white. The product with the weights is the sum over
inputs that usually fire, once an example, and at each step the rows of those that depart, added
where they fire and taken away where they are silent. Its gradient goes the same way back.

Both work tile by tile of columns (``kernels.tiles``). The product gathers from a tile of weights,
which fits the second-level cache. The gradient goes example by example, whose few steps fit the
first, with a list of departures for each input; a tile of the result stays in the second. Each sum
is made by one thread in a fixed order: the same bits on any number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from spikeoff.kernels.events import Real
from spikeoff.kernels.jit import kernel, separate_kernel
from spikeoff.kernels.tiles import aligned, sum_rows, tiled


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
    """spikes @ weights, [n, tiles, steps + 1, lanes]; the last step's place is left unset.

    Args:
        spikes: of n examples.
        weights: [n_inputs, n_out], n_out cut into tiles.
    """
    tiles = tiled(weights)
    n, n_steps = len(spikes.n_usual), spikes.n_steps
    out = np.empty((n, len(tiles), n_steps + 1, tiles.shape[2]), weights.dtype)
    for number, tile in enumerate(tiles):
        _gather(
            spikes.n_usual, spikes.usual, spikes.n_fired, spikes.n_listed, spikes.listed, tile,
            number, out,
        )  # fmt: skip
    return out


def gradients(
    spikes: Departures, by_current: NDArray[Real], n_out: int
) -> tuple[NDArray[Real], NDArray[Real]]:
    """Gradients by weights [n_inputs, n_out], and by a bias [n_out].

    Args:
        spikes: what was multiplied.
        by_current: [n, tiles, steps + 1, lanes] gradient by the product, and its sum over steps.
        n_out: columns of the weights.
    """
    out = np.empty((spikes.usual.shape[1], n_out), by_current.dtype)
    summed = np.empty(n_out, by_current.dtype)
    _gather_by_input(*_by_input(spikes), by_current, out, summed)
    return out, summed


class ByInput(NamedTuple):
    """Each example's departures input by input: for the j-th listed input those from ``starts[j]``.

    n_steady: [n] int32, inputs that usually fire. They come first, and their list begins with the
        number of steps: the place of the sum over all of them.
    n_inputs: [n] int32, those and the ones that fire at least once.
    inputs: [n, n_inputs] uint16, which.
    starts: [n, n_inputs + 1] int32.
    steps: [n, most] uint32.
    """

    n_steady: NDArray[np.int32]
    n_inputs: NDArray[np.int32]
    inputs: NDArray[np.uint16]
    starts: NDArray[np.int32]
    steps: NDArray[np.uint32]


def _by_input(spikes: Departures) -> ByInput:
    n, n_inputs = spikes.usual.shape
    most = (spikes.n_usual + spikes.n_listed.reshape(n, -1).sum(axis=1)).max(initial=1)
    result = ByInput(
        spikes.n_usual, np.empty(n, np.int32), np.empty((n, n_inputs), np.uint16),
        np.empty((n, n_inputs + 1), np.int32), np.empty((n, most), np.uint32),
    )  # fmt: skip
    _turn(spikes.n_usual, spikes.usual, spikes.n_listed, spikes.listed, *result[1:])
    return result


@kernel
def _gather(
    n_usual: Any, usual: Any, n_fired: Any, n_listed: Any, listed: Any, tile: Any, number: Any,
    out: Any,
) -> None:  # fmt: skip
    """Fill that tile of ``out``, in place."""
    n_steps = out.shape[2] - 1
    for example in numba.prange(len(n_usual)):
        rows = slice(example * n_steps, (example + 1) * n_steps)
        base = aligned(1, tile.shape[1], tile)
        _gather_example(
            n_usual[example], usual[example], n_fired[rows], n_listed[rows], listed[rows], tile,
            base[0], out[example, number],
        )  # fmt: skip


@separate_kernel
def _gather_example(
    n_usual: Any, usual: Any, n_fired: Any, n_listed: Any, listed: Any, tile: Any, base: Any,
    out: Any,
) -> None:  # fmt: skip
    base[:] = 0
    sum_rows(base, base, tile, usual, 0, n_usual, n_usual)
    for step in range(len(n_listed)):
        sum_rows(out[step], base, tile, listed[step], 0, n_fired[step], n_listed[step])


@kernel
def _turn(
    n_usual: Any, usual: Any, n_listed: Any, listed: Any,
    n_inputs: Any, inputs: Any, starts: Any, steps: Any,
) -> None:  # fmt: skip
    """Fill the last four in place."""
    n_steps = len(n_listed) // max(1, len(n_usual))
    for example in numba.prange(len(n_usual)):
        rows = slice(example * n_steps, (example + 1) * n_steps)
        place = np.zeros(listed.shape[1], np.int32)
        n_inputs[example] = _turn_example(
            n_usual[example], usual[example], n_listed[rows], listed[rows], place,
            inputs[example], starts[example], steps[example],
        )  # fmt: skip


@separate_kernel
def _turn_example(
    n_usual: Any, usual: Any, n_listed: Any, listed: Any, place: Any,
    inputs: Any, starts: Any, steps: Any,
) -> Any:  # fmt: skip
    for step in range(len(n_listed)):
        for k in range(n_listed[step]):
            place[np.uintp(listed[step, k])] += 1
    n, total = 0, 0
    for k in range(n_usual):
        source = np.uintp(usual[k])
        inputs[n], starts[n] = source, total
        steps[np.uintp(total)] = len(n_listed)
        total += 1 + place[source]
        place[source] = -(starts[n] + 1)  # below 0: listed, for the loop that follows
        n += 1
    for other in range(len(place)):
        if place[other] > 0:
            inputs[n], starts[n] = other, total
            total += place[other]
            place[other] = starts[n]
            n += 1
        elif place[other] < 0:
            place[other] = -place[other]
    starts[n] = total
    for step in range(len(n_listed)):
        for k in range(n_listed[step]):
            source = np.uintp(listed[step, k])
            steps[np.uintp(place[source])] = step
            place[source] += 1
    return np.int32(n)


@kernel
def _gather_by_input(
    n_steady: Any, n_inputs: Any, inputs: Any, starts: Any, steps: Any, gradient: Any, out: Any,
    summed: Any,
) -> None:  # fmt: skip
    """out[input] = sum of the gradient's rows at which it was active, in place."""
    n, n_tiles, _, lanes = gradient.shape
    for tile in numba.prange(n_tiles):
        result = aligned(len(out) + 1, lanes, out)
        result[:] = 0
        for example in range(n):
            _add_example(
                n_steady[example], n_inputs[example], inputs[example], starts[example],
                steps[example], gradient[example, tile], result,
            )  # fmt: skip
        first, stop = tile * lanes, min((tile + 1) * lanes, out.shape[1])
        out[:, first:stop] = result[:-1, : stop - first]
        summed[first:stop] = result[-1, : stop - first]


@separate_kernel
def _add_example(
    n_steady: Any, n_inputs: Any, inputs: Any, starts: Any, steps: Any, gradient: Any, result: Any
) -> None:
    """Add an example's rows to each input's sum, and the sum of all its rows to the last."""
    for j in range(n_steady):
        target = result[np.uintp(inputs[j])]
        sum_rows(target, target, gradient, steps, starts[j], starts[j] + 1, starts[j + 1])
    for j in range(n_steady, n_inputs):
        target = result[np.uintp(inputs[j])]
        sum_rows(target, target, gradient, steps, starts[j], starts[j + 1], starts[j + 1])
    target, whole = result[len(result) - 1], gradient[len(gradient) - 1]
    for h in range(len(target)):
        target[h] += whole[h]
