"""What computes a spiking network: Numba's kernels, Triton's, or PyTorch's operators.

All draw the same input spikes and silence the same neurons. Each gives spike counts that gradients
pass, and, for images that are only answered, the spikes of every layer step by step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spikeoff.coding import EVALUATION, rate_code_torch
from spikeoff.contenders.gradient.numba import spiking_network
from spikeoff.contenders.gradient.spiking_layers import SpikingLayers
from spikeoff.contenders.gradient.triton import support
from spikeoff.data import Images
from spikeoff.kernels.events import Events, by_step
from spikeoff.kernels.rate_coding import rate_code_delta, rate_code_events
from spikeoff.neurons.torch_layer import neuron_layer

Backend = Literal["numba", "triton", "autograd"]


class LayerSpikes(Protocol):
    """The spikes of one layer for a batch of images."""

    def by_step(self) -> NDArray[np.int64]:
        """[steps, neurons] spikes, summed over images."""

    def dense(self) -> NDArray[np.uint8]:
        """[n, steps, neurons] 1 where a neuron fires."""


@dataclass(frozen=True)
class ListedSpikes:
    """Spikes as lists, rows by example and step."""

    events: Events
    n_steps: int

    def by_step(self) -> NDArray[np.int64]:
        """[steps, neurons] spikes, summed over images."""
        return by_step(self.events, self.n_steps)

    def dense(self) -> NDArray[np.uint8]:
        """[n, steps, neurons] 1 where a neuron fires."""
        return self.events.dense().reshape(-1, self.n_steps, self.events.n_inputs)


@dataclass(frozen=True)
class DenseSpikes:
    """Spikes as [n, steps, neurons]."""

    spikes: torch.Tensor

    def by_step(self) -> NDArray[np.int64]:
        """[steps, neurons] spikes, summed over images."""
        return self.spikes.sum(0).cpu().numpy().astype(np.int64)

    def dense(self) -> NDArray[np.uint8]:
        """[n, steps, neurons] 1 where a neuron fires."""
        return self.spikes.cpu().numpy().astype(np.uint8)


@dataclass(frozen=True)
class Coding:
    """How images become input spikes."""

    n_steps: int
    max_rate: float
    seed: int


class Computation(ABC):
    """A backend at work on a network.

    Args:
        module: its parameters are the weights, in the order of ``numba.spiking_network.run``.
        layers: what is fixed.
        coding: of the input.
        dropout: share of hidden neurons silenced in training.
        keep_masks: [n, neurons] uint8 of each hidden layer, 0 for neurons to silence, by ids and
            epoch; empty outside training.
    """

    def __init__(
        self,
        module: nn.Module,
        layers: SpikingLayers,
        coding: Coding,
        dropout: float,
        keep_masks: Callable[[Any, int], list[torch.Tensor]],
    ) -> None:
        self.module, self.layers, self.coding = module, layers, coding
        self.dropout, self.keep_masks = dropout, keep_masks

    def weights(self) -> list[nn.Parameter]:
        """Matrix and bias of each hidden layer in turn, then the matrix of the output layer."""
        return list(self.module.parameters())

    @abstractmethod
    def counts(self, pixels: torch.Tensor, ids: Any, epoch: int) -> torch.Tensor:
        """[n, n_output] spike counts of the output neurons.

        Args:
            pixels: [n, n_pixels] uint8, on the device.
            ids: [n] int64, which examples they are.
            epoch: ``EVALUATION`` outside training.
        """

    @abstractmethod
    def spikes(self, pixels: torch.Tensor, ids: NDArray[np.int64]) -> list[LayerSpikes]:
        """The spikes of images that are answered, of every layer from the input to the output."""


class NumbaComputation(Computation):
    """Fused kernels on the CPU."""

    def counts(self, pixels: torch.Tensor, ids: Any, epoch: int) -> torch.Tensor:
        """Counts by ``SpikingNetwork``."""
        inputs = rate_code_delta(_images(pixels, ids), **self._drawn(epoch))
        counts: torch.Tensor
        counts, _ = spiking_network.SpikingNetwork.apply(  # type: ignore[no-untyped-call]
            inputs, self.layers, self.keep_masks(ids, epoch), 1 - self.dropout, *self.weights()
        )
        return counts

    def spikes(self, pixels: torch.Tensor, ids: NDArray[np.int64]) -> list[LayerSpikes]:
        """Lists of spikes, as the kernels leave them."""
        images, n_steps = _images(pixels, ids), self.coding.n_steps
        arrays = [one.detach().numpy() for one in self.weights()]
        inputs = rate_code_delta(images, **self._drawn(EVALUATION))
        evoked = spiking_network.run(inputs, arrays, self.layers)
        listed = [rate_code_events(images, **self._drawn(EVALUATION)), *evoked.hidden]
        output = DenseSpikes(torch.from_numpy(evoked.output))
        return [*(ListedSpikes(one, n_steps) for one in listed), output]

    def _drawn(self, epoch: int) -> dict[str, Any]:
        coding = self.coding
        return {
            "n_steps": coding.n_steps, "max_rate": coding.max_rate, "seed": coding.seed,
            "epoch": epoch,
        }  # fmt: skip


class AutogradComputation(Computation):
    """PyTorch's operators, on any device."""

    def counts(self, pixels: torch.Tensor, ids: Any, epoch: int) -> torch.Tensor:
        """Counts by ``neuron_layer``."""
        return self._run(pixels, ids, epoch)[-1].sum(1)

    def spikes(self, pixels: torch.Tensor, ids: NDArray[np.int64]) -> list[LayerSpikes]:
        """The tensors of the spikes."""
        with torch.no_grad():
            return [DenseSpikes(spikes) for spikes in self._run(pixels, ids, EVALUATION)]

    def _run(self, pixels: torch.Tensor, ids: Any, epoch: int) -> list[torch.Tensor]:
        """[n, steps, neurons] spikes of the input and of all layers."""
        coding, weights, ids = self.coding, self.weights(), torch.as_tensor(ids)
        inputs = rate_code_torch(
            pixels, ids.to(pixels.device), coding.n_steps, coding.max_rate,
            seed=coding.seed, epoch=epoch,
        )  # fmt: skip
        found, sent = [inputs], inputs.to(weights[0].dtype)
        masks = self.keep_masks(ids, epoch)
        for number, params in enumerate(self.layers.params):
            currents = sent @ weights[2 * number]
            if number < len(self.layers.params) - 1:
                currents = currents + weights[2 * number + 1]
            spikes, _ = neuron_layer(currents, params, *self.layers.rule)
            found.append(spikes)
            sent = spikes
            if masks and number < len(masks):
                sent = spikes * masks[number][:, None] / (1 - self.dropout)
        return found


class TritonComputation(Computation):
    """Fused kernels on a GPU, for one hidden layer of Izhikevich neurons."""

    def counts(self, pixels: torch.Tensor, ids: Any, epoch: int) -> torch.Tensor:
        """Counts by Triton's ``SpikingNetwork``."""
        hidden, bias, output = self.weights()
        ids = torch.as_tensor(ids, device=pixels.device)
        draw, scale = self._draw(pixels, ids, epoch), None
        if self.dropout and self.module.training:
            scale = _triton("dropout_scale").scale(
                ids, hidden.shape[1], self.dropout, hidden.dtype, seed=self.coding.seed, epoch=epoch
            )
        counts: torch.Tensor
        counts, _ = _triton("spiking_network").SpikingNetwork.apply(
            hidden, bias, output, draw, self.layers, scale
        )
        return counts

    def spikes(self, pixels: torch.Tensor, ids: NDArray[np.int64]) -> list[LayerSpikes]:
        """Spikes read off the membrane potentials."""
        network = _triton("spiking_network")
        with torch.no_grad():
            draw = self._draw(pixels, torch.from_numpy(ids).to(pixels.device), EVALUATION)
            evoked = network.run(draw, self.weights(), self.layers)
            traces = evoked.trace, evoked.output_trace
            return [DenseSpikes(one) for one in (draw(), *map(network.spikes, traces))]

    def _draw(
        self, pixels: torch.Tensor, ids: torch.Tensor, epoch: int
    ) -> Callable[[], torch.Tensor]:
        """Draws the images' input spikes."""
        coding, number = self.coding, self.weights()[0].dtype
        return lambda: _triton("rate_coding").rate_code(
            pixels, ids, coding.n_steps, coding.max_rate, number, seed=coding.seed, epoch=epoch
        )


KINDS: dict[Backend, type[Computation]] = {
    "numba": NumbaComputation,
    "triton": TritonComputation,
    "autograd": AutogradComputation,
}


def choose_backend(
    engine: str, device: str, neuron: str = "izhikevich", n_hidden_layers: int = 1
) -> tuple[Backend, tuple[str, ...]]:
    """What computes on a device, and a note where a reader would not expect it."""
    if engine == "torch":
        return "autograd", ()
    if device == "cpu":
        return "numba", ()
    if neuron != "izhikevich" or n_hidden_layers != 1:
        trouble: str | None = "those are for one hidden layer of Izhikevich neurons"
    else:
        trouble = support.trouble(device)
    if trouble is None:
        return "triton", ("engine native: Triton's kernels, tried out on this GPU beforehand",)
    return "autograd", (f"engine native: PyTorch's operators, not fused kernels; {trouble}",)


def _images(pixels: torch.Tensor, ids: Any) -> Images:
    """Images without labels."""
    return Images(pixels.numpy(), np.empty(0, np.uint8), np.asarray(ids))


def _triton(name: str) -> Any:
    """A module that needs Triton."""
    return import_module(f"spikeoff.contenders.gradient.triton.{name}")
