"""PyTorch's Adam over a network's weights as they lie in memory, and what a checkpoint keeps of it.

Where a weight's axes are in another order than its memory (channels last; a pixel's weights
together), PyTorch's fused step copies weight, gradient and moments there and back. A view with the
axes in the order of the memory spares that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

STEP = "step"


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
        self._fused = fused
        self._adam = torch.optim.AdamW(
            self._views, lr=rate, betas=betas, weight_decay=weight_decay, fused=fused
        )

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """PyTorch's settings of the step."""
        return self._adam.param_groups

    def set_rate(self, rate: float) -> None:
        """Make steps of this size from now on."""
        for group in self._adam.param_groups:
            group["lr"] = rate

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for one in self._weights:
            one.grad = None

    def step(self) -> None:
        """Move every weight that has a gradient."""
        for one, view, order in zip(self._weights, self._views, self._orders, strict=True):
            # The fused step takes the gradient to lie as the weight does.
            view.grad = None if one.grad is None else one.grad.permute(order).contiguous()
        self._adam.step()

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """Moments and steps made, by ``<number of the weight>.<name>``, axes as the weight's."""
        snapshot = {}
        for number, (view, order) in enumerate(zip(self._views, self._orders, strict=True)):
            for name, value in self._adam.state[view].items():
                array = value.cpu().numpy()
                back = array if name == STEP else array.transpose(np.argsort(order))
                snapshot[f"{number}.{name}"] = back.copy()
        return snapshot

    def resume(self, snapshot: Mapping[str, NDArray[Any]]) -> None:
        """Take over what ``snapshot`` returned.

        Raises:
            ValueError: a moment is of another size than its weight.
        """
        for number, (view, order) in enumerate(zip(self._views, self._orders, strict=True)):
            moments = {}
            for key, array in snapshot.items():
                owner, _, name = key.partition(".")
                if owner != str(number):
                    continue
                held = torch.from_numpy(array)
                if held.shape not in (self._weights[number].shape, torch.Size(())):
                    raise ValueError(f"{name} of weights {number} is of another size")
                if name == STEP:
                    moments[name] = held.to(view.device if self._fused else "cpu")
                else:
                    moments[name] = torch.empty_like(view).copy_(held.permute(order))
            if moments:
                self._adam.state[view] = moments


def _memory_order(weight: torch.Tensor) -> tuple[int, ...]:
    """The axes, that with the longest stride first."""
    strides = weight.stride()
    return tuple(sorted(range(weight.dim()), key=lambda axis: (-strides[axis], axis)))
