"""``izhikevich-gradient``: a network of spiking neurons trained by surrogate gradient.

Rate coding turns each image into 50 steps of input spikes. At each step, a hidden neuron receives a
constant bias and the sum of the weights from the pixels, or from the neurons of the previous layer,
that fired. An output neuron receives the sum of the weights from the neurons of the last hidden
layer that fired. The answer is the output neuron with the most spikes. By default, the network has
784 - 1024 - 10 Izhikevich neurons.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
import torch
import tyro
from numpy.typing import NDArray
from torch import nn

from spikeoff.coding import EVALUATION, LEVELS, rate_code, thresholds
from spikeoff.contenders.base import Outputs, Response, require
from spikeoff.contenders.gradient.backends import (
    KINDS,
    Backend,
    Coding,
    Computation,
    LayerSpikes,
    choose_backend,
)
from spikeoff.contenders.gradient.layer_sizes import (
    ALIASES,
    Sizes,
    check_sizes,
    migrate_sizes,
    part_name,
)
from spikeoff.contenders.gradient.numba import spiking_network
from spikeoff.contenders.gradient.spiking_layers import SpikingLayers
from spikeoff.contenders.gradient.trainer import GradientConfig, GradientContender
from spikeoff.data import MNIST, Images, ImageSpec
from spikeoff.kernels.given_spikes import spike_delta_from_dense
from spikeoff.learning.surrogate import Surrogate
from spikeoff.ledger.account import Footprint
from spikeoff.ledger.recording import INPUT, Recording, Synapses
from spikeoff.neurons.cost import state_bytes
from spikeoff.neurons.izhikevich import PRESETS, Pattern
from spikeoff.neurons.lif import LIFParams
from spikeoff.neurons.models import Params

OutputPattern = Annotated[Pattern, tyro.conf.arg(aliases=["--output"])]

PLACES = 2**27
"""Input or hidden neurons times steps and images that answer at once on a GPU, at most."""

MAX_NEURONS = 2**16 - 1
"""Neurons of a hidden layer: kernels number them in 16 bits."""

OF_A_NEURON = {
    "izhikevich": ("hidden_pattern", "output_pattern"),
    "lif": ("tau_mem", "v_thresh"),
}
"""Settings that only one neuron has."""


@dataclass(frozen=True, kw_only=True)
class IzhikevichGradientConfig(GradientConfig):
    """The spiking network, trained by surrogate gradient and Adam."""

    weight_decay: float = 0.01
    """Decoupled weight decay (AdamW): share of each weight removed per step, times the step
    size."""
    engine: Literal["native", "torch"] = "native"
    """native: fused kernels, with Numba on the CPU and with Triton on supported GPUs, otherwise the
    same as torch; torch: plain autograd."""
    neuron: Literal["izhikevich", "lif"] = "izhikevich"
    """Neuron model of all layers; lif: leaky integrate-and-fire with reset by subtraction."""
    hidden: Sizes = (1024,)
    """Number of neurons in each hidden layer, such as 512 256."""
    n_steps: int = 50
    """Number of time steps for which an image is shown."""
    dt: float = 1.0
    """Time step (ms)."""
    max_rate: float = 1.0
    """Probability that a pixel of value 255 fires at a step."""
    hidden_pattern: Pattern = "fast-spiking"
    """Firing pattern of the hidden neurons; for neuron izhikevich."""
    output_pattern: OutputPattern = "fast-spiking"
    """Firing pattern of the output neurons; for neuron izhikevich."""
    tau_mem: float = 10.0
    """Time constant of the membrane (ms); for neuron lif."""
    v_thresh: float = 20.0
    """Threshold (mV), which a spike also subtracts from the membrane potential; for neuron lif."""
    logit_scale: float = 1.0
    """Factor that turns spike counts into logits."""
    surrogate: Surrogate = "fast_sigmoid"
    """Surrogate for the derivative of a spike."""
    surrogate_width: float = 25.0
    """Width of the surrogate (mV)."""
    max_slope: float = 1.0
    """Upper bound of dv[t+1]/dv[t] in the backward pass."""
    hidden_scale: float = 0.5
    """Standard deviation of the initial weights into hidden layers (mV/ms)."""
    output_scale: float = 0.5
    """Standard deviation of the initial weights from hidden to output (mV/ms)."""
    initial_bias: float = 4.0
    """Initial bias of the hidden neurons (mV/ms)."""
    dropout: float = 0.4
    """Dropout: share of hidden neurons whose spikes do not reach the next layer in training."""

    aliases: ClassVar[Mapping[str, str]] = ALIASES

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(self.hidden, MAX_NEURONS)
        require("n_steps", self.n_steps, self.n_steps >= 1, "at least 1")
        require("dt", self.dt, 0 < self.dt <= 1, "above 0 and at most 1 ms")
        require("max_rate", self.max_rate, 0 < self.max_rate <= 1, "above 0 and at most 1")
        for name in ("logit_scale", "surrogate_width", "max_slope", "hidden_scale", "output_scale",
                     "tau_mem", "v_thresh"):  # fmt: skip
            value = getattr(self, name)
            require(name, value, 0 < value < math.inf, "above 0")
        require("dropout", self.dropout, 0 <= self.dropout < 1, "from 0 to below 1")
        require("initial_bias", self.initial_bias, math.isfinite(self.initial_bias), "finite")
        for neuron, names in OF_A_NEURON.items():
            for name in names:
                value = getattr(self, name)
                holds = neuron == self.neuron or value == getattr(type(self), name)
                require(name, value, holds, f"left out: `neuron` is {self.neuron}, and this is a "
                        f"setting of {neuron}")  # fmt: skip

    @classmethod
    def migrate(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings as earlier versions had them: ``n_hidden``, and patterns by other names."""
        changed = dict(settings)
        for name in ("hidden", "output"):
            if isinstance(changed.get(name), str):
                changed[f"{name}_pattern"] = changed.pop(name)
        return migrate_sizes(changed)

    @staticmethod
    def renamed_flags(flags: Sequence[str]) -> list[str]:
        """Flags as earlier versions had them: ``--hidden`` before the name of a pattern."""
        renamed = list(flags)
        for place, flag in enumerate(flags):
            name, given, value = flag.partition("=")
            following = value if given else next(iter(flags[place + 1 :]), "")
            if name == "--hidden" and following in PRESETS:
                renamed[place] = f"--hidden_pattern{given}{value}"
        return renamed

    def spiking_layers(self) -> SpikingLayers:
        """What is fixed about the layers."""
        if self.neuron == "lif":
            lif: Params = LIFParams(self.tau_mem, self.v_thresh)
            params = (*(lif for _ in self.hidden), lif)
        else:
            hidden, output = PRESETS[self.hidden_pattern], PRESETS[self.output_pattern]
            params = (*(hidden for _ in self.hidden), output)
        return SpikingLayers(params, self.dt, self.surrogate, self.surrogate_width, self.max_slope)


class Weights(nn.Module):
    """What learning changes: matrix and bias of each hidden layer in turn, and the output matrix.

    They are called hidden, bias, hidden_2, bias_2, ..., output.
    """

    def __init__(self, config: IzhikevichGradientConfig, spec: ImageSpec) -> None:
        super().__init__()
        n_before = spec.n_pixels
        for layer, n in enumerate(config.hidden, 1):
            matrix = nn.Parameter(torch.randn(n_before, n) * config.hidden_scale)
            self.register_parameter(part_name("hidden", layer), matrix)
            bias = nn.Parameter(torch.full((n,), config.initial_bias))
            self.register_parameter(part_name("bias", layer), bias)
            n_before = n
        self.output = nn.Parameter(torch.randn(n_before, spec.n_classes) * config.output_scale)


class IzhikevichGradient(GradientContender):
    """The spiking network trained by surrogate gradient."""

    id = "izhikevich-gradient"
    title = "Izhikevich, surrogate gradient"
    spiking = True
    score_unit = "output spikes"
    config_type = IzhikevichGradientConfig
    search_space: ClassVar[dict[str, str]] = {
        "learning_rate": "log:0.001..0.1",
        "dropout": "0..0.6",
        "weight_decay": "0..0.1",
        "surrogate_width": "log:5..100",
        "hidden_scale": "log:0.1..2",
    }
    evaluation_batch = 250
    batches_per_step = 4
    outputs = Outputs(
        metrics="training_metrics.csv",
        confusion="confusion_matrix.png",
        analysis="training_analysis.png",
        log="training.log",
    )

    def __init__(self, config: IzhikevichGradientConfig, spec: ImageSpec = MNIST) -> None:
        self.config, self.neuron = config, config.neuron
        super().__init__(config, spec)
        backend, self.notes = choose_backend(
            config.engine, self.device, config.neuron, len(config.hidden)
        )
        self.engine = "torch" if backend == "autograd" else "native"
        self.use_backend(backend)
        if backend == "triton":
            self.use_large_batches()

    def use_backend(self, backend: Backend) -> None:
        """Let this backend compute from now on."""
        config = self.config
        self.backend = backend
        self._computation: Computation = KINDS[backend](
            self.module, config.spiking_layers(),
            Coding(config.n_steps, config.max_rate, config.seed), config.dropout, self._keep_masks,
        )  # fmt: skip

    def use_large_batches(self) -> None:
        """Let many images answer at once, and the device work on while we do not look."""
        a_step = max(self.spec.n_pixels, *self.config.hidden)
        self.evaluation_batch = max(1, min(2000, PLACES // (a_step * self.config.n_steps)))
        self.batches_per_step = 64

    def build(self) -> nn.Module:
        """Normally distributed weights and a constant bias."""
        return Weights(self.config, self.spec)

    @classmethod
    def sizes(cls, config: IzhikevichGradientConfig, spec: ImageSpec = MNIST) -> tuple[int, int]:
        """A step's lists of input spikes, and of a hidden neuron potential, spikes, gradient."""
        n_inputs = (spec.n_pixels, *config.hidden[:-1])
        weights = sum(n * (before + 1) for before, n in zip(n_inputs, config.hidden, strict=True))
        step = 2 * spec.n_pixels + 14 * sum(config.hidden) + 16 * spec.n_classes
        return weights + config.hidden[-1] * spec.n_classes, config.n_steps * step

    def matrices(self) -> dict[str, torch.Tensor]:
        """The matrix of weights into each layer, by the layer's name: hidden, hidden_2, output."""
        names = [part_name("hidden", k + 1) for k in range(len(self.config.hidden))]
        weights = dict(self.module.named_parameters())
        return {name: weights[name].detach().cpu() for name in (*names, "output")}

    def layer_spikes(self, images: Images) -> dict[str, LayerSpikes]:
        """The spikes that images evoke, to the last as when they are answered, by layer."""
        self.module.eval()
        pixels = torch.from_numpy(images.flat).to(self.device)
        with self._computing():
            found = self._computation.spikes(pixels, images.ids)
        return dict(zip((INPUT, *self.matrices()), found, strict=True))

    def input_spikes(self, images: Images) -> NDArray[np.uint8]:
        """The rate code of the images."""
        config = self.config
        return rate_code(
            images, config.n_steps, config.max_rate, seed=config.seed, epoch=EVALUATION
        )

    def respond_to_spikes(self, images: Images, spikes: NDArray[np.uint8]) -> Response:
        """Answer the given spikes by the kernels of the CPU, whichever backend ``respond`` uses."""
        # The baseline that the drawn spikes have, so that those give the same sums to the last bit.
        baseline = 2 * thresholds(self.config.max_rate)[images.flat] > LEVELS
        weights = [one.detach().cpu().numpy() for one in self._computation.weights()]
        with self._computing():
            inputs = spike_delta_from_dense(spikes, baseline)
            evoked = spiking_network.run(inputs, weights, self.config.spiking_layers())
        counts = evoked.output.sum(axis=1, dtype=np.float32)
        return Response(counts * np.float32(self.config.logit_scale))

    def record(self, images: Images, every: int | None = None) -> Recording:
        """Spikes of all layers, with a reading after every step.

        The answer after a step is the output neuron that has fired most by then.
        """
        del every
        parts = [
            self._record(images.take(slice(first, first + self.evaluation_batch)))
            for first in range(0, max(1, len(images)), self.evaluation_batch)
        ]
        return Recording.joined(parts)

    def _record(self, images: Images) -> Recording:
        spikes, steps = self.layer_spikes(images), np.arange(1, self.config.n_steps + 1)
        layers = tuple(spikes)
        so_far = spikes["output"].dense().cumsum(axis=1, dtype=np.float32)
        return Recording(
            {name: layer.by_step() for name, layer in spikes.items()},
            so_far * np.float32(self.config.logit_scale),
            steps, len(images) * steps, layers[1:-1], layers[1:], dt=self.config.dt,
        )  # fmt: skip

    def synapses(self) -> tuple[Synapses, ...]:
        """The matrices of weights."""
        matrices = self.matrices()
        return tuple(
            Synapses.of(f"{source} to {target}", source, matrix.numpy())
            for source, (target, matrix) in zip((INPUT, *matrices), matrices.items(), strict=False)
        )

    def speaks_for(self) -> NDArray[np.int16]:
        """By the largest weight on to an output neuron; neurons of earlier layers, for none."""
        last = self.matrices()["output"].argmax(1).numpy().astype(np.int16)
        return np.concatenate([np.full(sum(self.config.hidden[:-1]), -1, np.int16), last])

    def footprint(self) -> Footprint:
        """Weights; the state of all neurons."""
        word = self.matrices()["output"].element_size()
        learned = super().footprint().parameters_bytes
        return Footprint(learned, state_bytes(self.config.neuron, self._n_neurons(), word))

    def present(self, pixels: torch.Tensor, ids: Any, epoch: int) -> torch.Tensor:
        """Draw the input spikes, run all layers, count the output neurons' spikes."""
        return self._computation.counts(pixels, ids, epoch) * self.config.logit_scale

    def _keep_masks(self, ids: Any, epoch: int) -> list[torch.Tensor]:
        """[n, neurons] uint8 of each hidden layer, 0 for neurons that dropout silences."""
        masks = [
            self.keep_mask(ids, epoch, n, self.config.dropout, layer)
            for layer, n in enumerate(self.config.hidden, 1)
        ]
        return [mask for mask in masks if mask is not None]

    def _n_neurons(self) -> int:
        """Hidden and output neurons."""
        return sum(self.config.hidden) + self.spec.n_classes
