"""``izhikevich-gradient``: 784 - 1024 - 10 Izhikevich neurons trained by surrogate gradient.

Each image becomes 50 steps of input spikes by rate coding. Every hidden neuron receives, at each
step, the sum of the weights of the pixels that fired and a constant bias; every output neuron
the sum of the weights of the hidden neurons that fired.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spikeoff.contenders.base import Outputs, require
from spikeoff.contenders.gradient import GradientConfig, GradientContender, Pass
from spikeoff.data import N_CLASSES, N_PIXELS, Images
from spikeoff.encoding import rate_code_torch
from spikeoff.kernels import events, izhikevich_loop
from spikeoff.kernels.rate_coding import rate_code_events
from spikeoff.learning.surrogate import Surrogate
from spikeoff.ledger.operations import Activity, Operations
from spikeoff.neurons.izhikevich import PRESETS, IzhikevichParams
from spikeoff.neurons.izhikevich_torch import izhikevich_layer

Pattern = Literal[
    "regular-spiking",
    "intrinsically-bursting",
    "chattering",
    "fast-spiking",
    "low-threshold-spiking",
    "thalamo-cortical",
    "resonator",
]
Readout = Literal["spikes", "membrane", "current"]
Count = Callable[[], tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class IzhikevichGradientConfig(GradientConfig):
    """The Izhikevich network, trained by surrogate gradient and Adam."""

    engine: Literal["native", "torch"] = "native"
    """native: fused kernels on the CPU, PyTorch elsewhere; torch: plain autograd everywhere."""
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
    readout: Readout = "membrane"
    """What of the output neurons is averaged over time: spikes, membrane (mV), or input current."""
    logit_scale: float = 1.0
    """Factor from the readout to the logits."""
    surrogate: Surrogate = "fast_sigmoid"
    """What stands in for a spike's derivative."""
    surrogate_width: float = 25.0
    """Width of the surrogate (mV)."""
    max_slope: float = 1.0
    """Bound of dv[t+1]/dv[t] in the backward pass."""
    hidden_scale: float = 1.0
    """Standard deviation of the initial weights from input to hidden (mV/ms)."""
    output_scale: float = 1.0
    """Standard deviation of the initial weights from hidden to output (mV/ms)."""
    initial_bias: float = 0.0
    """Initial bias of the hidden neurons (mV/ms)."""
    dropout: float = 0.0
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


class Weights(nn.Module):
    """What learning changes: both weight matrices and the hidden bias."""

    def __init__(self, config: IzhikevichGradientConfig) -> None:
        super().__init__()
        n = config.n_hidden
        self.hidden = nn.Parameter(torch.randn(N_PIXELS, n) * config.hidden_scale)
        self.bias = nn.Parameter(torch.full((n,), config.initial_bias))
        self.output = nn.Parameter(torch.randn(n, N_CLASSES) * config.output_scale)


class IzhikevichGradient(GradientContender):
    """The surrogate-gradient Izhikevich network."""

    id = "izhikevich-gradient"
    title = "Izhikevich, surrogate gradient"
    spiking = True
    config_type = IzhikevichGradientConfig
    evaluation_batch = 250
    outputs = Outputs(
        metrics="training_metrics.csv",
        confusion="confusion_matrix.png",
        analysis="training_analysis.png",
        log="training.log",
    )

    def __init__(self, config: IzhikevichGradientConfig) -> None:
        self.config = config
        super().__init__(config)
        self.fused = config.engine == "native" and self.device == "cpu"
        self.engine = "native" if self.fused else "torch"

    def build(self) -> nn.Module:
        """Normally distributed weights and a constant bias."""
        return Weights(self.config)

    def hidden_places(self) -> int:
        """Hidden neurons times steps."""
        return self.config.n_hidden * self.config.n_steps

    def operations(self, activity: Activity, images: Images) -> Operations:
        """Every input spike meets n_hidden weights, every hidden spike ten; all are additions."""
        del images
        n, steps = self.config.n_hidden, self.config.n_steps
        return Operations(
            dense_macs=steps * n * (N_PIXELS + N_CLASSES),
            effective_macs=0,
            effective_acs=activity.input_per_example * n + activity.hidden_per_example * N_CLASSES,
            membrane_updates=steps * (n + N_CLASSES),
        )

    def present(self, pixels: torch.Tensor, ids: NDArray[np.int64], epoch: int) -> Pass:
        """Draw the input spikes and run both layers through all steps."""
        run = self._fused_currents if self.fused else self._plain_currents
        currents, count = run(pixels, ids, epoch)
        return Pass(self._readout(currents), count)

    def _fused_currents(
        self, pixels: torch.Tensor, ids: NDArray[np.int64], epoch: int
    ) -> tuple[torch.Tensor, Count]:
        """[n, steps, 10] currents into the output neurons, by the kernels."""
        images = Images(pixels.numpy(), np.empty(0, np.uint8), ids)
        inputs = rate_code_events(
            images, self.config.n_steps, self.config.max_rate, seed=self.config.seed, epoch=epoch
        )
        weights = self.module
        assert isinstance(weights, Weights)
        currents, hidden_spikes = FusedHidden.apply(  # type: ignore[no-untyped-call]
            weights.hidden,
            weights.bias,
            weights.output,
            inputs,
            self._kept(len(pixels)),
            self.config,
        )
        return currents, lambda: (inputs.total(), hidden_spikes)

    def _plain_currents(
        self, pixels: torch.Tensor, ids: NDArray[np.int64], epoch: int
    ) -> tuple[torch.Tensor, Count]:
        """[n, steps, 10] currents into the output neurons, by autograd on any device."""
        config = self.config
        spikes = rate_code_torch(
            pixels,
            torch.from_numpy(ids).to(pixels.device),
            config.n_steps,
            config.max_rate,
            seed=config.seed,
            epoch=epoch,
        )
        weights = self.module
        assert isinstance(weights, Weights)
        currents = spikes.to(weights.hidden.dtype) @ weights.hidden + weights.bias
        hidden, _ = self._layer(currents, PRESETS[config.hidden])
        kept = self._kept(len(pixels))
        if kept is not None:
            hidden = hidden * kept.to(hidden.device) / (1 - config.dropout)
        return hidden @ weights.output, lambda: (float(spikes.sum()), float(hidden.sum()))

    def _kept(self, n: int) -> torch.Tensor | None:
        """[n, 1, n_hidden] uint8: whose spikes count in this training step; None for all."""
        if not self.config.dropout or not self.module.training:
            return None
        drawn = torch.rand(n, 1, self.config.n_hidden)
        return (drawn >= self.config.dropout).to(torch.uint8)

    def _layer(
        self, currents: torch.Tensor, params: IzhikevichParams
    ) -> tuple[torch.Tensor, torch.Tensor]:
        config = self.config
        return izhikevich_layer(
            currents, params, config.dt, config.surrogate, config.surrogate_width, config.max_slope
        )

    def _readout(self, currents: torch.Tensor) -> torch.Tensor:
        """Logits from the currents into the output neurons."""
        if self.config.readout == "current":
            return currents.mean(1) * self.config.logit_scale
        spikes, trace = self._layer(currents, PRESETS[self.config.output])
        if self.config.readout == "spikes":
            return spikes.sum(1) * self.config.logit_scale
        return trace.clamp(max=30.0).mean(1) * self.config.logit_scale


class FusedHidden(torch.autograd.Function):
    """Input spikes through the hidden layer to the output currents, by the CPU kernels."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        bias: torch.Tensor,
        output: torch.Tensor,
        inputs: events.Events,
        kept: torch.Tensor | None,
        config: IzhikevichGradientConfig,
    ) -> tuple[torch.Tensor, int]:
        """[n, steps, 10] currents and the number of hidden spikes."""
        w_hidden, b_hidden, w_output = (w.detach().numpy() for w in (hidden, bias, output))
        n_rows = len(inputs.counts)
        shape = (n_rows // config.n_steps, config.n_steps, w_hidden.shape[1])
        trace = events.product(inputs, w_hidden).reshape(shape)
        dense = izhikevich_loop.forward(trace, b_hidden, PRESETS[config.hidden], config.dt)
        if kept is not None:
            dense *= kept.numpy()
            w_output = w_output / np.float32(1 - config.dropout)
        spikes = events.from_dense(dense.reshape(n_rows, -1))
        currents = events.product(spikes, w_output).reshape(*shape[:2], -1)
        ctx.kept = (inputs, trace, spikes, w_output, kept, config)
        return torch.from_numpy(currents), spikes.total()

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[torch.Tensor | None, ...]:
        """Gradients by hidden weights, bias and output weights."""
        inputs, trace, spikes, w_output, kept, config = ctx.kept
        by_currents = gradients[0].contiguous().numpy().reshape(len(inputs.counts), -1)
        by_output = events.weight_gradient(spikes, by_currents)
        by_spikes = torch.from_numpy(by_currents) @ torch.from_numpy(w_output).T
        by_spikes = by_spikes.reshape(trace.shape)
        if kept is not None:
            by_output /= 1 - config.dropout
            by_spikes *= kept
        by_hidden_currents = izhikevich_loop.backward(
            trace,
            by_spikes.numpy(),
            PRESETS[config.hidden],
            config.dt,
            config.surrogate,
            config.surrogate_width,
            config.max_slope,
        ).reshape(len(inputs.counts), -1)
        ctx.kept = None
        by_hidden = events.weight_gradient(inputs, by_hidden_currents)
        by_bias = torch.from_numpy(by_hidden_currents).sum(0)
        return torch.from_numpy(by_hidden), by_bias, torch.from_numpy(by_output), None, None, None


assert set(get_args(Pattern)) == set(PRESETS)
