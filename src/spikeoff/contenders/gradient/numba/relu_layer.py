"""A layer of ReLUs behind pixels, of which four in five are dark: forward and backward.

    hidden = keep_mask / keep_share * relu(scale * pixels @ weights + bias)

Lit pixels are listed once; both products then touch only the weight rows of pixels that are lit.
Where most pixels are lit, a dense product does better, and takes over. Each sum is made by one
thread in a fixed order: the same bits on any number of threads.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import torch
from numpy.typing import NDArray

from spikeoff.kernels.jit import kernel, noalias_kernel, serial_kernel

DENSE_ABOVE = 0.45
"""Share of lit pixels from which on a dense product is faster: between 0.4 and 0.5, measured."""


class Lit(NamedTuple):
    """The lit pixels of a batch.

    counts: [n] int32, how many.
    places: [n, n_inputs] uint16, which, in the first ``counts[row]`` places.
    values: [n, n_inputs], what each sends, in the precision of the weights.
    """

    counts: NDArray[np.int32]
    places: NDArray[np.uint16]
    values: NDArray[Any]


def relu_layer(
    weights: torch.Tensor,
    bias: torch.Tensor,
    pixels: torch.Tensor,
    scale: float,
    keep_mask: torch.Tensor | None,
    keep_share: float,
) -> torch.Tensor:
    """[n, n_hidden] activations.

    Args:
        weights: [n_inputs, n_hidden], contiguous, in single or double precision.
        bias: [n_hidden].
        pixels: [n, n_inputs] uint8.
        scale: from a pixel's value to what meets the weights.
        keep_mask: [n, n_hidden] uint8, 0 for a neuron that is silenced; None for none.
        keep_share: share of 1 in ``keep_mask`` by expectation.
    """
    n, n_inputs = pixels.shape
    number = bias.detach().numpy().dtype.type
    lit = Lit(
        np.empty(n, np.int32), np.empty((n, n_inputs), np.uint16), np.empty((n, n_inputs), number)
    )
    _list_lit(pixels.numpy(), number(scale), *lit)
    if lit.counts.mean() > DENSE_ABOVE * n_inputs:
        hidden = torch.relu(torch.addmm(bias, pixels.to(bias.dtype) * scale, weights))
        return hidden if keep_mask is None else hidden * keep_mask / keep_share
    mask = np.ones((n, len(bias)), np.uint8) if keep_mask is None else keep_mask.numpy()
    result: torch.Tensor = ReluLayer.apply(  # type: ignore[no-untyped-call]
        weights, bias, lit, mask, keep_share
    )
    return result


class ReluLayer(torch.autograd.Function):
    """The same from lists of lit pixels."""

    @staticmethod
    def forward(
        ctx: Any, weights: torch.Tensor, bias: torch.Tensor, lit: Lit, keep_mask: NDArray[np.uint8],
        keep_share: float,
    ) -> torch.Tensor:  # fmt: skip
        """Answer a batch."""
        hidden = np.empty(keep_mask.shape, lit.values.dtype)
        louder = hidden.dtype.type(1 / keep_share)
        _forward(*lit, weights.detach().numpy(), bias.detach().numpy(), keep_mask, louder, hidden)
        ctx.held = (lit, hidden, louder)
        return torch.from_numpy(hidden)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor | None, ...]:
        """Gradients by weights and bias."""
        lit, hidden, louder = ctx.held
        ctx.held = None
        n_inputs = lit.places.shape[1]
        by_sum = np.empty_like(hidden)
        by_bias = np.zeros(hidden.shape[1], hidden.dtype)
        by_weights = np.empty((n_inputs, hidden.shape[1]), hidden.dtype)
        _behind(gradients[0].contiguous().numpy(), hidden, louder, by_sum, by_bias)
        starts, rows, by_input = _by_input(*lit)
        _backward(starts, rows, by_input, by_sum, by_weights)
        return torch.from_numpy(by_weights), torch.from_numpy(by_bias), None, None, None


@kernel
def _list_lit(pixels: Any, scale: Any, counts: Any, lit: Any, values: Any) -> None:
    """List the pixels of each image that are not 0, with what they send."""
    for row in numba.prange(len(pixels)):
        counts[row] = _list_row(pixels[row], scale, lit[row], values[row])


@noalias_kernel
def _list_row(pixels: Any, scale: Any, lit: Any, values: Any) -> Any:
    n = np.uintp(0)
    for column in range(len(pixels)):
        # Written always, counted only if it is lit: cheaper than a branch.
        lit[n] = column
        values[n] = values.dtype.type(pixels[column]) * scale
        n += np.uintp(pixels[column] != 0)
    return np.int32(n)


@kernel
def _forward(
    counts: Any,
    lit: Any,
    values: Any,
    weights: Any,
    bias: Any,
    keep_mask: Any,
    louder: Any,
    hidden: Any,
) -> None:
    for row in numba.prange(len(counts)):
        out = hidden[row]
        _weigh(weights, lit[row], values[row], 0, counts[row], bias, out)
        _cut(keep_mask[row], louder, out)


@noalias_kernel
def _cut(keep_mask: Any, louder: Any, out: Any) -> None:
    zero = louder - louder
    for h in range(len(out)):
        out[h] = louder * out[h] if keep_mask[h] and out[h] > zero else zero


@noalias_kernel
def _weigh(
    table: Any, chosen: Any, values: Any, start: Any, stop: Any, begin: Any, out: Any
) -> None:
    """out = begin + sum of values[k] * table[chosen[k]] for start <= k < stop, four at a time."""
    n, one, four = len(out), np.uintp(1), np.uintp(4)
    for h in range(n):
        out[h] = begin[h]
    k, end = np.uintp(start), np.uintp(stop)
    while k + four <= end:
        k1, k2, k3 = k + one, k + np.uintp(2), k + np.uintp(3)
        r0, r1 = table[np.uintp(chosen[k])], table[np.uintp(chosen[k1])]
        r2, r3 = table[np.uintp(chosen[k2])], table[np.uintp(chosen[k3])]
        x0, x1, x2, x3 = values[k], values[k1], values[k2], values[k3]
        for h in range(n):
            out[h] += (x0 * r0[h] + x1 * r1[h]) + (x2 * r2[h] + x3 * r3[h])
        k += four
    while k < end:
        r0, x0 = table[np.uintp(chosen[k])], values[k]
        for h in range(n):
            out[h] += x0 * r0[h]
        k += one


@serial_kernel
def _behind(by_hidden: Any, hidden: Any, louder: Any, by_sum: Any, by_bias: Any) -> None:
    """Gradient by the sums of the ReLUs, and by their bias."""
    for row in range(len(hidden)):
        _behind_row(by_hidden[row], hidden[row], louder, by_sum[row], by_bias)


@noalias_kernel
def _behind_row(by_hidden: Any, hidden: Any, louder: Any, by_sum: Any, by_bias: Any) -> None:
    zero = louder - louder
    for h in range(len(hidden)):
        by_sum[h] = louder * by_hidden[h] if hidden[h] > zero else zero
        by_bias[h] += by_sum[h]


@serial_kernel
def _by_input(counts: Any, lit: Any, values: Any) -> tuple[Any, Any, Any]:
    """Images in which each pixel is lit, and its value: (starts [n_inputs + 1], rows, values)."""
    starts = np.zeros(lit.shape[1] + 1, np.int64)
    for row in range(len(counts)):
        for k in range(counts[row]):
            starts[np.uintp(lit[row, k]) + np.uintp(1)] += 1
    for column in range(lit.shape[1]):
        starts[column + 1] += starts[column]
    place = starts[:-1].copy()
    rows, by_input = np.empty(starts[-1], np.uint16), np.empty(starts[-1], values.dtype)
    for row in range(len(counts)):
        for k in range(counts[row]):
            source = np.uintp(lit[row, k])
            rows[np.uintp(place[source])] = row
            by_input[np.uintp(place[source])] = values[row, k]
            place[source] += 1
    return starts, rows, by_input


@kernel
def _backward(starts: Any, rows: Any, values: Any, by_sum: Any, by_weights: Any) -> None:
    nothing = np.zeros(by_sum.shape[1], by_sum.dtype)
    for column in numba.prange(len(by_weights)):
        _weigh(by_sum, rows, values, starts[column], starts[column + 1], nothing,
               by_weights[column])  # fmt: skip
