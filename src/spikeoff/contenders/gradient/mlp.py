"""``mlp``: 784 - 512 ReLU - dropout - 10 softmax, as many parameters as the STDP network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from spikeoff.contenders.base import Outputs, require
from spikeoff.contenders.gradient.conventional import Conventional, ConventionalConfig
from spikeoff.contenders.gradient.keras import networks
from spikeoff.contenders.gradient.numba.relu_layer import relu_layer
from spikeoff.data import N_CLASSES, N_PIXELS

Initialisation = Literal["equalised", "kaiming"]


@dataclass(frozen=True, kw_only=True)
class MLPConfig(ConventionalConfig):
    """The multilayer perceptron, trained by Adam."""

    n_hidden: int = 512
    """Hidden neurons."""
    dropout: float = 0.3
    """Share of hidden neurons silenced at a training step."""
    initialisation: Initialisation = "equalised"
    """equalised: unit weights behind inputs scaled by sqrt(2 / fan-in); kaiming: as usual."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require("n_hidden", self.n_hidden, self.n_hidden >= 1, "at least 1")
        require("dropout", self.dropout, 0 <= self.dropout < 1, "from 0 to below 1")


class Perceptron(nn.Module):
    """W2 dropout(relu(W1 x + b1)), without an output bias.

    Adam moves every weight by about its step size, whatever the weight's scale. At the seed's step
    of 0.02, weights of the usual initial scale (0.05) are overrun and most ReLUs die. ``equalised``
    keeps weights of scale 1 and multiplies the layer's inputs by sqrt(2 / fan-in) instead: the
    same function at the start, with steps in proportion.

    Source: T. Karras et al., "Progressive growing of GANs", ICLR 2018, section 4.1.
    """

    def __init__(self, n_hidden: int, dropout: float, initialisation: Initialisation) -> None:
        super().__init__()
        self.hidden = nn.Linear(N_PIXELS, n_hidden)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(n_hidden, N_CLASSES, bias=False)
        scales = [math.sqrt(2 / N_PIXELS), math.sqrt(2 / n_hidden)]
        nn.init.normal_(self.hidden.weight)
        nn.init.zeros_(self.hidden.bias)
        nn.init.normal_(self.output.weight)
        if initialisation == "kaiming":
            with torch.no_grad():
                self.hidden.weight *= scales[0]
                self.output.weight *= scales[1]
            scales = [1.0, 1.0]
        # A pixel's weights lie together: the kernels go from pixel to pixel.
        self.hidden.weight = nn.Parameter(self.hidden.weight.detach().T.contiguous().T)
        self.input_scale, self.hidden_scale = scales

    def forward(self, pixels: torch.Tensor, heard: torch.Tensor | None = None) -> torch.Tensor:
        """[n, 784] in [0, 1] -> logits [n, classes].

        ``heard`` [n, n_hidden] has 0 for neurons to silence; without it, dropout is PyTorch's.
        """
        hidden = self.relu(self.hidden(pixels * self.input_scale))
        sent = self.dropout(hidden) if heard is None else hidden * heard / (1 - self.dropout.p)
        logits: torch.Tensor = self.output(sent * self.hidden_scale)
        return logits

    def by_kernels(self, pixels: torch.Tensor, heard: torch.Tensor | None) -> torch.Tensor:
        """The same of [n, 784] uint8 pixels on the CPU."""
        sent = relu_layer(
            self.hidden.weight.T, self.hidden.bias, pixels, self.input_scale / 255, heard,
            1 if heard is None else 1 - self.dropout.p,
        )  # fmt: skip
        logits: torch.Tensor = self.output(sent * self.hidden_scale)
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
        config = self.config
        return Perceptron(config.n_hidden, config.dropout, config.initialisation)

    def keras_network(self) -> Any:
        """The same in Keras."""
        network, config = self.module, self.config
        assert isinstance(network, Perceptron)
        scales = (network.input_scale, network.hidden_scale)
        return networks.perceptron(config.n_hidden, config.dropout, scales)

    def present(self, pixels: torch.Tensor, ids: NDArray[np.int64], epoch: int) -> torch.Tensor:
        """Pixels scaled to [0, 1] through the network."""
        heard = self.heard(ids, epoch, self.config.n_hidden, self.config.dropout)
        assert isinstance(self.module, Perceptron)
        if self.module.training and self.device == "cpu":
            return self.module.by_kernels(pixels, heard)
        logits: torch.Tensor = self.module(pixels.float() / 255, heard)
        return logits

    @classmethod
    def sizes(cls, config: MLPConfig) -> tuple[int, int]:
        """Pixels and hidden neurons in single precision, forward and back."""
        n = config.n_hidden
        return n * (N_PIXELS + 1 + N_CLASSES), 4 * (3 * N_PIXELS + 6 * n)
