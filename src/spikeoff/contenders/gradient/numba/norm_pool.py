"""Batch normalisation, 2 x 2 pooling and ReLU as one PyTorch function, for feature maps in memory.

    y = gamma (x - mean) / sqrt(var + epsilon) + beta        mean, var over images and places
    out = max(0, the largest y of each 2 x 2 places)

Between the layers a feature map is read for its mean and variance, read again to be normalised, and
only the pooled map is written; going back it is read and written once. Three separate functions
write it after each. Sums are made by image and added up in double precision in a fixed order: the
same bits on any number of threads.

Source: S. Ioffe and C. Szegedy, "Batch normalization", ICML 2015.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spikeoff.kernels.jit import kernel, noalias_kernel

DEAD = 4
"""Instead of the winner's number among four, where even the winner is not above 0."""


def norm_pool(maps: torch.Tensor, norm: nn.BatchNorm2d) -> torch.Tensor:
    """What ``relu(max_pool2d(norm(maps), 2))`` gives in training; moves the running statistics.

    Args:
        maps: [n, channels, height, width], channels last in memory, in single or double
            precision. The backward pass leaves its gradient there.
        norm: weights, epsilon, momentum, running mean and variance.
    """
    statistics = _statistics(_by_place(maps))
    _track(norm, *statistics)
    result: torch.Tensor = NormPool.apply(  # type: ignore[no-untyped-call]
        maps, norm.weight, norm.bias, statistics, norm.eps
    )
    return result


class NormPool(torch.autograd.Function):
    """[n, channels, height // 2, width // 2], channels last in memory."""

    @staticmethod
    def forward(
        ctx: Any,
        maps: torch.Tensor,
        gamma: torch.Tensor,
        beta: torch.Tensor,
        statistics: tuple[NDArray[np.float64], NDArray[np.float64], int],
        epsilon: float,
    ) -> torch.Tensor:
        """Normalise by ``statistics`` (mean, biased variance, values a channel), pool, cut."""
        x = _by_place(maps)
        mean, variance, _ = statistics
        inverse = 1 / np.sqrt(variance + epsilon)
        n, height, width, channels = x.shape
        shape = (n, height // 2, width // 2, channels)
        out, peaks = np.empty(shape, x.dtype), np.empty(shape, x.dtype)
        winners = np.empty(shape, np.uint8)
        _forward(
            x, mean.astype(x.dtype), inverse.astype(x.dtype), gamma.detach().numpy(),
            beta.detach().numpy(), out, peaks, winners,
        )  # fmt: skip
        ctx.kept = (x, peaks, winners, gamma.detach().numpy(), statistics, inverse)
        return _channels_first(out)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor | None, ...]:
        """Gradients by maps (in their memory), gamma and beta."""
        x, peaks, winners, gamma, (mean, _, count), inverse = ctx.kept
        ctx.kept = None
        by_out = _by_place(gradients[0].contiguous(memory_format=torch.channels_last))
        sums = np.empty((2, len(x), x.shape[3]), x.dtype)
        _sum(by_out, peaks, winners, *sums)
        by_beta, by_gamma = sums.sum(axis=1, dtype=np.float64)
        # dx = a (dy - (by_beta + by_gamma (x - mean) inverse) / count), a line in x but for dy
        a = gamma * inverse
        slope = -a * inverse * by_gamma / count
        start = -a * by_beta / count - slope * mean
        _backward(x, by_out, winners, *(value.astype(x.dtype) for value in (start, slope, a)))
        by_weights = (torch.from_numpy(value.astype(x.dtype)) for value in (by_gamma, by_beta))
        return _channels_first(x), *by_weights, None, None


def _by_place(maps: torch.Tensor) -> NDArray[Any]:
    """[n, height, width, channels], the same memory."""
    array: NDArray[Any] = maps.detach().permute(0, 2, 3, 1).numpy()
    return array


def _channels_first(array: NDArray[Any]) -> torch.Tensor:
    """[n, channels, height, width], the same memory."""
    return torch.from_numpy(array).permute(0, 3, 1, 2)


def _statistics(
    x: NDArray[Any],
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Mean and biased variance of each channel, and how many values it has."""
    means, squares = np.empty((2, len(x), x.shape[3]), x.dtype)
    _summarise(x, means, squares)
    places = x.shape[1] * x.shape[2]
    mean = means.mean(axis=0, dtype=np.float64)
    between = ((means - mean) ** 2).sum(axis=0)
    count = len(x) * places
    return mean, (squares.sum(axis=0, dtype=np.float64) + places * between) / count, count


def _track(
    norm: nn.BatchNorm2d, mean: NDArray[np.float64], variance: NDArray[np.float64], count: int
) -> None:
    """Move the running statistics as PyTorch does, the variance unbiased."""
    if norm.running_mean is None or norm.running_var is None or norm.momentum is None:
        return
    unbiased = variance * count / max(1, count - 1)
    with torch.no_grad():
        for held, now in ((norm.running_mean, mean), (norm.running_var, unbiased)):
            held.lerp_(torch.from_numpy(now).to(held.dtype), norm.momentum)
        if norm.num_batches_tracked is not None:
            norm.num_batches_tracked += 1


@kernel
def _summarise(x: Any, means: Any, squares: Any) -> None:
    """Mean of each image's channels, and summed squares of what departs from it."""
    for image in numba.prange(len(x)):
        _summarise_image(x[image], means[image], squares[image])


@noalias_kernel
def _summarise_image(x: Any, mean: Any, squares: Any) -> None:
    mean[:] = 0
    squares[:] = 0
    height, width, channels = x.shape
    for i in range(height):
        for j in range(width):
            row = x[i, j]
            for c in range(channels):
                mean[c] += row[c]
    places = x.dtype.type(height * width)
    for c in range(channels):
        mean[c] /= places
    for i in range(height):
        for j in range(width):
            row = x[i, j]
            for c in range(channels):
                apart = row[c] - mean[c]
                squares[c] += apart * apart


@kernel
def _forward(
    x: Any, mean: Any, inverse: Any, gamma: Any, beta: Any, out: Any, peaks: Any, winners: Any
) -> None:
    _, height, width, _ = out.shape
    for image in numba.prange(len(x)):
        for i in range(height):
            for j in range(width):
                upper, lower = x[image, 2 * i], x[image, 2 * i + 1]
                _pool(
                    upper[2 * j], upper[2 * j + 1], lower[2 * j], lower[2 * j + 1], mean, inverse,
                    gamma, beta, out[image, i, j], peaks[image, i, j], winners[image, i, j],
                )  # fmt: skip


@noalias_kernel
def _pool(
    x0: Any, x1: Any, x2: Any, x3: Any, mean: Any, inverse: Any, gamma: Any, beta: Any,
    out: Any, peak: Any, winner: Any,
) -> None:  # fmt: skip
    """The largest of four normalised values, its number, and what it was before gamma and beta."""
    zero, one = out.dtype.type(0), out.dtype.type(1)
    for c in range(len(out)):
        # Normalising keeps or, under a negative gamma, turns the order.
        sign = one if gamma[c] >= zero else -one
        best, number = sign * x0[c], np.uint8(0)
        if sign * x1[c] > best:
            best, number = sign * x1[c], np.uint8(1)
        if sign * x2[c] > best:
            best, number = sign * x2[c], np.uint8(2)
        if sign * x3[c] > best:
            best, number = sign * x3[c], np.uint8(3)
        normalised = (sign * best - mean[c]) * inverse[c]
        y = gamma[c] * normalised + beta[c]
        peak[c] = normalised
        out[c] = y if y > zero else zero
        winner[c] = number if y > zero else np.uint8(DEAD)


@kernel
def _sum(by_out: Any, peaks: Any, winners: Any, by_beta: Any, by_gamma: Any) -> None:
    """Gradients by beta and gamma, of each image."""
    for image in numba.prange(len(by_out)):
        by_beta[image] = 0
        by_gamma[image] = 0
        for i in range(by_out.shape[1]):
            for j in range(by_out.shape[2]):
                _add(by_out[image, i, j], peaks[image, i, j], winners[image, i, j],
                     by_beta[image], by_gamma[image])  # fmt: skip


@noalias_kernel
def _add(by_out: Any, peak: Any, winner: Any, by_beta: Any, by_gamma: Any) -> None:
    zero = by_out.dtype.type(0)
    for c in range(len(by_out)):
        alive = by_out[c] if winner[c] != DEAD else zero
        by_beta[c] += alive
        by_gamma[c] += alive * peak[c]


@kernel
def _backward(x: Any, by_out: Any, winners: Any, start: Any, slope: Any, a: Any) -> None:
    """The gradient by the maps, in their memory."""
    _, height, width, _ = by_out.shape
    for image in numba.prange(len(x)):
        for i in range(height):
            for j in range(width):
                upper, lower = x[image, 2 * i], x[image, 2 * i + 1]
                _spread(
                    by_out[image, i, j], winners[image, i, j], start, slope, a,
                    upper[2 * j], upper[2 * j + 1], lower[2 * j], lower[2 * j + 1],
                )  # fmt: skip
        # An odd last row or column is in no pool, but in the mean and the variance.
        for i in range(2 * height, x.shape[1]):
            for j in range(x.shape[2]):
                _follow(x[image, i, j], start, slope)
        for i in range(2 * height):
            for j in range(2 * width, x.shape[2]):
                _follow(x[image, i, j], start, slope)


@noalias_kernel
def _spread(
    by_out: Any, winner: Any, start: Any, slope: Any, a: Any, x0: Any, x1: Any, x2: Any, x3: Any
) -> None:
    zero = by_out.dtype.type(0)
    for c in range(len(by_out)):
        won = a[c] * by_out[c]
        x0[c] = start[c] + slope[c] * x0[c] + (won if winner[c] == 0 else zero)
        x1[c] = start[c] + slope[c] * x1[c] + (won if winner[c] == 1 else zero)
        x2[c] = start[c] + slope[c] * x2[c] + (won if winner[c] == 2 else zero)
        x3[c] = start[c] + slope[c] * x3[c] + (won if winner[c] == 3 else zero)


@noalias_kernel
def _follow(x: Any, start: Any, slope: Any) -> None:
    for c in range(len(x)):
        x[c] = start[c] + slope[c] * x[c]
