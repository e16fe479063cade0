"""Spikes stored as differences from each input's baseline, and their products.

Under rate coding a bright pixel fires at nearly every step and a dark one at nearly none. Each
input of an example therefore has a baseline state (fires, or is silent), and a step lists only the
inputs that flip: a fifth of the spikes where half of the lit pixels are near white. The product
with the weights is one sum over the baseline inputs per example, and at each step the rows of the
inputs that flip, added where they fire and subtracted where they are silent. The gradient uses the
same lists.

Both work tile by tile of columns (``kernels.tiles``). The product gathers from a tile of weights,
which fits the second-level cache. The gradient goes example by example, whose few steps fit the
first, with a list of flips for each input; a tile of the result stays in the second. Each sum
is made by one thread in a fixed order: the same bits on any number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from spikeoff.kernels.events import Real
from spikeoff.kernels.jit import kernel, noalias_kernel
from spikeoff.kernels.tiles import aligned, sum_rows, tiled


@dataclass(frozen=True)
class SpikeDelta:
    """Spikes of ``n_inputs`` binary inputs over rows (one row an example and step).

    n_baseline: [n] int32, inputs that usually fire, an example.
    baseline: [n, n_inputs] uint16, those inputs in the first places.
    n_fired: [rows] int32, inputs that fire though they usually do not.
    n_flips: [rows] int32, those and the ones that are silent though they usually fire.
    flips: [rows, n_inputs] uint16, the former in the first places, then the latter.
    """

    n_baseline: NDArray[np.int32]
    baseline: NDArray[np.uint16]
    n_fired: NDArray[np.int32]
    n_flips: NDArray[np.int32]
    flips: NDArray[np.uint16]

    @property
    def n_examples(self) -> int:
        """Examples."""
        return len(self.n_baseline)

    @property
    def n_rows(self) -> int:
        """Examples times steps."""
        return len(self.n_flips)

    @property
    def n_steps(self) -> int:
        """Steps an example."""
        return self.n_rows // max(1, len(self.n_baseline))

    def total(self) -> int:
        """All spikes together."""
        baseline = self.n_steps * int(self.n_baseline.sum(dtype=np.int64))
        fired, flips = (int(n.sum(dtype=np.int64)) for n in (self.n_fired, self.n_flips))
        return baseline + fired - (flips - fired)

    def product(self, weights: NDArray[Real]) -> NDArray[Real]:
        """``product`` of these spikes."""
        return product(self, weights)

    def gradients(
        self, by_current: NDArray[Real], n_out: int
    ) -> tuple[NDArray[Real], NDArray[Real]]:
        """``gradients`` of these spikes."""
        return gradients(self, by_current, n_out)

    def dense(self) -> NDArray[np.uint8]:
        """[rows, n_inputs] uint8, 1 where an input fires."""
        out = np.zeros(self.flips.shape, np.uint8)
        for row in range(self.n_rows):
            example = row // self.n_steps
            out[row, self.baseline[example, : self.n_baseline[example]]] = 1
            out[row, self.flips[row, : self.n_fired[row]]] = 1
            out[row, self.flips[row, self.n_fired[row] : self.n_flips[row]]] = 0
        return out


def product(spikes: SpikeDelta, weights: NDArray[Real]) -> NDArray[Real]:
    """spikes @ weights, [n, tiles, steps + 1, lanes]; the last step's place is left unset.

    Args:
        spikes: of n examples.
        weights: [n_inputs, n_out], n_out cut into tiles.
    """
    tiles = tiled(weights)
    n, n_steps = len(spikes.n_baseline), spikes.n_steps
    out = np.empty((n, len(tiles), n_steps + 1, tiles.shape[2]), weights.dtype)
    for number, tile in enumerate(tiles):
        _gather(
            spikes.n_baseline, spikes.baseline, spikes.n_fired, spikes.n_flips, spikes.flips, tile,
            number, out,
        )  # fmt: skip
    return out


def gradients(
    spikes: SpikeDelta, by_current: NDArray[Real], n_out: int
) -> tuple[NDArray[Real], NDArray[Real]]:
    """Gradients by weights [n_inputs, n_out], and by a bias [n_out].

    Args:
        spikes: what was multiplied.
        by_current: [n, tiles, steps + 1, lanes] gradient by the product, and its sum over steps.
        n_out: columns of the weights.
    """
    out = np.empty((spikes.baseline.shape[1], n_out), by_current.dtype)
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


def _by_input(spikes: SpikeDelta) -> ByInput:
    n, n_inputs = spikes.baseline.shape
    most = (spikes.n_baseline + spikes.n_flips.reshape(n, -1).sum(axis=1)).max(initial=1)
    result = ByInput(
        spikes.n_baseline, np.empty(n, np.int32), np.empty((n, n_inputs), np.uint16),
        np.empty((n, n_inputs + 1), np.int32), np.empty((n, most), np.uint32),
    )  # fmt: skip
    _turn(spikes.n_baseline, spikes.baseline, spikes.n_flips, spikes.flips, *result[1:])
    return result


@kernel
def _gather(
    n_baseline: Any, baseline: Any, n_fired: Any, n_flips: Any, flips: Any, tile: Any, number: Any,
    out: Any,
) -> None:  # fmt: skip
    """Fill that tile of ``out``, in place."""
    n_steps = out.shape[2] - 1
    for example in numba.prange(len(n_baseline)):
        rows = slice(example * n_steps, (example + 1) * n_steps)
        base = aligned(1, tile.shape[1], tile)
        _gather_example(
            n_baseline[example], baseline[example], n_fired[rows], n_flips[rows], flips[rows], tile,
            base[0], out[example, number],
        )  # fmt: skip


@noalias_kernel
def _gather_example(
    n_baseline: Any, baseline: Any, n_fired: Any, n_flips: Any, flips: Any, tile: Any, base: Any,
    out: Any,
) -> None:  # fmt: skip
    base[:] = 0
    sum_rows(base, base, tile, baseline, 0, n_baseline, n_baseline)
    for step in range(len(n_flips)):
        sum_rows(out[step], base, tile, flips[step], 0, n_fired[step], n_flips[step])


@kernel
def _turn(
    n_baseline: Any, baseline: Any, n_flips: Any, flips: Any,
    n_inputs: Any, inputs: Any, starts: Any, steps: Any,
) -> None:  # fmt: skip
    """Fill the last four in place."""
    n_steps = len(n_flips) // max(1, len(n_baseline))
    for example in numba.prange(len(n_baseline)):
        rows = slice(example * n_steps, (example + 1) * n_steps)
        place = np.zeros(flips.shape[1], np.int32)
        n_inputs[example] = _turn_example(
            n_baseline[example], baseline[example], n_flips[rows], flips[rows], place,
            inputs[example], starts[example], steps[example],
        )  # fmt: skip


@noalias_kernel
def _turn_example(
    n_baseline: Any, baseline: Any, n_flips: Any, flips: Any, place: Any,
    inputs: Any, starts: Any, steps: Any,
) -> Any:  # fmt: skip
    for step in range(len(n_flips)):
        for k in range(n_flips[step]):
            place[np.uintp(flips[step, k])] += 1
    n, total = 0, 0
    for k in range(n_baseline):
        source = np.uintp(baseline[k])
        inputs[n], starts[n] = source, total
        steps[np.uintp(total)] = len(n_flips)
        total += 1 + place[source]
        place[source] = -(starts[n] + 1)  # below 0: flips, for the loop that follows
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
    for step in range(len(n_flips)):
        for k in range(n_flips[step]):
            source = np.uintp(flips[step, k])
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


@noalias_kernel
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
