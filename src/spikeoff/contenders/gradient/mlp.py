"""``mlp``: pixels - hidden layers of ReLUs with dropout - softmax.

By default 784 - 512 - 10, with as many parameters as the STDP network.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spikeoff.contenders.base import Outputs, require
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
from spikeoff.data import MNIST, ImageSpec

Initialisation = Literal["equalised", "kaiming"]


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

    aliases: ClassVar[Mapping[str, str]] = ALIASES

    def __post_init__(self) -> None:
        super().__post_init__()
        check_sizes(self.hidden)
        require("dropout", self.dropout, 0 <= self.dropout < 1, "from 0 to below 1")

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

    Source: T. Karras et al., "Progressive growing of GANs", ICLR 2018, section 4.1.
    """

    def __init__(
        self, sizes: Sequence[int], dropout: float, initialisation: Initialisation
    ) -> None:
        """``sizes`` are those of all layers, from the input to the output."""
        super().__init__()
        fan_in = list(sizes[:-1])
        self.names = [part_name("hidden", layer) for layer in range(1, len(fan_in))]
        for name, before, n in zip(self.names, fan_in, sizes[1:], strict=False):
            self.add_module(name, nn.Linear(before, n))
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(fan_in[-1], sizes[-1], bias=False)
        scales = [math.sqrt(2 / n) for n in fan_in]
        layers = [*self.hidden_layers(), self.output]
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
        first.weight = nn.Parameter(first.weight.detach().T.contiguous().T)
        self.scales = scales
        """By what the input of each layer is multiplied."""

    def hidden_layers(self) -> list[nn.Linear]:
        """The hidden layers, from the input on."""
        return [self.get_submodule(name) for name in self.names]  # type: ignore[misc]

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
            hidden = self.relu(layer(sent * self.scales[number]))
            if keep_masks:
                sent = hidden * keep_masks[number] / (1 - self.dropout.p)
            else:
                sent = self.dropout(hidden)
        logits: torch.Tensor = self.output(sent * self.scales[-1])
        return logits


class MLP(Conventional):
    """The multilayer perceptron."""

    config: MLPConfig
    id = "mlp"
    title = "Multilayer perceptron"
    config_type = MLPConfig
    search_space: ClassVar[dict[str, str]] = {
        "learning_rate": "log:0.0005..0.1",
        "dropout": "0..0.6",
        "label_smoothing": "0..0.2",
        "batch_size": "32,64,128,256",
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
        return Perceptron(sizes, config.dropout, config.initialisation)

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

    @classmethod
    def sizes(cls, config: MLPConfig, spec: ImageSpec = MNIST) -> tuple[int, int]:
        """Pixels and hidden neurons in single precision, forward and back."""
        n_inputs = (spec.n_pixels, *config.hidden[:-1])
        weights = sum(n * (before + 1) for before, n in zip(n_inputs, config.hidden, strict=True))
        weights += config.hidden[-1] * spec.n_classes
        return weights, 4 * (3 * spec.n_pixels + 6 * sum(config.hidden))
