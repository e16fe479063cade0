"""``izhikevich-gradient``: 784 - 1024 - 10 Izhikevich neurons trained by surrogate gradient.

Each image becomes 50 steps of input spikes by rate coding. Every hidden neuron receives, at each
step, the sum of the weights of the pixels that fired and a constant bias; every output neuron
the sum of the weights of the hidden neurons that fired. The answer is the output neuron that
fires most.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spikeoff.coding import EVALUATION, rate_code_torch
from spikeoff.contenders.base import Outputs, require
from spikeoff.contenders.effects import setting
from spikeoff.contenders.gradient.numba import spiking_network as two_layers
from spikeoff.contenders.gradient.trainer import GradientConfig, GradientContender
from spikeoff.contenders.gradient.triton import support
from spikeoff.data import MNIST, N_CLASSES, N_PIXELS, Images, ImageSpec
from spikeoff.kernels.events import by_step
from spikeoff.kernels.rate_coding import rate_code_delta, rate_code_events
from spikeoff.kernels.spike_delta import SpikeDelta
from spikeoff.learning.surrogate import Surrogate
from spikeoff.ledger.account import Footprint
from spikeoff.ledger.recording import INPUT, Recording, Synapses
from spikeoff.neurons.cost import state_bytes
from spikeoff.neurons.izhikevich import PRESETS, Pattern
from spikeoff.neurons.torch_layer import izhikevich_layer

Way = Literal["numba", "triton", "autograd"]

PLACES = 2**27
"""Input or hidden neurons times steps and images that answer at once on a GPU, at most."""


@dataclass(frozen=True, kw_only=True)
class IzhikevichGradientConfig(GradientConfig):
    """The Izhikevich network, trained by surrogate gradient and Adam."""

    weight_decay: float = 0.01
    """Share of every weight that a step takes away, times the step size (decoupled, AdamW)."""
    engine: Literal["native", "torch"] = setting("native", searched=False)
    """native: fused kernels, by Numba on the CPU and by Triton on a GPU that it supports, else as
    torch; torch: plain autograd everywhere."""
    n_hidden: int = 1024
    """Hidden neurons."""
    n_steps: int = 50
    """Time steps an image is shown."""
    dt: float = 1.0
    """Step (ms)."""
    max_rate: float = 1.0
    """Probability that a pixel of value 255 fires at a step."""
    hidden: Pattern = "fast-spiking"
    """Firing pattern of the hidden neurons."""
    output: Pattern = "fast-spiking"
    """Firing pattern of the output neurons."""
    logit_scale: float = 1.0
    """Factor from spike counts to logits."""
    surrogate: Surrogate = "fast_sigmoid"
    """What stands in for a spike's derivative."""
    surrogate_width: float = 25.0
    """Width of the surrogate (mV)."""
    max_slope: float = 1.0
    """Bound of dv[t+1]/dv[t] in the backward pass."""
    hidden_scale: float = 0.5
    """Standard deviation of the initial weights from input to hidden (mV/ms)."""
    output_scale: float = 0.5
    """Standard deviation of the initial weights from hidden to output (mV/ms)."""
    initial_bias: float = 4.0
    """Initial bias of the hidden neurons (mV/ms)."""
    dropout: float = 0.4
    """Share of hidden neurons whose spikes are withheld from the output at a training step."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require("n_hidden", self.n_hidden, 1 <= self.n_hidden < 2**16, "from 1 to 65535")
        require("n_steps", self.n_steps, self.n_steps >= 1, "at least 1")
        require("dt", self.dt, 0 < self.dt <= 1, "above 0 and at most 1 ms")
        require("max_rate", self.max_rate, 0 < self.max_rate <= 1, "above 0 and at most 1")
        for name in ("logit_scale", "surrogate_width", "max_slope", "hidden_scale", "output_scale"):
            value = getattr(self, name)
            require(name, value, 0 < value < math.inf, "above 0")
        require("dropout", self.dropout, 0 <= self.dropout < 1, "from 0 to below 1")
        require("initial_bias", self.initial_bias, math.isfinite(self.initial_bias), "finite")


class Watched(NamedTuple):
    """What images evoke, step by step.

    inputs, hidden: [steps, neurons] spikes over all images.
    outputs: [n, steps, 10] spikes of each image.
    """

    inputs: NDArray[np.int64]
    hidden: NDArray[np.int64]
    outputs: NDArray[np.uint8]


class Weights(nn.Module):
    """What learning changes: both weight matrices and the hidden bias."""

    def __init__(self, config: IzhikevichGradientConfig) -> None:
        super().__init__()
        n = config.n_hidden
        self.hidden = nn.Parameter(torch.randn(N_PIXELS, n) * config.hidden_scale)
        self.bias = nn.Parameter(torch.full((n,), config.initial_bias))
        self.output = nn.Parameter(torch.randn(n, N_CLASSES) * config.output_scale)


def choose_backend(engine: str, device: str) -> tuple[Way, tuple[str, ...]]:
    """What computes on a device; where a reader would not expect it, a note tells."""
    if engine == "torch":
        return "autograd", ()
    if device == "cpu":
        return "numba", ()
    trouble = support.trouble(device)
    if trouble is None:
        return "triton", ("engine native: Triton's kernels, tried out on this GPU beforehand",)
    return "autograd", (f"engine native: PyTorch's operators, not fused kernels; {trouble}",)


class IzhikevichGradient(GradientContender):
    """The surrogate-gradient Izhikevich network."""

    id = "izhikevich-gradient"
    title = "Izhikevich, surrogate gradient"
    spiking = True
    neuron = "izhikevich"
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
        self.config = config
        super().__init__(config, spec)
        self.way, self.notes = choose_backend(config.engine, self.device)
        self.engine = "torch" if self.way == "autograd" else "native"
        if self.way == "triton":
            self.use_large_batches()

    def use_large_batches(self) -> None:
        """Let many images answer at once, and the device work on while we do not look."""
        a_step = max(N_PIXELS, self.config.n_hidden)
        self.evaluation_batch = max(1, min(2000, PLACES // (a_step * self.config.n_steps)))
        self.batches_per_step = 64

    def build(self) -> nn.Module:
        """Normally distributed weights and a constant bias."""
        return Weights(self.config)

    @classmethod
    def sizes(cls, config: IzhikevichGradientConfig) -> tuple[int, int]:
        """A step's lists of input spikes, and of a hidden neuron potential, spikes, gradient."""
        n = config.n_hidden
        step = 2 * N_PIXELS + 14 * n + 16 * N_CLASSES
        return n * (N_PIXELS + 1 + N_CLASSES), config.n_steps * step

    def record(self, images: Images, every: int | None = None) -> Recording:
        """Spikes of all layers, with a reading after every step.

        The answer after a step is the output neuron that has fired most by then.
        """
        del every
        self.module.eval()
        parts = [
            self._record(images.take(slice(first, first + self.evaluation_batch)))
            for first in range(0, max(1, len(images)), self.evaluation_batch)
        ]
        return Recording.joined(parts)

    def _record(self, images: Images) -> Recording:
        watched = self._watch(images)
        so_far = watched.outputs.cumsum(axis=1, dtype=np.float32)
        steps = np.arange(1, self.config.n_steps + 1)
        return Recording(
            {
                INPUT: watched.inputs,
                "hidden": watched.hidden,
                "output": watched.outputs.sum(axis=0, dtype=np.int64),
            },
            so_far * np.float32(self.config.logit_scale),
            steps, len(images) * steps, ("hidden",), ("hidden", "output"), dt=self.config.dt,
        )  # fmt: skip

    def synapses(self) -> tuple[Synapses, ...]:
        """Both weight matrices."""
        weights = self.weights
        return (
            Synapses.of("input to hidden", INPUT, weights.hidden.detach().cpu().numpy()),
            Synapses.of("hidden to output", "hidden", weights.output.detach().cpu().numpy()),
        )

    def speaks_for(self) -> NDArray[np.int8]:
        """By the largest weight on to an output neuron."""
        return self.weights.output.detach().argmax(1).cpu().numpy().astype(np.int8)

    def footprint(self) -> Footprint:
        """Weights; the state of all neurons."""
        neurons, word = self.config.n_hidden + N_CLASSES, self.weights.hidden.element_size()
        learned = super().footprint().parameters_bytes
        return Footprint(learned, state_bytes("izhikevich", neurons, word))

    def present(self, pixels: torch.Tensor, ids: Any, epoch: int) -> torch.Tensor:
        """Draw the input spikes, run both layers, count the output neurons' spikes."""
        ways = {
            "numba": self._by_numba,
            "triton": self._by_triton,
            "autograd": self._by_autograd,
        }
        return ways[self.way](pixels, ids, epoch) * self.config.logit_scale

    def _by_numba(self, pixels: torch.Tensor, ids: Any, epoch: int) -> torch.Tensor:
        weights = self.weights
        images = Images(pixels.numpy(), np.empty(0, np.uint8), np.asarray(ids))
        inputs = self._delta(images, epoch)
        counts, _ = two_layers.TwoLayers.apply(  # type: ignore[no-untyped-call]
            weights.hidden,
            weights.bias,
            weights.output,
            inputs,
            self._layers(),
            self.heard(ids, epoch, self.config.n_hidden, self.config.dropout),
            1 - self.config.dropout,
        )
        logits: torch.Tensor = counts
        return logits

    def _by_triton(self, pixels: torch.Tensor, ids: Any, epoch: int) -> torch.Tensor:
        gpu = import_module("spikeoff.contenders.gradient.triton.spiking_network")  # needs Triton
        config, weights, scale = self.config, self.weights, None
        ids = torch.as_tensor(ids, device=pixels.device)
        draw = self._draw(pixels, ids, epoch)
        if config.dropout and self.module.training:
            scale = import_module("spikeoff.contenders.gradient.triton.dropout_scale").scale(
                ids, config.n_hidden, config.dropout, weights.hidden.dtype,
                seed=config.seed, epoch=epoch,
            )  # fmt: skip
        counts, _ = gpu.TwoLayers.apply(
            weights.hidden, weights.bias, weights.output, draw, self._layers(), scale
        )
        logits: torch.Tensor = counts
        return logits

    def _draw(
        self, pixels: torch.Tensor, ids: torch.Tensor, epoch: int
    ) -> Callable[[], torch.Tensor]:
        """Draws the images' input spikes by Triton."""
        rate_coding = import_module("spikeoff.contenders.gradient.triton.rate_coding")
        config, dtype = self.config, self.weights.hidden.dtype
        return lambda: rate_coding.rate_code(
            pixels, ids, config.n_steps, config.max_rate, dtype,
            seed=config.seed, epoch=epoch,
        )  # fmt: skip

    def _by_autograd(self, pixels: torch.Tensor, ids: Any, epoch: int) -> torch.Tensor:
        return self._spikes_by_autograd(pixels, ids, epoch)[2].sum(1)

    def _spikes_by_autograd(
        self, pixels: torch.Tensor, ids: Any, epoch: int
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """[n, steps, neurons] spikes of inputs, hidden and output neurons."""
        config, weights = self.config, self.weights
        spikes = rate_code_torch(
            pixels,
            torch.as_tensor(ids, device=pixels.device),
            config.n_steps,
            config.max_rate,
            seed=config.seed,
            epoch=epoch,
        )
        currents = spikes.to(weights.hidden.dtype) @ weights.hidden + weights.bias
        hidden, _ = izhikevich_layer(currents, PRESETS[config.hidden], config.dt, **self._rule())
        heard = self.heard(ids, epoch, config.n_hidden, config.dropout)
        sent = hidden if heard is None else hidden * heard[:, None] / (1 - config.dropout)
        answers, _ = izhikevich_layer(
            sent @ weights.output, PRESETS[config.output], config.dt, **self._rule()
        )
        return spikes, hidden, answers

    def _spikes(self, images: Images) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The same of images that answer, by Triton or by autograd."""
        pixels = torch.from_numpy(images.flat).to(self.device)
        if self.way == "autograd":
            return self._spikes_by_autograd(pixels, images.ids, EVALUATION)
        gpu, weights = (
            import_module("spikeoff.contenders.gradient.triton.spiking_network"),
            self.weights,
        )
        draw = self._draw(pixels, torch.from_numpy(images.ids).to(self.device), EVALUATION)
        values = (weights.hidden, weights.bias, weights.output)
        passage = gpu.run(draw, values, self._layers())
        return draw(), gpu.spikes(passage.trace), gpu.spikes(passage.output_trace)

    def _watch(self, images: Images) -> Watched:
        """Answer once more: the same spikes as in ``present``, told step by step."""
        config = self.config
        if self.way == "numba":
            _, passage = self._run(images)
            inputs = rate_code_events(
                images, config.n_steps, config.max_rate, seed=config.seed, epoch=EVALUATION
            )
            hidden = by_step(passage.spikes, config.n_steps)
            return Watched(by_step(inputs, config.n_steps), hidden, passage.answered)
        with torch.no_grad():
            spikes = self._spikes(images)
        sent, hidden = (part.sum(0).cpu().numpy().astype(np.int64) for part in spikes[:2])
        return Watched(sent, hidden, spikes[2].cpu().numpy().astype(np.uint8))

    def _run(self, images: Images) -> tuple[SpikeDelta, two_layers.Passage]:
        """What images evoke by the kernels, all hidden neurons heard."""
        weights = self.weights
        values = (weights.hidden, weights.bias, weights.output)
        w_hidden, bias, w_output = (w.detach().numpy() for w in values)
        inputs = self._delta(images, EVALUATION)
        return inputs, two_layers.run(inputs, (w_hidden, bias, w_output), self._layers())

    def _delta(self, images: Images, epoch: int) -> SpikeDelta:
        """The images' input spikes."""
        config = self.config
        return rate_code_delta(
            images, config.n_steps, config.max_rate, seed=config.seed, epoch=epoch
        )

    def _layers(self) -> two_layers.Layers:
        """What is fixed about both layers."""
        config = self.config
        return two_layers.Layers(
            PRESETS[config.hidden], PRESETS[config.output], config.dt, **self._rule()
        )

    @property
    def weights(self) -> Weights:
        """The module, by its type."""
        assert isinstance(self.module, Weights)
        return self.module

    def _rule(self) -> dict[str, Any]:
        """How both layers go backward."""
        config = self.config
        return {
            "surrogate": config.surrogate,
            "width": config.surrogate_width,
            "max_slope": config.max_slope,
        }
