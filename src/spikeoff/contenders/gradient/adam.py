"""PyTorch's Adam over a network's weights as they lie in memory, and what a checkpoint keeps of it.

Where a weight's axes are in another order than its memory (channels last; a pixel's weights
together), PyTorch's fused step copies weight, gradient and moments there and back. A view with the
axes in the order of the memory spares that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim.adamw import adamw

from spikeoff.contenders.gradient.numba.adam_step import adam_step
from spikeoff.numerics.mode import is_strict

MOMENTS, STEP = ("exp_avg", "exp_avg_sq"), "step"
"""Their names in a checkpoint."""

EPSILON = 1e-8
"""Added to the root of the mean squared gradient, as by PyTorch's default."""


class Adam:
    """AdamW (decoupled weight decay) in one fused kernel.

    Args:
        weights: what it changes.
        rate: step size.
        betas: decay of the mean gradient and of the mean squared gradient.
        weight_decay: share of a weight taken away a step, times the step size.
        fused: in one kernel, where the device has it.
    """

    def __init__(
        self,
        weights: Iterable[nn.Parameter],
        rate: float,
        betas: tuple[float, float],
        weight_decay: float,
        *,
        fused: bool,
    ) -> None:
        self._weights = list(weights)
        self._orders = [_memory_order(one) for one in self._weights]
        self._views = [
            one.detach().permute(order)
            for one, order in zip(self._weights, self._orders, strict=True)
        ]
        self.rate, self.betas, self.weight_decay = rate, betas, weight_decay
        self._fused = fused
        self._means = [torch.zeros_like(view) for view in self._views]
        self._squares = [torch.zeros_like(view) for view in self._views]
        # Where one kernel does the step, it reads the number of steps where the weights are.
        self._steps = [
            torch.zeros((), device=view.device if fused else "cpu") for view in self._views
        ]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for one in self._weights:
            one.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move every weight that has a gradient."""
        moved = [k for k, one in enumerate(self._weights) if one.grad is not None]
        # The fused step takes the gradient to lie as the weight does.
        gradients = [
            cast(torch.Tensor, self._weights[k].grad).permute(self._orders[k]).contiguous()
            for k in moved
        ]
        views, means, squares, steps = (
            [held[k] for k in moved]
            for held in (self._views, self._means, self._squares, self._steps)
        )
        if is_strict():
            for number, one in enumerate(steps):
                one.add_(1)
                weights, gradient, mean, square = (
                    held[number].numpy().reshape(-1) for held in (views, gradients, means, squares)
                )
                adam_step(
                    weights, gradient, mean, square, int(one), self.rate, self.betas,
                    self.weight_decay, EPSILON,
                )  # fmt: skip
            return
        # The function and not the class, which loads PyTorch's compiler: seconds for every run.
        adamw(
            views, gradients, means, squares, [], steps,
            fused=self._fused, lr=self.rate, beta1=self.betas[0], beta2=self.betas[1],
            weight_decay=self.weight_decay, eps=EPSILON, amsgrad=False, maximize=False,
        )  # fmt: skip

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """Moments and steps made, by ``<number of the weight>.<name>``, axes as the weight's."""
        snapshot = {}
        for number, order in enumerate(self._orders):
            back = np.argsort(order)
            for name, held in zip(MOMENTS, (self._means, self._squares), strict=True):
                snapshot[f"{number}.{name}"] = held[number].cpu().numpy().transpose(back).copy()
            snapshot[f"{number}.{STEP}"] = self._steps[number].cpu().numpy().copy()
        return snapshot

    def resume(self, snapshot: Mapping[str, NDArray[Any]]) -> None:
        """Take over what ``snapshot`` returned; a weight that it lacks had made no step.

        Raises:
            ValueError: a moment is of another size than its weight.
        """
        for number, (weight, order) in enumerate(zip(self._weights, self._orders, strict=True)):
            for name, held in zip(MOMENTS, (self._means, self._squares), strict=True):
                moment = snapshot.get(f"{number}.{name}")
                if moment is None:
                    continue
                if moment.shape != weight.shape:
                    raise ValueError(f"{name} of weights {number} is of another size")
                held[number].copy_(torch.from_numpy(moment).permute(order))
            self._steps[number].fill_(float(snapshot.get(f"{number}.{STEP}", 0)))


def _memory_order(weight: torch.Tensor) -> tuple[int, ...]:
    """The axes, that with the longest stride first."""
    strides = weight.stride()
    return tuple(sorted(range(weight.dim()), key=lambda axis: (-strides[axis], axis)))
