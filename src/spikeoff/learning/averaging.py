"""An exponential moving average of the weights, which answers in their place.

    average <- d average + (1 - d) weights,   d = min(decay, (1 + n) / (10 + n))

after training step n, counted from 0. At first d rises, so that the initial weights are soon
forgotten. A matrix element that is exactly 0 is pruned or absent; it is 0 in the average, too.

Sources: B. T. Polyak and A. B. Juditsky, "Acceleration of stochastic approximation by averaging",
SIAM Journal on Control and Optimization 30, 1992; the rising decay is that of TensorFlow's
``ExponentialMovingAverage``.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch

from spikeoff.numerics.mode import is_strict


def decay_at(step: int, decay: float) -> float:
    """Share of the average that is kept after training step ``step``, counted from 0."""
    return min(decay, (1 + step) / (10 + step))


class WeightAverage:
    """The average of a network's floating-point tensors.

    While the network learns, its tensors hold the weights, and the average is held here; while it
    answers, the other way round. ``exchange`` goes from the one to the other.

    Args:
        tensors: weights and buffers, changed in place; others than floats are left alone.
        decay: share of the average kept per training step, in the end.
    """

    def __init__(self, tensors: Iterable[torch.Tensor], decay: float) -> None:
        self._tensors = [one.detach() for one in tensors if one.is_floating_point()]
        self.decay = decay
        self.held = [one.clone() for one in self._tensors]

    def follow(self, step: int) -> None:
        """Take in the weights after a training step."""
        share = 1 - decay_at(step, self.decay)
        for average, weights in zip(self.held, self._tensors, strict=True):
            if is_strict():  # lerp_ may contract
                average.add_((weights - average).mul_(share))
            else:
                average.lerp_(weights, share)

    def exchange(self, *, answering: bool) -> None:
        """Exchange weights and average, in place.

        Args:
            answering: whether the network will hold the average.
        """
        for held, tensor in zip(self.held, self._tensors, strict=True):
            before = tensor.clone()
            tensor.copy_(held)
            if answering and tensor.dim() > 1:
                tensor.mul_(before != 0)
            held.copy_(before)
