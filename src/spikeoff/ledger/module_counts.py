"""Counts what a PyTorch module does while it answers: operations by layer, and sparsity.

Any module of Linear and Conv2d layers and ReLUs will do. Masks of what is not zero go through each
layer once more: for a convolution, those of all filters summed up, so that it costs little.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from spikeoff.ledger.account import Sparsity
from spikeoff.ledger.operations import LayerOperations


@contextmanager
def counting(module: nn.Module) -> Iterator[Tally]:
    """Count what ``module`` does within the block."""
    tally = Tally(module)
    try:
        yield tally
    finally:
        tally.close()


class Tally:
    """What a module has done since it is watched."""

    def __init__(self, module: nn.Module) -> None:
        named = list(module.named_modules())
        self._layers = [_Layer(n, m) for n, m in named if isinstance(m, (nn.Linear, nn.Conv2d))]
        self._places = self._active = 0
        self._hooks = [layer.hook for layer in self._layers]
        self._hooks += [
            m.register_forward_hook(self._see_relu) for _, m in named if isinstance(m, nn.ReLU)
        ]

    def close(self) -> None:
        """Watch no longer."""
        for hook in self._hooks:
            hook.remove()

    def layers(self, n_images: int) -> list[LayerOperations]:
        """The operations of each layer in the module's order, means over images."""
        return [layer.operations(max(1, n_images)) for layer in self._layers]

    def sparsity(self) -> Sparsity:
        """Zeros among weights, and among what ReLUs gave."""
        weights = [layer.weight for layer in self._layers]
        nonzero = sum(int(weight.count_nonzero()) for weight in weights)
        places = sum(weight.numel() for weight in weights)
        return Sparsity(1 - nonzero / places, 1 - self._active / max(1, self._places))

    def _see_relu(self, module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        del module, inputs
        self._places += output.numel()
        self._active += int(output.count_nonzero())


class _Layer:
    """A layer, and what has entered it."""

    def __init__(self, name: str, module: nn.Linear | nn.Conv2d) -> None:
        self.weight = module.weight
        self._name, self._module = name, module
        self._dense = self._met = 0.0
        self._all_spikes = True
        self._mask = _summed(self.weight != 0, module)
        self._everywhere = _summed(torch.ones_like(self.weight, dtype=torch.bool), module)
        self.hook = module.register_forward_pre_hook(self._see)

    def operations(self, n_images: int) -> LayerOperations:
        met = self._met / n_images
        acs = met if self._all_spikes else 0.0
        return LayerOperations(self._name, self._dense / n_images, met - acs, acs)

    def _see(self, module: nn.Module, inputs: tuple[torch.Tensor]) -> None:
        del module
        (x,) = inputs
        active = x != 0
        self._all_spikes &= bool((active == (x.abs() == 1)).all())
        self._met += _meetings(active, self._mask, self._module)
        one = torch.ones_like(active[:1])
        self._dense += len(x) * _meetings(one, self._everywhere, self._module)


def _summed(mask: torch.Tensor, module: nn.Linear | nn.Conv2d) -> torch.Tensor:
    """How many weights of a layer each of its inputs meets, at each place of a filter."""
    if isinstance(module, nn.Linear):
        return mask.sum(0, dtype=torch.float32)
    by_group = mask.view(module.groups, -1, *mask.shape[1:])
    return by_group.sum(1, dtype=torch.float32)


def _meetings(active: torch.Tensor, weights: torch.Tensor, module: nn.Linear | nn.Conv2d) -> float:
    """How often active inputs meet weights; whole numbers, which float32 holds up to 2^24."""
    if isinstance(module, nn.Linear):
        inputs = active.reshape(-1, active.shape[-1]).sum(0).cpu()
        return float(inputs.double() @ weights.cpu().double())
    met = functional.conv2d(
        active.to(torch.float32), weights, None, module.stride, module.padding, module.dilation,
        module.groups,
    )  # fmt: skip
    return float(met.cpu().sum(dtype=torch.float64))
