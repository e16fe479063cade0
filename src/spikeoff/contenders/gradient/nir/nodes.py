"""The nodes of a NIR graph as modules of PyTorch, each over all steps: [steps, n, ...]."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from spikeoff.contenders.gradient.nir.neurons import (
    Integration,
    Integrator,
    IzhikevichNeurons,
    LeakyNeurons,
    tensor,
)
from spikeoff.contenders.nir_file import IZHIKEVICH, MS, Node


class Linear(nn.Linear):
    """y = W x, + b in an Affine node."""

    step_mode = "m"  # all steps at once, steps first: as the recorder reads from SpikingJelly

    def __init__(self, node: Node) -> None:
        weight = tensor(node["weight"])
        if weight.ndim != 2:
            raise ValueError(f"`weight` has {weight.ndim} axes; 2 are needed")
        super().__init__(weight.shape[1], weight.shape[0], bias="bias" in node)
        _take(self, weight, node.get("bias"))


class Convolution(nn.Conv2d):
    """A Conv2d node, at every step."""

    step_mode = "m"

    def __init__(self, node: Node) -> None:
        weight = tensor(node["weight"])
        groups = int(node.get("groups", 1))
        padding = node.get("padding", 0)
        super().__init__(
            weight.shape[1] * groups, weight.shape[0], tuple(weight.shape[2:]),  # type: ignore[arg-type]
            _pair(node.get("stride", 1)), padding if isinstance(padding, str) else _pair(padding),
            _pair(node.get("dilation", 1)), groups, bias="bias" in node,
        )  # fmt: skip
        _take(self, weight, node.get("bias"))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[steps, n, channels, height, width] to the same of the maps."""
        return _at_every_step(super().forward, x)


class Bias(nn.Module):
    """An Affine node whose weight is the identity: x + b, and no synapses."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.bias = nn.Parameter(tensor(node["bias"]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[steps, n, neurons]."""
        return x + self.bias


class Pool(nn.Module):
    """A SumPool2d or AvgPool2d node."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.size, self.padding = _pair(node["kernel_size"]), _pair(node["padding"])
        self.stride = _pair(node["stride"])
        self.factor = self.size[0] * self.size[1] if node["type"] == "SumPool2d" else 1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[steps, n, channels, height, width]; padding counts as zeros."""
        return self.factor * _at_every_step(
            lambda maps: functional.avg_pool2d(maps, self.size, self.stride, self.padding), x
        )


class Flatten(nn.Module):
    """A Flatten node; its axes count behind those of steps and images."""

    def __init__(self, node: Node) -> None:
        super().__init__()
        start, end = int(node.get("start_dim", 0)), int(node.get("end_dim", -1))
        self.axes = start + 2 if start >= 0 else start, end + 2 if end >= 0 else end

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[steps, n, ...]."""
        return x.flatten(*self.axes)


class Scale(nn.Module):
    """A Scale node: s x, value by value."""

    scale: torch.Tensor

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.register_buffer("scale", tensor(node["scale"]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[steps, n, ...]."""
        return x * self.scale


def module_of(node: Node, dt: float, integration: Integration) -> nn.Module:
    """The module of a node.

    Args:
        node: its fields, as the file has them.
        dt: time step (ms) of a node whose metadata name none.
        integration: of LI, LIF, I and IF.

    Raises:
        KeyError: the type is not known here, or a field is missing.
        ValueError: a field cannot be used.
    """
    kind = str(node["type"])
    dt = float(node.get("metadata", {}).get("dt", dt * MS)) / MS
    neurons: dict[str, Callable[[], nn.Module]] = {
        "LI": lambda: Integrator(node, dt, integration),
        "I": lambda: Integrator(node, dt, integration),
        "LIF": lambda: LeakyNeurons(node, dt, integration),
        "IF": lambda: LeakyNeurons(node, dt, integration),
        IZHIKEVICH: lambda: IzhikevichNeurons(node, dt),
    }
    if kind in neurons:
        return neurons[kind]()
    if kind == "Affine" and _is_identity(node["weight"]):
        return Bias(node)
    return STATELESS[kind](node)


STATELESS: dict[str, Callable[[Node], nn.Module]] = {
    "Affine": Linear, "Linear": Linear, "Conv2d": Convolution, "SumPool2d": Pool,
    "AvgPool2d": Pool, "Flatten": Flatten, "Scale": Scale,
}  # fmt: skip
KNOWN = (*STATELESS, "LI", "I", "LIF", "IF", IZHIKEVICH)
"""The types of nodes that run."""


def _at_every_step(
    function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor
) -> torch.Tensor:
    found = function(x.flatten(0, 1))
    return found.reshape(*x.shape[:2], *found.shape[1:])


def _take(layer: nn.Linear | nn.Conv2d, weight: torch.Tensor, bias: Any) -> None:
    layer.weight = nn.Parameter(weight)
    if bias is not None:
        layer.bias = nn.Parameter(tensor(bias))


def _pair(value: Any) -> tuple[int, int]:
    first, *rest = np.ravel(value).tolist()
    return int(first), int(rest[0] if rest else first)


def _is_identity(weight: NDArray[Any]) -> bool:
    square = weight.ndim == 2 and weight.shape[0] == weight.shape[1]
    return square and np.array_equal(weight, np.eye(len(weight)))
