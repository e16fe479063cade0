"""``mlp``: pixels - hidden layers of ReLUs with dropout - softmax.

By default 784 - 512 - 10, with as many parameters as the STDP network. With synapses="columns",
the first layer has only the synapses that ``izhikevich-stdp`` has: the same map of columns, each of
which sees a part of the image.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spikeoff.contenders.base import Outputs, require
from spikeoff.contenders.gradient import layer_lists
from spikeoff.contenders.gradient.connection import (
    Connection,
    absent_synapses,
    check_connection,
    connection_mask,
)
from spikeoff.contenders.gradient.conventional import Conventional, ConventionalConfig
from spikeoff.contenders.gradient.keras import networks
from spikeoff.contenders.gradient.layer_sizes import (
    ALIASES,
    Sizes,
    check_sizes,
    migrate_sizes,
    part_name,
)
from spikeoff.contenders.gradient.numba.relu_layer import relu_layer
from spikeoff.contenders.layer_list import Layer
from spikeoff.data import MNIST, ImageSpec
from spikeoff.learning.pruning import GradualPruning
from spikeoff.ledger.account import Footprint
from spikeoff.ledger.recording import Synapses

Initialisation = Literal["equalised", "kaiming"]

WORD_BYTES = 4


@dataclass(frozen=True, kw_only=True)
class MLPConfig(ConventionalConfig):
    """The multilayer perceptron, trained by Adam."""

    hidden: Sizes = (512,)
    """Number of neurons in each hidden layer, such as 512 256."""
    dropout: float = 0.3
    """Dropout: share of hidden neurons that are silent in a training step."""
    initialisation: Initialisation = "equalised"
    """equalised: weights of scale 1, after inputs scaled by sqrt(2 / fan-in); kaiming: the usual
    scaled weights."""
    synapses: Connection = "dense"
    """dense: every pixel to every neuron of the first hidden layer; columns: the synapses of
    izhikevich-stdp, where each neuron sees one field of the image."""
    columns: int | None = None
    """Columns per side of the map, for synapses columns; by default the largest number, up to 8,
    with at least two neurons per column."""
    field: int = 10
    """Pixels per side of the field that a column sees, for synapses columns."""
    keep: float = 1.0
    """Share of the weights into hidden layers kept in the end by gradual magnitude pruning."""

    aliases: ClassVar[Mapping[str, str]] = ALIASES

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(self.hidden)
        require("dropout", self.dropout, 0 <= self.dropout < 1, "from 0 to below 1")
        require("keep", self.keep, 0 < self.keep <= 1, "above 0 and at most 1")
        require("keep", self.keep, self.keep == 1 or self.engine == "native",
                "left out: only engine native prunes")  # fmt: skip
        check_connection(self)
        require("engine", self.engine, self.synapses == "dense" or self.engine == "native",
                "native: only that engine has synapses columns")  # fmt: skip

    def mask(self, spec: ImageSpec = MNIST) -> NDArray[np.bool_] | None:
        """[pixels, neurons] where the first layer has synapses; None where everywhere."""
        return connection_mask(self, spec)

    @classmethod
    def migrate(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Settings as earlier versions had them, with ``n_hidden``."""
        return migrate_sizes(settings)


class Perceptron(nn.Module):
    """W2 dropout(relu(W1 x + b1)), without an output bias; likewise for more hidden layers.

    Adam moves every weight by about its step size, whatever the weight's scale. At the original
    scripts' step of 0.02, weights of the usual initial scale (0.05) are overrun and most ReLUs die.
    ``equalised`` keeps weights of scale 1 and multiplies the layer's inputs by sqrt(2 / fan-in)
    instead: the same function at the start, with steps in proportion.

    Layers are called hidden, hidden_2, ..., output.

    A ``mask`` leaves out synapses of the first layer: their weights are 0 and have no gradient, so
    that Adam leaves them 0. The fan-in is then that of each neuron: its weights start
    sqrt(mean fan-in / fan-in) times larger, beside inputs scaled by sqrt(2 / mean fan-in).

    Source: T. Karras et al., "Progressive growing of GANs", ICLR 2018, section 4.1.
    """

    mask: torch.Tensor | None
    """[neurons, inputs] 1 for the synapses of the first layer, laid out as its weights."""

    def __init__(
        self,
        sizes: Sequence[int],
        dropout: float,
        initialisation: Initialisation,
        mask: NDArray[np.bool_] | None = None,
    ) -> None:
        """Draw the weights.

        Args:
            sizes: of all layers, from the input to the output.
            dropout: share of hidden neurons that are silent in a training step.
            initialisation: as in the configuration.
            mask: [inputs, neurons] where the first layer has synapses; everywhere without one.
        """
        super().__init__()
        fan_in = list(sizes[:-1])
        self.names = [part_name("hidden", layer) for layer in range(1, len(fan_in))]
        for name, before, n in zip(self.names, fan_in, sizes[1:], strict=False):
            self.add_module(name, nn.Linear(before, n))
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(fan_in[-1], sizes[-1], bias=False)
        mean_fan_in = [float(n) for n in fan_in]
        if mask is not None:
            mean_fan_in[0] = float(mask.sum() / mask.shape[1])
        scales = [math.sqrt(2 / n) for n in mean_fan_in]
        layers = self.layers()
        for layer in layers:
            nn.init.normal_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        if initialisation == "kaiming":
            with torch.no_grad():
                for layer, scale in zip(layers, scales, strict=True):
                    layer.weight *= scale
            scales = [1.0] * len(scales)
        # A pixel's weights lie together: the kernels go from pixel to pixel.
        first = layers[0]
        weight = first.weight.detach().T.contiguous()
        self.register_buffer("mask", None, persistent=False)
        if mask is not None:
            weight *= torch.from_numpy(_relative_scale(mask, mean_fan_in[0]))
            self.mask = torch.from_numpy(mask).to(weight.dtype).T
        first.weight = nn.Parameter(weight.T)
        if mask is not None:
            first.weight.register_hook(self._existing)  # type: ignore[no-untyped-call]
        self.scales = scales
        """By what the input of each layer is multiplied."""

    def _existing(self, gradient: torch.Tensor) -> torch.Tensor:
        """The gradient of the first layer's synapses; 0 where there is none."""
        assert self.mask is not None
        return gradient * self.mask

    def hidden_layers(self) -> list[nn.Linear]:
        """The hidden layers, from the input on."""
        return [self.get_submodule(name) for name in self.names]  # type: ignore[misc]

    def layers(self) -> list[nn.Linear]:
        """All layers, from the input on."""
        return [*self.hidden_layers(), self.output]

    def forward(
        self, pixels: torch.Tensor, keep_masks: Sequence[torch.Tensor] = ()
    ) -> torch.Tensor:
        """[n, n_pixels] in [0, 1] -> logits [n, n_classes].

        ``keep_masks`` [n, neurons] of each hidden layer have 0 for neurons to silence; without
        them, dropout is PyTorch's.
        """
        return self._onward(pixels, 0, keep_masks)

    def by_kernels(self, pixels: torch.Tensor, keep_masks: Sequence[torch.Tensor]) -> torch.Tensor:
        """The same of uint8 pixels on the CPU."""
        first = self.hidden_layers()[0]
        mask = keep_masks[0] if keep_masks else None
        sent = relu_layer(
            first.weight.T, first.bias, pixels, self.scales[0] / 255, mask,
            1 if mask is None else 1 - self.dropout.p,
        )  # fmt: skip
        return self._onward(sent, 1, keep_masks)

    def _onward(
        self, sent: torch.Tensor, first: int, keep_masks: Sequence[torch.Tensor]
    ) -> torch.Tensor:
        """What the layer before sent, through hidden layer ``first`` and those that follow it."""
        for number in range(first, len(self.names)):
            layer = self.hidden_layers()[number]
            hidden = self.activate(number, layer(sent * self.scales[number]))
            if keep_masks:
                sent = hidden * keep_masks[number] / (1 - self.dropout.p)
            else:
                sent = self.dropout(hidden)
        logits: torch.Tensor = self.output(sent * self.scales[-1])
        return logits

    def activate(self, number: int, sums: torch.Tensor) -> torch.Tensor:
        """ReLUs of hidden layer ``number``, from 0."""
        del number
        activations: torch.Tensor = self.relu(sums)
        return activations


class MLP(Conventional):
    """The multilayer perceptron."""

    config: MLPConfig
    id = "mlp"
    title = "Multilayer perceptron"
    config_type = MLPConfig
    search_space: ClassVar[dict[str, str]] = {
        "learning_rate": "log:0.01..0.2",
        "dropout": "0..0.4",
        "warmup_epochs": "0.25..1.5",
        "batch_size": "64,128",
    }
    outputs = Outputs(
        metrics="honest_cnn_metrics.csv",
        confusion="confusion_matrix.png",
        analysis="training_analysis.png",
        log="honest_cnn_log.log",
    )

    def build(self) -> nn.Module:
        """The network with normally distributed weights."""
        config, spec = self.config, self.spec
        sizes = (spec.n_pixels, *config.hidden, spec.n_classes)
        return Perceptron(sizes, config.dropout, config.initialisation, config.mask(spec))

    def keras_network(self) -> Any:
        """The same in Keras."""
        assert isinstance(self.module, Perceptron)
        config = self.config
        return networks.perceptron(self.spec, config.hidden, config.dropout, self.module.scales)

    def present(self, pixels: torch.Tensor, ids: NDArray[np.int64], epoch: int) -> torch.Tensor:
        """Pixels scaled to [0, 1] through the network."""
        drawn = [
            self.keep_mask(ids, epoch, n, self.config.dropout, layer)
            for layer, n in enumerate(self.config.hidden, 1)
        ]
        masks = [mask for mask in drawn if mask is not None]
        assert isinstance(self.module, Perceptron)
        if self.module.training and self.device == "cpu":
            return self.module.by_kernels(pixels, masks)
        logits: torch.Tensor = self.module(pixels.float() / 255, masks)
        return logits

    def layer_list(self) -> tuple[Layer, ...]:
        """Linear layers and ReLUs."""
        assert isinstance(self.module, Perceptron)
        return layer_lists.perceptron(self.module)

    def synapses(self) -> tuple[Synapses, ...]:
        """Those of the module's layers; of the first, only those that exist."""
        *hidden, output = super().synapses()
        first, *others = (replace(one, pruned=self.config.keep < 1) for one in hidden)
        absent = self._absent()
        first = replace(first, dense=first.dense - absent, places=first.places - absent)
        return first, *others, output

    def pruning(self) -> GradualPruning | None:
        """Of the matrices into hidden layers."""
        if self.config.keep == 1:
            return None
        matrices = [
            weight
            for name, weight in self.module.named_parameters()
            if weight.dim() == 2 and not name.startswith("output")
        ]
        return GradualPruning(matrices, self.config.keep)

    def parameter_count(self) -> int:
        """Numbers that Adam changes."""
        return super().parameter_count() - self._absent()

    def footprint(self) -> Footprint:
        """The parameters that exist. The map of columns, by rule, needs no bytes."""
        if not self._absent():
            return super().footprint()
        return Footprint(WORD_BYTES * self.parameter_count(), 0)

    def _absent(self) -> int:
        """Places of the first layer's matrix without a synapse."""
        return absent_synapses(self.config, self.spec)

    @classmethod
    def sizes(cls, config: MLPConfig, spec: ImageSpec = MNIST) -> tuple[int, int]:
        """Pixels and hidden neurons in single precision, forward and back."""
        n_inputs = (spec.n_pixels, *config.hidden[:-1])
        weights = sum(n * (before + 1) for before, n in zip(n_inputs, config.hidden, strict=True))
        weights += config.hidden[-1] * spec.n_classes
        return weights, 4 * (3 * spec.n_pixels + 6 * sum(config.hidden))


def _relative_scale(mask: NDArray[np.bool_], mean_fan_in: float) -> NDArray[np.float32]:
    """[inputs, neurons] sqrt(mean fan-in / fan-in of the neuron) at its synapses, else 0."""
    fan_in = np.maximum(mask.sum(axis=0), 1)
    scaled: NDArray[np.float32] = (mask * np.sqrt(mean_fan_in / fan_in)).astype(np.float32)
    return scaled
