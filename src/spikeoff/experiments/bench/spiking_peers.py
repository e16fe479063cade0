"""784 - n_hidden - 10 spiking networks in snnTorch and SpikingJelly, as their users write them.

Both take a batch of input spikes ready-made, [steps, n, 784], count the output neurons' spikes and
learn by Adam on the cross-entropy of the counts: the same network, loss and optimiser as
``izhikevich-gradient``, with a neuron of their own.

Sources: the training loop of snnTorch's tutorial 5 (beta 0.95, arctangent surrogate); the
settings of SpikingJelly's lif_fc_mnist example (tau 2, arctangent surrogate), in multi-step mode
and with the reset detached, which spares its backward pass.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from importlib import import_module
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from spikeoff.data import MNIST
from spikeoff.errors import UserError

BETA = 0.95
TAU = 2.0
LEARNING_RATE = 1e-3


class SpikingPeer(ABC):
    """A network of another library, and one step of training."""

    engine: str
    how: str
    note: str

    def __init__(self, n_hidden: int, device: str = "cpu") -> None:
        self.device = device
        self.module: nn.Module = self.build(n_hidden).to(device)
        self.optimizer = torch.optim.Adam(self.module.parameters(), lr=LEARNING_RATE, fused=True)

    @abstractmethod
    def build(self, n_hidden: int) -> nn.Module:
        """The network; its weights are as PyTorch draws them."""

    @abstractmethod
    def counts(self, spikes: torch.Tensor) -> torch.Tensor:
        """Input spikes [steps, n, 784] float32 to output spike counts [n, 10]."""

    def step(self, spikes: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Forward, backward and Adam on a batch; returns the mean loss."""
        self.optimizer.zero_grad()
        loss = functional.cross_entropy(self.counts(spikes), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.detach()


class SnnTorch(SpikingPeer):
    """Leaky integrate-and-fire neurons, a step at a time."""

    engine = "snnTorch"
    how = "LIF (Leaky), all layers step by step"
    note = "as in its tutorials; it has no Izhikevich neuron"

    def build(self, n_hidden: int) -> nn.Module:
        """Linear, Leaky, Linear, Leaky."""
        leaky = import_peer("snntorch").Leaky
        return nn.ModuleList(
            [
                nn.Linear(MNIST.n_pixels, n_hidden), leaky(beta=BETA),
                nn.Linear(n_hidden, MNIST.n_classes, bias=False), leaky(beta=BETA),
            ]
        )  # fmt: skip

    def counts(self, spikes: torch.Tensor) -> torch.Tensor:
        """The loop over steps."""
        layers: list[Any] = list(self.module.children())
        hidden, hidden_leaky, output, output_leaky = layers
        hidden_mem, output_mem = hidden_leaky.reset_mem(), output_leaky.reset_mem()
        answered = []
        for current in self.currents(hidden, spikes):
            fired, hidden_mem = hidden_leaky(current, hidden_mem)
            answer, output_mem = output_leaky(output(fired), output_mem)
            answered.append(answer)
        return torch.stack(answered).sum(0)

    def currents(self, hidden: nn.Module, spikes: torch.Tensor) -> Any:
        """The hidden neurons' currents, [n, n_hidden] a step."""
        return (hidden(at_step) for at_step in spikes)


class SnnTorchHoisted(SnnTorch):
    """The same with the input layer in one product, which has no recurrence to wait for."""

    how = "LIF (Leaky), one input product, then step by step"
    note = "a change of one line that its users can make"

    def currents(self, hidden: nn.Module, spikes: torch.Tensor) -> Any:
        """All steps at once."""
        return hidden(spikes)


class SpikingJelly(SpikingPeer):
    """Leaky integrate-and-fire neurons in multi-step mode: every layer sees all steps at once."""

    engine = "SpikingJelly"
    how = "LIF (LIFNode), multi-step mode"
    note = "its PyTorch backend; the others need a GPU"
    neuron = "LIFNode"

    def build(self, n_hidden: int) -> nn.Module:
        """Linear, neurons, Linear, neurons."""
        layer, neuron, surrogate = (
            import_peer("spikingjelly", f"activation_based.{part}")
            for part in ("layer", "neuron", "surrogate")
        )
        settings = {"tau": TAU, "detach_reset": True, "step_mode": "m"}
        make = getattr(neuron, self.neuron)
        network: nn.Module = nn.Sequential(
            layer.Linear(MNIST.n_pixels, n_hidden, step_mode="m"),
            make(surrogate_function=surrogate.ATan(), **settings),
            layer.Linear(n_hidden, MNIST.n_classes, bias=False, step_mode="m"),
            make(surrogate_function=surrogate.ATan(), **settings),
        )
        return network

    def counts(self, spikes: torch.Tensor) -> torch.Tensor:
        """One call; the state is dropped first."""
        import_peer("spikingjelly", "activation_based.functional").reset_net(self.module)
        answered: torch.Tensor = self.module(spikes)
        return answered.sum(0)


class SpikingJellyIzhikevich(SpikingJelly):
    """Its quadratic neuron with an adaptation current, at its own constants."""

    how = "Izhikevich (IzhikevichNode), multi-step mode"
    note = "scaled to a threshold of 1, at its own constants"
    neuron = "IzhikevichNode"


PEERS: dict[str, tuple[type[SpikingPeer], ...]] = {
    "snntorch": (SnnTorch, SnnTorchHoisted),
    "spikingjelly": (SpikingJelly, SpikingJellyIzhikevich),
}


def import_peer(name: str, part: str = "") -> Any:
    """A library of the extra ``peers``, or a part of it.

    Raises:
        UserError: it is not installed.
    """
    # On a machine without a GPU, SpikingJelly makes PyTorch tell four times that it lacks Triton.
    logging.getLogger("torch._library.triton").setLevel(logging.ERROR)
    try:
        return import_module(f"{name}.{part}" if part else name)
    except ImportError as error:
        rule = f"{name} cannot be imported ({error}); install the extra: pip install "
        raise UserError(rule + "'spikeoff[peers]'") from error
