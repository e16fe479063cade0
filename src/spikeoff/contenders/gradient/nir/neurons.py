"""Integrators and neurons of NIR as modules of PyTorch, each over all steps: [steps, n, ...].

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

from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spikeoff.contenders.nir_file import MS, SUBTRACT, Node
from spikeoff.neurons import izhikevich, lif

Integration = Literal["exact", "euler"]
INTEGRATIONS = get_args(Integration)


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
            self.register_buffer(name, tensor(value))

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
    model: str = "lif"
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
        self.register_buffer("threshold", tensor(_rounded(node["v_threshold"])))
        self.register_buffer("reset", tensor(_rounded(node.get("v_reset", 0.0))))

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
    a: torch.Tensor
    b: torch.Tensor
    c: torch.Tensor
    d: torch.Tensor
    rest_u: torch.Tensor

    def __init__(self, node: Node, dt: float) -> None:
        super().__init__()
        self._dt = dt
        for name in "abcd":
            self.register_buffer(name, tensor(_rounded(node[name])))
        self.register_buffer("rest_u", tensor(_rounded(node["b"]) * _rounded(node["c"])))

    def start(self, like: torch.Tensor) -> Any:
        """v = c, u = b c."""
        return izhikevich.State(like + self.c, like + self.rest_u)

    def step(self, state: Any, i: torch.Tensor) -> tuple[Any, torch.Tensor]:
        """One step."""
        constants = izhikevich.REGULAR_SPIKING.constants(self._dt)
        return izhikevich.step(state, i, constants._replace(a=self.a, b=self.b, c=self.c, d=self.d))


def tensor(values: Any) -> torch.Tensor:
    """Values of a node in float32."""
    return torch.from_numpy(np.array(values, np.float32))


def _rounded(values: Any) -> NDArray[np.float64]:
    """Float64, rounded to the seven digits that float32 holds: 0.1 and not 0.10000000149."""
    unique, places = np.unique(np.asarray(values, np.float64), return_inverse=True)
    digits = np.array([float(f"{one:.7g}") for one in unique])
    return digits[places].reshape(np.shape(values))
