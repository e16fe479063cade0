"""What computes a spiking network: Numba's kernels, Triton's, or PyTorch's operators.

All receive the same input spikes and silence the same neurons. Each gives scores that gradients
pass, and, for images that are only answered, the spikes of every layer step by step.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spikeoff.coding import EVALUATION, InputCoding
from spikeoff.contenders.gradient.numba import spiking_network
from spikeoff.contenders.gradient.spiking_layers import SpikingLayers, approach
from spikeoff.contenders.gradient.triton import support
from spikeoff.data import Images
from spikeoff.kernels.constant_input import ConstantInput
from spikeoff.kernels.events import Events, by_step
from spikeoff.kernels.input_coding import input_delta, input_events
from spikeoff.neurons.synapse import synaptic_currents
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


class Answer(NamedTuple):
    """What a batch of images evokes at the output.

    scores: [n, n_output] by the read-out.
    met: [n] nonzero weights that an image's hidden spikes meet; 0 unless it is penalised.
    """

    scores: torch.Tensor
    met: torch.Tensor


class Found(NamedTuple):
    """What images evoke in a network that answers them.

    spikes: of every layer of neurons, from the input on.
    by_step: [n, steps, n_output] what each step adds to the scores: spikes, or weighted sums.
    potential: [n, n_output] what the potential after the last step adds; None where it adds none.
    """

    spikes: list[LayerSpikes]
    by_step: NDArray[Any]
    potential: NDArray[Any] | None = None


@dataclass(frozen=True)
class Gains:
    """Factors from learned weights to currents.

    hidden: of weights and biases into hidden layers.
    output: of weights into output neurons.
    """

    hidden: float = 1.0
    output: float = 1.0


class Computation(ABC):
    """A backend at work on a network.

    Args:
        module: its parameters are the weights, in the order of ``numba.spiking_network.run``.
        layers: what is fixed.
        coding: of the input.
        gains: from weights to currents.
        dropout: share of hidden neurons silenced in training.
        keep_masks: [n, neurons] uint8 of each hidden layer, 0 for neurons to silence, by ids and
            epoch; empty outside training.
        penalised: whether answers count the synapses that hidden spikes meet.
    """

    def __init__(
        self,
        module: nn.Module,
        layers: SpikingLayers,
        coding: InputCoding,
        gains: Gains,
        dropout: float,
        keep_masks: Callable[[Any, int], list[torch.Tensor]],
        penalised: bool,
    ) -> None:
        self.module, self.layers, self.coding, self.gains = module, layers, coding, gains
        self.dropout, self.keep_masks, self.penalised = dropout, keep_masks, penalised

    def weights(self) -> list[torch.Tensor]:
        """Matrix and bias of each hidden layer in turn, then the matrix of the output layer.

        Each times its gain. A linear read-out has the weights of the steps after them.
        """
        output = 2 * self.layers.n_hidden
        return [
            _times(one, self.gains.hidden if number < output else self.gains.output)
            if number <= output
            else one
            for number, one in enumerate(self.module.parameters())
        ]

    @abstractmethod
    def answer(self, pixels: torch.Tensor, ids: Any, epoch: int) -> Answer:
        """The scores of a batch.

        Args:
            pixels: [n, n_pixels] uint8, on the device.
            ids: [n] int64, which examples they are.
            epoch: ``EVALUATION`` outside training.
        """

    @abstractmethod
    def find(self, pixels: torch.Tensor, ids: NDArray[np.int64]) -> Found:
        """What images evoke that are answered."""


class NumbaComputation(Computation):
    """Fused kernels on the CPU."""

    def answer(self, pixels: torch.Tensor, ids: Any, epoch: int) -> Answer:
        """Scores by ``SpikingNetwork``."""
        found = spiking_network.SpikingNetwork.apply(  # type: ignore[no-untyped-call]
            self._inputs(_images(pixels, ids), epoch), self.layers, self.keep_masks(ids, epoch),
            1 - self.dropout, self.penalised, *self.weights(),
        )  # fmt: skip
        return Answer(*found)

    def find(self, pixels: torch.Tensor, ids: NDArray[np.int64]) -> Found:
        """Lists of spikes, as the kernels leave them."""
        images = _images(pixels, ids)
        arrays = [one.detach().numpy() for one in self.weights()]
        evoked = spiking_network.run(self._inputs(images, EVALUATION), arrays, self.layers)
        listed = [input_events(self.coding, images, EVALUATION), *evoked.hidden]
        spikes: list[LayerSpikes] = [ListedSpikes(one, self.coding.n_steps) for one in listed]
        if self.layers.linear:
            return Found(spikes, evoked.output * arrays[-1][:, None])
        spikes.append(DenseSpikes(torch.from_numpy(evoked.output)))
        return Found(spikes, evoked.output, spiking_network.potential(evoked, self.layers))

    def _inputs(self, images: Images, epoch: int) -> spiking_network.Inputs:
        if self.coding.name == "direct":
            return ConstantInput(images.flat / 255, self.coding.n_steps)
        return input_delta(self.coding, images, epoch)


class AutogradComputation(Computation):
    """PyTorch's operators, on any device."""

    def answer(self, pixels: torch.Tensor, ids: Any, epoch: int) -> Answer:
        """Scores by ``neuron_layer``."""
        _, by_step, potential, met = self._run(pixels, ids, epoch)
        counts = by_step.sum(1)
        return Answer(counts if potential is None else counts + potential, met)

    def find(self, pixels: torch.Tensor, ids: NDArray[np.int64]) -> Found:
        """The tensors of the spikes."""
        with torch.no_grad():
            spikes, by_step, potential, _ = self._run(pixels, ids, EVALUATION)
        ended = None if potential is None else potential.cpu().numpy()
        return Found([DenseSpikes(one) for one in spikes], by_step.cpu().numpy(), ended)

    def _run(
        self, pixels: torch.Tensor, ids: Any, epoch: int
    ) -> tuple[list[torch.Tensor], torch.Tensor, torch.Tensor | None, torch.Tensor]:
        """Spikes [n, steps, neurons] from the input on, then as in ``Found`` and ``Answer``."""
        coding, layers, weights = self.coding, self.layers, self.weights()
        ids = torch.as_tensor(ids)
        inputs = coding.spikes_torch(pixels, ids.to(pixels.device), epoch)
        found, sent = [inputs], inputs.to(weights[0].dtype)
        if coding.name == "direct":
            sent = (pixels.to(sent.dtype) / 255)[:, None].expand(sent.shape)
        met = sent.new_zeros(len(sent))
        masks = self.keep_masks(ids, epoch)
        for number in range(layers.n_hidden):
            arriving = synaptic_currents(sent @ weights[2 * number], layers.decays[number])
            currents = arriving + weights[2 * number + 1]
            spikes, _ = neuron_layer(currents, layers.params[number], *layers.rule)
            found.append(spikes)
            sent = spikes
            behind = weights[2 * number + 2]
            if masks:
                sent = spikes * masks[number][:, None]
            if self.penalised:
                met = met + (sent @ behind.count_nonzero(1).to(sent.dtype)).sum(1)
            if masks:
                sent = sent / (1 - self.dropout)
        sums = sent @ weights[2 * layers.n_hidden]
        if layers.linear:
            return found, sums * weights[-1][:, None], None, met
        currents = synaptic_currents(sums, layers.decays[-1])
        spikes, trace = neuron_layer(currents, layers.params[-1], *layers.rule)
        potential = None
        if layers.readout == "spikes+potential":
            potential, _ = approach(trace[:, -1], layers.params[-1], layers.dt)
        return [*found, spikes], spikes, potential, met


class TritonComputation(Computation):
    """Fused kernels on a GPU, for one hidden layer of Izhikevich neurons."""

    def answer(self, pixels: torch.Tensor, ids: Any, epoch: int) -> Answer:
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
        return Answer(counts, counts.new_zeros(len(counts)))

    def find(self, pixels: torch.Tensor, ids: NDArray[np.int64]) -> Found:
        """Spikes read off the membrane potentials."""
        network = _triton("spiking_network")
        with torch.no_grad():
            draw = self._draw(pixels, torch.from_numpy(ids).to(pixels.device), EVALUATION)
            evoked = network.run(draw, self.weights(), self.layers)
            traces = evoked.trace, evoked.output_trace
            spikes = [DenseSpikes(one) for one in (draw(), *map(network.spikes, traces))]
        return Found([*spikes], spikes[-1].dense())

    def _draw(
        self, pixels: torch.Tensor, ids: torch.Tensor, epoch: int
    ) -> Callable[[], torch.Tensor]:
        """Draws the images' input spikes: by a kernel at random rates, else by PyTorch."""
        coding, number = self.coding, self.weights()[0].dtype
        if coding.name != "rate":
            return lambda: coding.spikes_torch(pixels, ids, epoch).to(number)
        return lambda: _triton("rate_coding").rate_code(
            pixels, ids, coding.n_steps, coding.max_rate, number, seed=coding.seed, epoch=epoch
        )


KINDS: dict[Backend, type[Computation]] = {
    "numba": NumbaComputation,
    "triton": TritonComputation,
    "autograd": AutogradComputation,
}


def choose_backend(
    engine: str,
    device: str,
    neuron: str = "izhikevich",
    n_hidden_layers: int = 1,
    *,
    plain: bool = True,
) -> tuple[Backend, tuple[str, ...]]:
    """What computes on a device, and a note where a reader would not expect it.

    ``plain`` networks have spikes as input, currents that last one step and output neurons whose
    spikes are counted, and no penalty.
    """
    if engine == "torch":
        return "autograd", ()
    if device == "cpu":
        return "numba", ()
    if neuron != "izhikevich" or n_hidden_layers != 1:
        trouble: str | None = "those are for one hidden layer of Izhikevich neurons"
    elif not plain:
        trouble = "those are for input spikes, synapse kick, readout spikes and no spike_penalty"
    else:
        trouble = support.trouble(device)
    if trouble is None:
        return "triton", ("engine native: Triton's kernels, tried out on this GPU beforehand",)
    return "autograd", (f"engine native: PyTorch's operators, not fused kernels; {trouble}",)


def _times(weights: torch.Tensor, gain: float) -> torch.Tensor:
    return weights if gain == 1 else weights * gain


def _images(pixels: torch.Tensor, ids: Any) -> Images:
    """Images without labels."""
    return Images(pixels.numpy(), np.empty(0, np.uint8), np.asarray(ids))


def _triton(name: str) -> Any:
    """A module that needs Triton."""
    return import_module(f"spikeoff.contenders.gradient.triton.{name}")
