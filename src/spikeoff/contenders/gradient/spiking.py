"""``izhikevich-gradient``: a network of spiking neurons trained by surrogate gradient.

Rate coding turns each image into 50 steps of input spikes. At each step, a hidden neuron receives a
constant bias and the sum of the weights from the pixels, or from the neurons of the previous layer,
that fired. An output neuron receives the sum of the weights from the neurons of the last hidden
layer that fired. The answer is the output neuron with the most spikes. By default, the network has
784 - 1024 - 10 Izhikevich neurons.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spikeoff.coding import EVALUATION
from spikeoff.contenders.base import Outputs, Response, Twin
from spikeoff.contenders.gradient import layer_lists
from spikeoff.contenders.gradient.backends import (
    KINDS,
    Backend,
    Computation,
    Found,
    Gains,
    choose_backend,
)
from spikeoff.contenders.gradient.connection import (
    absent_synapses,
    connection_mask,
    connection_settings,
)
from spikeoff.contenders.gradient.layer_sizes import part_name
from spikeoff.contenders.gradient.numba import spiking_network
from spikeoff.contenders.gradient.spiking_config import IzhikevichGradientConfig
from spikeoff.contenders.gradient.trainer import GradientContender
from spikeoff.contenders.layer_list import Layer
from spikeoff.contenders.twins import perceptron_twins
from spikeoff.data import MNIST, Images, ImageSpec
from spikeoff.kernels.given_spikes import given_spike_delta
from spikeoff.learning.pruning import FixedSynapses, GradualPruning
from spikeoff.ledger.account import Footprint
from spikeoff.ledger.recording import INPUT, Recording, Synapses
from spikeoff.neurons.cost import state_bytes
from spikeoff.numerics.mode import is_strict, strictly
from spikeoff.numerics.normal import standard_normal

PLACES = 2**27
"""Input or hidden neurons times steps and images that answer at once on a GPU, at most."""


def normal(seed: int, layer: int, *shape: int) -> torch.Tensor:
    """Standard normal numbers: PyTorch's next, or in strict mode those of seed and layer."""
    if not is_strict():
        return torch.randn(shape)
    return torch.from_numpy(standard_normal(np.random.default_rng([seed, layer]), shape)).float()


class Weights(nn.Module):
    """What learning changes: matrix and bias of each hidden layer in turn, and the output matrix.

    They are called hidden, bias, hidden_2, bias_2, ..., output. A linear read-out also has
    step_weights [steps], which start at 1. Weights of a neuron that sees a field alone start
    sqrt(pixels / pixels of the field) times larger, so that its current is as large.
    """

    def __init__(self, config: IzhikevichGradientConfig, spec: ImageSpec) -> None:
        super().__init__()
        n_before = spec.n_pixels
        for layer, n in enumerate(config.hidden, 1):
            drawn = normal(config.seed, layer, n_before, n) * config.hidden_scale
            if layer == 1 and (mask := connection_mask(config, spec)) is not None:
                drawn *= _scale(mask)
            self.register_parameter(part_name("hidden", layer), nn.Parameter(drawn))
            bias = nn.Parameter(torch.full((n,), config.initial_bias))
            self.register_parameter(part_name("bias", layer), bias)
            n_before = n
        drawn = normal(config.seed, 0, n_before, spec.n_classes)
        self.output = nn.Parameter(drawn * config.output_scale)
        if config.readout == "linear":
            self.step_weights = nn.Parameter(torch.ones(config.n_steps))


def _scale(mask: NDArray[np.bool_]) -> torch.Tensor:
    """[pixels, neurons] sqrt(pixels / fan-in of the neuron) at its synapses, else 0."""
    n_pixels, fan_in = len(mask), np.maximum(mask.sum(axis=0), 1)
    return torch.from_numpy((mask * np.sqrt(n_pixels / fan_in)).astype(np.float32))


class IzhikevichGradient(GradientContender):
    """The spiking network trained by surrogate gradient."""

    id = "izhikevich-gradient"
    title = "Izhikevich, surrogate gradient"
    spiking = True
    score_unit = "output spikes"
    config_type = IzhikevichGradientConfig
    search_space: ClassVar[dict[str, str]] = {
        "learning_rate": "log:0.005..0.08",
        "dropout": "0..0.5",
        "warmup_epochs": "0.25..1.5",
        "batch_size": "64,128",
        "surrogate_width": "log:10..60",
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
        lasting = any(config.spiking_layers().decays)
        self.neuron = f"{config.neuron}+{config.synapse}" if lasting else config.neuron
        super().__init__(config, spec)
        mask = connection_mask(config, spec)
        self._exists = None if mask is None else torch.from_numpy(mask).to(self.device)
        plain = config.is_plain() and not config.spike_penalty
        backend, self.notes = choose_backend(
            config.engine, self.device, config.neuron, len(config.hidden), plain=plain
        )
        if config.readout == "linear":
            self.score_unit = "logit"
        self.engine = "torch" if backend == "autograd" else "native"
        self.use_backend(backend)
        if backend == "triton":
            self.use_large_batches()

    def use_backend(self, backend: Backend) -> None:
        """Let this backend compute from now on."""
        config = self.config
        output_gain = 1.0 if config.readout == "linear" else config.output_gain
        self.backend = backend
        with strictly(config.strict):
            layers = config.spiking_layers()
        self._computation: Computation = KINDS[backend](
            self.module, layers, config.input_coding(),
            Gains(config.current_gain, output_gain), config.dropout, self._keep_masks,
            config.spike_penalty > 0,
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
    def twins(cls, config: IzhikevichGradientConfig) -> tuple[Twin, ...]:
        """The perceptron with the same layers, as many synapses; then the bit-matched one.

        Both learn from images that are distorted in the same way.
        """
        pruned = {} if config.keep == 1 else {"keep": config.keep}
        connected = connection_settings(config)
        settings = {"hidden": config.hidden, **pruned, **connected, **config.augmentation()}
        return perceptron_twins(settings, config.n_steps)

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

    def find(self, images: Images) -> Found:
        """What images evoke, as when they are answered."""
        self.module.eval()
        pixels = torch.from_numpy(images.flat).to(self.device)
        with self._computing():
            return self._computation.find(pixels, images.ids)

    def hidden_activity(self, images: Images) -> NDArray[Any]:
        """[n, neurons] int64 spikes of each neuron of the last hidden layer."""
        last = len(self.config.hidden)
        parts = [np.zeros((0, self.config.hidden[-1]), np.int64)]
        for first in range(0, len(images), self.evaluation_batch):
            found = self.find(images.take(slice(first, first + self.evaluation_batch)))
            parts.append(found.spikes[last].dense().sum(axis=1, dtype=np.int64))
        return np.concatenate(parts)

    def input_spikes(self, images: Images) -> NDArray[np.uint8] | None:
        """The spikes of the coding; a constant current has none."""
        coding = self.config.input_coding()
        with self._computing():
            return None if coding.name == "direct" else coding.spikes(images, EVALUATION)

    def respond_to_spikes(self, images: Images, spikes: NDArray[np.uint8]) -> Response:
        """Answer the given spikes by the kernels of the CPU, whichever backend ``respond`` uses."""
        weights = [one.detach().cpu() for one in self._computation.weights()]
        with torch.no_grad(), self._computing():
            inputs = given_spike_delta(self.config.input_coding(), images, spikes)
            scores, _ = spiking_network.SpikingNetwork.apply(  # type: ignore[no-untyped-call]
                inputs, self.config.spiking_layers(), (), 1.0, False, *weights
            )
        return Response((scores * self.config.logit_scale).float().numpy())

    def record(self, images: Images, every: int | None = None) -> Recording:
        """Spikes of all layers, with a reading after every step.

        The answer after a step is the class with the highest score by then; the membrane potential
        counts after the last step only.
        """
        del every
        parts = [
            self._record(images.take(slice(first, first + self.evaluation_batch)))
            for first in range(0, max(1, len(images)), self.evaluation_batch)
        ]
        return Recording.joined(parts)

    def _record(self, images: Images) -> Recording:
        config, found = self.config, self.find(images)
        steps = np.arange(1, config.n_steps + 1)
        names = (INPUT, *self.matrices())
        events = {name: layer.by_step() for name, layer in zip(names, found.spikes, strict=False)}
        updated, graded = names[1:], set()
        if config.readout == "linear":  # a sum per step and class, which a step's weight meets
            events["output"] = np.count_nonzero(found.by_step, axis=0).astype(np.int64)
            updated, graded = names[1:-1], {"output"}
        if config.coding == "direct":  # the same current at every step: one product per image
            events[INPUT][0] = np.count_nonzero(images.flat, axis=0)
            graded.add(INPUT)
        so_far = found.by_step.cumsum(axis=1, dtype=np.float32)
        if found.potential is not None:
            so_far[:, -1] += found.potential
        return Recording(
            events, so_far * np.float32(config.logit_scale), steps, len(images) * steps,
            names[1:-1], updated, frozenset(graded), config.dt,
        )  # fmt: skip

    def synapses(self) -> tuple[Synapses, ...]:
        """The matrices of weights, and for a linear read-out the weight of each step."""
        matrices = self.matrices()
        biased = dict(zip(matrices, self.config.hidden, strict=False))
        linear = self.config.readout == "linear"
        found = [
            Synapses.of(
                f"{source} to {target}", source, matrix.numpy(), biases=biased.get(target, 0),
                # The sums of a linear read-out are not spikes that a next layer would get.
                target="answer" if linear and target == "output" else None,
                pruned=self.config.keep < 1 and target != "output",
            )
            for source, (target, matrix) in zip((INPUT, *matrices), matrices.items(), strict=False)
        ]  # fmt: skip
        absent, first = absent_synapses(self.config, self.spec), found[0]
        found[0] = replace(first, dense=first.dense - absent, places=first.places - absent)
        if linear:
            n = self.spec.n_classes
            used = int(self.module.step_weights.count_nonzero())  # type: ignore[operator]
            met = np.ones(n, np.int64)
            found.append(Synapses("steps", "output", met, n, self.config.n_steps, used))
        return tuple(found)

    def layer_list(self) -> tuple[Layer, ...]:
        """Matrices and neurons in turn, then the read-out."""
        config = self.config
        constant = config.n_steps if config.coding == "direct" else None
        weights = self._computation.weights()
        return layer_lists.spiking(weights, config.spiking_layers(), config.logit_scale, constant)

    def speaks_for(self) -> NDArray[np.int16]:
        """By the largest weight on to an output neuron; neurons of earlier layers, for none."""
        last = self.matrices()["output"].argmax(1).numpy().astype(np.int16)
        return np.concatenate([np.full(sum(self.config.hidden[:-1]), -1, np.int16), last])

    def footprint(self) -> Footprint:
        """Weights; the state of all neurons, and their synaptic currents if these last."""
        word = self.matrices()["output"].element_size()
        absent = absent_synapses(self.config, self.spec)  # the map, by rule, needs no bytes
        learned = super().footprint().parameters_bytes - word * absent
        assert self.neuron is not None
        return Footprint(learned, state_bytes(self.neuron, self._n_neurons(), word))

    def present(self, pixels: torch.Tensor, ids: Any, epoch: int) -> torch.Tensor:
        """Code the images, run all layers, read out."""
        answer = self._computation.answer(pixels, ids, epoch)
        self._met = answer.met
        return answer.scores * self.config.logit_scale

    def penalty(self) -> torch.Tensor | None:
        """The penalty on the synapses that the spikes of the last batch met."""
        penalty = self.config.spike_penalty
        return penalty * self._met.mean() if penalty else None

    def parameter_count(self) -> int:
        """Numbers that Adam changes."""
        return super().parameter_count() - absent_synapses(self.config, self.spec)

    def pruning(self) -> GradualPruning | FixedSynapses | None:
        """Of the matrices into hidden layers; in columns, the first has no other synapses."""
        if self._exists is not None:
            return FixedSynapses(self.module.get_parameter(part_name("hidden", 1)), self._exists)
        if self.config.keep == 1:
            return None
        names = [part_name("hidden", k + 1) for k in range(len(self.config.hidden))]
        return GradualPruning([self.module.get_parameter(name) for name in names], self.config.keep)

    def _keep_masks(self, ids: Any, epoch: int) -> list[torch.Tensor]:
        """[n, neurons] uint8 of each hidden layer, 0 for neurons that dropout silences."""
        masks = [
            self.keep_mask(ids, epoch, n, self.config.dropout, layer)
            for layer, n in enumerate(self.config.hidden, 1)
        ]
        return [mask for mask in masks if mask is not None]

    def _n_neurons(self) -> int:
        """Hidden and output neurons."""
        hidden = sum(self.config.hidden)
        return hidden if self.config.readout == "linear" else hidden + self.spec.n_classes
