"""The nodes of a NIR graph as modules of PyTorch, each over all steps: [steps, n, ...].

NIR's neurons are equations in continuous time (t in s):

    tau dv/dt = (v_leak - v) + r I    LI, and LIF with z = 1 where v > v_threshold, then v = v_reset
        dv/dt = r I                   I, and IF likewise

With I constant over a step of dt, and k = exp(-dt / tau), their exact solution is

    v' = k v + (1 - k) (v_leak + r I)

``integration="euler"`` has k = 1 - dt / tau instead: forward Euler, as snnTorch and others write
and read graphs. A step updates v, then compares with the threshold, then resets; spikes of a step
reach the next node in the same step. A LIF node with ``reset: subtract`` in its metadata is
``neurons.lif``.

Source: J. E. Pedersen et al., "Neuromorphic intermediate representation: a unified instruction set
for interoperable brain-inspired computing", Nature Communications 15:8122, 2024.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from spikeoff.contenders.nir_file import IZHIKEVICH, MS, SUBTRACT, Node
from spikeoff.neurons import izhikevich, lif

Integration = Literal["exact", "euler"]
INTEGRATIONS = get_args(Integration)


class Linear(nn.Linear):
    """y = W x, + b in an Affine node."""

    step_mode = "m"  # all steps at once, steps first: as the recorder reads from SpikingJelly

    def __init__(self, node: Node) -> None:
        weight = _tensor(node["weight"])
        if weight.ndim != 2:
            raise ValueError(f"`weight` has {weight.ndim} axes; 2 are needed")
        super().__init__(weight.shape[1], weight.shape[0], bias="bias" in node)
        _take(self, weight, node.get("bias"))


class Convolution(nn.Conv2d):
    """A Conv2d node, at every step."""

    step_mode = "m"

    def __init__(self, node: Node) -> None:
        weight = _tensor(node["weight"])
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
        self.bias = nn.Parameter(_tensor(node["bias"]))

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

    def __init__(self, node: Node) -> None:
        super().__init__()
        self.register_buffer("scale", _tensor(node["scale"]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[steps, n, ...]."""
        return x * self.scale


class Integrator(nn.Module):
    """An LI or I node: the potential after each step, from rest at v_leak, or at 0.

    synapse: what the ledger calls it where it stands between weights and neurons.
    """

    keep: torch.Tensor
    gain: torch.Tensor
    drive: torch.Tensor
    rest: torch.Tensor

    def __init__(self, node: Node, dt: float, integration: Integration) -> None:
        super().__init__()
        leaky = node["type"] in ("LI", "LIF")
        self.synapse = "decaying" if leaky else "held"
        seconds, r = dt * MS, _rounded(node["r"])
        rest = _rounded(node.get("v_leak", 0.0))
        if leaky:
            tau = _rounded(node["tau"])
            if (tau <= 0).any():
                raise ValueError("`tau` must be above 0")
            share = seconds / tau
            lost = -np.expm1(-share) if integration == "exact" else share
            keep, gain = 1 - lost, _rounded(lost * r)
        else:
            lost, keep, gain = np.zeros_like(r), np.ones_like(r), seconds * r
        constants = {"keep": keep, "gain": gain, "drive": lost * rest, "rest": rest}
        for name, value in constants.items():
            self.register_buffer(name, _tensor(value))

    def advance(self, v: torch.Tensor, i: torch.Tensor) -> torch.Tensor:
        """One step under the current ``i``."""
        return self.keep * v + self.gain * i + self.drive

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[steps, n, ...]."""
        v, found = torch.zeros_like(x[0]) + self.rest, []
        for i in x:
            v = self.advance(v, i)
            found.append(v)
        return torch.stack(found)


class Neurons(nn.Module):
    """Spiking neurons: 1 where one fires.

    final: v after the last step of the last call.
    """

    spiking_neuron = True
    step_mode = "m"
    model = "lif"
    final: torch.Tensor

    def start(self, like: torch.Tensor) -> Any:
        """The state from which an example starts, in the shape of ``like`` [n, ...]."""
        raise NotImplementedError

    def step(self, state: Any, i: torch.Tensor) -> tuple[Any, torch.Tensor]:
        """One step: (state, whether it fired)."""
        raise NotImplementedError

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """[steps, n, ...]."""
        state, spikes = self.start(torch.zeros_like(x[0])), []
        for i in x:
            state, fired = self.step(state, i)
            spikes.append(fired.to(x.dtype))
        self.final = state[0]
        return torch.stack(spikes)


class LeakyNeurons(Neurons):
    """A LIF or IF node."""

    threshold: torch.Tensor
    reset: torch.Tensor

    def __init__(self, node: Node, dt: float, integration: Integration) -> None:
        super().__init__()
        self.membrane = Integrator(node, dt, integration)
        self.subtracts = node.get("metadata", {}).get("reset") == SUBTRACT
        if self.subtracts and np.any(node.get("v_leak", 0)):
            raise ValueError("`v_leak` must be 0 where the reset subtracts the threshold")
        self.register_buffer("threshold", _tensor(_rounded(node["v_threshold"])))
        self.register_buffer("reset", _tensor(_rounded(node.get("v_reset", 0.0))))

    def start(self, like: torch.Tensor) -> Any:
        """At rest."""
        return lif.State(like + self.membrane.rest)

    def step(self, state: Any, i: torch.Tensor) -> tuple[Any, torch.Tensor]:
        """One step, its reset by subtraction in the next step, or to a value in this one."""
        if self.subtracts:
            p: Any = lif.Constants(self.membrane.keep, self.threshold, self.membrane.gain, 0.0)
            return lif.step(state, i, p)
        v = self.membrane.advance(state.v, i)
        fired = v > self.threshold
        return lif.State(torch.where(fired, self.reset, v)), fired


class IzhikevichNeurons(Neurons):
    """The extension node (docs/export.md); forward Euler, as its text says."""

    model = "izhikevich"

    def __init__(self, node: Node, dt: float) -> None:
        super().__init__()
        self._dt = dt
        for name in "abcd":
            self.register_buffer(name, _tensor(_rounded(node[name])))
        self.register_buffer("rest_u", _tensor(_rounded(node["b"]) * _rounded(node["c"])))

    def start(self, like: torch.Tensor) -> Any:
        """v = c, u = b c."""
        return izhikevich.State(like + self.c, like + self.rest_u)

    def step(self, state: Any, i: torch.Tensor) -> tuple[Any, torch.Tensor]:
        """One step."""
        constants = izhikevich.REGULAR_SPIKING.constants(self._dt)
        return izhikevich.step(state, i, constants._replace(a=self.a, b=self.b, c=self.c, d=self.d))


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
    return function(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def _take(layer: nn.Linear | nn.Conv2d, weight: torch.Tensor, bias: Any) -> None:
    layer.weight = nn.Parameter(weight)
    if bias is not None:
        layer.bias = nn.Parameter(_tensor(bias))


def _pair(value: Any) -> tuple[int, int]:
    first, *rest = np.ravel(value).tolist()
    return int(first), int(rest[0] if rest else first)


def _tensor(values: Any) -> torch.Tensor:
    return torch.from_numpy(np.array(values, np.float32))


def _rounded(values: Any) -> NDArray[np.float64]:
    """Float64, rounded to the seven digits that float32 holds: 0.1 and not 0.10000000149."""
    unique, places = np.unique(np.asarray(values, np.float64), return_inverse=True)
    digits = np.array([float(f"{one:.7g}") for one in unique])
    return digits[places].reshape(np.shape(values))


def _is_identity(weight: NDArray[Any]) -> bool:
    square = weight.ndim == 2 and weight.shape[0] == weight.shape[1]
    return square and np.array_equal(weight, np.eye(len(weight)))
